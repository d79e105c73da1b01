//! After a restore, before anything is served: whoever was destroyed is destroyed again.

use domain::{AccountId, BillingAccountId, PatientId, PracticeId};
use ledger::{Destroyed, DestroyedError, VerifierKey, read_destroyed};
use phi::{KeyError, Keyring, practice_of_branch};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};
use store::{
    Batch, CommitError, Db, StoreError,
    rows::{accounts, billing::standing, billing_links, destroyed, erasure, retention},
};

/// Patients whose rows go in one transaction.
const AT_ONCE: usize = 100;
/// Marks of destroyed patients that are read at once.
const MARKS: u32 = 1000;

/// Why it is not known who was destroyed. Nothing may be served then.
#[derive(Debug, thiserror::Error)]
pub enum WhoError {
    /// There is no copy.
    #[error("{0}: if no record of this practice was ever destroyed, say so with --nobody-was-destroyed")]
    Missing(String),
    /// A copy cannot be read, or was changed.
    #[error(transparent)]
    Ledger(#[from] DestroyedError),
    /// The key store knows of patients who were destroyed and are not in it.
    #[error(
        "the destruction ledger has lost {0} of those who were destroyed, by the key store: bring a whole copy back"
    )]
    Lacking(u64),
    /// The key store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Everybody in the destruction ledger, held against those whom a key store knows to be destroyed: one that lost lines or is not
/// there is refused. `nobody` says that nobody was ever destroyed, so that none need be there.
pub async fn who_was_destroyed(
    places: &[PathBuf],
    key: &VerifierKey,
    keys: &Db,
    nobody: bool,
) -> Result<Vec<Destroyed>, WhoError> {
    let found = read_destroyed(places, std::slice::from_ref(key))?;
    if found.is_none() && !nobody {
        return Err(WhoError::Missing(missing(places)));
    }
    let found = found.unwrap_or_default();
    let listed: BTreeSet<(PracticeId, PatientId)> = found.iter().map(|one| (one.practice, one.patient)).collect();
    let (mut last, mut lacking) = (None, 0);
    loop {
        let marks = destroyed::marks(keys, last, MARKS).await?;
        lacking += marks.iter().filter(|mark| !listed.contains(mark)).count() as u64;
        match marks.last() {
            Some(mark) => last = Some(*mark),
            None if lacking > 0 => return Err(WhoError::Lacking(lacking)),
            None => return Ok(found),
        }
    }
}

fn missing(places: &[PathBuf]) -> String {
    match places {
        [] => "no place is set for the destruction ledger (retention.destruction_ledger)".to_owned(),
        _ => {
            let places: Vec<_> = places.iter().map(|path: &PathBuf| Path::display(path).to_string()).collect();
            format!("no copy of the destruction ledger is at {}: bring one back", places.join(" or "))
        }
    }
}

/// Why destruction was not applied again. Nothing may be served then.
#[derive(Debug, thiserror::Error)]
pub enum ReapplyError {
    /// A store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store could not be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The key by which links are found could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Destroys the keys and rows of everybody in the destruction ledger who came back with a restored backup, and of every billing
/// account in it, with its link; how many had a key again. Plans that had been approved wait for approval again: a hold that was
/// placed since the backup is not in it. The keyring only finds links, by their fingerprints. Doing it again changes nothing.
pub async fn reapply(stores: &crate::Stores, keyring: &Keyring, destroyed: &[Destroyed]) -> Result<u64, ReapplyError> {
    let mut came_back = 0;
    for some in destroyed.chunks(AT_ONCE) {
        let mut keys = Batch::new();
        for one in some {
            came_back += u64::from(destroyed::has_key(&stores.keys, one.practice, one.patient).await?);
            keys = destroyed::destroy_key(keys, one.practice, one.patient, one.at, one.entry);
        }
        stores.keys.commit(keys).await?;
        let (mut clinical, mut identity, mut billing) = (Batch::new(), Batch::new(), Batch::new());
        for one in some {
            let (practice, patient) = (one.practice, one.patient);
            if let Some(practice) = practice_of_branch(practice) {
                let account = BillingAccountId::from_bytes(*patient.as_bytes());
                billing = standing::remove(billing, one.practice, account);
                let link = keyring.link_of_account(practice, account).await?;
                identity = billing_links::remove(identity, practice, link);
                continue;
            }
            let account = account_of(&stores.identity, practice, patient).await?;
            clinical = erasure::clinical(clinical, practice, patient, account);
            identity = erasure::identity(identity, practice, patient, account);
        }
        stores.clinical.commit(clinical).await?;
        stores.billing.commit(billing).await?;
        stores.identity.commit(identity).await?;
    }
    stores.identity.commit(retention::ask_again(Batch::new())).await?;
    if !destroyed.is_empty() {
        for db in [&stores.keys, &stores.clinical, &stores.billing, &stores.identity] {
            db.scrub().await?;
        }
    }
    Ok(came_back)
}

async fn account_of(identity: &Db, practice: PracticeId, patient: PatientId) -> Result<Option<AccountId>, StoreError> {
    Ok(accounts::by_patient(identity, practice, patient).await?.map(|row| row.account_id))
}
