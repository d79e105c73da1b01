//! What patients asked of who sees their record, and what the practice said. Rows are only added: an end is a row of its own.

use crate::{Batch, Db, Row, StoreError, rows::merges::goes_on_as};
use domain::{AccountId, Date, PatientId, PracticeId, RestrictionAnswer, RestrictionId, RestrictionKind, Timestamp};

/// A restriction that a patient asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestrictionRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The restriction.
    pub restriction_id: RestrictionId,
    /// The patient.
    pub patient_id: PatientId,
    /// From whom something is kept.
    pub what: RestrictionKind,
    /// The account that is kept away, where it is one.
    pub account_id: Option<AccountId>,
    /// What the practice said.
    pub answer: RestrictionAnswer,
    /// The day on which the patient asked.
    pub asked_on: Date,
    /// Who said it.
    pub decided_by: AccountId,
    /// When.
    pub decided_at: Timestamp,
    /// Who ended it and when; none while it is in force.
    pub ended: Option<(AccountId, Timestamp)>,
}

impl RestrictionRow {
    /// Whether it is kept at present.
    pub fn in_force(&self) -> bool {
        self.answer == RestrictionAnswer::Agreed && self.ended.is_none()
    }
}

/// What a patient asked for, newest first.
pub async fn of_patient(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Vec<RestrictionRow>, StoreError> {
    const SQL: &str = "SELECT r.practice_id, r.restriction_id, r.patient_id, r.what, r.account_id, r.answer, r.asked_on, \
                       r.decided_by, r.decided_at, e.decided_by, e.decided_at FROM restrictions r \
                       LEFT JOIN restrictions e ON e.practice_id = r.practice_id AND e.ends = r.restriction_id \
                       WHERE r.practice_id = $1 AND r.patient_id = $2 AND r.ends IS NULL \
                       ORDER BY r.decided_at DESC, r.restriction_id LIMIT 500";
    db.rows(SQL, &[practice.into(), patient.into()]).await?.iter().map(read).collect()
}

/// Whom a restriction in force keeps away, in any record of the same person.
pub async fn kept_away(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Vec<AccountId>, StoreError> {
    const SQL: &str = concat!(
        "WITH whose(patient_id) AS (SELECT ",
        goes_on_as!("$1", "$2"),
        "), person(patient_id) AS (SELECT patient_id FROM whose UNION SELECT m.patient_id FROM patient_merges m, whose w \
         WHERE m.practice_id = $1 AND m.into_patient = w.patient_id AND m.number = (SELECT MAX(n.number) \
         FROM patient_merges n WHERE n.practice_id = $1 AND n.patient_id = m.patient_id)) \
         SELECT DISTINCT r.account_id FROM restrictions r, person p WHERE r.practice_id = $1 \
         AND r.patient_id = p.patient_id AND r.what = 'account' AND r.account_id IS NOT NULL AND r.answer = 'agreed' \
         AND NOT EXISTS (SELECT 1 FROM restrictions e WHERE e.practice_id = $1 AND e.ends = r.restriction_id) \
         ORDER BY r.account_id"
    );
    db.rows(SQL, &[practice.into(), patient.into()]).await?.iter().map(|row| row.id(0)).collect()
}

/// Adds what was asked and answered. A conflict while the patient stands between condemnation and certificate: what is kept for
/// billing says already from whom.
pub fn insert(batch: Batch, row: &RestrictionRow) -> Batch {
    const SQL: &str = "INSERT INTO restrictions (practice_id, restriction_id, patient_id, what, account_id, answer, \
                       asked_on, decided_by, decided_at) SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 \
                       WHERE NOT EXISTS (SELECT 1 FROM retention_items i WHERE i.practice_id = $1 AND i.patient_id = $3 \
                       AND i.step NOT IN ('planned', 'spared', 'listing', 'certified'))";
    let params = &[
        row.practice_id.into(),
        row.restriction_id.into(),
        row.patient_id.into(),
        row.what.word().into(),
        row.account_id.into(),
        row.answer.word().into(),
        row.asked_on.into(),
        row.decided_by.into(),
        row.decided_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Ends a restriction, by a row of its own. A duplicate where it was ended before.
pub fn end(batch: Batch, row: &RestrictionRow, id: RestrictionId, by: AccountId, at: Timestamp) -> Batch {
    const SQL: &str = "INSERT INTO restrictions (practice_id, restriction_id, patient_id, what, account_id, answer, \
                       ends, asked_on, decided_by, decided_at) VALUES ($1, $2, $3, $4, $5, 'ended', $6, $7, $8, $9)";
    let params = &[
        row.practice_id.into(),
        id.into(),
        row.patient_id.into(),
        row.what.word().into(),
        row.account_id.into(),
        row.restriction_id.into(),
        row.asked_on.into(),
        by.into(),
        at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

fn read(row: &Row) -> Result<RestrictionRow, StoreError> {
    let ended_by: Option<AccountId> = row.opt_id(9)?;
    Ok(RestrictionRow {
        practice_id: row.id(0)?,
        restriction_id: row.id(1)?,
        patient_id: row.id(2)?,
        what: row.word(3)?,
        account_id: row.opt_id(4)?,
        answer: row.word(5)?,
        asked_on: row.date(6)?,
        decided_by: row.id(7)?,
        decided_at: row.timestamp(8)?,
        ended: ended_by.zip(row.opt_timestamp(10)?),
    })
}
