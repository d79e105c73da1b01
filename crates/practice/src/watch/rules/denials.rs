//! Somebody who is refused again and again: a probe for what is open.

use super::{AlertRule, Compared, Finding, Look, Outcome, Recent, Rule, Setting};
use domain::AccountId;
use std::collections::HashMap;

/// Refusals that have rules of their own, or nothing to do with what is open to whom.
const OTHERS: &[&str] =
    &["sign_in", "step_up", "resume_session", "refused_tries", "change_password", "accept_invitation"];

/// See the module.
#[derive(Default)]
pub(super) struct Denials(HashMap<AccountId, Recent<Vec<u8>>>);

impl Rule for Denials {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let entry = look.entry;
        let (Some(who), Outcome::Denied) = (entry.actor, entry.outcome) else { return };
        if OTHERS.contains(&entry.action.as_str()) {
            return;
        }
        // The same thing refused twice is one that somebody tried again.
        let mut what = entry.patient.map_or_else(Vec::new, |patient| patient.as_bytes().to_vec());
        if what.is_empty() {
            what.extend_from_slice(entry.action.as_str().as_bytes());
            what.extend_from_slice(entry.resource.kind().as_str().as_bytes());
            what.extend_from_slice(entry.resource.id().as_bytes());
        }
        let (limit, minutes) = (look.number(Setting::DenialsCount), look.number(Setting::DenialsMinutes));
        let recent = self.0.entry(who).or_default();
        recent.add(entry.at, what, look.place, i64::from(minutes) * 60);
        let counted = recent.distinct();
        if counted >= limit {
            let compared = Compared::count(counted, limit, minutes);
            found.extend(look.finding(AlertRule::Denials, Some(who), compared, recent.take()));
        }
    }
}
