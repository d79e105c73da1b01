//! Records opened in an emergency: each is told, and again when nobody signed for having looked into it.

use super::{AlertRule, Compared, Finding, Look, Outcome, Rule};
use domain::{AccountId, Timestamp};
use std::{collections::HashMap, time::Duration};

/// For how long an opening is remembered, with who opened it and whether it was told that nobody signed: longer than any three
/// working days, and a server that was killed at telling says it again a minute later.
const REMEMBERED: Duration = Duration::from_secs(30 * 86_400);

/// See the module.
#[derive(Default)]
pub(super) struct BrokenGlass {
    /// Who opened each, and when.
    opened: HashMap<String, (Option<AccountId>, Timestamp)>,
    /// For which it was told that nobody signed, and when.
    told: HashMap<String, Timestamp>,
}

impl Rule for BrokenGlass {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let entry = look.entry;
        if entry.outcome != Outcome::Allowed || entry.patient.is_none() {
            return;
        }
        let once = Compared::count(1, 1, 0);
        let young = |at: &Timestamp| entry.at.duration_since(*at).unsigned_abs() < REMEMBERED;
        match entry.action.as_str() {
            "break_glass" => {
                self.opened.retain(|_, (_, at)| young(at));
                self.opened.insert(entry.resource.id().to_owned(), (entry.actor, entry.at));
                found.extend(look.finding(AlertRule::BreakGlass, entry.actor, once, []));
            }
            "escalate_emergency" => {
                self.told.retain(|_, told| young(told));
                if self.told.insert(entry.resource.id().to_owned(), entry.at).is_none() {
                    // Whoever opened it does not look into that nobody signed.
                    let who = self.opened.get(entry.resource.id()).and_then(|(who, _)| *who);
                    found.extend(look.finding(AlertRule::BreakGlassUnsigned, who, once, []));
                }
            }
            _ => {}
        }
    }
}
