//! A progress note that was entered in error.

use super::{NewVoid, VoidError, say, seal};
use crate::{
    House,
    notes::NOTE,
    record::{RecordError, resource},
};
use domain::{NoteId, PatientId};
use identity::{Full, Session};
use phi::{Purpose, WriteNotes};
use store::{
    Batch,
    rows::progress_notes::{self, NoteRow},
};

/// Says of a note, as it stands, that it was entered in error. Its versions stay readable; it cannot be amended any more.
pub async fn note(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    note: NoteId,
    new: &NewVoid,
) -> Result<(), VoidError> {
    let purpose = Purpose::treatment(resource(NOTE, note));
    let grant = house.guard.authorize::<WriteNotes>(session, patient, purpose).await?;
    let (db, practice) = (&house.stores.clinical, session.practice());
    let rows = progress_notes::versions(db, practice, patient, note).await?;
    let newest = rows.last().ok_or_else(RecordError::nothing)?;
    if newest.voided.is_some() {
        return Err(VoidError::NotStanding);
    }
    if grant.is_emergency() && rows.iter().any(|row| row.written_by != session.account()) {
        return Err(VoidError::NotOwn);
    }
    let void = seal(&grant, NoteRow::row_id(newest.note_id), house.clock.now(), new);
    let batch = progress_notes::void(Batch::new(), practice, patient, newest.note_id, &void);
    say(house, session, patient, resource(NOTE, note), batch).await
}
