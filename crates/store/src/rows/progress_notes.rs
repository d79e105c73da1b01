//! Progress notes.

use super::sealed;
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, NoteId, PatientId, PracticeId, Timestamp};
use phi::{RowId, Sealed, fields::progress_notes};

/// A progress note.
pub struct NoteRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The patient.
    pub patient_id: PatientId,
    /// The note.
    pub note_id: NoteId,
    /// What was written.
    pub body: Sealed<progress_notes::Body>,
    /// Who wrote it.
    pub written_by: AccountId,
    /// When.
    pub written_at: Timestamp,
    /// The note that this one corrects.
    pub corrects: Option<NoteId>,
}

impl NoteRow {
    /// The row as associated data sees it.
    pub const fn row_id(note: NoteId) -> RowId {
        RowId::new(*note.as_bytes())
    }
}

/// Up to `limit` notes before (`before_at`, `before_id`), newest first.
pub async fn page(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    before_at: Timestamp,
    before_id: NoteId,
    limit: i64,
) -> Result<Vec<NoteRow>, StoreError> {
    const SQL: &str = "SELECT note_id, body, written_by, written_at, corrects FROM progress_notes \
                       WHERE practice_id = $1 AND patient_id = $2 \
                       AND (written_at < $3 OR (written_at = $3 AND note_id < $4)) \
                       ORDER BY written_at DESC, note_id DESC LIMIT $5";
    let params = &[practice.into(), patient.into(), before_at.into(), before_id.into(), limit.into()];
    db.rows(SQL, params).await?.iter().map(|row| read(practice, patient, row)).collect()
}

/// One note.
pub async fn by_id(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    note: NoteId,
) -> Result<Option<NoteRow>, StoreError> {
    const SQL: &str = "SELECT note_id, body, written_by, written_at, corrects FROM progress_notes \
                       WHERE practice_id = $1 AND patient_id = $2 AND note_id = $3";
    let row = db.optional(SQL, &[practice.into(), patient.into(), note.into()]).await?;
    row.map(|row| read(practice, patient, &row)).transpose()
}

fn read(practice: PracticeId, patient: PatientId, row: &Row) -> Result<NoteRow, StoreError> {
    let note_id = row.id(0)?;
    Ok(NoteRow {
        practice_id: practice,
        patient_id: patient,
        note_id,
        body: sealed(row, 1, NoteRow::row_id(note_id))?,
        written_by: row.id(2)?,
        written_at: row.timestamp(3)?,
        corrects: row.opt_id(4)?,
    })
}

/// Adds a note.
pub fn insert(batch: Batch, row: &NoteRow) -> Batch {
    const SQL: &str = "INSERT INTO progress_notes (practice_id, patient_id, note_id, body, written_by, written_at, \
                       corrects) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params = &[
        row.practice_id.into(),
        row.patient_id.into(),
        row.note_id.into(),
        row.body.as_bytes().into(),
        row.written_by.into(),
        row.written_at.into(),
        row.corrects.into(),
    ];
    batch.run(SQL, params).expect(1)
}
