//! Visits.

use super::{
    opt_bytes, opt_sealed, sealed,
    voided::{self, VoidRow},
};
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, PatientId, PracticeId, Timestamp, VisitId, VisitState};
use phi::{RowId, Sealed, fields::visits};

/// A visit.
pub struct VisitRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The patient.
    pub patient_id: PatientId,
    /// The visit.
    pub visit_id: VisitId,
    /// The account of the therapist.
    pub therapist_id: AccountId,
    /// When it begins.
    pub starts_at: Timestamp,
    /// What became of it.
    pub state: VisitState,
    /// How long it is.
    pub minutes: Sealed<visits::Minutes>,
    /// Where it is.
    pub clinic: Option<Sealed<visits::Clinic>>,
    /// What to know before it.
    pub remark: Option<Sealed<visits::Remark>>,
    /// Who wrote it down first.
    pub recorded_by: AccountId,
    /// When it was first written down.
    pub recorded_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Counts up at each change.
    pub version: i64,
    /// That it was entered in error; none for what stands.
    pub voided: Option<VoidRow<visits::WrongBecause>>,
}

impl VisitRow {
    /// The row as associated data sees it.
    pub const fn row_id(visit: VisitId) -> RowId {
        RowId::new(*visit.as_bytes())
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, patient_id, visit_id, therapist_id, starts_at, state, minutes, clinic, remark, \
             recorded_by, recorded_at, changed_at, version, voided_at, voided_by, void_reason FROM visits ",
            $rest
        )
    };
}

/// One visit.
pub async fn by_id(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    visit: VisitId,
) -> Result<Option<VisitRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND patient_id = $2 AND visit_id = $3");
    db.optional(sql, &[practice.into(), patient.into(), visit.into()]).await?.as_ref().map(read).transpose()
}

/// Up to `limit` visits before (`before_at`, `before_id`), those furthest ahead first.
pub async fn page(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    before_at: Timestamp,
    before_id: VisitId,
    limit: i64,
) -> Result<Vec<VisitRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 AND patient_id = $2 AND (starts_at < $3 OR (starts_at = $3 AND visit_id < $4)) \
         ORDER BY starts_at DESC, visit_id DESC LIMIT $5"
    );
    let params = &[practice.into(), patient.into(), before_at.into(), before_id.into(), limit.into()];
    db.rows(sql, params).await?.iter().map(read).collect()
}

/// Adds a visit.
pub fn insert(batch: Batch, row: &VisitRow) -> Batch {
    const SQL: &str = "INSERT INTO visits (practice_id, patient_id, visit_id, therapist_id, starts_at, state, minutes, \
                       clinic, remark, recorded_by, recorded_at, changed_at, version) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    let params = &[
        row.practice_id.into(),
        row.patient_id.into(),
        row.visit_id.into(),
        row.therapist_id.into(),
        row.starts_at.into(),
        row.state.word().into(),
        row.minutes.as_bytes().into(),
        opt_bytes(row.clinic.as_ref()).into(),
        opt_bytes(row.remark.as_ref()).into(),
        row.recorded_by.into(),
        row.recorded_at.into(),
        row.changed_at.into(),
        row.version.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Stores a changed visit where the version still is `seen_version`; `row.version` is the new one. What was charged meanwhile
/// and not taken back stays held, and within a day (86,400,000 ms) of when it was.
pub fn update(batch: Batch, row: &VisitRow, seen_version: i64) -> Batch {
    const SQL: &str = "UPDATE visits SET therapist_id = $1, starts_at = $2, state = $3, minutes = $4, clinic = $5, \
                       remark = $6, changed_at = $7, version = $8 \
                       WHERE practice_id = $9 AND patient_id = $10 AND visit_id = $11 AND version = $12 \
                       AND voided_at IS NULL AND (charged_at IS NULL OR charge_taken_back_at IS NOT NULL OR ($3 = 'held' AND \
                       $2 > starts_at - 86400000 AND $2 < starts_at + 86400000))";
    let params = &[
        row.therapist_id.into(),
        row.starts_at.into(),
        row.state.word().into(),
        row.minutes.as_bytes().into(),
        opt_bytes(row.clinic.as_ref()).into(),
        opt_bytes(row.remark.as_ref()).into(),
        row.changed_at.into(),
        row.version.into(),
        row.practice_id.into(),
        row.patient_id.into(),
        row.visit_id.into(),
        seen_version.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Says of a visit, where its version still is that of the row, that it was entered in error. A conflict where it was
/// charged and that was not taken back: what was charged took place.
pub fn void(batch: Batch, row: &VisitRow, void: &VoidRow<visits::WrongBecause>) -> Batch {
    const SQL: &str = "UPDATE visits SET voided_at = $1, voided_by = $2, void_reason = $3, version = version + 1 \
                       WHERE practice_id = $4 AND patient_id = $5 AND visit_id = $6 AND version = $7 \
                       AND voided_at IS NULL AND (charged_at IS NULL OR charge_taken_back_at IS NOT NULL)";
    let [at, by, reason] = void.params();
    let (practice, patient, visit) = (row.practice_id.into(), row.patient_id.into(), row.visit_id.into());
    batch.run(SQL, &[at, by, reason, practice, patient, visit, row.version.into()]).expect(1)
}

fn read(row: &Row) -> Result<VisitRow, StoreError> {
    let visit_id = row.id(2)?;
    let id = VisitRow::row_id(visit_id);
    Ok(VisitRow {
        practice_id: row.id(0)?,
        patient_id: row.id(1)?,
        visit_id,
        therapist_id: row.id(3)?,
        starts_at: row.timestamp(4)?,
        state: row.word(5)?,
        minutes: sealed(row, 6, id)?,
        clinic: opt_sealed(row, 7, id)?,
        remark: opt_sealed(row, 8, id)?,
        recorded_by: row.id(9)?,
        recorded_at: row.timestamp(10)?,
        changed_at: row.timestamp(11)?,
        version: row.int(12)?,
        voided: voided::read(row, 13, id)?,
    })
}
