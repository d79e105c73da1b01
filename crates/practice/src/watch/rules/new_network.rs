//! A full session from a network from which the account never came. Codes and recovery codes can be talked out of somebody,
//! so sign-ins with them are told; those with a passkey only where the practice wants it.

use super::{AlertRule, Compared, Finding, Look, Rule, Setting};
use crate::watch::people::whole_days;
use domain::AccountId;
use std::collections::HashMap;

/// See the module.
#[derive(Default)]
pub(super) struct NewNetwork {
    /// The last day on which it was told about somebody.
    told: HashMap<AccountId, i32>,
}

impl Rule for NewNetwork {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let (Some((who, _)), Some(network)) = (look.allowed_staff(), look.network) else { return };
        let word = look.entry.action.as_str();
        let tells = match look.entry.reason.as_str() {
            "password" => false,
            // Nobody types it into a false page or says it on the telephone.
            "passkey" => look.number(Setting::PasskeysToo) == 1,
            _ => true,
        };
        if word != "sign_in" || !tells {
            return;
        }
        let Some(person) = look.people.of(who) else { return };
        let known_for = whole_days(person.first, look.entry.at);
        let limit = look.number(Setting::KnownAfterDays);
        if known_for < limit
            || person.network(&network).is_some()
            || look.people.is_shared(&network, who, look.day)
            || self.told.insert(who, look.day) == Some(look.day)
        {
            return;
        }
        let compared = Compared::count(known_for, limit, 0);
        found.extend(look.finding(AlertRule::NewNetwork, Some(who), compared, []));
    }
}
