//! From minutes to units.
//!
//! Timed codes are charged in units of 15 minutes. Two rules say what happens to the minutes beyond whole units, and a
//! payer goes by one of them:
//!
//! - *CMS*, the "8-minute rule" (Medicare Claims Processing Manual, publication 100-04, chapter 5, section 20.2): the
//!   minutes of all timed codes of the day together allow one unit from 8 minutes on and one more for each further 15.
//!   Each code gets its whole units; what is then still allowed goes to the codes with the most minutes left over.
//! - *AMA*, the midpoint rule of the code set itself: each code stands alone, and a unit is reached when more than half of
//!   its time (8 of 15 minutes) has passed.

use super::CptCode;
use crate::{Invalid, role::words};
use serde::{Deserialize, Serialize};

/// Minutes in a unit of a timed code.
const UNIT: u32 = 15;
/// Fewest minutes that count as one more unit: the first whole minute past the middle of 15.
const MORE_THAN_HALF: u32 = 8;
/// Minutes of a day.
const DAY: u16 = 24 * 60;

words! {
    /// How a payer counts units of timed codes.
    UnitRule, "is not a rule for units" {
        /// All timed minutes of the day together (the 8-minute rule).
        Cms = "cms",
        /// Each code by itself (the midpoint rule).
        Ama = "ama",
    }
}

/// Minutes of one timed code on one day, 1 to 1440.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "u16", into = "u16")]
#[schemars(with = "u16")]
pub struct Minutes(u16);

impl Minutes {
    /// So many minutes.
    pub const fn new(minutes: u16) -> Result<Self, Invalid> {
        if minutes == 0 || minutes > DAY {
            return Err(Invalid::new("must be 1 to 1440 minutes"));
        }
        Ok(Self(minutes))
    }
    /// How many.
    pub const fn count(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for Minutes {
    type Error = Invalid;
    fn try_from(minutes: u16) -> Result<Self, Invalid> {
        Self::new(minutes)
    }
}

impl From<Minutes> for u16 {
    fn from(minutes: Minutes) -> Self {
        minutes.0
    }
}

/// One code's way from minutes to units. `units` is `whole_units`, and one more where `extra_unit`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitLine {
    /// The code.
    pub code: CptCode,
    /// Its minutes.
    pub minutes: Minutes,
    /// Whole units of 15 minutes in them.
    pub whole_units: u16,
    /// Minutes beyond the whole units, 0 to 14.
    pub minutes_left: u16,
    /// Whether those minutes earned one more unit.
    pub extra_unit: bool,
    /// What is charged.
    pub units: u16,
}

/// How the units of a day came about: shown step by step, and kept with the charges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitCalculation {
    /// The rule that was gone by.
    pub rule: UnitRule,
    /// Minutes of all timed codes together.
    pub total_minutes: u32,
    /// Units that the total allows; only the CMS rule has such a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_units: Option<u32>,
    /// Each code, in the order given.
    pub lines: Vec<UnitLine>,
}

impl UnitCalculation {
    /// Units of all codes together.
    pub fn units(&self) -> u32 {
        self.lines.iter().map(|line| u32::from(line.units)).sum()
    }
}

/// The units of one day's timed codes under a rule. Where two codes have the same minutes left, the one given first gets
/// the unit. Refused when a code comes twice (its minutes belong together) or the day has not enough minutes.
pub fn calculate_units(rule: UnitRule, timed: &[(CptCode, Minutes)]) -> Result<UnitCalculation, Invalid> {
    let total_minutes = timed.iter().map(|(_, minutes)| u32::from(minutes.0)).sum();
    if total_minutes > u32::from(DAY) {
        return Err(Invalid::new("must be no more minutes together than a day has"));
    }
    let mut lines = Vec::with_capacity(timed.len());
    for (code, minutes) in timed {
        if lines.iter().any(|line: &UnitLine| line.code == *code) {
            return Err(Invalid::new("must name each code once, with all its minutes"));
        }
        let unit = UNIT as u16;
        let (whole_units, minutes_left) = (minutes.0 / unit, minutes.0 % unit);
        lines.push(UnitLine {
            code: *code,
            minutes: *minutes,
            whole_units,
            minutes_left,
            extra_unit: false,
            units: whole_units,
        });
    }
    let allowed_units = match rule {
        UnitRule::Cms => {
            let allowed = (total_minutes + UNIT - MORE_THAN_HALF) / UNIT;
            give_to_most_left(&mut lines, allowed);
            Some(allowed)
        }
        UnitRule::Ama => {
            for line in &mut lines {
                line.extra_unit = u32::from(line.minutes_left) >= MORE_THAN_HALF;
            }
            None
        }
    };
    for line in &mut lines {
        line.units = line.whole_units + u16::from(line.extra_unit);
    }
    Ok(UnitCalculation { rule, total_minutes, allowed_units, lines })
}

/// Marks the codes that get what is allowed beyond the whole units. Up to seven codes can all get one.
fn give_to_most_left(lines: &mut [UnitLine], allowed: u32) {
    let whole: u32 = lines.iter().map(|line| u32::from(line.whole_units)).sum();
    let mut by_minutes_left: Vec<&mut UnitLine> = lines.iter_mut().filter(|line| line.minutes_left > 0).collect();
    by_minutes_left.sort_by_key(|line| std::cmp::Reverse(line.minutes_left));
    for line in by_minutes_left.into_iter().take(allowed.saturating_sub(whole) as usize) {
        line.extra_unit = true;
    }
}
