//! Progress notes.

use super::{
    sealed,
    voided::{self, VoidRow},
};
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
    /// The version that this one takes the place of.
    pub corrects: Option<NoteId>,
    /// 1, 2, 3 and on.
    pub version: u32,
    /// The first version, for an amendment.
    pub first_note_id: Option<NoteId>,
    /// That it was entered in error; none for what stands.
    pub voided: Option<VoidRow<progress_notes::WrongBecause>>,
}

impl NoteRow {
    /// The row as associated data sees it.
    pub const fn row_id(note: NoteId) -> RowId {
        RowId::new(*note.as_bytes())
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT n.note_id, n.body, n.written_by, n.written_at, n.corrects, n.version, n.first_note_id, \
             n.voided_at, n.voided_by, n.void_reason FROM progress_notes n ",
            $rest
        )
    };
}

/// Up to `limit` first versions of notes before (`before_at`, `before_id`), newest first.
pub async fn page(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    before_at: Timestamp,
    before_id: NoteId,
    limit: i64,
) -> Result<Vec<NoteRow>, StoreError> {
    let sql = select!(
        "WHERE n.practice_id = $1 AND n.patient_id = $2 AND n.version = 1 \
         AND (n.written_at < $3 OR (n.written_at = $3 AND n.note_id < $4)) \
         ORDER BY n.written_at DESC, n.note_id DESC LIMIT $5"
    );
    let params = &[practice.into(), patient.into(), before_at.into(), before_id.into(), limit.into()];
    db.rows(sql, params).await?.iter().map(|row| read(practice, patient, row)).collect()
}

/// The amendments of the notes that were first written between two moments, both included; oldest version first.
pub async fn amendments_between(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    first: Timestamp,
    last: Timestamp,
) -> Result<Vec<NoteRow>, StoreError> {
    let sql = select!(
        "JOIN progress_notes f ON f.practice_id = n.practice_id AND f.patient_id = n.patient_id \
         AND f.note_id = n.first_note_id \
         WHERE n.practice_id = $1 AND n.patient_id = $2 AND f.written_at >= $3 AND f.written_at <= $4 \
         ORDER BY n.version"
    );
    let params = &[practice.into(), patient.into(), first.into(), last.into()];
    db.rows(sql, params).await?.iter().map(|row| read(practice, patient, row)).collect()
}

/// All versions of a note, the first one first; none when there is no note that begins with this id.
pub async fn versions(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    first: NoteId,
) -> Result<Vec<NoteRow>, StoreError> {
    let sql = select!(
        "WHERE n.practice_id = $1 AND n.patient_id = $2 AND (n.first_note_id = $3 OR (n.note_id = $3 AND n.version = 1)) \
         ORDER BY n.version"
    );
    db.rows(sql, &[practice.into(), patient.into(), first.into()])
        .await?
        .iter()
        .map(|row| read(practice, patient, row))
        .collect()
}

/// One version of a note.
pub async fn by_id(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    note: NoteId,
) -> Result<Option<NoteRow>, StoreError> {
    let sql = select!("WHERE n.practice_id = $1 AND n.patient_id = $2 AND n.note_id = $3");
    let row = db.optional(sql, &[practice.into(), patient.into(), note.into()]).await?;
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
        version: row.number(5)?,
        first_note_id: row.opt_id(6)?,
        voided: voided::read(row, 7, NoteRow::row_id(note_id))?,
    })
}

/// Says of the newest version of a note, and so of the note, that it was entered in error. A conflict when it was amended
/// since, or said before.
pub fn void(
    batch: Batch,
    practice: PracticeId,
    patient: PatientId,
    newest: NoteId,
    void: &VoidRow<progress_notes::WrongBecause>,
) -> Batch {
    const SQL: &str = "UPDATE progress_notes SET voided_at = $1, voided_by = $2, void_reason = $3 \
                       WHERE practice_id = $4 AND patient_id = $5 AND note_id = $6 AND voided_at IS NULL \
                       AND NOT EXISTS (SELECT 1 FROM progress_notes n WHERE n.practice_id = $4 AND n.patient_id = $5 \
                       AND n.corrects = $6)";
    let [at, by, reason] = void.params();
    batch.run(SQL, &[at, by, reason, practice.into(), patient.into(), newest.into()]).expect(1)
}

/// Adds to a batch that a version of a note stands: a conflict where it was said to be entered in error.
pub fn stands(batch: Batch, practice: PracticeId, patient: PatientId, note: NoteId) -> Batch {
    const SQL: &str = "UPDATE progress_notes SET version = version WHERE practice_id = $1 AND patient_id = $2 \
                       AND note_id = $3 AND voided_at IS NULL";
    batch.run(SQL, &[practice.into(), patient.into(), note.into()]).expect(1)
}

/// Adds a version of a note. A second one that takes the place of the same version is a duplicate.
pub fn insert(batch: Batch, row: &NoteRow) -> Batch {
    const SQL: &str = "INSERT INTO progress_notes (practice_id, patient_id, note_id, body, written_by, written_at, \
                       corrects, version, first_note_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let params = &[
        row.practice_id.into(),
        row.patient_id.into(),
        row.note_id.into(),
        row.body.as_bytes().into(),
        row.written_by.into(),
        row.written_at.into(),
        row.corrects.into(),
        i64::from(row.version).into(),
        row.first_note_id.into(),
    ];
    batch.run(SQL, params).expect(1)
}
