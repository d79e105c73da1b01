//! Amending a progress note.

use super::{NOTE, NewNote, NoteView, view};
use crate::{
    House,
    record::{Names, RecordError, resource, through_record},
};
use domain::{NoteId, PatientId};
use identity::{Full, Session};
use phi::{Purpose, WriteNotes};
use store::{
    Batch, CommitError,
    rows::progress_notes::{self, NoteRow},
};

/// Why a note was not amended.
#[derive(Debug, thiserror::Error)]
pub enum AmendError {
    /// Somebody amended it since the caller saw it.
    #[error("the note was amended since")]
    Stale,
    /// It was entered in error; what is right is a new note.
    #[error("the note was entered in error")]
    Voided,
    /// Somebody else wrote it, and the record is open to the caller in an emergency alone.
    #[error("in an emergency nobody else's note is changed")]
    NotOwn,
    /// Anything about the record itself.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_record!(AmendError);

/// Writes the next version of a note in the name of the caller, where version `seen` is the newest. What it said before
/// stays.
pub async fn amend(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    note: NoteId,
    seen: u32,
    new: &NewNote,
) -> Result<NoteView, AmendError> {
    let purpose = Purpose::treatment(resource(NOTE, note));
    let grant = house.guard.authorize::<WriteNotes>(session, patient, purpose).await?;
    let (db, practice) = (&house.stores.clinical, session.practice());
    let mut rows = progress_notes::versions(db, practice, patient, note).await?;
    let newest = rows.last().ok_or_else(RecordError::nothing)?;
    if newest.version != seen {
        return Err(AmendError::Stale);
    }
    if newest.voided.is_some() {
        return Err(AmendError::Voided);
    }
    if grant.is_emergency() && rows.iter().any(|row| row.written_by != session.account()) {
        return Err(AmendError::NotOwn);
    }
    let note_id = NoteId::random(&*house.rng);
    let row = NoteRow {
        practice_id: practice,
        patient_id: patient,
        note_id,
        body: grant.seal(NoteRow::row_id(note_id), &new.body),
        written_by: session.account(),
        written_at: house.clock.now(),
        corrects: Some(newest.note_id),
        version: newest.version.saturating_add(1),
        first_note_id: Some(note),
        voided: None,
    };
    let batch = progress_notes::stands(Batch::new(), practice, patient, newest.note_id);
    match db.commit(progress_notes::insert(batch, &row)).await {
        Ok(()) => {
            rows.push(row);
            let versions: Vec<_> = rows.iter().collect();
            Ok(view(&grant, &versions, &mut Names::new(house, session)).await?)
        }
        // Somebody else's amendment took the place of the same version a moment earlier, or it was said to be wrong.
        Err(CommitError::Duplicate { .. } | CommitError::Conflict { .. }) => Err(AmendError::Stale),
        Err(error) => Err(error.into()),
    }
}
