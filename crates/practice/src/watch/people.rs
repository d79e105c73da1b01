//! What is known of the accounts of a practice, as far as more than one rule needs it.

use super::Network;
use domain::{AccountId, LoginSessionId, Role, Timestamp};
use ledger::{Entry, Outcome};
use std::collections::HashMap;

/// For how many days a network is remembered that nobody came from.
const REMEMBERED: i32 = 90;
/// On how many days somebody came from a network before it is usual for them.
const USUAL_DAYS: u32 = 3;
/// How many people besides make a network the practice's own.
const SHARED_BY: usize = 2;
/// What lasts longer than this, in seconds, is no login session: those end after half a day at most, whatever is set.
const LONGEST_SESSION: i64 = 48 * 3600;
/// A token that was not used for so long, in seconds, is forgotten: none lasts longer.
const FORGOTTEN: i64 = 400 * 86_400;
/// Sessions are swept out so often, in seconds.
const SWEEP: i64 = 86_400;

/// A network that an account came from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    /// Since when.
    pub(super) first: Timestamp,
    /// The last day.
    last_day: i32,
    /// On how many days.
    days: u32,
}

/// An account.
#[derive(Debug, Clone)]
pub(super) struct Person {
    /// Since when it is known.
    pub(super) first: Timestamp,
    /// When it last did something.
    pub(super) last: Timestamp,
    networks: HashMap<Network, Known>,
}

impl Person {
    /// How it knows a network.
    pub(super) fn network(&self, network: &Network) -> Option<&Known> {
        self.networks.get(network)
    }

    /// Whether it came from there before today.
    pub(super) fn has_used(&self, network: &Network, today: i32) -> bool {
        self.networks.get(network).is_some_and(|known| known.days > u32::from(known.last_day == today))
    }

    /// Whether it came from there on some days before today.
    pub(super) fn is_used_to(&self, network: &Network, today: i32) -> bool {
        self.networks.get(network).is_some_and(|known| {
            let before_today = known.days - u32::from(known.last_day == today);
            before_today >= USUAL_DAYS
        })
    }
}

/// The accounts of a practice.
#[derive(Debug, Clone, Default)]
pub(super) struct People {
    /// Since when entries are known at all.
    since: Option<Timestamp>,
    people: HashMap<AccountId, Person>,
    sessions: HashMap<LoginSessionId, Span>,
    swept: i64,
}

/// From when to when a login session or a token was used.
#[derive(Debug, Clone, Copy)]
struct Span {
    issued: bool,
    first: Timestamp,
    last: Timestamp,
}

impl Span {
    /// Whether it is a token: issued as one, or used for longer than any login session.
    fn is_token(&self) -> bool {
        self.issued || self.last.as_second() - self.first.as_second() > LONGEST_SESSION
    }
}

impl People {
    /// An account, as it was before the entry that is looked at.
    pub(super) fn of(&self, account: AccountId) -> Option<&Person> {
        self.people.get(&account)
    }

    /// For how many days entries are known.
    pub(super) fn known_for(&self, at: Timestamp) -> u32 {
        self.since.map_or(0, |since| whole_days(since, at))
    }

    /// Whether it is another network of the practice's own: others come from it again and again.
    pub(super) fn is_shared(&self, network: &Network, except: AccountId, today: i32) -> bool {
        let others =
            self.people.iter().filter(|(account, person)| **account != except && person.is_used_to(network, today));
        others.take(SHARED_BY).count() == SHARED_BY
    }

    /// Since when an API token is known; none for login sessions. A token's name in the ledger is the login session of its
    /// requests.
    pub(super) fn token(&self, session: Option<LoginSessionId>) -> Option<Timestamp> {
        self.sessions.get(&session?).filter(|span| span.is_token()).map(|span| span.first)
    }

    fn learn_session(&mut self, entry: &Entry) {
        let now = entry.at.as_second();
        if now - self.swept >= SWEEP {
            self.swept = now;
            self.sessions.retain(|_, span| {
                let unused = now - span.last.as_second();
                unused < if span.is_token() { FORGOTTEN } else { LONGEST_SESSION }
            });
        }
        if entry.action.as_str() == "issue_token"
            && let Ok(token) = entry.resource.id().parse()
        {
            self.sessions.insert(token, Span { issued: true, first: entry.at, last: entry.at });
        } else if let Some(session) = entry.login_session {
            let fresh = Span { issued: false, first: entry.at, last: entry.at };
            self.sessions.entry(session).or_insert(fresh).last = entry.at;
        }
    }

    /// Learns from an entry, after the rules have looked at it. What was refused teaches nothing, and neither does a
    /// password without its factor: whoever tries must not become known by trying.
    pub(super) fn learn(&mut self, entry: &Entry, today: i32, network: Option<Network>) {
        self.since.get_or_insert(entry.at);
        let Some(account) = entry.actor else { return };
        if !is_staff(entry) || entry.outcome != Outcome::Allowed || is_password_alone(entry) {
            return;
        }
        self.learn_session(entry);
        let person = self.people.entry(account).or_insert_with(|| Person {
            first: entry.at,
            last: entry.at,
            networks: HashMap::new(),
        });
        person.last = person.last.max(entry.at);
        let Some(network) = network else { return };
        let known = person.networks.entry(network).or_insert(Known { first: entry.at, last_day: today, days: 1 });
        if known.last_day != today {
            known.days += 1;
            known.last_day = today;
            person.networks.retain(|_, known| today - known.last_day <= REMEMBERED);
        }
    }
}

/// Whole days between two moments.
pub(super) fn whole_days(from: Timestamp, to: Timestamp) -> u32 {
    u32::try_from((to.as_second() - from.as_second()) / 86_400).unwrap_or(0)
}

/// Whether it is of somebody of the staff.
pub(super) fn is_staff(entry: &Entry) -> bool {
    entry.role.is_some_and(|role| role != Role::Patient)
}

/// A right password, before the factor.
pub(crate) fn is_password_alone(entry: &Entry) -> bool {
    entry.action.as_str() == "sign_in" && entry.reason.as_str() == "password"
}
