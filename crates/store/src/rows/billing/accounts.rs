//! Billing accounts: pseudonyms.

use crate::{Batch, Db, Row, StoreError};
use domain::{BillingAccountId, PayerId, PracticeId, Timestamp};

/// A billing account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingAccountRow {
    /// The practice's billing branch.
    pub branch: PracticeId,
    /// The account.
    pub account_id: BillingAccountId,
    /// Who pays first, if it is not the patient.
    pub payer_id: Option<PayerId>,
    /// When the first charge came.
    pub opened_at: Timestamp,
    /// Counts up at each change; 1 where nobody has said who pays.
    pub version: i64,
}

impl BillingAccountRow {
    /// Whether somebody said who pays first, if only that the patient does.
    pub const fn payer_is_said(&self) -> bool {
        self.payer_id.is_some() || self.version > 1
    }
}

/// Adds an account where it is not there yet.
pub fn open(batch: Batch, branch: PracticeId, account: BillingAccountId, at: Timestamp) -> Batch {
    const SQL: &str = "INSERT INTO billing_accounts (practice_id, account_id, opened_at, version) \
                       VALUES ($1, $2, $3, 1) ON CONFLICT (practice_id, account_id) DO NOTHING";
    batch.run(SQL, &[branch.into(), account.into(), at.into()])
}

/// Says who pays first, where the version still is `seen`.
pub fn set_payer(
    batch: Batch,
    branch: PracticeId,
    account: BillingAccountId,
    payer: Option<PayerId>,
    seen: i64,
) -> Batch {
    const SQL: &str = "UPDATE billing_accounts SET payer_id = $1, version = version + 1 \
                       WHERE practice_id = $2 AND account_id = $3 AND version = $4";
    batch.run(SQL, &[payer.into(), branch.into(), account.into(), seen.into()]).expect(1)
}

/// One account.
pub async fn by_id(
    db: &Db,
    branch: PracticeId,
    account: BillingAccountId,
) -> Result<Option<BillingAccountRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, account_id, payer_id, opened_at, version FROM billing_accounts \
                       WHERE practice_id = $1 AND account_id = $2";
    db.optional(SQL, &[branch.into(), account.into()]).await?.as_ref().map(read).transpose()
}

/// Up to `limit` accounts behind one, in the order of their ids.
pub async fn page(
    db: &Db,
    branch: PracticeId,
    after: BillingAccountId,
    limit: i64,
) -> Result<Vec<BillingAccountRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, account_id, payer_id, opened_at, version FROM billing_accounts \
                       WHERE practice_id = $1 AND account_id > $2 ORDER BY account_id LIMIT $3";
    db.rows(SQL, &[branch.into(), after.into(), limit.into()]).await?.iter().map(read).collect()
}

/// Every account, in the order of their ids.
pub async fn all(db: &Db, branch: PracticeId) -> Result<Vec<BillingAccountRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, account_id, payer_id, opened_at, version FROM billing_accounts \
                       WHERE practice_id = $1 ORDER BY account_id";
    db.rows(SQL, &[branch.into()]).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<BillingAccountRow, StoreError> {
    Ok(BillingAccountRow {
        branch: row.id(0)?,
        account_id: row.id(1)?,
        payer_id: row.opt_id(2)?,
        opened_at: row.timestamp(3)?,
        version: row.int(4)?,
    })
}
