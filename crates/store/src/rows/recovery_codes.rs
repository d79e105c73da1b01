//! Recovery codes, each used once at most.

use crate::{Batch, Db, StoreError};
use domain::{AccountId, PracticeId, Timestamp};
use identity::RecoveryCodeHash;

/// The codes of an account that were not used yet.
pub async fn unused(db: &Db, practice: PracticeId, account: AccountId) -> Result<Vec<RecoveryCodeHash>, StoreError> {
    const SQL: &str =
        "SELECT code_mac FROM recovery_codes WHERE practice_id = $1 AND account_id = $2 AND used_at IS NULL";
    let rows = db.rows(SQL, &[practice.into(), account.into()]).await?;
    rows.iter().map(|row| Ok(RecoveryCodeHash::from_bytes(row.array(0)?))).collect()
}

/// Puts new codes in place of all old ones.
pub fn replace_all(batch: Batch, practice: PracticeId, account: AccountId, codes: &[RecoveryCodeHash]) -> Batch {
    const SQL: &str = "INSERT INTO recovery_codes (practice_id, account_id, code_mac) VALUES ($1, $2, $3)";
    codes.iter().fold(delete_all(batch, practice, account), |batch, code| {
        batch.run(SQL, &[practice.into(), account.into(), code.as_bytes().into()]).expect(1)
    })
}

/// Uses a code up. A conflict when it was used already.
pub fn use_up(batch: Batch, practice: PracticeId, account: AccountId, code: &RecoveryCodeHash, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE recovery_codes SET used_at = $1 \
                       WHERE practice_id = $2 AND account_id = $3 AND code_mac = $4 AND used_at IS NULL";
    batch.run(SQL, &[at.into(), practice.into(), account.into(), code.as_bytes().into()]).expect(1)
}

/// Takes all codes of an account away.
pub fn delete_all(batch: Batch, practice: PracticeId, account: AccountId) -> Batch {
    const SQL: &str = "DELETE FROM recovery_codes WHERE practice_id = $1 AND account_id = $2";
    batch.run(SQL, &[practice.into(), account.into()])
}
