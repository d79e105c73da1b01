//! Passkeys and hardware keys.

use super::sealed;
use crate::{Batch, Db, Row, StoreError};
use domain::{AccountId, PasskeyId, PracticeId, Timestamp};
use phi::{RowId, Sealed, fields::passkeys};

/// A passkey.
pub struct PasskeyRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The account.
    pub account_id: AccountId,
    /// The passkey.
    pub passkey_id: PasskeyId,
    /// Blind index of the credential id; unique on the server.
    pub credential_index: [u8; 32],
    /// Credential id, public key and counter.
    pub credential: Sealed<passkeys::PublicCredential>,
    /// What its owner calls it.
    pub label: Sealed<passkeys::Label>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

impl PasskeyRow {
    /// The row as associated data sees it.
    pub fn row_id(passkey: PasskeyId) -> RowId {
        RowId::new(*passkey.as_bytes())
    }
}

/// All passkeys of an account, oldest first.
pub async fn of_account(db: &Db, practice: PracticeId, account: AccountId) -> Result<Vec<PasskeyRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, account_id, passkey_id, credential_index, credential, label, created_at, \
                       last_used_at FROM passkeys WHERE practice_id = $1 AND account_id = $2 ORDER BY created_at";
    db.rows(SQL, &[practice.into(), account.into()]).await?.iter().map(read).collect()
}

/// Adds a passkey.
pub fn insert(batch: Batch, row: &PasskeyRow) -> Batch {
    const SQL: &str = "INSERT INTO passkeys (practice_id, account_id, passkey_id, credential_index, credential, label, \
                       created_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let params = &[
        row.practice_id.into(),
        row.account_id.into(),
        row.passkey_id.into(),
        (&row.credential_index).into(),
        row.credential.as_bytes().into(),
        row.label.as_bytes().into(),
        row.created_at.into(),
        row.last_used_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Stores the credential as it is after a use. Only where it still is as it was read: of two uses with one counter, one wins.
pub fn used(batch: Batch, row: &PasskeyRow, credential: &Sealed<passkeys::PublicCredential>, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE passkeys SET credential = $1, last_used_at = $2 \
                       WHERE practice_id = $3 AND account_id = $4 AND passkey_id = $5 AND credential = $6";
    let params = &[
        credential.as_bytes().into(),
        at.into(),
        row.practice_id.into(),
        row.account_id.into(),
        row.passkey_id.into(),
        row.credential.as_bytes().into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Takes a passkey away.
pub fn delete(batch: Batch, practice: PracticeId, account: AccountId, passkey: PasskeyId) -> Batch {
    const SQL: &str = "DELETE FROM passkeys WHERE practice_id = $1 AND account_id = $2 AND passkey_id = $3";
    batch.run(SQL, &[practice.into(), account.into(), passkey.into()]).expect(1)
}

/// Takes a passkey away unless it is the account's last. A conflict when it is, or is gone.
pub fn delete_unless_last(batch: Batch, practice: PracticeId, account: AccountId, passkey: PasskeyId) -> Batch {
    const SQL: &str = "DELETE FROM passkeys WHERE practice_id = $1 AND account_id = $2 AND passkey_id = $3 \
                       AND EXISTS (SELECT 1 FROM passkeys AS others WHERE others.practice_id = $1 \
                       AND others.account_id = $2 AND others.passkey_id <> $3)";
    batch.run(SQL, &[practice.into(), account.into(), passkey.into()]).expect(1)
}

/// Takes all passkeys of an account away.
pub fn delete_all(batch: Batch, practice: PracticeId, account: AccountId) -> Batch {
    batch.run("DELETE FROM passkeys WHERE practice_id = $1 AND account_id = $2", &[practice.into(), account.into()])
}

fn read(row: &Row) -> Result<PasskeyRow, StoreError> {
    let passkey_id = row.id(2)?;
    let id = PasskeyRow::row_id(passkey_id);
    Ok(PasskeyRow {
        practice_id: row.id(0)?,
        account_id: row.id(1)?,
        passkey_id,
        credential_index: row.array(3)?,
        credential: sealed(row, 4, id)?,
        label: sealed(row, 5, id)?,
        created_at: row.timestamp(6)?,
        last_used_at: row.opt_timestamp(7)?,
    })
}
