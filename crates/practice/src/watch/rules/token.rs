//! An API token from a network from which it never came. A program stays where it is; a token that moves was copied.

use super::{AlertRule, Compared, Finding, Look, Rule, is_use};
use crate::watch::{Network, people::whole_days};
use domain::LoginSessionId;
use std::collections::{HashMap, HashSet};

/// See the module.
#[derive(Default)]
pub(super) struct TokenElsewhere {
    /// The networks that each token came from.
    used: HashMap<LoginSessionId, HashSet<Network>>,
}

impl Rule for TokenElsewhere {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let (Some((who, _)), Some(session), Some(network)) =
            (look.allowed_staff(), look.entry.login_session, look.network)
        else {
            return;
        };
        if !is_use(look.entry) {
            return;
        }
        let Some(since) = look.people.token(Some(session)) else { return };
        let used = self.used.entry(session).or_default();
        if used.contains(&network) {
            return;
        }
        // The first time, it comes from where its owner or the practice is.
        let at_home = look.people.of(who).is_some_and(|person| person.network(&network).is_some())
            || look.people.is_shared(&network, who, look.day);
        let begins = used.is_empty() && at_home;
        used.insert(network);
        if !begins {
            let compared = Compared::count(whole_days(since, look.entry.at), 0, 0);
            found.extend(look.finding(AlertRule::TokenElsewhere, Some(who), compared, []));
        }
    }
}
