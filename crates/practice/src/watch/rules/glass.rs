//! Records opened in an emergency: each is told, and again when nobody signed for having looked into it.

use super::{AlertRule, Compared, Finding, Look, Outcome, Rule};
use std::collections::HashSet;

/// See the module. Remembers which were told that nobody signed for: a server that was killed at that says it again.
#[derive(Default)]
pub(super) struct BrokenGlass(HashSet<String>);

impl Rule for BrokenGlass {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let entry = look.entry;
        if entry.outcome != Outcome::Allowed || entry.patient.is_none() {
            return;
        }
        let once = Compared::count(1, 1, 0);
        match entry.action.as_str() {
            "break_glass" => found.extend(look.finding(AlertRule::BreakGlass, entry.actor, once, [])),
            "escalate_emergency" if self.0.insert(entry.resource.id().to_owned()) => {
                found.extend(look.finding(AlertRule::BreakGlassUnsigned, None, once, []));
            }
            _ => {}
        }
    }
}
