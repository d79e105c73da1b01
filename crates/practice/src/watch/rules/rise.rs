//! A rise too slow for the other rules: the charts of a day, against what was usual months ago.

use super::{AlertRule, Compared, Finding, Look, PatientId, Recent, Rule, Setting};
use crate::watch::baseline::{Daily, Usual};
use domain::{AccountId, Role};
use std::collections::HashMap;

/// The latest days.
const LATELY: i32 = 14;
/// The long before begins and ends so many days ago.
const LONG_BEFORE: (i32, i32) = (120, 45);
/// A rise by fewer charts a day than this is none.
const LEAST: f64 = 5.0;
/// It is told again after so many days.
const AGAIN: i32 = 30;

/// See the module.
#[derive(Default)]
pub(super) struct SlowRise(HashMap<AccountId, Person>);

struct Person {
    role: Role,
    day: i32,
    today: Recent<PatientId>,
    days: Daily,
    told: Option<i32>,
}

impl SlowRise {
    /// What was usual long before and lately; the peers' days lately.
    fn compare(&self, look: &Look<'_>, who: AccountId) -> Option<(Usual, Usual, Option<Usual>)> {
        let today = look.day;
        let person = self.0.get(&who)?;
        let before = Usual::of(person.days.between(today - LONG_BEFORE.0, today - LONG_BEFORE.1).collect())?;
        let lately: Vec<u32> = person.days.between(today - LATELY, today).collect();
        // A week of work says enough of two weeks, holidays or not.
        let lately = (lately.len() >= 5).then(|| Usual::of([lately.clone(), lately].concat())).flatten()?;
        let of_peers = self.0.iter().filter(|(other, one)| **other != who && one.role == person.role);
        let peers = Usual::of(of_peers.flat_map(|(_, one)| one.days.between(today - 60, today)).collect());
        Some((before, lately, peers))
    }
}

impl Rule for SlowRise {
    fn look(&mut self, look: &Look<'_>, found: &mut Vec<Finding>) {
        let Some((who, role, patient)) = look.opened() else { return };
        let fresh = self.0.get(&who).is_none_or(|person| person.day != look.day);
        let compared = if fresh { self.compare(look, who) } else { None };
        let person = self.0.entry(who).or_insert_with(|| Person {
            role,
            day: look.day,
            today: Recent::default(),
            days: Daily::default(),
            told: None,
        });
        if let Some((before, lately, peers)) = compared
            && person.told.is_none_or(|told| look.day - told >= AGAIN)
        {
            let percent = f64::from(look.number(Setting::RisePercent)) / 100.0;
            let limit = (before.median * percent).max(before.median + LEAST);
            // Whoever comes up to what colleagues do, grows into the work.
            let above_peers = peers.is_none_or(|peers| lately.median > peers.median + 2.0 * peers.deviation.max(1.0));
            if lately.median > limit && above_peers {
                person.told = Some(look.day);
                let whole = |value: f64| value.round().clamp(0.0, f64::from(u32::MAX)) as u32;
                let compared = Compared {
                    counted: whole(lately.median),
                    limit: whole(limit),
                    minutes: 24 * 60,
                    own: Some(before),
                    peers,
                };
                found.extend(look.finding(AlertRule::SlowRise, Some(who), compared, person.today.places()));
            }
        }
        if fresh {
            (person.day, person.today, person.role) = (look.day, Recent::default(), role);
        }
        person.today.add(look.entry.at, patient, look.place, 2 * 86_400);
        person.days.at_least(look.day, person.today.distinct());
    }
}
