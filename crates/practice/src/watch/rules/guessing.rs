//! Guessing: the second factor of one account, or the passwords of many from one network.

use super::{AlertRule, Compared, Finding, Look, Outcome, Recent, Rule, Setting};
use crate::watch::Network;
use domain::AccountId;
use std::collections::HashMap;

/// Guesses are counted over an hour.
const MINUTES: u32 = 60;

/// Wrong second factors of one account.
#[derive(Default)]
pub(super) struct Guessing(HashMap<AccountId, Recent<u64>>);

impl Rule for Guessing {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let entry = look.entry;
        let (Some(who), Outcome::Denied) = (entry.actor, entry.outcome) else { return };
        let tries: u64 = match (entry.action.as_str(), entry.reason.as_str()) {
            ("sign_in" | "step_up", "wrong-code" | "used-code" | "wrong-passkey") => 1,
            // Tries that were not looked at, counted together: the first of them has an entry of its own.
            ("refused_tries", _) => entry.resource.id().parse::<u64>().unwrap_or(1).saturating_sub(1).min(100),
            ("sign_in" | "step_up", "throttled") => 1,
            _ => return,
        };
        let recent = self.0.entry(who).or_default();
        for nth in 0..tries {
            recent.add(entry.at, look.place.seq.wrapping_add(nth), look.place, i64::from(MINUTES) * 60);
        }
        let (counted, limit) = (recent.count(), look.number(Setting::GuessesCount));
        if counted >= limit {
            let compared = Compared::count(counted, limit, MINUTES);
            let mut places = recent.take();
            places.dedup();
            found.extend(look.finding(AlertRule::FactorGuessing, Some(who), compared, places));
        }
    }
}

/// Sign-ins refused for many accounts from one network.
#[derive(Default)]
pub(super) struct ManyAccounts(HashMap<Network, Recent<AccountId>>);

impl Rule for ManyAccounts {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let entry = look.entry;
        let (Some(who), Some(network), Outcome::Denied) = (entry.actor, look.network, entry.outcome) else { return };
        // Whoever lacks training had the right password and factor: the morning after a last day is no attack.
        if entry.action.as_str() != "sign_in" || ["throttled", "training-overdue"].contains(&entry.reason.as_str()) {
            return;
        }
        self.0.retain(|_, recent| {
            recent.forget(entry.at, i64::from(MINUTES) * 60);
            recent.count() > 0
        });
        let recent = self.0.entry(network).or_default();
        recent.add(entry.at, who, look.place, i64::from(MINUTES) * 60);
        let (counted, limit) = (recent.distinct(), look.number(Setting::AccountsCount));
        if counted >= limit {
            let compared = Compared::count(counted, limit, MINUTES);
            found.extend(look.finding(AlertRule::ManyAccounts, None, compared, recent.take()));
        }
    }
}
