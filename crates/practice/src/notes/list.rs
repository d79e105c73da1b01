//! Reading progress notes.

use super::{NOTE, NoteView, view};
use crate::{
    House, page,
    record::{Names, RecordError, purpose, resource},
};
use domain::{NoteId, PatientId, Timestamp};
use identity::{Full, Session};
use ledger::Resource;
use phi::ReadNotes;
use store::rows::progress_notes;

/// A page of notes, by when they were first written, newest first.
pub struct Notes {
    /// Those shown.
    pub items: Vec<NoteView>,
    /// The last one shown, when there are older ones.
    pub next: Option<(Timestamp, NoteId)>,
    /// Whether they are open to the caller only in an emergency, in which nobody else's note is changed.
    pub emergency: bool,
}

/// Up to `limit` notes first written before `before`, newest first. An amended note keeps its place.
pub async fn list(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    before: Option<(Timestamp, NoteId)>,
    limit: usize,
) -> Result<Notes, RecordError> {
    let purpose = purpose(session, patient, Resource::whole(NOTE));
    let grant = house.guard.authorize::<ReadNotes>(session, patient, purpose).await?;
    let (db, practice) = (&house.stores.clinical, session.practice());
    let (at, id) = before.unwrap_or((Timestamp::MAX, NoteId::from_bytes([0xff; 16])));
    let mut rows = progress_notes::page(db, practice, patient, at, id, page::surplus(limit)).await?;
    let next = page::cut(&mut rows, limit, |row| (row.written_at, row.note_id));
    let (Some(newest), Some(oldest)) = (rows.first(), rows.last()) else {
        return Ok(Notes { items: Vec::new(), next: None, emergency: grant.is_emergency() });
    };
    let amendments =
        progress_notes::amendments_between(db, practice, patient, oldest.written_at, newest.written_at).await?;
    let mut names = Names::new(house, session);
    let mut items = Vec::with_capacity(rows.len());
    for row in &rows {
        let later = amendments.iter().filter(|later| later.first_note_id == Some(row.note_id));
        let versions: Vec<_> = std::iter::once(row).chain(later).collect();
        items.push(view(&grant, &versions, &mut names).await?);
    }
    Ok(Notes { items, next, emergency: grant.is_emergency() })
}

/// One note with its earlier versions; none when there is no such note of this patient's.
pub async fn one(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    note: NoteId,
) -> Result<Option<NoteView>, RecordError> {
    let purpose = purpose(session, patient, resource(NOTE, note));
    let grant = house.guard.authorize::<ReadNotes>(session, patient, purpose).await?;
    let rows = progress_notes::versions(&house.stores.clinical, session.practice(), patient, note).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let versions: Vec<_> = rows.iter().collect();
    Ok(Some(view(&grant, &versions, &mut Names::new(house, session)).await?))
}
