//! Archives: where a rule asks for one, a record that is destroyed here is kept on as a file that only the archive's own
//! recipients open, until a day of its own.
//!
//! The file is JSON that a person can read, encrypted with age, and named by practice, patient and last day: so whoever has the
//! folder and nothing else knows what has ended. The server cannot open it.

mod ending;
mod file;
mod record;

pub use ending::{
    ARCHIVE_END_STEPS, ARCHIVE_ENDED, ArchiveEnd, EndArchivesError, Ended, archives, end_archives, verify_archive_end,
};
pub use file::ArchiveName;

use crate::House;
use crypto::Recipient;
use domain::{Date, PatientId, PracticeId, TaskObserver};
use ledger::Word;
use phi::{AccessError, OpenError, VaultError};
use std::{io, path::PathBuf};
use store::{Batch, CommitError, StoreError, rows::archives::ArchiveRow};

/// Where archives are kept, and for whom.
#[derive(Debug, Clone)]
pub struct ArchiveSettings {
    /// The folder.
    pub folder: PathBuf,
    /// The archive's own recipients. Never empty.
    pub recipients: Vec<Recipient>,
}

/// Why a record was not archived. Nothing of it is destroyed then.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The rule asks for an archive, and none is set.
    #[error("the rule {0} asks for an archive, and the settings name none ([retention.archive])")]
    NotSet(String),
    /// It could not be recorded, or a key could not be had.
    #[error("the record could not be opened for its archive")]
    Access(#[from] AccessError),
    /// A field does not open.
    #[error("a field of the record does not open, so it was neither archived nor destroyed")]
    Open(#[from] OpenError),
    /// The name of who treated does not open.
    #[error(transparent)]
    Name(#[from] VaultError),
    /// A store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store could not be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The file could not be written.
    #[error("the archive at {} could not be written", .place.display())]
    File {
        /// The folder.
        place: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// Archives one record until a day. Doing it again changes nothing; where nothing is left to open, nothing is made.
pub(super) async fn archive(
    house: &House,
    (practice, patient): (PracticeId, PatientId),
    rule: &str,
    ends_on: Date,
    observer: &dyn TaskObserver,
) -> Result<(), ArchiveError> {
    let set = house.retention.archive.as_ref().ok_or_else(|| ArchiveError::NotSet(rule.to_owned()))?;
    let failed = |error| ArchiveError::File { place: set.folder.clone(), error };
    let name = ArchiveName { practice, patient, ends_on };
    let digest = match name.digest_in(&set.folder).map_err(failed)? {
        Some(digest) => digest,
        None => {
            let rule = Word::try_from(rule.to_owned()).unwrap_or(Word::new("retention"));
            let Some(grant) = house.guard.archive(practice, patient, rule).await? else { return Ok(()) };
            let Some(text) = record::text(house, &grant, ends_on).await? else { return Ok(()) };
            name.write(set, text.as_bytes(), observer).map_err(failed)?
        }
    };
    let row = ArchiveRow {
        practice_id: practice,
        patient_id: patient,
        digest,
        ends_on,
        archived_at: house.clock.now(),
        ended_at: None,
        certificate: None,
    };
    house.stores.keys.commit(store::rows::archives::insert(Batch::new(), &row)).await?;
    observer.reached("archive_known");
    Ok(())
}
