//! Progress notes: what a therapist writes about a patient. A note is amended, never overwritten: an amendment is its
//! next version, and the earlier ones stay readable (45 CFR 164.526 asks for nothing less).

mod amend;
mod list;
mod write;

pub use amend::{AmendError, amend};
pub use list::{Notes, list, one};
pub use write::{NewNote, WriteNoteError, write};

use crate::{
    record::{Names, Person, RecordError},
    voiding::{self, VoidView},
};
use domain::{NoteId, Timestamp};
use ledger::Word;
use phi::{Covers, Grant, Note, Permission};
use schemars::JsonSchema;
use serde::Serialize;
use store::rows::progress_notes::NoteRow;

pub(crate) const NOTE: Word = Word::new("progress_note");

/// A progress note as it stands, with what it said before.
#[derive(Serialize, JsonSchema)]
pub struct NoteView {
    /// The note; stays the same from version to version.
    pub note_id: NoteId,
    /// 1, and one more for each amendment; the number of the ETag.
    pub version: u32,
    /// What it says now.
    pub body: String,
    /// Who wrote this version.
    pub written_by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub written_at: Timestamp,
    /// That it was entered in error.
    pub voided: Option<VoidView>,
    /// What it said before, newest first; empty for a note that was never amended.
    pub earlier: Vec<EarlierNote>,
}

/// An earlier version of a note.
#[derive(Serialize, JsonSchema)]
pub struct EarlierNote {
    /// 1, 2, 3 and on.
    pub version: u32,
    /// What it said.
    pub body: String,
    /// Who wrote it.
    pub written_by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub written_at: Timestamp,
}

impl NoteView {
    /// When the note was first written, by whom.
    pub fn first(&self) -> (Timestamp, &Person) {
        self.earlier.last().map_or((self.written_at, &self.written_by), |first| (first.written_at, &first.written_by))
    }
}

/// Opens a note: all its versions, the first one first.
pub(crate) async fn view<P>(
    grant: &Grant<'_, P>,
    versions: &[&NoteRow],
    names: &mut Names<'_>,
) -> Result<NoteView, RecordError>
where
    P: Permission + Covers<Note>,
{
    let (newest, before) = versions.split_last().ok_or_else(RecordError::nothing)?;
    let body = |row: &NoteRow| Ok::<_, RecordError>(grant.open(&row.body)?.expose().as_str().to_owned());
    let mut earlier = Vec::with_capacity(before.len());
    for row in before.iter().rev() {
        let (version, written_at) = (row.version, row.written_at);
        earlier.push(EarlierNote {
            version,
            body: body(row)?,
            written_by: names.person(row.written_by).await?,
            written_at,
        });
    }
    Ok(NoteView {
        note_id: newest.first_note_id.unwrap_or(newest.note_id),
        version: newest.version,
        body: body(newest)?,
        written_by: names.person(newest.written_by).await?,
        written_at: newest.written_at,
        voided: voiding::view(grant, newest.voided.as_ref(), names).await?,
        earlier,
    })
}
