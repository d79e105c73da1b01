//! Links between patients and billing accounts: kept in the identity store, sealed, for the kernel alone.

use super::{
    opt_sealed,
    retention::accounts::{self, is_wanted},
    sealed,
};
use crate::{Batch, CommitError, Db, Row, StoreError};
use domain::{BillingAccountId, BillingLinkId, PracticeId};
use phi::{Answer, RowId, Sealed, StoredLink, Unavailable, fields::billing_links::Kept};

/// The links over a database.
#[derive(Debug, Clone)]
pub struct Links(Db);

impl Links {
    /// Over the `identity` database.
    pub const fn new(db: Db) -> Self {
        Self(db)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, link_id, patient_index, account_index, link, created_at, kept FROM billing_links ",
            "WHERE practice_id = $1 AND ",
            $rest
        )
    };
}

impl phi::BillingLinks for Links {
    fn of_patient(&self, practice: PracticeId, patient_index: [u8; 32]) -> Answer<'_, Option<StoredLink>> {
        Box::pin(self.find(select!("patient_index = $2"), practice, patient_index))
    }

    fn of_account(&self, practice: PracticeId, account_index: [u8; 32]) -> Answer<'_, Option<StoredLink>> {
        Box::pin(self.find(select!("account_index = $2"), practice, account_index))
    }

    fn add(&self, link: StoredLink) -> Answer<'_, bool> {
        const SQL: &str = "INSERT INTO billing_links (practice_id, link_id, patient_index, account_index, link, \
                           created_at) VALUES ($1, $2, $3, $4, $5, $6)";
        Box::pin(async move {
            let params = &[
                link.practice.into(),
                link.link.into(),
                link.patient_index.into(),
                link.account_index.into(),
                link.sealed.as_bytes().into(),
                link.created_at.into(),
            ];
            match self.0.commit(Batch::new().run(SQL, params).expect(1)).await {
                Ok(()) => Ok(true),
                Err(CommitError::Duplicate { .. }) => Ok(false),
                Err(error) => Err(Unavailable(Box::new(error))),
            }
        })
    }

    fn keep(&self, practice: PracticeId, link: BillingLinkId, kept: Option<Sealed<Kept>>) -> Answer<'_, bool> {
        const SQL: &str = "UPDATE billing_links SET kept = $1 WHERE practice_id = $2 AND link_id = $3";
        Box::pin(async move {
            let kept = kept.as_ref().map(Sealed::as_bytes);
            match self.0.commit(Batch::new().run(SQL, &[kept.into(), practice.into(), link.into()]).expect(1)).await {
                Ok(()) => Ok(true),
                Err(CommitError::Conflict { .. }) => Ok(false),
                Err(error) => Err(Unavailable(Box::new(error))),
            }
        })
    }

    fn claim(&self, practice: PracticeId, account: BillingAccountId) -> Answer<'_, bool> {
        Box::pin(claim(&self.0, practice, account))
    }
}

/// Up to `limit` links of a practice behind one with which a contact is kept, in the order of their ids.
pub async fn with_kept(
    db: &Db,
    practice: PracticeId,
    after: BillingLinkId,
    limit: u32,
) -> Result<Vec<StoredLink>, StoreError> {
    let sql = select!("link_id > $2 AND kept IS NOT NULL ORDER BY link_id LIMIT $3");
    db.rows(sql, &[practice.into(), after.into(), i64::from(limit).into()]).await?.iter().map(read).collect()
}

/// Stores a kept contact that was sealed anew, if the row still holds the old one: what somebody else has stored since stays.
pub fn replace_kept(batch: Batch, old: &StoredLink, new: &Sealed<Kept>) -> Batch {
    const SQL: &str = "UPDATE billing_links SET kept = $1 WHERE practice_id = $2 AND link_id = $3 \
                       AND kept IS NOT DISTINCT FROM $4";
    let before = old.kept.as_ref().map(Sealed::as_bytes);
    batch.run(SQL, &[new.as_bytes().into(), old.practice.into(), old.link.into(), before.into()])
}

/// Sees to it that an account stays on which somebody is about to write: it is taken out of the plans in which it waits. Says no
/// where its destruction has begun.
pub async fn claim(db: &Db, practice: PracticeId, account: BillingAccountId) -> Result<bool, Unavailable> {
    let wanted = is_wanted(db, practice, account).await;
    if !wanted.map_err(|error| Unavailable(Box::new(error)))? {
        return Ok(true);
    }
    match db.commit(accounts::claim(Batch::new(), practice, account)).await {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict { .. }) => Ok(false),
        Err(error) => Err(Unavailable(Box::new(error))),
    }
}

/// Removes the link of an account, and whatever is kept with it. Nothing happens where there is none.
pub fn remove(batch: Batch, practice: PracticeId, account_index: [u8; 32]) -> Batch {
    const SQL: &str = "DELETE FROM billing_links WHERE practice_id = $1 AND account_index = $2";
    batch.run(SQL, &[practice.into(), account_index.into()])
}

impl Links {
    async fn find(
        &self,
        sql: &'static str,
        practice: PracticeId,
        index: [u8; 32],
    ) -> Result<Option<StoredLink>, Unavailable> {
        let found = self.0.optional(sql, &[practice.into(), index.into()]).await;
        found.and_then(|row| row.as_ref().map(read).transpose()).map_err(|error| Unavailable(Box::new(error)))
    }
}

fn read(row: &Row) -> Result<StoredLink, StoreError> {
    let link: BillingLinkId = row.id(1)?;
    Ok(StoredLink {
        practice: row.id(0)?,
        link,
        patient_index: row.array(2)?,
        account_index: row.array(3)?,
        sealed: sealed(row, 4, RowId::new(*link.as_bytes()))?,
        created_at: row.timestamp(5)?,
        kept: opt_sealed(row, 6, RowId::new(*link.as_bytes()))?,
    })
}
