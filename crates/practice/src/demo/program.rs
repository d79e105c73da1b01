//! What a made patient is prescribed.

use super::{Archetype, DemoError, DemoPlan, between, chance, one};
use domain::{Date, Dose, Load, LoadUnit, ProgramTitle, SeededRng, Side, Timestamp, Weekdays};
use jiff::ToSpan;

/// The program of a patient.
#[derive(Clone, PartialEq, Eq)]
pub struct DemoProgram {
    /// What it is called.
    pub title: ProgramTitle,
    /// Its signed versions, from the first to the one in force.
    pub versions: Vec<DemoVersion>,
}

/// A signed version.
#[derive(Clone, PartialEq, Eq)]
pub struct DemoVersion {
    /// 1, 2 and on.
    pub version: u32,
    /// Its first day.
    pub starts_on: Date,
    /// Who signed it: a place in [`DemoPlan::staff`].
    pub signed_by: usize,
    /// When.
    pub signed_at: Timestamp,
    /// What is to be done.
    pub items: Vec<DemoItem>,
}

/// An exercise of a version.
#[derive(Clone, PartialEq, Eq)]
pub struct DemoItem {
    /// Tells the items of one program apart. The same item has the same key in every version.
    pub key: u8,
    /// The starter exercise's stable name.
    pub source_ref: &'static str,
    /// How much.
    pub dose: Dose,
    /// What to mind, in the therapist's words.
    pub instruction: Option<&'static str>,
}

const INSTRUCTIONS: &[&str] = &[
    "Slowly, please. Quality before number.",
    "Stop one short of where it begins to pinch.",
    "In front of a mirror if you have one.",
    "Best in the morning, when you are stiff.",
    "Breathe out on the effort.",
];

/// Exercises that are done with a weight in the hand.
const WITH_WEIGHT: [&str; 3] = ["elbow-curl", "wrist-lift-palm-down", "wrist-curl-palm-up"];

/// What a patient's program is made from.
pub(super) struct Making<'p> {
    pub(super) plan: &'p DemoPlan,
    pub(super) rng: &'p SeededRng,
    pub(super) archetype: &'static Archetype,
    /// The days on which versions begin; the first is that of the log.
    pub(super) starts: Vec<Date>,
    /// Who treats the patient on a day.
    pub(super) therapist_on: &'p dyn Fn(Date) -> usize,
}

impl Making<'_> {
    pub(super) fn program(&self) -> Result<DemoProgram, DemoError> {
        let side = if chance(self.rng, 50) { Side::Left } else { Side::Right };
        let count = usize::try_from(between(self.rng, 3, 5)).unwrap_or(3);
        let mut next = usize::try_from(between(self.rng, 0, 1)).unwrap_or(0);
        let mut items = Vec::new();
        for key in 0..count {
            items.push(self.item(u8::try_from(key).unwrap_or(0), next, side)?);
            next += 1;
        }
        let mut versions: Vec<DemoVersion> = Vec::new();
        for (n, starts_on) in self.starts.iter().enumerate() {
            if n > 0 {
                self.harder(&mut items, &mut next, side)?;
            }
            let signed_at =
                self.plan.timezone().moment(*starts_on, 9, i8::try_from(between(self.rng, 0, 59)).unwrap_or(0));
            versions.push(DemoVersion {
                version: u32::try_from(n + 1).unwrap_or(1),
                starts_on: *starts_on,
                signed_by: (self.therapist_on)(*starts_on),
                // The day before, so that the patient finds it in the morning.
                signed_at: signed_at.checked_sub(24.hours()).unwrap_or(signed_at),
                items: items.clone(),
            });
        }
        Ok(DemoProgram { title: ProgramTitle::new(self.archetype.title)?, versions })
    }

    fn item(&self, key: u8, place: usize, side: Side) -> Result<DemoItem, DemoError> {
        let name = self.archetype.exercises[place.min(self.archetype.exercises.len() - 1)];
        let mut dose = self.plan.doses.get(name).cloned().ok_or(DemoError::NoExercise(name))?;
        if dose.side == Side::Each && chance(self.rng, 60) {
            dose.side = side;
        }
        dose.times_a_day = dose.times_a_day.min(2);
        if chance(self.rng, 20) {
            dose.weekdays = Weekdays::new(&[1, 2, 3, 4, 5])?;
        }
        if WITH_WEIGHT.contains(&name) {
            dose.load = Some(Load { tenths: 10, unit: LoadUnit::Kilogram });
        }
        let instruction = chance(self.rng, 25).then(|| *one(self.rng, INSTRUCTIONS));
        Ok(DemoItem { key, source_ref: name, dose, instruction })
    }

    /// The next version: a little more of what is there, and where one is left over, a harder exercise for the first one
    /// or beside the others.
    fn harder(&self, items: &mut Vec<DemoItem>, next: &mut usize, side: Side) -> Result<(), DemoError> {
        for item in items.iter_mut() {
            item.dose.reps = item.dose.reps.map(|reps| (reps + 2).min(200));
            item.dose.load = item.dose.load.map(|load| Load { tenths: load.tenths + 5, ..load });
            item.dose.times_a_day = 1;
        }
        if *next < self.archetype.exercises.len() {
            let key = items.iter().map(|item| item.key).max().map_or(0, |key| key + 1);
            let item = self.item(key, *next, side)?;
            *next += 1;
            if items.len() > 3 {
                items.remove(0);
            }
            items.push(item);
        }
        Ok(())
    }
}
