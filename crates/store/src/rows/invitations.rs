//! Invitations. One for each account at most; a used one is deleted.

use crate::{Batch, Db, StoreError};
use domain::{AccountId, InvitationId, PracticeId};
use identity::InvitationRecord;

/// The invitation with this secret.
pub async fn by_secret(db: &Db, secret_hash: &[u8; 32]) -> Result<Option<InvitationRecord>, StoreError> {
    const SQL: &str = "SELECT invitation_id, secret_hash, practice_id, account_id, created_at, mac \
                       FROM invitations WHERE secret_hash = $1";
    let row = db.optional(SQL, &[secret_hash.into()]).await?;
    row.map(|row| {
        Ok(InvitationRecord {
            id: row.id(0)?,
            secret_hash: row.array(1)?,
            practice: row.id(2)?,
            account: row.id(3)?,
            created_at: row.timestamp(4)?,
            mac: row.array(5)?,
        })
    })
    .transpose()
}

/// Puts an invitation in place of any earlier one of the account.
pub fn replace(batch: Batch, record: &InvitationRecord) -> Batch {
    const SQL: &str = "INSERT INTO invitations (invitation_id, secret_hash, practice_id, account_id, created_at, mac) \
                       VALUES ($1, $2, $3, $4, $5, $6)";
    let params = &[
        record.id.into(),
        (&record.secret_hash).into(),
        record.practice.into(),
        record.account.into(),
        record.created_at.into(),
        (&record.mac).into(),
    ];
    withdraw(batch, record.practice, record.account).run(SQL, params).expect(1)
}

/// Uses an invitation up. A conflict when it was used already.
pub fn use_up(batch: Batch, practice: PracticeId, invitation: InvitationId) -> Batch {
    const SQL: &str = "DELETE FROM invitations WHERE practice_id = $1 AND invitation_id = $2";
    batch.run(SQL, &[practice.into(), invitation.into()]).expect(1)
}

/// Takes back the invitation of an account, if there is one.
pub fn withdraw(batch: Batch, practice: PracticeId, account: AccountId) -> Batch {
    const SQL: &str = "DELETE FROM invitations WHERE practice_id = $1 AND account_id = $2";
    batch.run(SQL, &[practice.into(), account.into()])
}
