//! Who pays for patients, and how they count units.

use crate::{Batch, Db, Row, StoreError};
use domain::{
    PayerId, PracticeId, Timestamp,
    billing::{PayerName, UnitRule},
};

/// A payer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayerRow {
    /// The practice's billing branch.
    pub branch: PracticeId,
    /// The payer.
    pub payer_id: PayerId,
    /// What it is called.
    pub name: PayerName,
    /// How it counts units.
    pub unit_rule: UnitRule,
    /// When it was added.
    pub created_at: Timestamp,
}

/// Adds a payer. A duplicate where there is one of that name.
pub fn insert(batch: Batch, row: &PayerRow) -> Batch {
    const SQL: &str =
        "INSERT INTO payers (practice_id, payer_id, name, unit_rule, created_at) VALUES ($1, $2, $3, $4, $5)";
    let params = &[
        row.branch.into(),
        row.payer_id.into(),
        row.name.as_str().into(),
        row.unit_rule.word().into(),
        row.created_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// All payers, by name.
pub async fn all(db: &Db, branch: PracticeId) -> Result<Vec<PayerRow>, StoreError> {
    const SQL: &str =
        "SELECT practice_id, payer_id, name, unit_rule, created_at FROM payers WHERE practice_id = $1 ORDER BY name";
    let read = |row: &Row| {
        Ok(PayerRow {
            branch: row.id(0)?,
            payer_id: row.id(1)?,
            name: row.word(2)?,
            unit_rule: row.word(3)?,
            created_at: row.timestamp(4)?,
        })
    };
    db.rows(SQL, &[branch.into()]).await?.iter().map(read).collect()
}
