//! Ceremonies under way: registering or using a passkey, setting up an app.

use super::sealed;
use crate::{Batch, Db, StoreError};
use domain::{AccountId, PracticeId, Timestamp};
use phi::{RowId, Sealed, fields::ceremonies};

/// A ceremony under way. Its id is its login session's or invitation's, so that one of each has one at most.
pub struct CeremonyRow {
    /// Whose it is: the id of a login session or an invitation.
    pub ceremony_id: [u8; 16],
    /// The practice.
    pub practice_id: PracticeId,
    /// The account.
    pub account_id: AccountId,
    /// What is under way: `register`, `authenticate`, `totp`, or one of these against an invitation.
    pub kind: String,
    /// The server's side of it.
    pub state: Sealed<ceremonies::State>,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl CeremonyRow {
    /// The row as associated data sees it.
    pub const fn row_id(ceremony: [u8; 16]) -> RowId {
        RowId::new(ceremony)
    }
}

/// A ceremony that has not ended.
pub async fn current(db: &Db, ceremony: [u8; 16], now: Timestamp) -> Result<Option<CeremonyRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, account_id, kind, state, expires_at FROM ceremonies \
                       WHERE ceremony_id = $1 AND expires_at > $2";
    let row = db.optional(SQL, &[(&ceremony).into(), now.into()]).await?;
    row.map(|row| {
        Ok(CeremonyRow {
            ceremony_id: ceremony,
            practice_id: row.id(0)?,
            account_id: row.id(1)?,
            kind: row.text(2)?.to_owned(),
            state: sealed(&row, 3, CeremonyRow::row_id(ceremony))?,
            expires_at: row.timestamp(4)?,
        })
    })
    .transpose()
}

/// Begins a ceremony, in place of an earlier one; those that ended are swept out.
pub fn begin(batch: Batch, row: &CeremonyRow, now: Timestamp) -> Batch {
    const SWEEP: &str = "DELETE FROM ceremonies WHERE ceremony_id = $1 OR expires_at <= $2";
    const SQL: &str = "INSERT INTO ceremonies (ceremony_id, practice_id, account_id, kind, state, expires_at) \
                       VALUES ($1, $2, $3, $4, $5, $6)";
    let params = &[
        (&row.ceremony_id).into(),
        row.practice_id.into(),
        row.account_id.into(),
        row.kind.as_str().into(),
        row.state.as_bytes().into(),
        row.expires_at.into(),
    ];
    batch.run(SWEEP, &[(&row.ceremony_id).into(), now.into()]).run(SQL, params).expect(1)
}

/// Ends every ceremony of an account.
pub fn end_all(batch: Batch, practice: PracticeId, account: AccountId) -> Batch {
    const SQL: &str = "DELETE FROM ceremonies WHERE practice_id = $1 AND account_id = $2";
    batch.run(SQL, &[practice.into(), account.into()])
}

/// Uses a ceremony up. A conflict when it was used already.
pub fn use_up(batch: Batch, ceremony: [u8; 16]) -> Batch {
    batch.run("DELETE FROM ceremonies WHERE ceremony_id = $1", &[(&ceremony).into()]).expect(1)
}
