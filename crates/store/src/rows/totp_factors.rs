//! Generators of one-time codes; one for each account.

use super::sealed;
use crate::{Batch, Db, StoreError};
use domain::{AccountId, PracticeId, Timestamp};
use phi::{RowId, Sealed, fields::totp_factors};

/// A generator.
pub struct TotpRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The account.
    pub account_id: AccountId,
    /// Its secret.
    pub secret: Sealed<totp_factors::Secret>,
    /// The last accepted time step.
    pub last_step: Option<u64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its first code was accepted; none until then.
    pub confirmed_at: Option<Timestamp>,
}

impl TotpRow {
    /// The row as associated data sees it.
    pub fn row_id(account: AccountId) -> RowId {
        RowId::new(*account.as_bytes())
    }
}

/// The generator of an account.
pub async fn of_account(db: &Db, practice: PracticeId, account: AccountId) -> Result<Option<TotpRow>, StoreError> {
    const SQL: &str = "SELECT secret, last_step, created_at, confirmed_at FROM totp_factors \
                       WHERE practice_id = $1 AND account_id = $2";
    let row = db.optional(SQL, &[practice.into(), account.into()]).await?;
    row.map(|row| {
        let last_step = row.opt_int(1)?.map(|_| row.number(1)).transpose()?;
        Ok(TotpRow {
            practice_id: practice,
            account_id: account,
            secret: sealed(&row, 0, TotpRow::row_id(account))?,
            last_step,
            created_at: row.timestamp(2)?,
            confirmed_at: row.opt_timestamp(3)?,
        })
    })
    .transpose()
}

/// Puts a new generator in place of an old one.
pub fn replace(batch: Batch, row: &TotpRow) -> Batch {
    const SQL: &str = "INSERT INTO totp_factors (practice_id, account_id, secret, last_step, created_at, confirmed_at) \
                       VALUES ($1, $2, $3, $4, $5, $6) \
                       ON CONFLICT (practice_id, account_id) DO UPDATE SET secret = excluded.secret, \
                       last_step = excluded.last_step, created_at = excluded.created_at, \
                       confirmed_at = excluded.confirmed_at";
    let params = &[
        row.practice_id.into(),
        row.account_id.into(),
        row.secret.as_bytes().into(),
        row.last_step.and_then(|step| i64::try_from(step).ok()).into(),
        row.created_at.into(),
        row.confirmed_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Uses up a time step. A conflict when it, or a later one, was used already: two requests with one code, one of them wins.
pub fn use_step(batch: Batch, practice: PracticeId, account: AccountId, step: u64, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE totp_factors SET last_step = $1, confirmed_at = COALESCE(confirmed_at, $2) \
                       WHERE practice_id = $3 AND account_id = $4 AND (last_step IS NULL OR last_step < $1)";
    let step = i64::try_from(step).unwrap_or(i64::MAX);
    batch.run(SQL, &[step.into(), at.into(), practice.into(), account.into()]).expect(1)
}

/// Takes an account's generator away.
pub fn delete(batch: Batch, practice: PracticeId, account: AccountId) -> Batch {
    batch.run("DELETE FROM totp_factors WHERE practice_id = $1 AND account_id = $2", &[practice.into(), account.into()])
}
