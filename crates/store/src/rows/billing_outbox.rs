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
    /// The charge.
    pub crossing: Sealed<billing_outbox::Crossed>,
    /// When the visit was charged.
    pub created_at: Timestamp,
}

/// Charges a visit: marks it and puts the charge on its way, both or neither. A conflict where the visit was not held, was
/// entered in error, or was charged before.
pub fn charge(batch: Batch, patient: PatientId, row: &CrossingRow) -> Batch {
    const MARK: &str = "UPDATE visits SET charged_at = $1 WHERE practice_id = $2 AND patient_id = $3 AND visit_id = $4 \
                        AND state = 'held' AND charged_at IS NULL AND voided_at IS NULL";
    const SQL: &str =
        "INSERT INTO billing_outbox (practice_id, visit_id, crossing, created_at) VALUES ($1, $2, $3, $4)";
    let mark = &[row.created_at.into(), row.practice_id.into(), patient.into(), row.visit_id.into()];
    let params = &[row.practice_id.into(), row.visit_id.into(), row.crossing.as_bytes().into(), row.created_at.into()];
    batch.run(MARK, mark).expect(1).run(SQL, params).expect(1)
}

/// Up to `limit` on their way behind one, oldest first, of all practices.
pub async fn page(db: &Db, after: Option<(Timestamp, VisitId)>, limit: u32) -> Result<Vec<CrossingRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, visit_id, crossing, created_at FROM billing_outbox \
                       WHERE created_at > $1 OR (created_at = $1 AND visit_id > $2) \
                       ORDER BY created_at, visit_id LIMIT $3";
    let (at, visit) = after.unwrap_or((Timestamp::UNIX_EPOCH, VisitId::from_bytes([0; 16])));
    db.rows(SQL, &[at.into(), visit.into(), limit.into()]).await?.iter().map(read).collect()
}

/// How many of a practice are on their way.
pub async fn count(db: &Db, practice: PracticeId) -> Result<u64, StoreError> {
    db.one("SELECT COUNT(*) FROM billing_outbox WHERE practice_id = $1", &[practice.into()]).await?.number(0)
}

/// Takes one away that has arrived.
pub fn remove(batch: Batch, practice: PracticeId, visit: VisitId) -> Batch {
    const SQL: &str = "DELETE FROM billing_outbox WHERE practice_id = $1 AND visit_id = $2";
    batch.run(SQL, &[practice.into(), visit.into()])
}

/// When a visit was charged; none when it was not, or there is no such visit.
pub async fn charged_at(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
    visit: VisitId,
) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "SELECT charged_at FROM visits WHERE practice_id = $1 AND patient_id = $2 AND visit_id = $3";
    let row = db.optional(SQL, &[practice.into(), patient.into(), visit.into()]).await?;
    Ok(row.map(|row| row.opt_timestamp(0)).transpose()?.flatten())
}

/// How many visits that were held were not charged, for each therapist, with the beginning of the oldest. Says no patient.
pub async fn not_charged(db: &Db, practice: PracticeId) -> Result<Vec<(AccountId, u64, Timestamp)>, StoreError> {
    const SQL: &str = "SELECT therapist_id, COUNT(*), MIN(starts_at) FROM visits WHERE practice_id = $1 \
                       AND state = 'held' AND charged_at IS NULL AND voided_at IS NULL GROUP BY therapist_id ORDER BY therapist_id";
    let read = |row: &Row| Ok((row.id(0)?, row.number(1)?, row.timestamp(2)?));
    db.rows(SQL, &[practice.into()]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<CrossingRow, StoreError> {
    let visit_id: VisitId = row.id(1)?;
    Ok(CrossingRow {
        practice_id: row.id(0)?,
        visit_id,
        crossing: sealed(row, 2, RowId::new(*visit_id.as_bytes()))?,
        created_at: row.timestamp(3)?,
    })
}
