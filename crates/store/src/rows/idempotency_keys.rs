//! Writes that came with an idempotency key, so that a repeated one is not done twice.

use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, PracticeId, Timestamp};

/// A write that was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoneRow {
    /// Keyed fingerprint of the request's body: the same key with another body is refused.
    pub body_mac: [u8; 32],
    /// What the write made.
    pub resource_id: [u8; 16],
    /// The answer's HTTP status.
    pub status: u16,
    /// When it was done.
    pub at: Timestamp,
}

/// The write that an account sent under a key, if it was done.
pub async fn done(
    db: &Db,
    practice: PracticeId,
    account: AccountId,
    key_mac: &[u8; 32],
) -> Result<Option<DoneRow>, StoreError> {
    const SQL: &str = "SELECT body_mac, resource_id, status, created_at FROM idempotency_keys \
                       WHERE practice_id = $1 AND account_id = $2 AND key_mac = $3";
    let row = db.optional(SQL, &[practice.into(), account.into(), key_mac.into()]).await?;
    let read = |row: Row| {
        Ok(DoneRow {
            body_mac: row.array(0)?,
            resource_id: row.array(1)?,
            status: row.number(2)?,
            at: row.timestamp(3)?,
        })
    };
    row.map(read).transpose()
}

/// Remembers a write in the same batch that does it; [`crate::CommitError::Duplicate`] when another was quicker.
/// Those older than `forget_before` are swept out.
pub fn remember(
    batch: Batch,
    practice: PracticeId,
    account: AccountId,
    key_mac: &[u8; 32],
    row: &DoneRow,
    forget_before: Timestamp,
) -> Batch {
    const SWEEP: &str = "DELETE FROM idempotency_keys WHERE practice_id = $1 AND account_id = $2 AND created_at < $3";
    const SQL: &str = "INSERT INTO idempotency_keys (practice_id, account_id, key_mac, body_mac, resource_id, status, \
                       created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let params = &[
        practice.into(),
        account.into(),
        key_mac.into(),
        (&row.body_mac).into(),
        (&row.resource_id).into(),
        i64::from(row.status).into(),
        row.at.into(),
    ];
    batch.run(SWEEP, &[practice.into(), account.into(), forget_before.into()]).run(SQL, params).expect(1)
}
