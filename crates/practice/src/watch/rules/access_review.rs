//! A review of who has access began, or an account was kept that nobody attested: somebody must know.

use super::{AlertRule, Compared, Finding, Look, Outcome, Rule};

/// See the module.
pub(super) struct AccessReview;

impl Rule for AccessReview {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let entry = look.entry;
        if entry.outcome != Outcome::Allowed {
            return;
        }
        let whose = match entry.action.as_str() {
            "start_access_review" => None,
            "spare_access" => entry.resource.id().parse().ok(),
            _ => return,
        };
        found.extend(look.finding(AlertRule::AccessReview, whose, Compared::count(1, 1, 0), []));
    }
}
