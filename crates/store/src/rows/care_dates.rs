//! When each patient was last under care: what retention is counted from. What was
//! entered in error does not count where that was said within a week (604,800,000 ms) and before it was charged: nobody moves
//! the clock back alone.

use super::sealed;
use crate::{Db, Row, StoreError};
use domain::{Date, PatientId, PracticeId, Timestamp};
use phi::{Sealed, fields::patients};

/// When a patient was last under care.
pub struct CareDatesRow {
    /// The patient.
    pub patient_id: PatientId,
    /// The day they were born.
    pub birth_date: Sealed<patients::Born>,
    /// When the last visit that was held began.
    pub last_visit: Option<Timestamp>,
    /// The last day on which an exercise was logged.
    pub last_logged: Option<Date>,
    /// Whether a visit is planned from the moment asked for on.
    pub planned: bool,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT p.patient_id, p.birth_date, \
             (SELECT MAX(v.starts_at) FROM visits v WHERE v.practice_id = p.practice_id \
              AND v.patient_id = p.patient_id AND v.state = 'held' AND (v.voided_at IS NULL \
              OR v.charged_at IS NOT NULL OR v.voided_at > v.starts_at + 604800000)), \
             (SELECT MAX(l.performed_on) FROM log_entries l WHERE l.practice_id = p.practice_id \
              AND l.patient_id = p.patient_id AND (l.voided_at IS NULL \
              OR l.voided_at > l.performed_at + 604800000)), \
             (SELECT COUNT(*) FROM visits v WHERE v.practice_id = p.practice_id \
              AND v.patient_id = p.patient_id AND v.state = 'planned' AND v.voided_at IS NULL \
              AND v.starts_at >= $1) \
             FROM patients p ",
            $rest
        )
    };
}

/// Up to `limit` patients of a practice after `after`, in the order of their ids, as they stand at `now`.
pub async fn page(
    db: &Db,
    practice: PracticeId,
    now: Timestamp,
    after: PatientId,
    limit: i64,
) -> Result<Vec<CareDatesRow>, StoreError> {
    let sql = select!("WHERE p.practice_id = $2 AND p.patient_id > $3 ORDER BY p.patient_id LIMIT $4");
    db.rows(sql, &[now.into(), practice.into(), after.into(), limit.into()]).await?.iter().map(read).collect()
}

/// One patient, as they stand at `now`.
pub async fn of_patient(
    db: &Db,
    practice: PracticeId,
    now: Timestamp,
    patient: PatientId,
) -> Result<Option<CareDatesRow>, StoreError> {
    let sql = select!("WHERE p.practice_id = $2 AND p.patient_id = $3");
    db.optional(sql, &[now.into(), practice.into(), patient.into()]).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<CareDatesRow, StoreError> {
    let patient_id: PatientId = row.id(0)?;
    Ok(CareDatesRow {
        patient_id,
        birth_date: sealed(row, 1, super::patients::PatientRow::row_id(patient_id))?,
        last_visit: row.opt_timestamp(2)?,
        last_logged: row.opt_date(3)?,
        planned: row.int(4)? > 0,
    })
}
