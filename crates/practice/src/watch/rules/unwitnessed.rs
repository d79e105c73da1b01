//! The head of the audit trail did not arrive where this server cannot rewrite it. The server says so in an entry, and this
//! tells it.

use super::{AlertRule, Compared, Finding, Look, Outcome, Rule};
use crate::watch::Setting;
use domain::Timestamp;
use std::time::Duration;

/// A server that was killed at saying it says it again a minute later.
const THE_SAME: Duration = Duration::from_secs(240);

/// See the module.
#[derive(Default)]
pub(super) struct Unwitnessed {
    said: Option<Timestamp>,
}

impl Rule for Unwitnessed {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let entry = look.entry;
        if entry.action.as_str() != "tell_unwitnessed" || entry.outcome != Outcome::Allowed {
            return;
        }
        let before = self.said.replace(entry.at);
        if before.is_none_or(|before| entry.at.duration_since(before).unsigned_abs() >= THE_SAME) {
            let minutes = look.number(Setting::WitnessMinutes);
            found.extend(look.finding(AlertRule::HeadUnwitnessed, None, Compared::count(minutes, minutes, 0), []));
        }
    }
}
