//! For long nobody looked through what was done, or into alerts that wait. The server says so in an entry, and this tells it.

use super::{AlertRule, Compared, Finding, Look, Outcome, Rule};
use crate::watch::Setting;
use domain::Timestamp;
use std::{collections::HashMap, time::Duration};

/// A server that was killed at saying it says it again a minute later; the next time is a day later at the earliest.
const THE_SAME: Duration = Duration::from_secs(12 * 3600);

/// See the module.
#[derive(Default)]
pub(super) struct Unreviewed {
    /// When it was said last, of what.
    said: HashMap<String, Timestamp>,
}

impl Rule for Unreviewed {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let entry = look.entry;
        if entry.action.as_str() != "remind_overseers" || entry.outcome != Outcome::Allowed {
            return;
        }
        let before = self.said.insert(entry.reason.as_str().to_owned(), entry.at);
        if before.is_none_or(|before| entry.at.duration_since(before).unsigned_abs() >= THE_SAME) {
            let days = look.number(Setting::ReviewDays);
            found.extend(look.finding(AlertRule::Unreviewed, None, Compared::count(days, days, 0), []));
        }
    }
}
