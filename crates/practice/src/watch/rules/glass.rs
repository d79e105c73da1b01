//! Records opened in an emergency: each is told, and again when nobody signed for having looked into it.

use super::{AlertRule, Compared, Finding, Look, Outcome, Rule};
use domain::Timestamp;
use std::{collections::HashMap, time::Duration};

/// For how long one is remembered that was told: a server that was killed at telling says it again a minute later.
const REMEMBERED: Duration = Duration::from_secs(7 * 86_400);

/// See the module. Remembers which were told that nobody signed for, and when.
#[derive(Default)]
pub(super) struct BrokenGlass(HashMap<String, Timestamp>);

impl Rule for BrokenGlass {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let entry = look.entry;
        if entry.outcome != Outcome::Allowed || entry.patient.is_none() {
            return;
        }
        let once = Compared::count(1, 1, 0);
        match entry.action.as_str() {
            "break_glass" => found.extend(look.finding(AlertRule::BreakGlass, entry.actor, once, [])),
            "escalate_emergency" => {
                self.0.retain(|_, told| entry.at.duration_since(*told).unsigned_abs() < REMEMBERED);
                if self.0.insert(entry.resource.id().to_owned(), entry.at).is_none() {
                    found.extend(look.finding(AlertRule::BreakGlassUnsigned, None, once, []));
                }
            }
            _ => {}
        }
    }
}
