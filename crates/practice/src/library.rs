//! The exercise library: the starter set that ships with the program, and what a practice imports.
//!
//! Sources make plain [`NewExercise`] values, checked and with their pictures; [`shelve`] puts one into a practice's library.
//! An entry is told from others in a practice by its `source` and `source_ref`, so that reading a source again
//! changes entries and adds none.

mod figure;
pub mod free_exercise_db;
mod picture;
mod shelve;
mod starter;

pub use figure::{FigureError, Figures};
pub use picture::{Picture, PictureError, PictureFormat};
pub use shelve::{ShelveError, Shelved, shelve};
pub use starter::{StarterError, starter};

use domain::{BodyRegion, Dose, Equipment, ExerciseSource, Invalid};

/// Most characters of an entry's stable name at its source.
pub const MAX_REF: usize = 100;
/// Most characters of an entry's name.
pub const MAX_NAME: usize = 120;
/// Most steps of an entry.
pub const MAX_STEPS: usize = 30;
/// Most characters of a step. The longest one of free-exercise-db has 744.
pub const MAX_STEP: usize = 1000;
/// Most cautions of an entry.
pub const MAX_CAUTIONS: usize = 10;
/// Most characters of a caution.
pub const MAX_CAUTION: usize = 500;
/// Most pictures of an entry.
pub const MAX_PICTURES: usize = 8;

/// An entry for the library of a practice, before it has an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewExercise {
    /// Where it comes from.
    pub source: ExerciseSource,
    /// Its stable name there; (`source`, `source_ref`) is unique in a practice.
    pub source_ref: String,
    /// What it is called.
    pub name: String,
    /// The part of the body that it is for.
    pub region: BodyRegion,
    /// What one needs.
    pub equipment: Equipment,
    /// What to do, step by step.
    pub steps: Vec<String>,
    /// What to mind, and when to stop.
    pub cautions: Vec<String>,
    /// Its pictures, from the beginning of the movement to its end.
    pub pictures: Vec<Picture>,
    /// Where a therapist may start from when prescribing it.
    pub default_dose: Dose,
}

impl NewExercise {
    /// Checks every bound; the error names the field (`steps[2]`, `default_dose.sets`).
    pub fn check(&self) -> Result<(), (String, Invalid)> {
        let slug = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if !(1..=MAX_REF).contains(&self.source_ref.len()) || !self.source_ref.chars().all(slug) {
            return Err(("source_ref".into(), Invalid::new("must be 1 to 100 of the characters A-Z a-z 0-9 - _")));
        }
        text("name".into(), &self.name, MAX_NAME, "must be 1 to 120 characters of plain text")?;
        if !(1..=MAX_STEPS).contains(&self.steps.len()) {
            return Err(("steps".into(), Invalid::new("must be 1 to 30")));
        }
        for (n, step) in self.steps.iter().enumerate() {
            text(format!("steps[{n}]"), step, MAX_STEP, "must be 1 to 1000 characters of plain text")?;
        }
        if self.cautions.len() > MAX_CAUTIONS {
            return Err(("cautions".into(), Invalid::new("must be at most 10")));
        }
        for (n, caution) in self.cautions.iter().enumerate() {
            text(format!("cautions[{n}]"), caution, MAX_CAUTION, "must be 1 to 500 characters of plain text")?;
        }
        if self.pictures.len() > MAX_PICTURES {
            return Err(("pictures".into(), Invalid::new("must be at most 8")));
        }
        self.default_dose.check().map_err(|(field, why)| (format!("default_dose.{field}"), why))
    }
}

fn text(field: String, value: &str, most: usize, what: &'static str) -> Result<(), (String, Invalid)> {
    let plain = !value.chars().any(char::is_control) && value.trim() == value;
    if plain && (1..=most).contains(&value.chars().count()) { Ok(()) } else { Err((field, Invalid::new(what))) }
}
