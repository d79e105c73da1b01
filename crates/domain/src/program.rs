//! What is prescribed.

use crate::{Dose, ExerciseId, Invalid, ItemId, text::texts};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

texts! {
    /// What the program is called on the patient's screen.
    ProgramTitle: 1..=120, "must be 1 to 120 characters of plain text";
    /// Why a program was ended. The patient reads it.
    EndReason: 1..=500, "must be 1 to 500 characters of plain text";
}

/// One exercise of a program, with its dose.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgramItem {
    /// Stays the same from version to version, so that the log can follow it.
    pub item_id: ItemId,
    /// What to do.
    pub exercise_id: ExerciseId,
    /// How much of it.
    pub dose: Dose,
    /// What to mind, in the therapist's words, at most 500 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
}

/// The items of one version of a program, in order: 1 to 30, each item id once.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct Items(Vec<ProgramItem>);

impl Items {
    /// Checks every item; the error names the place (`items[2].dose.sets`).
    pub fn new(items: Vec<ProgramItem>) -> Result<Self, (String, Invalid)> {
        if !(1..=30).contains(&items.len()) {
            return Err(("items".into(), Invalid::new("must hold 1 to 30 exercises")));
        }
        for (n, item) in items.iter().enumerate() {
            item.dose.check().map_err(|(field, why)| (format!("items[{n}].dose.{field}"), why))?;
            let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
            if item.instruction.as_ref().is_some_and(|text| text.chars().count() > 500 || text.contains(control)) {
                let why = Invalid::new("must be at most 500 characters of plain text");
                return Err((format!("items[{n}].instruction"), why));
            }
            if items[..n].iter().any(|other| other.item_id == item.item_id) {
                return Err((format!("items[{n}].item_id"), Invalid::new("must not stand twice in a program")));
            }
        }
        Ok(Self(items))
    }
    /// The items in order.
    pub fn as_slice(&self) -> &[ProgramItem] {
        &self.0
    }
}

impl Zeroize for Items {
    fn zeroize(&mut self) {
        for item in &mut self.0 {
            item.dose.zeroize();
            item.instruction.zeroize();
        }
        self.0.clear();
    }
}
