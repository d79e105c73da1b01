//! Too much of something: charts in an hour, patients listed on a day, exports on a day. Held against the person's own past
//! and against others of the same role.

use super::{AlertRule, Compared, Finding, Look, PatientId, PermissionName, Recent, Rule, Setting, is_list};
use crate::watch::baseline::{Daily, Usual};
use domain::{AccountId, LoginSessionId, Role};
use std::collections::HashMap;

/// What is counted.
pub(super) struct Volume {
    rule: AlertRule,
    /// What an entry counts as; the same twice counts once.
    what: fn(&Look<'_>) -> Option<[u8; 16]>,
    /// Minutes of the window; 0 for the practice's day.
    minutes: fn(&Look<'_>) -> u32,
    /// By how much what is set as deviations is divided, where the things are so few that one more is a deviation already.
    divided: u32,
    /// Whether somebody's first days say what is too many before enough is known.
    from_first_days: bool,
    /// Fewer are never too many.
    least: Setting,
    /// Too many while nobody knows what is usual.
    at_first: fn(&Look<'_>) -> u32,
    people: HashMap<Doer, Person>,
}

/// Somebody, or a program with a token of theirs: what one does says nothing about the other.
type Doer = (AccountId, Option<LoginSessionId>);

/// What is remembered of somebody.
struct Person {
    role: Role,
    /// In the present window.
    now: Recent<[u8; 16]>,
    /// The most in one window, day by day.
    days: Daily,
    day: i32,
    /// What is compared with on this day.
    compared: Compared,
    /// Told already on this day.
    told: bool,
}

/// Charts opened one by one.
pub(super) fn many_charts() -> Volume {
    Volume::new(
        AlertRule::ManyCharts,
        |look| look.opened().map(|(.., patient)| id(patient)),
        |look| look.number(Setting::ChartsMinutes),
        (1, true),
        Setting::ChartsLeast,
        |look| look.number(Setting::ChartsAtFirst),
    )
}

/// Patients shown in lists.
pub(super) fn long_lists() -> Volume {
    Volume::new(
        AlertRule::LongLists,
        |look| look.entry.patient.filter(|_| is_list(look.entry)).map(id),
        |_| 0,
        (1, true),
        Setting::ListedLeast,
        |look| look.number(Setting::ListedLeast).saturating_mul(2),
    )
}

/// What leaves the practice.
pub(super) fn exports() -> Volume {
    Volume::new(
        AlertRule::Exports,
        |look| {
            let action = look.entry.action.as_str();
            let leaves = matches!(action, "export_audit" | "export_books" | "export_incident" | "make_breach_letters")
                || look.entry.permission == Some(PermissionName::Export);
            leaves.then(|| *look.entry.request.as_bytes())
        },
        |_| 0,
        (2, false),
        Setting::ExportsLeast,
        |look| look.number(Setting::ExportsLeast),
    )
}

fn id(patient: PatientId) -> [u8; 16] {
    *patient.as_bytes()
}

impl Volume {
    fn new(
        rule: AlertRule,
        what: fn(&Look<'_>) -> Option<[u8; 16]>,
        minutes: fn(&Look<'_>) -> u32,
        (divided, from_first_days): (u32, bool),
        least: Setting,
        at_first: fn(&Look<'_>) -> u32,
    ) -> Self {
        Self { rule, what, minutes, divided, from_first_days, least, at_first, people: HashMap::new() }
    }

    /// From where on it is too much for somebody on this day, and what was usual. Nobody's own past makes more usual than
    /// twice what is unusual for their peers.
    fn compare(&self, look: &Look<'_>, who: Doer, role: Role) -> Compared {
        let deviations = look.number(Setting::Deviations).div_ceil(self.divided);
        let own = self.people.get(&who).and_then(|person| Usual::of(person.days.past(look.day).collect()));
        // A program has no peers, and people's peers are people.
        let of_peers = self.people.iter().filter(|((other, token), person)| {
            who.1.is_none() && token.is_none() && *other != who.0 && person.role == role
        });
        let peers = Usual::of(of_peers.flat_map(|(_, person)| person.days.past(look.day)).collect());
        // Of somebody new, what they did on their first days: that was told.
        let first_days = self.people.get(&who).filter(|_| self.from_first_days);
        let first_days = first_days.and_then(|person| Usual::of_few(person.days.between(0, look.day).collect()));
        let limit = match (&own, &peers) {
            (Some(own), Some(peers)) => own.limit(deviations).min(peers.limit(deviations).saturating_mul(2)),
            (Some(usual), None) | (None, Some(usual)) => usual.limit(deviations),
            (None, None) => (self.at_first)(look).max(first_days.map_or(0, |usual| usual.limit(deviations))),
        };
        Compared { counted: 0, limit: limit.max(look.number(self.least)), minutes: (self.minutes)(look), own, peers }
    }
}

impl Rule for Volume {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let (Some((account, role)), Some(what)) = (look.allowed_staff(), (self.what)(look)) else { return };
        let session = look.entry.login_session;
        let who = (account, session.filter(|session| look.people.token(Some(*session)).is_some()));
        let fresh = self.people.get(&who).is_none_or(|person| person.day != look.day);
        let today = fresh.then(|| self.compare(look, who, role));
        let minutes = (self.minutes)(look);
        let person = self.people.entry(who).or_insert_with(|| Person {
            role,
            now: Recent::default(),
            days: Daily::default(),
            day: look.day,
            compared: Compared::default(),
            told: false,
        });
        if let Some(compared) = today {
            (person.day, person.compared, person.told, person.role) = (look.day, compared, false, role);
            if minutes == 0 {
                person.now = Recent::default();
            }
        }
        let seconds = if minutes == 0 { 2 * 86_400 } else { i64::from(minutes) * 60 };
        person.now.add(look.entry.at, what, look.place, seconds);
        let counted = person.now.distinct();
        person.days.at_least(look.day, counted);
        if counted > person.compared.limit && !person.told {
            person.told = true;
            let compared = Compared { counted, ..person.compared };
            found.extend(look.finding(self.rule, Some(account), compared, person.now.places()));
        }
    }
}
