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

use file::Found;

use crate::House;
use crypto::Recipient;
use domain::{Date, PatientId, PracticeId, TaskObserver};
use ledger::Word;
use phi::{AccessError, OpenError, VaultError};
use std::{io, path::PathBuf};
use store::{
    Batch, CommitError, StoreError,
    rows::{
        archives::{self, ArchiveRow},
        destroyed,
    },
};

/// Where archives are kept, and for whom.
#[derive(Debug, Clone)]
pub struct ArchiveSettings {
    /// The folder.
    pub folder: PathBuf,
    /// The archive's own recipients. Never empty.
    pub recipients: Vec<Recipient>,
}

impl ArchiveSettings {
    fn failed(&self, error: io::Error) -> ArchiveError {
        ArchiveError::File { place: self.folder.clone(), error }
    }
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
    /// There is no key, or no record.
    #[error("there is nothing left of the record to archive")]
    Nothing,
    /// Neither the key nor the archive is there of somebody who was to be archived.
    #[error(
        "record {0} was to be archived, and neither its key nor its archive is there: bring the file back into the folder, \
         and run again"
    )]
    Lost(PatientId),
    /// It could not be written down as JSON.
    #[error("the record could not be written down for its archive")]
    Json(#[from] serde_json::Error),
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

impl ArchiveError {
    /// Whether it is the record itself that stands in the way, and will tomorrow: its patient is spared, and the others go on.
    pub(super) const fn is_of_the_record(&self) -> bool {
        matches!(
            self,
            Self::Open(_) | Self::Nothing | Self::Access(AccessError::Gone) | Self::Name(VaultError::Open(_))
        )
    }
}

/// Archives one record until a day, anew whatever was made before. What file it is, is durable before the file has its name; no
/// other is ever taken for it.
pub(super) async fn archive(
    house: &House,
    (practice, patient): (PracticeId, PatientId),
    rule: &str,
    ends_on: Date,
    observer: &dyn TaskObserver,
) -> Result<(), ArchiveError> {
    let set = settings(house, rule)?;
    let name = ArchiveName { practice, patient, ends_on };
    let rule = Word::try_from(rule.to_owned()).unwrap_or(Word::new("retention"));
    let grant = house.guard.archive(practice, patient, rule).await?;
    let text = record::text(house, &grant, ends_on).await?.ok_or(ArchiveError::Nothing)?;
    let digest = name.write(set, text.as_bytes(), observer).map_err(|error| set.failed(error))?;
    let row = known(house, &name, digest);
    house.stores.keys.commit(archives::put(Batch::new(), &row)).await?;
    observer.reached("archive_known");
    name.publish(&set.folder, &digest).map_err(|error| set.failed(error))?;
    observer.reached("archive_named");
    Ok(())
}

/// Where archives are kept, for a rule that asks for one.
fn settings<'h>(house: &'h House, rule: &str) -> Result<&'h ArchiveSettings, ArchiveError> {
    house.retention.archive.as_ref().ok_or_else(|| ArchiveError::NotSet(rule.to_owned()))
}

fn known(house: &House, name: &ArchiveName, digest: [u8; 32]) -> ArchiveRow {
    ArchiveRow {
        practice_id: name.practice,
        patient_id: name.patient,
        ends_on: name.ends_on,
        digest,
        archived_at: house.clock.now(),
        ending_at: None,
        overwritten_at: None,
        ended_at: None,
        certificate: None,
    }
}

/// Removes what runs that were cut off had begun to write.
pub(super) fn tidy(house: &House, practice: PracticeId) -> Result<(), ArchiveError> {
    let Some(set) = &house.retention.archive else { return Ok(()) };
    file::remove_drafts(&set.folder, practice).map_err(|error| set.failed(error))
}

/// Takes the archives of somebody back who was not destroyed after all: their record goes on, and the archive would be of a day
/// that is past.
pub(super) async fn take_back(house: &House, practice: PracticeId, patient: PatientId) -> Result<(), ArchiveError> {
    for row in archives::of_patient(&house.stores.keys, practice, patient).await? {
        if row.ended_at.is_some() {
            continue;
        }
        let set = settings(house, "by which it was made")?;
        let name = ArchiveName { practice, patient, ends_on: row.ends_on };
        if let Found::File(file) = name.find(&set.folder).map_err(|error| set.failed(error))?
            && file.digest().map_err(|error| set.failed(error))? == row.digest
        {
            file.overwrite().map_err(|error| set.failed(error))?;
        }
        name.unlink(&set.folder).map_err(|error| set.failed(error))?;
        let ended = archives::end(Batch::new(), &row, house.clock.now(), None);
        house.stores.keys.commit(ended).await?;
    }
    Ok(())
}

/// Sees to it that the archive of somebody is there who is in the destruction ledger: what they stood in line for was made
/// before, so it lies there. A store that was brought back from an old backup may not know it any more; then what lies in the
/// folder under their name is it. Where there is none and the key is there yet, it is made.
pub(super) async fn ensure(
    house: &House,
    (practice, patient): (PracticeId, PatientId),
    rule: &str,
    ends_on: Date,
    observer: &dyn TaskObserver,
) -> Result<(), ArchiveError> {
    let (set, keys) = (settings(house, rule)?, &house.stores.keys);
    for row in archives::of_patient(keys, practice, patient).await? {
        let name = ArchiveName { practice, patient, ends_on: row.ends_on };
        let there = match name.find(&set.folder).map_err(|error| set.failed(error))? {
            Found::File(file) => file.digest().map_err(|error| set.failed(error))? == row.digest,
            Found::Nothing | Found::Strange => false,
        };
        // One whose time is over was there.
        if there || row.certificate.is_some() {
            return Ok(());
        }
    }
    if destroyed::has_key(keys, practice, patient).await? {
        return archive(house, (practice, patient), rule, ends_on, observer).await;
    }
    let names = file::in_folder(&set.folder, practice).map_err(|error| set.failed(error))?;
    for name in names.iter().filter(|name| name.patient == patient) {
        if let Found::File(file) = name.find(&set.folder).map_err(|error| set.failed(error))? {
            let row = known(house, name, file.digest().map_err(|error| set.failed(error))?);
            keys.commit(archives::put(Batch::new(), &row)).await?;
            tracing::warn!(%patient, "the key store did not know this archive; it was found in the folder");
            return Ok(());
        }
    }
    Err(ArchiveError::Lost(patient))
}
