//! What opens an account was changed, or what it may do, and then it is used: from a network that came with the change, or
//! in the new role.

use super::{AlertRule, Compared, Finding, Look, Outcome, Place, Role, Rule, Setting, is_use};
use crate::watch::people::whole_days;
use domain::{AccountId, Timestamp};
use std::collections::HashMap;

/// What changes the factors of whoever does it.
const FACTORS: &[&str] =
    &["enroll_totp", "enroll_passkey", "new_recovery_codes", "change_password", "accept_invitation"];
/// A network that was first seen so long before the change came with it.
const BEFORE_SECONDS: i64 = 3600;

/// See the module.
#[derive(Default)]
pub(super) struct Changed(HashMap<AccountId, Changes>);

#[derive(Default)]
struct Changes {
    factor: Option<(Timestamp, Place)>,
    role: Option<(Timestamp, Place, Role)>,
}

impl Changed {
    fn note(&mut self, look: &Look<'_>) -> bool {
        let (entry, here) = (look.entry, (look.entry.at, look.place.clone()));
        if entry.outcome != Outcome::Allowed {
            return false;
        }
        if let (Some(who), true) = (entry.actor, FACTORS.contains(&entry.action.as_str())) {
            // An account that is opened for the first time has no factor that could be changed.
            let settled = look
                .people
                .of(who)
                .is_some_and(|person| whole_days(person.first, entry.at) >= look.number(Setting::KnownAfterDays));
            if settled {
                self.0.entry(who).or_default().factor = Some(here);
            }
            return true;
        }
        if entry.action.as_str() == "change_account"
            && let Some(role) = entry.reason.as_str().strip_prefix("role-").and_then(|role| role.parse().ok())
            && let Ok(whose) = entry.resource.id().parse()
        {
            self.0.entry(whose).or_default().role = Some((here.0, here.1, role));
            return true;
        }
        false
    }
}

impl Rule for Changed {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        if self.note(look) {
            return;
        }
        let Some((who, role)) = look.allowed_staff() else { return };
        if !is_use(look.entry) {
            return;
        }
        let Some(changes) = self.0.get_mut(&who) else { return };
        let hours = look.number(Setting::ChangedHours);
        let since = |at: Timestamp| look.entry.at.as_second() - at.as_second();
        let over = |at: Timestamp| since(at) > i64::from(hours) * 3600;
        if changes.factor.as_ref().is_some_and(|(at, _)| over(*at)) {
            changes.factor = None;
        }
        if changes.role.as_ref().is_some_and(|(at, ..)| over(*at)) {
            changes.role = None;
        }
        if let (Some((at, _)), Some(network)) = (&changes.factor, look.network) {
            let person = look.people.of(who);
            let came_with_it = match person.and_then(|person| person.network(&network)) {
                Some(known) => known.first.as_second() >= at.as_second() - BEFORE_SECONDS,
                None => true,
            };
            if came_with_it
                && !look.people.is_shared(&network, who, look.day)
                && let Some((at, place)) = changes.factor.take()
            {
                let compared = Compared::count(elapsed_hours(since(at)), hours, hours * 60);
                found.extend(look.finding(AlertRule::FactorChanged, Some(who), compared, [place]));
            }
        }
        if changes.role.as_ref().is_some_and(|(.., new)| *new == role)
            && let Some((at, place, _)) = changes.role.take()
        {
            let compared = Compared::count(elapsed_hours(since(at)), hours, hours * 60);
            found.extend(look.finding(AlertRule::RoleChanged, Some(who), compared, [place]));
        }
    }
}

fn elapsed_hours(seconds: i64) -> u32 {
    u32::try_from(seconds / 3600).unwrap_or(0)
}
