//! Everything that watches over one practice.

use super::{
    Finding, Network, Place, Setting, Settings,
    people::People,
    rules::{self, Look, Rule},
};
use domain::{Date, Timezone, weekday_number};
use ledger::Entry;

/// The rules of one practice, and what they remember. Pure: the same entries in the same order give the same findings.
pub struct PracticeWatch {
    zone: Timezone,
    settings: Settings,
    people: People,
    rules: Vec<Box<dyn Rule>>,
}

impl PracticeWatch {
    /// Remembers nothing yet.
    pub fn new(zone: Timezone, settings: Settings) -> Self {
        Self { zone, settings, people: People::default(), rules: rules::all() }
    }

    /// What the practice set.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// From now on these settings and this time zone hold.
    pub fn set(&mut self, zone: Timezone, settings: Settings) {
        (self.zone, self.settings) = (zone, settings);
    }

    /// Looks at the next entry of the practice. Entries come in the order of their time, as far as logs have one.
    pub fn look(&mut self, place: &Place, entry: &Entry) -> Vec<Finding> {
        let date = self.zone.day_of(entry.at);
        let (hour, _) = self.zone.hour_minute(entry.at);
        let bits = u8::try_from(self.settings.number(Setting::NetworkBits)).unwrap_or(u8::MAX);
        let (day, network) = (day_number(date), entry.address.map(|address| Network::of(address, bits)));
        let look = Look {
            place,
            entry,
            day,
            weekday: weekday_number(date),
            hour: hour.unsigned_abs().into(),
            network,
            settings: &self.settings,
            people: &self.people,
        };
        let mut found = Vec::new();
        for rule in &mut self.rules {
            rule.look(&look, &mut found);
        }
        self.people.learn(entry, day, network);
        found
    }
}

/// Days since 1970-01-01.
fn day_number(date: Date) -> i32 {
    const FIRST: Date = Date::constant(1970, 1, 1);
    i32::try_from(date.duration_since(FIRST).as_hours() / 24).unwrap_or(0)
}
