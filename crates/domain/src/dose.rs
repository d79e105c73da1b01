//! How much of an exercise, how often and how.

use crate::{Invalid, role::words};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

words! {
    /// The side of the body that works.
    Side, "is not a side" {
        /// Both together, or no side.
        Both = "both",
        /// The left.
        Left = "left",
        /// The right.
        Right = "right",
        /// First one, then the other.
        Each = "each",
    }
}

words! {
    /// In what a load is measured.
    LoadUnit, "is not a unit of load" {
        /// Kilograms.
        Kilogram = "kg",
        /// Pounds.
        Pound = "lb",
    }
}

/// A weight, in tenths of its unit, so that 2.5 kg is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// Tenths of `unit`, 0 to 5000.
    pub tenths: u16,
    /// The unit.
    pub unit: LoadUnit,
}

/// Seconds down, at the bottom, up, at the top: "3-1-2-0".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tempo {
    /// Seconds of the lowering phase.
    pub down: u8,
    /// Seconds held at the bottom.
    pub bottom: u8,
    /// Seconds of the lifting phase.
    pub up: u8,
    /// Seconds held at the top.
    pub top: u8,
}

/// Days of the week, Monday first, as seven bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
#[schemars(with = "Vec<u8>")]
pub struct Weekdays(u8);

impl Weekdays {
    /// Every day.
    pub const DAILY: Self = Self(0b111_1111);

    /// From numbers 1 (Monday) to 7 (Sunday); refused when empty or out of range.
    pub fn new(days: &[u8]) -> Result<Self, Invalid> {
        let mut bits = 0;
        for day in days {
            if !(1..=7).contains(day) {
                return Err(Invalid::new("must hold days from 1 (Monday) to 7 (Sunday)"));
            }
            bits |= 1 << (day - 1);
        }
        if bits == 0 { Err(Invalid::new("must name at least one day")) } else { Ok(Self(bits)) }
    }
    /// Whether a day, 1 (Monday) to 7 (Sunday), is one of them.
    pub const fn contains(self, day: u8) -> bool {
        day >= 1 && day <= 7 && self.0 & (1 << (day - 1)) != 0
    }
    /// How many there are.
    pub const fn count(self) -> u32 {
        self.0.count_ones()
    }
}

impl TryFrom<Vec<u8>> for Weekdays {
    type Error = Invalid;
    fn try_from(days: Vec<u8>) -> Result<Self, Invalid> {
        Self::new(&days)
    }
}
impl From<Weekdays> for Vec<u8> {
    fn from(days: Weekdays) -> Self {
        (1..=7).filter(|day| days.contains(*day)).collect()
    }
}

/// The dose of one exercise. `reps` or `hold_seconds` must be there: nothing to do is no dose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dose {
    /// Sets each time, 1 to 20.
    pub sets: u8,
    /// Repetitions a set, 1 to 200; none for a plain hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reps: Option<u16>,
    /// Seconds held in each repetition, 1 to 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<u16>,
    /// Weight to use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
    /// Which side.
    pub side: Side,
    /// Seconds of rest between sets, 0 to 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rest_seconds: Option<u16>,
    /// Tempo of a repetition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tempo: Option<Tempo>,
    /// How many times on each of its days, 1 to 10.
    pub times_a_day: u8,
    /// On which days.
    pub weekdays: Weekdays,
}

impl Dose {
    /// Checks every bound; the error names the field.
    pub fn check(&self) -> Result<(), (&'static str, Invalid)> {
        let within = |ok: bool, field, what| if ok { Ok(()) } else { Err((field, Invalid::new(what))) };
        within((1..=20).contains(&self.sets), "sets", "must be 1 to 20")?;
        within(self.reps.is_none_or(|n| (1..=200).contains(&n)), "reps", "must be 1 to 200")?;
        within(self.hold_seconds.is_none_or(|n| (1..=600).contains(&n)), "hold_seconds", "must be 1 to 600")?;
        within(self.reps.is_some() || self.hold_seconds.is_some(), "reps", "or hold_seconds must be given")?;
        within(self.load.is_none_or(|load| load.tenths <= 5000), "load", "must be at most 500")?;
        within(self.rest_seconds.is_none_or(|n| n <= 600), "rest_seconds", "must be 0 to 600")?;
        let slow = |t: Tempo| [t.down, t.bottom, t.up, t.top].iter().any(|s| *s > 30);
        within(!self.tempo.is_some_and(slow), "tempo", "must be at most 30 seconds a phase")?;
        within((1..=10).contains(&self.times_a_day), "times_a_day", "must be 1 to 10")
    }
    /// How many log entries are due on a day, 1 (Monday) to 7 (Sunday).
    pub const fn due_on(&self, weekday: u8) -> u8 {
        if self.weekdays.contains(weekday) { self.times_a_day } else { 0 }
    }
}

impl Zeroize for Dose {
    fn zeroize(&mut self) {
        *self = Self {
            sets: 0,
            reps: None,
            hold_seconds: None,
            load: None,
            side: Side::Both,
            rest_seconds: None,
            tempo: None,
            times_a_day: 0,
            weekdays: Weekdays::DAILY,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dose() -> Dose {
        Dose {
            sets: 3,
            reps: Some(10),
            hold_seconds: None,
            load: None,
            side: Side::Right,
            rest_seconds: Some(45),
            tempo: None,
            times_a_day: 2,
            weekdays: Weekdays::new(&[1, 3, 5]).expect("valid"),
        }
    }

    #[test]
    fn a_dose_is_due_only_on_its_days() {
        assert_eq!(dose().due_on(1), 2);
        assert_eq!(dose().due_on(2), 0);
    }

    #[test]
    fn a_dose_with_nothing_to_do_is_refused() {
        let nothing = Dose { reps: None, ..dose() };
        assert_eq!(nothing.check().expect_err("refused").0, "reps");
    }

    #[test]
    fn an_unknown_field_of_a_dose_is_refused() {
        let mut json = serde_json::to_value(dose()).expect("json");
        json["diagnosis"] = "x".into();
        assert!(serde_json::from_value::<Dose>(json).is_err());
    }
}
