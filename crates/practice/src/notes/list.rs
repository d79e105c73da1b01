//! Reading progress notes.

use super::NOTE;
use crate::{
    House,
    record::{Names, Person, RecordError, purpose},
};
use domain::{NoteId, PatientId, Timestamp};
use identity::{Full, Session};
use ledger::Resource;
use phi::ReadNotes;
use schemars::JsonSchema;
use serde::Serialize;
use store::rows::progress_notes;

/// A progress note.
#[derive(Serialize, JsonSchema)]
pub struct NoteView {
    /// The note.
    pub note_id: NoteId,
    /// What was written.
    pub body: String,
    /// Who wrote it.
    pub written_by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub written_at: Timestamp,
    /// The note that this one corrects.
    pub corrects: Option<NoteId>,
}

/// A page of notes, newest first.
pub struct Notes {
    /// Those shown.
    pub items: Vec<NoteView>,
    /// The last one shown, when there are older ones.
    pub next: Option<(Timestamp, NoteId)>,
}

/// Up to `limit` notes older than `before`, newest first.
pub async fn list(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    before: Option<(Timestamp, NoteId)>,
    limit: usize,
) -> Result<Notes, RecordError> {
    let purpose = purpose(session, patient, Resource::whole(NOTE));
    let grant = house.guard.authorize::<ReadNotes>(session, patient, purpose).await?;
    let (at, id) = before.unwrap_or((Timestamp::MAX, NoteId::from_bytes([0xff; 16])));
    let surplus = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let mut rows = progress_notes::page(&house.stores.clinical, session.practice(), patient, at, id, surplus).await?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = if more { rows.last().map(|row| (row.written_at, row.note_id)) } else { None };
    let mut names = Names::new(house, session);
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(NoteView {
            note_id: row.note_id,
            body: grant.open(&row.body)?.expose().as_str().to_owned(),
            written_by: names.person(row.written_by).await?,
            written_at: row.written_at,
            corrects: row.corrects,
        });
    }
    Ok(Notes { items, next })
}
