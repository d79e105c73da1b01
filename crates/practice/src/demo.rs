//! A made practice for the demo and for measuring: staff, patients, their programs and twelve weeks of what they did.
//!
//! All of it follows from a seed and a day, and nobody in it exists. Each patient is made on their own
//! ([`DemoPlan::patient`]), so that ten thousand of them need no more memory than one.

mod archetype;
mod billing;
mod log;
mod names;
mod notes;
mod patient;
mod program;
mod seed;
mod staff;

pub use archetype::Archetype;
pub use log::DemoEntry;
pub use patient::{Adherence, DemoCare, DemoPatient};
pub use program::{DemoItem, DemoProgram, DemoVersion};
pub use seed::{DemoPerson, SeedError, seed};
pub use staff::{DemoStaff, THERAPISTS};

use crate::library::{StarterError, starter};
use domain::{Date, Dose, EmailAddress, Invalid, SeededRng, Timezone};
use std::collections::BTreeMap;

/// Most patients of a made practice.
pub const MAX_PATIENTS: u32 = 100_000;
/// Most weeks of log entries.
pub const MAX_WEEKS: u16 = 104;

/// Why no practice could be made.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// Too many patients were asked for.
    #[error("a made practice has 1 to 100,000 patients")]
    Patients,
    /// Too many weeks were asked for, or today is too near the beginning of the calendar for them.
    #[error("a made practice has 1 to 104 weeks of log entries")]
    Weeks,
    /// The starter exercises cannot be read.
    #[error(transparent)]
    Starter(#[from] StarterError),
    /// An archetype names an exercise that the starter set lacks.
    #[error("there is no starter exercise {0}")]
    NoExercise(&'static str),
    /// A made value is out of bounds.
    #[error("a made value {0}")]
    Value(#[from] Invalid),
}

/// What the practice follows from.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// The same seed gives the same practice.
    pub seed: u64,
    /// The day of the demo. The log ends the day before, so that today's exercises are open.
    pub today: Date,
    /// Where the practice is.
    pub timezone: Timezone,
    /// How many patients, 1 to 100,000.
    pub patients: u32,
    /// How many weeks of log entries, 1 to 104.
    pub weeks: u16,
}

impl DemoOptions {
    /// The usual demo: 60 patients, 12 weeks.
    pub const fn new(seed: u64, today: Date, timezone: Timezone) -> Self {
        Self { seed, today, timezone, patients: 60, weeks: 12 }
    }
}

/// A made practice.
pub struct DemoPlan {
    options: DemoOptions,
    first_day: Date,
    staff: Vec<DemoStaff>,
    doses: BTreeMap<String, Dose>,
}

impl DemoPlan {
    /// Lays out the practice; patients are made when asked for.
    pub fn new(options: DemoOptions) -> Result<Self, DemoError> {
        if !(1..=MAX_PATIENTS).contains(&options.patients) {
            return Err(DemoError::Patients);
        }
        if !(1..=MAX_WEEKS).contains(&options.weeks) {
            return Err(DemoError::Weeks);
        }
        let days = jiff::Span::new().days(i32::from(options.weeks) * 7);
        let first_day = options.today.checked_sub(days).map_err(|_| DemoError::Weeks)?;
        let doses: BTreeMap<String, Dose> =
            starter()?.into_iter().map(|exercise| (exercise.source_ref, exercise.default_dose)).collect();
        for name in archetype::ALL.iter().flat_map(|archetype| archetype.exercises) {
            if !doses.contains_key(name) {
                return Err(DemoError::NoExercise(name));
            }
        }
        Ok(Self { options, first_day, staff: staff::staff()?, doses })
    }
    /// What the practice is called.
    pub const fn practice_name(&self) -> &'static str {
        "Riverside Physical Therapy (demo)"
    }
    /// Where it is.
    pub const fn timezone(&self) -> &Timezone {
        &self.options.timezone
    }
    /// The first day of the log.
    pub const fn first_day(&self) -> Date {
        self.first_day
    }
    /// Who works there; the therapists come first.
    pub fn staff(&self) -> &[DemoStaff] {
        &self.staff
    }
    /// How many patients it has.
    pub const fn patients(&self) -> u32 {
        self.options.patients
    }
    /// A patient, counted from 0. The same number is the same person however many there are.
    pub fn patient(&self, number: u32) -> Result<DemoPatient, DemoError> {
        patient::make(self, number)
    }

    /// The dice of one patient. Hashed twice, so that neighbors have nothing in common.
    fn dice(&self, number: u32) -> SeededRng {
        let of_practice = SeededRng::new(self.options.seed).next_u64();
        SeededRng::new(SeededRng::new(of_practice ^ u64::from(number)).next_u64())
    }
}

/// A mail address under a name that is reserved for examples (RFC 2606), so that no mail ever reaches anybody.
fn address(given: &str, family: &str, number: Option<u32>) -> Result<EmailAddress, Invalid> {
    let number = number.map_or_else(String::new, |number| format!(".{number}"));
    EmailAddress::new(format!("{}.{}{number}@demo.patella.example", names::plain(given), names::plain(family)))
}

/// Whether something happens that happens so many times in a hundred.
fn chance(rng: &SeededRng, percent: u64) -> bool {
    rng.below(100) < percent
}

/// A whole number from `low` to `high`, both included.
fn between(rng: &SeededRng, low: i32, high: i32) -> i32 {
    let span = u64::try_from(high - low + 1).unwrap_or(1);
    low + i32::try_from(rng.below(span)).unwrap_or(0)
}

/// One of a list that is not empty.
fn one<'l, T>(rng: &SeededRng, list: &'l [T]) -> &'l T {
    &list[usize::try_from(rng.below(list.len() as u64)).unwrap_or(0)]
}

#[cfg(test)]
mod tests;
