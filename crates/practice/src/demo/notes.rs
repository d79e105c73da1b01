//! What the therapists of a made practice wrote: a note of the first visit, and its amendment.

use super::DemoPatient;
use domain::{Invalid, NoteBody, NoteId, Rng, Timestamp};
use jiff::SignedDuration;
use phi::{Grant, WriteNotes};
use store::{
    Batch,
    rows::progress_notes::{self, NoteRow},
};

const FIRST: &str = "First visit. Went through the program and did each exercise once together; all of them are clear.\n\n\
    Wants to walk to the market again. Asked to write down every day, bad ones too.";
const AMENDED: &str = "First visit. Went through the program and did each exercise once together; all of them are clear.\n\n\
    Wants to walk to the market and back again, twenty minutes each way. Asked to write down every day, bad ones too.";

/// The note of the first visit; every fourth patient's was amended an hour later.
pub(super) fn written(
    mut batch: Batch,
    grant: &Grant<'_, WriteNotes>,
    made: &DemoPatient,
    ids: &dyn Rng,
) -> Result<Batch, Invalid> {
    let first = NoteId::random(ids);
    let note = |note_id, text, hours, version: u32| {
        let later = |at: Timestamp| at.checked_add(SignedDuration::from_hours(hours)).unwrap_or(at);
        Ok::<_, Invalid>(NoteRow {
            practice_id: grant.practice(),
            patient_id: grant.subject(),
            note_id,
            body: grant.seal(NoteRow::row_id(note_id), &NoteBody::new(text)?),
            written_by: grant.account(),
            written_at: later(made.registered_at),
            corrects: (version > 1).then_some(first),
            version,
            first_note_id: (version > 1).then_some(first),
            voided: None,
        })
    };
    batch = progress_notes::insert(batch, &note(first, FIRST, 1, 1)?);
    if made.number.is_multiple_of(4) {
        batch = progress_notes::insert(batch, &note(NoteId::random(ids), AMENDED, 2, 2)?);
    }
    Ok(batch)
}
