//! The end of archives: overwritten, removed, recorded, certified.
//!
//! What has ended is read from the folder as well as from the key store: a key store that was brought back from before an
//! archive was made or ended does not keep it.

use super::{
    file::{ArchiveName, Found, in_folder},
    known,
};
use crate::{
    Event, House,
    record::resource,
    retention::{
        Signing,
        plan::unattended,
        proof::{CertificateError, Proof, Proofs, sign, verified},
    },
    trail::TrailError,
};
use data_encoding::HEXLOWER;
use domain::{Date, PatientId, PracticeId, TaskObserver, Timestamp};
use ledger::{LedgerError, VerifierKey, Word};
use serde::{Deserialize, Serialize};
use std::{io, path::PathBuf};
use store::{
    Batch, CommitError, StoreError,
    rows::{
        archives::{self as rows, ArchiveRow},
        destroyed, legal_holds,
    },
};

/// The first line of the note that says that an archive was destroyed.
pub const ARCHIVE_ENDED: &str = "patella archive destruction certificate 1";

/// Every durable transition of the end of an archive, in order.
pub const ARCHIVE_END_STEPS: &[&str] = &[
    "archive_end_known",
    "archive_end_recorded",
    "archive_end_marked",
    "archive_overwritten",
    "archive_overwrite_marked",
    "archive_unlinked",
    "archive_certified",
];

const METHOD: &str = "The sealed file was overwritten and removed. On flash and copy-on-write storage old blocks may remain: \
                      they open only with the private keys of the archive's recipients.";

/// That an archive was destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ArchiveEnd {
    /// The practice.
    pub practice: PracticeId,
    /// The patient, by the random id under which the record was kept.
    pub patient: PatientId,
    /// SHA-256 of the sealed file, hexadecimal.
    pub digest: String,
    /// The last day of its keeping.
    pub kept_until: Date,
    /// When it was destroyed.
    pub destroyed_at: Timestamp,
    /// How.
    pub method: String,
    /// The proof that the audit trail records it; none where its log could not prove it yet.
    pub audit: Option<Proof>,
}

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ended {
    /// Archives that ended.
    pub ended: u64,
    /// Archives whose time is over, and that a legal hold keeps.
    pub held: u64,
    /// Archives whose time is over, and whose files are not in the folder, or not as they were written. Nothing was done.
    pub missing: u64,
}

impl Ended {
    fn tell_missing(&mut self, row: &ArchiveRow) {
        tracing::warn!(patient = %row.patient_id, "the file of an archive is not there as it was written");
        self.missing += 1;
    }
}

/// Why archives were not ended. Starting again goes on.
#[derive(Debug, thiserror::Error)]
pub enum EndArchivesError {
    /// The settings name no archive.
    #[error("the settings name no archive ([retention.archive])")]
    NotSet,
    /// It could not be recorded.
    #[error("it could not be recorded, so it was not done")]
    Unrecorded(#[from] LedgerError),
    /// The proof could not be made.
    #[error("the certificate could not be proven")]
    Proof(#[from] TrailError),
    /// The folder could not be read or changed.
    #[error("the archive at {} could not be changed", .place.display())]
    File {
        /// The folder.
        place: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// A store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store could not be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// The archives of a practice, those that end first first.
pub async fn archives(house: &House, practice: PracticeId) -> Result<Vec<ArchiveRow>, StoreError> {
    rows::all(&house.stores.keys, practice).await
}

/// Destroys every archive of a practice whose last day is past, of those who were destroyed. Not those of whom a legal hold covers,
/// and none whose file is not the one that was written: nothing is certified that was not done.
pub async fn end_archives(
    house: &House,
    practice: PracticeId,
    signing: &Signing,
    observer: &dyn TaskObserver,
) -> Result<Ended, EndArchivesError> {
    let set = house.retention.archive.as_ref().ok_or(EndArchivesError::NotSet)?;
    let failed = |error| EndArchivesError::File { place: set.folder.clone(), error };
    let (keys, identity) = (&house.stores.keys, &house.stores.identity);
    let today = crate::record::timezone(house, practice).await?.day_of(house.clock.now());
    // What only the folder knows is written down before it is touched, so that it is not lost half way.
    for name in in_folder(&set.folder, practice).map_err(failed)? {
        if name.ends_on < today
            && destroyed::destroyed_at(keys, practice, name.patient).await?.is_some()
            && rows::of_patient(keys, practice, name.patient).await?.iter().all(|row| row.ends_on != name.ends_on)
            && let Found::File(file) = name.find(&set.folder).map_err(failed)?
        {
            let row = known(house, &name, file.digest().map_err(failed)?);
            keys.commit(rows::put(Batch::new(), &row)).await?;
        }
    }
    observer.reached("archive_end_known");
    let over: Vec<ArchiveRow> =
        rows::all(keys, practice).await?.into_iter().filter(|row| row.ends_on < today).collect();
    let mut done = Ended::default();
    for (n, row) in over.iter().enumerate() {
        observer.progress(n as u64, over.len() as u64);
        // Of somebody who is there yet it is no archive, whatever lies under the name.
        if destroyed::destroyed_at(keys, practice, row.patient_id).await?.is_none() {
            continue;
        }
        let name = ArchiveName { practice, patient: row.patient_id, ends_on: row.ends_on };
        let (begun, ended) = (row.ending_at.is_some() && row.ended_at.is_none(), row.ended_at.is_some());
        let (file, whole) = match name.find(&set.folder).map_err(failed)? {
            Found::File(file) => {
                let whole = file.digest().map_err(failed)? == row.digest;
                (Some(file), whole)
            }
            Found::Nothing => (None, false),
            Found::Strange if ended => continue,
            Found::Strange => {
                done.tell_missing(row);
                continue;
            }
        };
        match file {
            None if ended => continue,
            // It was overwritten, which is durable before it is removed.
            None if row.overwritten_at.is_some() => {}
            // Half overwritten; or put back, by a copy of the folder from before.
            Some(_) if whole || begun || ended => {}
            None | Some(_) => {
                done.tell_missing(row);
                continue;
            }
        }
        // Before its first byte is overwritten a hold comes in time, also after a run that was cut off.
        let may_stay = whole && !ended;
        if may_stay && legal_holds::covers(identity, practice, row.patient_id).await? {
            keys.commit(rows::stay(Batch::new(), row)).await?;
            done.held += 1;
            continue;
        }
        let (actor, origin) = unattended(house, practice);
        let event = Event {
            patient: Some(row.patient_id),
            reason: Word::new("archive-is-over"),
            ..Event::done(Word::new("destroy_archive"), resource(Word::new("archive"), row.patient_id))
        };
        let receipt = house.record_as(actor, origin, event).await?;
        observer.reached("archive_end_recorded");
        if may_stay {
            keys.commit(rows::begin_end(Batch::new(), row, house.clock.now())).await?;
            observer.reached("archive_end_marked");
            // Whoever places a hold looks for the mark afterwards, so one of the two sees the other.
            if legal_holds::covers(identity, practice, row.patient_id).await? {
                keys.commit(rows::stay(Batch::new(), row)).await?;
                done.held += 1;
                continue;
            }
        }
        if let Some(file) = file {
            file.overwrite().map_err(failed)?;
            observer.reached("archive_overwritten");
            keys.commit(rows::overwritten(Batch::new(), row, house.clock.now())).await?;
        }
        observer.reached("archive_overwrite_marked");
        name.unlink(&set.folder).map_err(failed)?;
        observer.reached("archive_unlinked");
        if !ended {
            house.ledger.checkpoint().await?;
            let note = certify(house, row, receipt.seq(), signing).await?;
            keys.commit(rows::end(Batch::new(), row, house.clock.now(), Some(&note))).await?;
        }
        observer.reached("archive_certified");
        done.ended += 1;
    }
    Ok(done)
}

async fn certify(house: &House, row: &ArchiveRow, entry: u64, signing: &Signing) -> Result<String, EndArchivesError> {
    let proofs = Proofs::of(house, std::iter::once(entry), signing).await?;
    let said = ArchiveEnd {
        practice: row.practice_id,
        patient: row.patient_id,
        digest: HEXLOWER.encode(&row.digest),
        kept_until: row.ends_on,
        destroyed_at: house.clock.now(),
        method: METHOD.to_owned(),
        audit: proofs.proof(Some(entry)),
    };
    Ok(sign(ARCHIVE_ENDED, &said, signing))
}

/// What the certificate of an archive's end says, after the public key has vouched for it. Needs nothing else.
pub fn verify_archive_end(note: &str, key: &VerifierKey) -> Result<ArchiveEnd, CertificateError> {
    verified(ARCHIVE_ENDED, note, key, |said: &ArchiveEnd| said.audit.as_ref())
}
