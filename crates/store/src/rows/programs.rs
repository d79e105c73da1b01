//! Programs and their signed versions.

use super::{
    opt_bytes, opt_sealed, sealed,
    voided::{self, VoidRow},
};
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, Date, PatientId, PracticeId, ProgramId, Timestamp};
use phi::{RowId, Sealed, fields::program_versions};

/// A signed version of a program. Never changed; it can be said to be entered in error.
pub struct ProgramVersionRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The program.
    pub program_id: ProgramId,
    /// 1, 2, 3 and on, through all programs of the patient.
    pub version: u32,
    /// The patient.
    pub patient_id: PatientId,
    /// What the program is called.
    pub title: Sealed<program_versions::Title>,
    /// The exercises with their doses.
    pub items: Sealed<program_versions::ProgramItems>,
    /// First day.
    pub starts_on: Date,
    /// Last day; none while open.
    pub ends_on: Option<Date>,
    /// Who signed it.
    pub signed_by: AccountId,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// Why it ends the program; none in a version that does not.
    pub end_reason: Option<Sealed<program_versions::EndedBecause>>,
    /// That it was entered in error; none for what stands.
    pub voided: Option<VoidRow<program_versions::WrongBecause>>,
}

impl ProgramVersionRow {
    /// The row as associated data sees it.
    pub const fn row_id(program: ProgramId, version: u32) -> RowId {
        RowId::versioned(*program.as_bytes(), version as u64)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT v.practice_id, v.program_id, v.version, v.patient_id, v.title, v.items, v.starts_on, v.ends_on, \
             v.signed_by, v.signed_at, v.end_reason, v.voided_at, v.voided_by, v.void_reason FROM program_versions v ",
            $rest
        )
    };
}

/// The version in force of a patient's program; none when nothing is prescribed.
pub async fn current(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
) -> Result<Option<ProgramVersionRow>, StoreError> {
    let sql = select!(
        "JOIN programs p ON p.practice_id = v.practice_id AND p.program_id = v.program_id \
         AND p.current_version = v.version \
         WHERE p.practice_id = $1 AND p.patient_id = $2 AND p.ended_at IS NULL ORDER BY p.created_at DESC LIMIT 1"
    );
    db.optional(sql, &[practice.into(), patient.into()]).await?.as_ref().map(read).transpose()
}

/// All versions of a patient's programs, newest first, those entered in error too.
pub async fn history(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Vec<ProgramVersionRow>, StoreError> {
    let sql =
        select!("WHERE v.practice_id = $1 AND v.patient_id = $2 ORDER BY v.signed_at DESC, v.version DESC LIMIT 500");
    db.rows(sql, &[practice.into(), patient.into()]).await?.iter().map(read).collect()
}

/// Up to `limit` versions of a patient's programs that stand before one in the order newest first, those entered in error too:
/// for whoever needs all of them.
pub async fn history_page(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    (signed_at, program, version): (Timestamp, ProgramId, u32),
    limit: i64,
) -> Result<Vec<ProgramVersionRow>, StoreError> {
    let sql = select!(
        "WHERE v.practice_id = $1 AND v.patient_id = $2 AND (v.signed_at, v.program_id, v.version) < ($3, $4, $5) \
         ORDER BY v.signed_at DESC, v.program_id DESC, v.version DESC LIMIT $6"
    );
    let version = i64::from(version).into();
    let params = &[practice.into(), patient.into(), signed_at.into(), program.into(), version, limit.into()];
    db.rows(sql, params).await?.iter().map(read).collect()
}

/// A patient's programs, the first first: when each was begun, and when it was ended at once, if it was.
pub async fn begun_and_ended(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
) -> Result<Vec<(ProgramId, Timestamp, Option<Timestamp>)>, StoreError> {
    const SQL: &str = "SELECT program_id, created_at, ended_at FROM programs WHERE practice_id = $1 AND patient_id = $2 \
                       ORDER BY created_at, program_id";
    let rows = db.rows(SQL, &[practice.into(), patient.into()]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.timestamp(1)?, row.opt_timestamp(2)?))).collect()
}

/// All versions of a patient's programs that were not entered in error, newest first.
pub async fn standing(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Vec<ProgramVersionRow>, StoreError> {
    Ok(history(db, practice, patient).await?.into_iter().filter(|row| row.voided.is_none()).collect())
}

/// One version of a patient's program.
pub async fn version(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    program: ProgramId,
    version: u32,
) -> Result<Option<ProgramVersionRow>, StoreError> {
    let sql = select!("WHERE v.practice_id = $1 AND v.patient_id = $2 AND v.program_id = $3 AND v.version = $4");
    let params = &[practice.into(), patient.into(), program.into(), i64::from(version).into()];
    db.optional(sql, params).await?.as_ref().map(read).transpose()
}

/// Adds a program with its first version.
pub fn insert(batch: Batch, row: &ProgramVersionRow) -> Batch {
    const SQL: &str = "INSERT INTO programs (practice_id, program_id, patient_id, current_version, created_at) \
                       VALUES ($1, $2, $3, $4, $5)";
    let params = &[
        row.practice_id.into(),
        row.program_id.into(),
        row.patient_id.into(),
        i64::from(row.version).into(),
        row.signed_at.into(),
    ];
    insert_version(batch.run(SQL, params).expect(1), row)
}

/// Puts a new version in force where `seen_version` still is.
pub fn advance(batch: Batch, row: &ProgramVersionRow, seen_version: u32) -> Batch {
    const SQL: &str = "UPDATE programs SET current_version = $1 WHERE practice_id = $2 AND program_id = $3 \
                       AND patient_id = $4 AND current_version = $5 AND ended_at IS NULL";
    let params = &[
        i64::from(row.version).into(),
        row.practice_id.into(),
        row.program_id.into(),
        row.patient_id.into(),
        i64::from(seen_version).into(),
    ];
    insert_version(batch.run(SQL, params).expect(1), row)
}

/// Marks a program as ended in the version that was just put in force.
pub fn end(batch: Batch, row: &ProgramVersionRow) -> Batch {
    const SQL: &str = "UPDATE programs SET ended_at = $1 WHERE practice_id = $2 AND program_id = $3 \
                       AND patient_id = $4 AND current_version = $5 AND ended_at IS NULL";
    let params = &[
        row.signed_at.into(),
        row.practice_id.into(),
        row.program_id.into(),
        row.patient_id.into(),
        i64::from(row.version).into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Says of a version that it was entered in error. A conflict when it is in force, or was said before.
pub fn void(batch: Batch, row: &ProgramVersionRow, void: &VoidRow<program_versions::WrongBecause>) -> Batch {
    const SQL: &str = "UPDATE program_versions SET voided_at = $1, voided_by = $2, void_reason = $3 \
                       WHERE practice_id = $4 AND program_id = $5 AND version = $6 AND patient_id = $7 \
                       AND voided_at IS NULL AND NOT EXISTS (SELECT 1 FROM programs p WHERE p.practice_id = $4 \
                       AND p.program_id = $5 AND p.current_version = $6 AND p.ended_at IS NULL)";
    let [at, by, reason] = void.params();
    let (practice, program, patient) = (row.practice_id.into(), row.program_id.into(), row.patient_id.into());
    let params = &[at, by, reason, practice, program, i64::from(row.version).into(), patient];
    batch.run(SQL, params).expect(1)
}

fn insert_version(batch: Batch, row: &ProgramVersionRow) -> Batch {
    const SQL: &str = "INSERT INTO program_versions (practice_id, program_id, version, patient_id, title, items, \
                       starts_on, ends_on, signed_by, signed_at, created_at, end_reason) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10, $11)";
    let params = &[
        row.practice_id.into(),
        row.program_id.into(),
        i64::from(row.version).into(),
        row.patient_id.into(),
        row.title.as_bytes().into(),
        row.items.as_bytes().into(),
        row.starts_on.into(),
        row.ends_on.into(),
        row.signed_by.into(),
        row.signed_at.into(),
        opt_bytes(row.end_reason.as_ref()).into(),
    ];
    batch.run(SQL, params).expect(1)
}

fn read(row: &Row) -> Result<ProgramVersionRow, StoreError> {
    let (program_id, version) = (row.id(1)?, row.number(2)?);
    let id = ProgramVersionRow::row_id(program_id, version);
    Ok(ProgramVersionRow {
        practice_id: row.id(0)?,
        program_id,
        version,
        patient_id: row.id(3)?,
        title: sealed(row, 4, id)?,
        items: sealed(row, 5, id)?,
        starts_on: row.date(6)?,
        ends_on: row.opt_date(7)?,
        signed_by: row.id(8)?,
        signed_at: row.timestamp(9)?,
        end_reason: opt_sealed(row, 10, id)?,
        voided: voided::read(row, 11, id)?,
    })
}
