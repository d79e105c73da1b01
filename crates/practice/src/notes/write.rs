//! Writing a progress note.

use super::{NOTE, NoteView, view};
use crate::{
    House,
    record::{Names, RecordError, resource, through_record},
    repeat::{RepeatError, Repeatable},
};
use domain::{NoteBody, NoteId, PatientId};
use identity::{Full, Session};
use phi::{Purpose, WriteNotes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError,
    rows::progress_notes::{self, NoteRow},
};

/// A note to write.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewNote {
    /// What to write.
    pub body: NoteBody,
}

/// Why a note was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteNoteError {
    /// The idempotency key came before with another body.
    #[error("the key was used for another request")]
    KeyUsed,
    /// Anything about the record itself.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_record!(WriteNoteError);

impl From<RepeatError> for WriteNoteError {
    fn from(error: RepeatError) -> Self {
        match error {
            RepeatError::OtherBody => Self::KeyUsed,
            RepeatError::Store(error) => error.into(),
        }
    }
}

/// Writes a note in the name of the caller. The same `key` with the same text gives the note that was written the first
/// time.
pub async fn write(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    new: &NewNote,
    key: Option<&str>,
) -> Result<NoteView, WriteNoteError> {
    let note_id = NoteId::random(&*house.rng);
    let purpose = Purpose::treatment(resource(NOTE, note_id));
    let grant = house.guard.authorize::<WriteNotes>(session, patient, purpose).await?;
    let db = &house.stores.clinical;
    let route = format!("notes of {patient}");
    let repeatable = key.map(|key| Repeatable::new(house, session, &route, key, new));
    let shown = async |row: NoteRow| -> Result<NoteView, WriteNoteError> {
        // Sent again after it was amended, the answer still is what was written then.
        Ok(view(&grant, &[&row], &mut Names::new(house, session)).await?)
    };
    let before = async || -> Result<Option<NoteRow>, WriteNoteError> {
        let Some(repeatable) = &repeatable else { return Ok(None) };
        let Some(made) = repeatable.made_before(house).await? else { return Ok(None) };
        Ok(progress_notes::by_id(db, session.practice(), patient, NoteId::from_bytes(made.id)).await?)
    };
    if let Some(row) = before().await? {
        return shown(row).await;
    }
    let row = NoteRow {
        practice_id: session.practice(),
        patient_id: patient,
        note_id,
        body: grant.seal(NoteRow::row_id(note_id), &new.body),
        written_by: session.account(),
        written_at: house.clock.now(),
        corrects: None,
        version: 1,
        first_note_id: None,
        voided: None,
    };
    let batch = progress_notes::insert(Batch::new(), &row);
    let batch = match &repeatable {
        Some(repeatable) => repeatable.remember(batch, *note_id.as_bytes(), row.written_at),
        None => batch,
    };
    match db.commit(batch).await {
        Ok(()) => shown(row).await,
        Err(error @ CommitError::Duplicate { .. }) => match before().await? {
            Some(row) => shown(row).await,
            None => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}
