//! An account that nobody used for long, and that is used again.

use super::{AlertRule, Compared, Finding, Look, Rule, Setting, is_use};
use crate::watch::people::whole_days;

/// See the module. Remembers nothing of its own.
pub(super) struct Dormant;

/// How an account comes to be: nothing was there before.
const BEGINNINGS: &[&str] = &["accept_invitation", "begin_enrollment", "begin_totp", "begin_passkey", "found_practice"];

impl Rule for Dormant {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let Some((who, _)) = look.allowed_staff() else { return };
        if !is_use(look.entry) || BEGINNINGS.contains(&look.entry.action.as_str()) {
            return;
        }
        let limit = look.number(Setting::DormantDays);
        let slept = match look.people.of(who) {
            Some(person) => whole_days(person.last, look.entry.at),
            // Never seen, and it did not begin either: it was there before everything that is remembered.
            None => look.people.known_for(look.entry.at),
        };
        if slept >= limit {
            let compared = Compared::count(slept, limit, 0);
            found.extend(look.finding(AlertRule::DormantAccount, Some(who), compared, []));
        }
    }
}
