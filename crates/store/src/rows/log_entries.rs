//! What was done. A correction is a new row; the old one stays, marked as superseded.

use super::{
    opt_bytes, opt_sealed, sealed,
    voided::{self, VoidRow},
};
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, Date, EntryId, ItemId, PatientId, PracticeId, ProgramId, Timestamp};
use phi::{RowId, Sealed, fields::log_entries};

/// A log entry.
pub struct LogEntryRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The patient.
    pub patient_id: PatientId,
    /// The entry.
    pub entry_id: EntryId,
    /// The program.
    pub program_id: ProgramId,
    /// The version that was in force.
    pub program_version: u32,
    /// The item that was done.
    pub item_id: ItemId,
    /// The day, in the practice's time zone.
    pub performed_on: Date,
    /// The moment.
    pub performed_at: Timestamp,
    /// How much was done.
    pub performed: Sealed<log_entries::Done>,
    /// Pain.
    pub pain: Sealed<log_entries::PainFelt>,
    /// Effort.
    pub effort: Sealed<log_entries::EffortFelt>,
    /// What the patient said.
    pub comment: Option<Sealed<log_entries::Said>>,
    /// Who wrote it down.
    pub recorded_by: AccountId,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// The entry that this one corrects.
    pub corrects: Option<EntryId>,
    /// When it was corrected itself.
    pub superseded_at: Option<Timestamp>,
    /// That it was entered in error; none for what stands.
    pub voided: Option<VoidRow<log_entries::WrongBecause>>,
}

impl LogEntryRow {
    /// The row as associated data sees it.
    pub const fn row_id(entry: EntryId) -> RowId {
        RowId::new(*entry.as_bytes())
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, patient_id, entry_id, program_id, program_version, item_id, performed_on, \
             performed_at, performed, pain, effort, comment, recorded_by, recorded_at, corrects, superseded_at, \
             voided_at, voided_by, void_reason FROM log_entries ",
            $rest
        )
    };
}

/// One entry.
pub async fn by_id(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    entry: EntryId,
) -> Result<Option<LogEntryRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND patient_id = $2 AND entry_id = $3");
    db.optional(sql, &[practice.into(), patient.into(), entry.into()]).await?.as_ref().map(read).transpose()
}

/// The entries in force (neither corrected nor entered in error) of the days from `first` to `last`, oldest first.
pub async fn between(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    first: Date,
    last: Date,
) -> Result<Vec<LogEntryRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 AND patient_id = $2 AND performed_on >= $3 AND performed_on <= $4 \
         AND superseded_at IS NULL AND voided_at IS NULL ORDER BY performed_on, performed_at, entry_id"
    );
    db.rows(sql, &[practice.into(), patient.into(), first.into(), last.into()]).await?.iter().map(read).collect()
}

/// The entries that were not corrected of the days from `first` to `last`, oldest first; those entered in error too.
pub async fn uncorrected(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    first: Date,
    last: Date,
) -> Result<Vec<LogEntryRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 AND patient_id = $2 AND performed_on >= $3 AND performed_on <= $4 \
         AND superseded_at IS NULL ORDER BY performed_on, performed_at, entry_id"
    );
    db.rows(sql, &[practice.into(), patient.into(), first.into(), last.into()]).await?.iter().map(read).collect()
}

/// Up to `limit` entries before (`before_at`, `before_id`), newest first, corrected ones and those entered in error too.
pub async fn page(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    before_at: Timestamp,
    before_id: EntryId,
    limit: i64,
) -> Result<Vec<LogEntryRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 AND patient_id = $2 AND (performed_at < $3 OR (performed_at = $3 AND entry_id < $4)) \
         ORDER BY performed_at DESC, entry_id DESC LIMIT $5"
    );
    let params = &[practice.into(), patient.into(), before_at.into(), before_id.into(), limit.into()];
    db.rows(sql, params).await?.iter().map(read).collect()
}

/// Adds an entry.
pub fn insert(batch: Batch, row: &LogEntryRow) -> Batch {
    const SQL: &str = "INSERT INTO log_entries (practice_id, patient_id, entry_id, program_id, program_version, \
                       item_id, performed_on, performed_at, performed, pain, effort, comment, recorded_by, \
                       recorded_at, corrects, superseded_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    let params = &[
        row.practice_id.into(),
        row.patient_id.into(),
        row.entry_id.into(),
        row.program_id.into(),
        i64::from(row.program_version).into(),
        row.item_id.into(),
        row.performed_on.into(),
        row.performed_at.into(),
        row.performed.as_bytes().into(),
        row.pain.as_bytes().into(),
        row.effort.as_bytes().into(),
        opt_bytes(row.comment.as_ref()).into(),
        row.recorded_by.into(),
        row.recorded_at.into(),
        row.corrects.into(),
        row.superseded_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Marks an entry as corrected. A conflict when it was corrected already, or was entered in error.
pub fn supersede(batch: Batch, practice: PracticeId, patient: PatientId, entry: EntryId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE log_entries SET superseded_at = $1 WHERE practice_id = $2 AND patient_id = $3 \
                       AND entry_id = $4 AND superseded_at IS NULL AND voided_at IS NULL";
    batch.run(SQL, &[at.into(), practice.into(), patient.into(), entry.into()]).expect(1)
}

/// Says of an entry in force that it was entered in error. A conflict when it is not in force.
pub fn void(
    batch: Batch,
    practice: PracticeId,
    patient: PatientId,
    entry: EntryId,
    void: &VoidRow<log_entries::WrongBecause>,
) -> Batch {
    const SQL: &str = "UPDATE log_entries SET voided_at = $1, voided_by = $2, void_reason = $3 WHERE practice_id = $4 \
                       AND patient_id = $5 AND entry_id = $6 AND superseded_at IS NULL AND voided_at IS NULL";
    let [at, by, reason] = void.params();
    batch.run(SQL, &[at, by, reason, practice.into(), patient.into(), entry.into()]).expect(1)
}

fn read(row: &Row) -> Result<LogEntryRow, StoreError> {
    let entry_id = row.id(2)?;
    let id = LogEntryRow::row_id(entry_id);
    Ok(LogEntryRow {
        practice_id: row.id(0)?,
        patient_id: row.id(1)?,
        entry_id,
        program_id: row.id(3)?,
        program_version: row.number(4)?,
        item_id: row.id(5)?,
        performed_on: row.date(6)?,
        performed_at: row.timestamp(7)?,
        performed: sealed(row, 8, id)?,
        pain: sealed(row, 9, id)?,
        effort: sealed(row, 10, id)?,
        comment: opt_sealed(row, 11, id)?,
        recorded_by: row.id(12)?,
        recorded_at: row.timestamp(13)?,
        corrects: row.opt_id(14)?,
        superseded_at: row.opt_timestamp(15)?,
        voided: voided::read(row, 16, id)?,
    })
}
