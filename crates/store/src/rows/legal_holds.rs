//! Legal holds: nothing of whom they cover is destroyed.

use super::{merges::is_ending, sealed};
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, HoldId, PatientId, PlanId, PracticeId, Timestamp};
use phi::{RowId, Sealed, fields::legal_holds};

/// A legal hold.
pub struct HoldRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The hold.
    pub hold_id: HoldId,
    /// The patient whom it covers; none covers everybody of the practice.
    pub patient_id: Option<PatientId>,
    /// The incident or case for which it was placed.
    pub incident: Option<String>,
    /// Why.
    pub reason: Sealed<legal_holds::Reason>,
    /// Who placed it.
    pub placed_by: AccountId,
    /// When.
    pub placed_at: Timestamp,
    /// Who lifted it.
    pub lifted_by: Option<AccountId>,
    /// When.
    pub lifted_at: Option<Timestamp>,
}

impl HoldRow {
    /// The row as associated data sees it.
    pub const fn row_id(hold: HoldId) -> RowId {
        RowId::new(*hold.as_bytes())
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, hold_id, patient_id, incident, reason, placed_by, placed_at, lifted_by, lifted_at \
             FROM legal_holds ",
            $rest
        )
    };
}

/// Whether a hold that is not lifted covers a patient.
pub async fn covers(db: &Db, practice: PracticeId, patient: PatientId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM legal_holds WHERE practice_id = $1 AND lifted_at IS NULL \
                       AND (patient_id = $2 OR patient_id IS NULL) LIMIT 1";
    Ok(!db.rows(SQL, &[practice.into(), patient.into()]).await?.is_empty())
}

/// How many holds were ever placed in a practice, and how many decisions about merges there are: as long as both are the same,
/// whoever was not held is not held. A hold is lifted, never removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HoldsSeen {
    /// Holds, lifted ones too.
    pub holds: i64,
    /// Decisions about records of the same person.
    pub merges: i64,
}

/// How many there are now; to be asked before the holds themselves.
pub async fn seen(db: &Db, practice: PracticeId) -> Result<HoldsSeen, StoreError> {
    const SQL: &str = "SELECT (SELECT COUNT(*) FROM legal_holds WHERE practice_id = $1), \
                       (SELECT COUNT(*) FROM patient_merges WHERE practice_id = $1)";
    let row = db.one(SQL, &[practice.into()]).await?;
    Ok(HoldsSeen { holds: row.int(0)?, merges: row.int(1)? })
}

/// Whom the holds cover that are in force; none covers everybody.
pub async fn in_force(db: &Db, practice: PracticeId) -> Result<Vec<Option<PatientId>>, StoreError> {
    const SQL: &str = "SELECT DISTINCT patient_id FROM legal_holds WHERE practice_id = $1 AND lifted_at IS NULL";
    db.rows(SQL, &[practice.into()]).await?.iter().map(|row| row.opt_id(0)).collect()
}

/// The holds in force that were placed on patients for an incident: whom each covers.
pub async fn for_incident(
    db: &Db,
    practice: PracticeId,
    incident: &str,
) -> Result<Vec<(PatientId, HoldId)>, StoreError> {
    const SQL: &str = "SELECT patient_id, hold_id FROM legal_holds WHERE practice_id = $1 AND incident = $2 \
                       AND lifted_at IS NULL AND patient_id IS NOT NULL ORDER BY placed_at, hold_id";
    let rows = db.rows(SQL, &[practice.into(), incident.into()]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.id(1)?))).collect()
}

/// Whom the holds covered that one of these two lifted, one for each hold; none covered everybody.
pub async fn lifted_by(
    db: &Db,
    practice: PracticeId,
    (one, other): (AccountId, Option<AccountId>),
) -> Result<Vec<Option<PatientId>>, StoreError> {
    const SQL: &str =
        "SELECT patient_id FROM legal_holds WHERE practice_id = $1 AND (lifted_by = $2 OR lifted_by = $3)";
    db.rows(SQL, &[practice.into(), one.into(), other.into()]).await?.iter().map(|row| row.opt_id(0)).collect()
}

/// Whether any hold is in force, of whatever practice: a log holds the entries of all of them.
pub async fn any(db: &Db) -> Result<bool, StoreError> {
    Ok(!db.rows("SELECT 1 FROM legal_holds WHERE lifted_at IS NULL LIMIT 1", &[]).await?.is_empty())
}

/// One hold.
pub async fn by_id(db: &Db, practice: PracticeId, hold: HoldId) -> Result<Option<HoldRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND hold_id = $2");
    db.optional(sql, &[practice.into(), hold.into()]).await?.as_ref().map(read).transpose()
}

/// The holds of a practice, those in force first, then the newest, at most 500.
pub async fn all(db: &Db, practice: PracticeId) -> Result<Vec<HoldRow>, StoreError> {
    let sql = select!(
        "WHERE practice_id = $1 ORDER BY CASE WHEN lifted_at IS NULL THEN 0 ELSE 1 END, placed_at DESC, hold_id \
         LIMIT 500"
    );
    db.rows(sql, &[practice.into()]).await?.iter().map(read).collect()
}

/// Places a hold. A conflict while the patient whom it covers, or another record of the same person, stands between condemnation
/// and certificate; one that covers everybody comes into force for the others.
pub fn insert(batch: Batch, row: &HoldRow) -> Batch {
    const SQL: &str = concat!(
        "INSERT INTO legal_holds (practice_id, hold_id, patient_id, incident, reason, placed_by, placed_at) \
         SELECT $1, $2, $3, $4, $5, $6, $7 WHERE NOT ",
        is_ending!("$1", "$3"),
    );
    let params = &[
        row.practice_id.into(),
        row.hold_id.into(),
        row.patient_id.into(),
        row.incident.as_ref().into(),
        row.reason.as_bytes().into(),
        row.placed_by.into(),
        row.placed_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Lifts a hold that is in force; a conflict when it is not, or when whoever lifts it asks for destruction.
pub fn lift(batch: Batch, practice: PracticeId, hold: HoldId, by: AccountId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE legal_holds SET lifted_by = $1, lifted_at = $2 \
                       WHERE practice_id = $3 AND hold_id = $4 AND lifted_at IS NULL \
                       AND NOT EXISTS (SELECT 1 FROM retention_plans p WHERE p.practice_id = $3 \
                       AND (p.made_by = $1 OR p.first_by = $1 OR p.second_by = $1) \
                       AND p.state IN ('draft', 'open', 'approved'))";
    batch.run(SQL, &[by.into(), at.into(), practice.into(), hold.into()]).expect(1)
}

/// Takes a hold back that came too late, in the name of whoever placed it: it covered nobody.
pub fn too_late(batch: Batch, practice: PracticeId, hold: HoldId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE legal_holds SET lifted_by = placed_by, lifted_at = $1 \
                       WHERE practice_id = $2 AND hold_id = $3 AND lifted_at IS NULL";
    batch.run(SQL, &[at.into(), practice.into(), hold.into()]).expect(1)
}

fn read(row: &Row) -> Result<HoldRow, StoreError> {
    let hold_id = row.id(1)?;
    Ok(HoldRow {
        practice_id: row.id(0)?,
        hold_id,
        patient_id: row.opt_id(2)?,
        incident: row.opt_text(3)?.map(str::to_owned),
        reason: sealed(row, 4, HoldRow::row_id(hold_id))?,
        placed_by: row.id(5)?,
        placed_at: row.timestamp(6)?,
        lifted_by: row.opt_id(7)?,
        lifted_at: row.opt_timestamp(8)?,
    })
}

/// Whether the account lifted a hold that covered somebody who would go by this plan.
pub async fn lifted_for_plan(
    db: &Db,
    practice: PracticeId,
    plan: PlanId,
    account: AccountId,
) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM legal_holds h, retention_items i WHERE h.practice_id = $1 \
                       AND h.lifted_by = $2 AND i.practice_id = $1 AND i.plan_id = $3 AND i.verdict = 'due' \
                       AND (h.patient_id = i.patient_id OR h.patient_id IS NULL) LIMIT 1";
    Ok(!db.rows(SQL, &[practice.into(), account.into(), plan.into()]).await?.is_empty())
}
