//! Charges on their way from a visit to the billing store.

use super::sealed;
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, PatientId, PracticeId, Timestamp, VisitId};
use phi::{RowId, Sealed, fields::billing_outbox};

/// A charge on its way.
pub struct CrossingRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The visit.
    pub visit_id: VisitId,
    /// 0 for the first charge of the visit, then each correction.
    pub number: u32,
    /// The charge.
    pub crossing: Sealed<billing_outbox::Crossed>,
    /// When it was sent.
    pub created_at: Timestamp,
}

impl CrossingRow {
    /// Its place among what waits.
    pub const fn place(&self) -> Place {
        (self.created_at, self.visit_id, self.number)
    }
}

/// Where something stands among what waits, the oldest first.
pub type Place = (Timestamp, VisitId, u32);

/// Charges a visit where its version still is `seen_version`: marks it, which is a change of the visit, and puts the charge
/// on its way, both or neither. A conflict where the visit changed, was not held, was entered in error, or was charged before.
pub fn charge(batch: Batch, patient: PatientId, seen_version: i64, row: &CrossingRow) -> Batch {
    const MARK: &str = "UPDATE visits SET charged_at = $1, version = version + 1 \
                        WHERE practice_id = $2 AND patient_id = $3 AND visit_id = $4 AND version = $5 \
                        AND state = 'held' AND charged_at IS NULL AND voided_at IS NULL";
    let (practice, visit) = (row.practice_id.into(), row.visit_id.into());
    let mark = &[row.created_at.into(), practice, patient.into(), visit, seen_version.into()];
    send(batch.run(MARK, mark).expect(1), row)
}

/// Corrects what was charged, where the version of the visit still is `seen_version`: counts it at the visit and puts the
/// charge on its way, both or neither. A conflict where the visit changed, is not held, was entered in error, was not charged,
/// or was not corrected as often as `row.number` says.
pub fn correct(batch: Batch, patient: PatientId, seen_version: i64, row: &CrossingRow) -> Batch {
    const MARK: &str = "UPDATE visits SET corrections = corrections + 1, charge_taken_back_at = NULL, \
                        charge_taken_back_by = NULL, version = version + 1 \
                        WHERE practice_id = $1 AND patient_id = $2 AND visit_id = $3 AND version = $4 \
                        AND corrections + 1 = $5 AND state = 'held' AND charged_at IS NOT NULL AND voided_at IS NULL";
    let (practice, visit) = (row.practice_id.into(), row.visit_id.into());
    let mark = &[practice, patient.into(), visit, seen_version.into(), row.number.into()];
    send(batch.run(MARK, mark).expect(1), row)
}

/// Takes back what was charged, where the version of the visit still is `seen_version`; a correction that charges nothing. A
/// conflict where [`correct`] has one, and where it was taken back before.
pub fn take_back(batch: Batch, patient: PatientId, seen_version: i64, by: AccountId, row: &CrossingRow) -> Batch {
    const MARK: &str = "UPDATE visits SET corrections = corrections + 1, charge_taken_back_at = $1, \
                        charge_taken_back_by = $2, version = version + 1 \
                        WHERE practice_id = $3 AND patient_id = $4 AND visit_id = $5 AND version = $6 \
                        AND corrections + 1 = $7 AND state = 'held' AND charged_at IS NOT NULL \
                        AND charge_taken_back_at IS NULL AND voided_at IS NULL";
    let (practice, visit) = (row.practice_id.into(), row.visit_id.into());
    let mark =
        &[row.created_at.into(), by.into(), practice, patient.into(), visit, seen_version.into(), row.number.into()];
    send(batch.run(MARK, mark).expect(1), row)
}

fn send(batch: Batch, row: &CrossingRow) -> Batch {
    const SQL: &str = "INSERT INTO billing_outbox (practice_id, visit_id, number, crossing, created_at) \
                       VALUES ($1, $2, $3, $4, $5)";
    let params = &[
        row.practice_id.into(),
        row.visit_id.into(),
        row.number.into(),
        row.crossing.as_bytes().into(),
        row.created_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Up to `limit` on their way behind one, oldest first, of all practices.
pub async fn page(db: &Db, after: Option<Place>, limit: u32) -> Result<Vec<CrossingRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, visit_id, number, crossing, created_at FROM billing_outbox \
                       WHERE created_at > $1 OR (created_at = $1 AND (visit_id > $2 OR (visit_id = $2 AND number > $3))) \
                       ORDER BY created_at, visit_id, number LIMIT $4";
    let (at, visit, number) = after.unwrap_or((Timestamp::UNIX_EPOCH, VisitId::from_bytes([0; 16]), 0));
    let params = &[at.into(), visit.into(), number.into(), limit.into()];
    db.rows(SQL, params).await?.iter().map(read).collect()
}

/// How many of a practice are on their way.
pub async fn count(db: &Db, practice: PracticeId) -> Result<u64, StoreError> {
    db.one("SELECT COUNT(*) FROM billing_outbox WHERE practice_id = $1", &[practice.into()]).await?.number(0)
}

/// Whether something of a patient's visits is on its way.
pub async fn is_under_way(db: &Db, practice: PracticeId, patient: PatientId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM billing_outbox o, visits v WHERE o.practice_id = $1 AND v.practice_id = $1 \
                       AND v.patient_id = $2 AND v.visit_id = o.visit_id LIMIT 1";
    Ok(!db.rows(SQL, &[practice.into(), patient.into()]).await?.is_empty())
}

/// Takes one away that has arrived.
pub fn remove(batch: Batch, row: &CrossingRow) -> Batch {
    const SQL: &str = "DELETE FROM billing_outbox WHERE practice_id = $1 AND visit_id = $2 AND number = $3";
    batch.run(SQL, &[row.practice_id.into(), row.visit_id.into(), row.number.into()])
}

/// What care knows of what billing was given for a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Given {
    /// When the visit was charged.
    pub charged_at: Timestamp,
    /// How often that was corrected since.
    pub corrections: u32,
    /// Who took it back and when, if nothing was charged since.
    pub taken_back: Option<(AccountId, Timestamp)>,
}

impl Given {
    /// Whether something is charged now.
    pub const fn stands(&self) -> bool {
        self.taken_back.is_none()
    }
}

/// What was given to billing for a visit; none when nothing was, or there is no such visit.
pub async fn given(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    visit: VisitId,
) -> Result<Option<Given>, StoreError> {
    const SQL: &str = "SELECT charged_at, corrections, charge_taken_back_by, charge_taken_back_at FROM visits \
                       WHERE practice_id = $1 AND patient_id = $2 AND visit_id = $3";
    let Some(row) = db.optional(SQL, &[practice.into(), patient.into(), visit.into()]).await? else { return Ok(None) };
    let Some(charged_at) = row.opt_timestamp(0)? else { return Ok(None) };
    let taken_back = row.opt_id(2)?.zip(row.opt_timestamp(3)?);
    Ok(Some(Given { charged_at, corrections: row.number(1)?, taken_back }))
}

/// Which of a patient's visits are charged.
pub async fn charged(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Vec<VisitId>, StoreError> {
    const SQL: &str = "SELECT visit_id FROM visits WHERE practice_id = $1 AND patient_id = $2 \
                       AND charged_at IS NOT NULL AND charge_taken_back_at IS NULL ORDER BY visit_id";
    db.rows(SQL, &[practice.into(), patient.into()]).await?.iter().map(|row| row.id(0)).collect()
}

/// How many visits that were held were not charged, for each therapist, with the beginning of the oldest. Says no patient.
pub async fn not_charged(db: &Db, practice: PracticeId) -> Result<Vec<(AccountId, u64, Timestamp)>, StoreError> {
    const SQL: &str = "SELECT therapist_id, COUNT(*), MIN(starts_at) FROM visits WHERE practice_id = $1 \
                       AND state = 'held' AND (charged_at IS NULL OR charge_taken_back_at < changed_at) \
                       AND voided_at IS NULL GROUP BY therapist_id ORDER BY therapist_id";
    let read = |row: &Row| Ok((row.id(0)?, row.number(1)?, row.timestamp(2)?));
    db.rows(SQL, &[practice.into()]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<CrossingRow, StoreError> {
    let (visit_id, number): (VisitId, u32) = (row.id(1)?, row.number(2)?);
    Ok(CrossingRow {
        practice_id: row.id(0)?,
        visit_id,
        number,
        crossing: sealed(row, 3, RowId::versioned(*visit_id.as_bytes(), number.into()))?,
        created_at: row.timestamp(4)?,
    })
}
