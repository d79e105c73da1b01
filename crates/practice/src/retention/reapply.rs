//! After a restore, before anything is served: whoever was destroyed is destroyed again.

use ledger::Destroyed;
use store::{
    Batch, CommitError, StoreError,
    rows::{accounts, destroyed, erasure},
};

/// Why destruction was not applied again. Nothing may be served then.
#[derive(Debug, thiserror::Error)]
pub enum ReapplyError {
    /// A store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store could not be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Destroys the keys and rows of everybody in the destruction ledger who came back with a restored backup; how many they
/// were. Needs no key, and doing it again changes nothing.
pub async fn reapply(stores: &crate::Stores, destroyed: &[Destroyed]) -> Result<u64, ReapplyError> {
    let mut came_back = 0;
    for one in destroyed {
        let (practice, patient) = (one.practice, one.patient);
        let had_key = destroyed::has_key(&stores.keys, practice, patient).await?;
        stores.keys.commit(destroyed::destroy_key(Batch::new(), practice, patient, one.at, one.entry)).await?;
        remove_rows(stores, one).await?;
        came_back += u64::from(had_key);
    }
    if came_back > 0 {
        for db in [&stores.keys, &stores.clinical, &stores.identity] {
            db.scrub().await?;
        }
    }
    Ok(came_back)
}

/// Removes what clinical and identity stores still hold of somebody whose key is destroyed.
async fn remove_rows(stores: &crate::Stores, one: &Destroyed) -> Result<(), ReapplyError> {
    let (practice, patient) = (one.practice, one.patient);
    let account = accounts::by_patient(&stores.identity, practice, patient).await?.map(|row| row.account_id);
    stores.clinical.commit(erasure::clinical(Batch::new(), practice, patient, account)).await?;
    let remains = erasure::billing_remains(&stores.identity, practice, patient).await?;
    let erase = if remains { erasure::shut } else { erasure::identity };
    stores.identity.commit(erase(Batch::new(), practice, patient, account)).await?;
    Ok(())
}
