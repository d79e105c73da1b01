//! What is prescribed: programs and their signed versions.

mod end;
mod prescribe;
mod read;

pub use end::{EndProgram, end};
pub(crate) use prescribe::next_program;
pub use prescribe::{NewItem, NewProgram, PrescribeError, prescribe};
pub use read::{current, version, versions};

use crate::{
    exercises::{self, ExerciseBrief},
    record::{Names, Person, RecordError},
    voiding::{self, VoidView},
};
use domain::{Date, Dose, ExerciseId, ItemId, Items, PracticeId, ProgramId, Timestamp};
use ledger::Word;
use phi::{Covers, Exercise, Grant, OpenError, Permission};
use schemars::JsonSchema;
use serde::Serialize;
use store::{Db, rows::programs::ProgramVersionRow};

pub(crate) const PROGRAM: Word = Word::new("program");

/// One signed version of a program.
#[derive(Serialize, JsonSchema)]
pub struct ProgramView {
    /// The program.
    pub program_id: ProgramId,
    /// 1, 2, 3 and on, through all programs of the patient; the number of the ETag.
    pub version: u32,
    /// What it is called on the patient's screen.
    pub title: String,
    /// Its first day.
    pub starts_on: Date,
    /// Its last day; none while open.
    pub ends_on: Option<Date>,
    /// Who signed it.
    pub signed_by: Person,
    /// When it was signed.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub signed_at: Timestamp,
    /// Why this version ends the program; none in one that does not.
    pub end_reason: Option<String>,
    /// That it was entered in error.
    pub voided: Option<VoidView>,
    /// The exercises with their doses, in order.
    pub items: Vec<ItemView>,
}

/// One exercise of a program.
#[derive(Serialize, JsonSchema)]
pub struct ItemView {
    /// Stays the same from version to version.
    pub item_id: ItemId,
    /// Which exercise.
    pub exercise_id: ExerciseId,
    /// What the library says about it.
    pub exercise: ExerciseBrief,
    /// How much of it.
    pub dose: Dose,
    /// What to mind, in the therapist's words.
    pub instruction: Option<String>,
}

/// A version in a list, without its items.
#[derive(Serialize, JsonSchema)]
pub struct VersionLine {
    /// The program.
    pub program_id: ProgramId,
    /// 1, 2, 3 and on, through all programs of the patient.
    pub version: u32,
    /// What it is called.
    pub title: String,
    /// Its first day.
    pub starts_on: Date,
    /// Its last day; none while open.
    pub ends_on: Option<Date>,
    /// Who signed it.
    pub signed_by: Person,
    /// When it was signed.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub signed_at: Timestamp,
    /// Why this version ends the program; none in one that does not.
    pub end_reason: Option<String>,
    /// That it was entered in error.
    pub voided: Option<VoidView>,
    /// How many exercises it has.
    pub items: usize,
}

/// Opens a version.
pub(crate) async fn view<P>(
    db: &Db,
    grant: &Grant<'_, P>,
    row: &ProgramVersionRow,
    names: &mut Names<'_>,
) -> Result<ProgramView, RecordError>
where
    P: Permission + Covers<Exercise>,
{
    let items = item_views(db, grant.practice(), grant.open(&row.items)?.expose()).await?;
    Ok(ProgramView {
        program_id: row.program_id,
        version: row.version,
        title: grant.open(&row.title)?.expose().as_str().to_owned(),
        starts_on: row.starts_on,
        ends_on: row.ends_on,
        signed_by: names.person(row.signed_by).await?,
        signed_at: row.signed_at,
        end_reason: end_reason(grant, row)?,
        voided: voiding::view(grant, row.voided.as_ref(), names).await?,
        items,
    })
}

/// Why a version ends the program.
pub(crate) fn end_reason<P>(grant: &Grant<'_, P>, row: &ProgramVersionRow) -> Result<Option<String>, OpenError>
where
    P: Permission + Covers<Exercise>,
{
    Ok(grant.open_optional(row.end_reason.as_ref())?.map(|reason| reason.expose().as_str().to_owned()))
}

async fn item_views(db: &Db, practice: PracticeId, items: &Items) -> Result<Vec<ItemView>, RecordError> {
    let known = exercises::briefs(db, practice, items.as_slice().iter().map(|item| item.exercise_id).collect()).await?;
    let view = |item: &domain::ProgramItem| ItemView {
        item_id: item.item_id,
        exercise_id: item.exercise_id,
        exercise: known.get(&item.exercise_id).cloned().unwrap_or_else(exercises::gone),
        dose: item.dose.clone(),
        instruction: item.instruction.clone(),
    };
    Ok(items.as_slice().iter().map(view).collect())
}
