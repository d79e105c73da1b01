//! What was done: written down by the patient, never changed, corrected by a new entry that names the old one.

mod correct;
mod read;
mod write;

pub use correct::correct;
pub use read::{between, list, one};
pub use write::write;

use crate::{
    House,
    record::{Names, RecordError, purpose, through_record},
    repeat::RepeatError,
    voiding::{self, VoidView},
};
use domain::{
    AccountId, Comment, Date, Effort, EntryId, Invalid, ItemId, Pain, PatientId, Performed, ProgramId, Timestamp,
};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{AccessError, Clear, Covers, Exercise, Grant, LogExercise, OpenError, PatientWords, Permission, ReadNotes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::rows::log_entries::LogEntryRow;

const LOG: Word = Word::new("log");
pub(crate) const LOG_ENTRY: Word = Word::new("log_entry");
const COMMENT: Word = Word::new("comment");

/// An entry to write, or what an entry should have said.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEntry {
    /// Which item of the program.
    pub item_id: ItemId,
    /// When it was done: now, when not said (for a correction: when the old entry says). At most 14 days ago.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub performed_at: Option<Timestamp>,
    /// How much.
    pub performed: Performed,
    /// How it hurt.
    pub pain: Pain,
    /// How hard it was.
    pub effort: Effort,
    /// What there is to say about it.
    #[serde(default)]
    pub comment: Option<Comment>,
}

/// An entry as it can be read.
#[derive(Serialize, JsonSchema)]
pub struct EntryView {
    /// The entry.
    pub entry_id: EntryId,
    /// Which item of the program.
    pub item_id: ItemId,
    /// The program.
    pub program_id: ProgramId,
    /// Its version that was in force.
    pub program_version: u32,
    /// The day, in the practice's time zone.
    pub performed_on: Date,
    /// The moment.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub performed_at: Timestamp,
    /// How much was done.
    pub performed: Performed,
    /// How it hurt.
    pub pain: Pain,
    /// How hard it was.
    pub effort: Effort,
    /// What the patient said; absent when there is nothing, or the caller may not read it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Who wrote it down.
    pub recorded_by: AccountId,
    /// When it was written down.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub recorded_at: Timestamp,
    /// The entry that this one corrects.
    pub corrects: Option<EntryId>,
    /// When it was corrected itself; none while it is in force.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub superseded_at: Option<Timestamp>,
    /// That it was entered in error, and counts for nothing.
    pub voided: Option<VoidView>,
}

/// Why an entry was not written.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A field does not fit: its path (`performed.sets`), and what is wrong with it.
    #[error("{field} {why}")]
    Invalid {
        /// The path of the field.
        field: String,
        /// What is wrong with it.
        why: Invalid,
    },
    /// The idempotency key came before with another body.
    #[error("the key was used for another request")]
    KeyUsed,
    /// The entry was corrected already; the correction can be corrected.
    #[error("the entry was corrected already")]
    Corrected,
    /// The entry was entered in error; what was done is written down anew.
    #[error("the entry was entered in error")]
    Voided,
    /// Anything about the record itself.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_record!(LogError);

impl LogError {
    fn invalid(field: impl Into<String>, what: &'static str) -> Self {
        Self::Invalid { field: field.into(), why: Invalid::new(what) }
    }
}

impl From<RepeatError> for LogError {
    fn from(error: RepeatError) -> Self {
        match error {
            RepeatError::OtherBody => Self::KeyUsed,
            RepeatError::Store(error) => error.into(),
        }
    }
}

/// Opens an entry; its comment was opened apart, since it is of another class.
async fn view<P>(
    grant: &Grant<'_, P>,
    row: &LogEntryRow,
    comment: Option<String>,
    names: &mut Names<'_>,
) -> Result<EntryView, RecordError>
where
    P: Permission + Covers<Exercise>,
{
    Ok(EntryView {
        entry_id: row.entry_id,
        item_id: row.item_id,
        program_id: row.program_id,
        program_version: row.program_version,
        performed_on: row.performed_on,
        performed_at: row.performed_at,
        performed: grant.open(&row.performed)?.expose().clone(),
        pain: *grant.open(&row.pain)?.expose(),
        effort: *grant.open(&row.effort)?.expose(),
        comment,
        recorded_by: row.recorded_by,
        recorded_at: row.recorded_at,
        corrects: row.corrects,
        superseded_at: row.superseded_at,
        voided: voiding::view(grant, row.voided.as_ref(), names).await?,
    })
}

fn comment<P>(grant: &Grant<'_, P>, row: &LogEntryRow) -> Result<Option<String>, OpenError>
where
    P: Permission + Covers<PatientWords>,
{
    let said: Option<Clear<'_, Comment>> = grant.open_optional(row.comment.as_ref())?;
    Ok(said.map(|said| said.expose().as_str().to_owned()))
}

/// The comments of some entries. Asked for only where there is one: patients read their own words, others need
/// [`ReadNotes`]; whoever may not gets none.
async fn comments(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    rows: &[LogEntryRow],
) -> Result<Vec<Option<String>>, RecordError> {
    let none = || rows.iter().map(|_| None).collect();
    if rows.iter().all(|row| row.comment.is_none()) {
        return Ok(none());
    }
    let why = purpose(session, patient, Resource::whole(COMMENT));
    let opened = if session.patient() == Some(patient) {
        match house.guard.authorize::<LogExercise>(session, patient, why).await {
            Ok(grant) => rows.iter().map(|row| comment(&grant, row)).collect(),
            Err(AccessError::Denied) => Ok(none()),
            Err(error) => return Err(error.into()),
        }
    } else {
        match house.guard.authorize::<ReadNotes>(session, patient, why).await {
            Ok(grant) => rows.iter().map(|row| comment(&grant, row)).collect(),
            Err(AccessError::Denied) => Ok(none()),
            Err(error) => return Err(error.into()),
        }
    };
    Ok(opened?)
}
