//! What all rotations share: how they are recorded, paced, waited for and what can stop them.

use crate::{Actor, Event, House};
use domain::{PatientId, PracticeId, RequestId, TaskObserver, Timestamp};
use identity::Origin;
use jiff::SignedDuration;
use ledger::{LedgerError, Outcome, Receipt, Resource, Word};
use phi::KeyError;
use std::time::{Duration, Instant};
use store::{Batch, CommitError, StoreError, rows::rotations::RotationRow};

/// How long a rotation waits for requests that began before a step of it: many times what a request may take.
pub const USUAL_GRACE: SignedDuration = SignedDuration::from_secs(120);

/// How often the last sweep is done again when it found something under an old version.
pub(super) const SWEEPS: usize = 5;

/// How many rows or keys one transaction changes at most.
const BATCH: u32 = 200;

/// How hard a rotation works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Rests as long after each batch as the batch took: requests keep their speed.
    Gentle,
    /// As fast as it goes: for a server that is stopped.
    Full,
}

/// A rotation that is being done: on what, how fast, and who looks on.
pub struct Rotation<'a> {
    /// The house.
    pub house: &'a House,
    /// Who looks on.
    pub observer: &'a dyn TaskObserver,
    /// How hard it works.
    pub pace: Pace,
    /// How long requests that began before a step are waited for: after new keys are made, before the first row is sealed
    /// under them; after the last row is, before old keys are removed. More than a request may take where a server runs.
    /// [`USUAL_GRACE`].
    pub grace: SignedDuration,
}

/// What a rotation did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rotated {
    /// Keys that were made.
    pub made: u64,
    /// Patients' keys that were wrapped anew.
    pub rewrapped: u64,
    /// Rows that were sealed anew.
    pub resealed: u64,
}

impl Rotated {
    /// Both together.
    pub const fn and(self, other: Self) -> Self {
        Self {
            made: self.made + other.made,
            rewrapped: self.rewrapped + other.rewrapped,
            resealed: self.resealed + other.resealed,
        }
    }
}

/// Why a rotation stopped. What was done stays, the old keys still open everything else, and the same command goes on.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// It could not be recorded, so it was not done.
    #[error("the audit trail cannot be written")]
    Unrecorded(#[from] LedgerError),
    /// A key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store took nothing.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// Stored values did not open; the old versions of the key stay, in case they are needed to mend them.
    #[error(
        "{count} stored values did not open, so the old key versions stay; `patella keys verify --deep` names them"
    )]
    Unopened {
        /// How many.
        count: u64,
    },
    /// There is no such patient, or their key was destroyed.
    #[error("there is no such patient, or their key was destroyed")]
    NoPatient,
    /// Another rotation of patients' keys has not ended.
    #[error("another rotation of patients' keys has not ended; go on with it first: {which}")]
    Another {
        /// How to go on with it.
        which: String,
    },
    /// Charges that are sealed under the old keys have not reached the billing store.
    #[error("{count} charges are on their way to the billing store; is it away?")]
    OnTheWay {
        /// How many.
        count: u64,
    },
    /// New rows kept coming under the old key although the new one was there: a program with other settings runs.
    #[error("the old version is still being used; is a server of an older release running?")]
    StillUsed,
}

impl Rotation<'_> {
    pub(super) async fn record(
        &self,
        practice: Option<PracticeId>,
        patient: Option<PatientId>,
        action: Word,
    ) -> Result<Receipt, RotateError> {
        // A billing branch is recorded under its practice; its accounts are named nowhere.
        let branch = practice.and_then(phi::practice_of_branch);
        let patient = patient.filter(|_| branch.is_none());
        let actor = Actor { practice: branch.or(practice), ..Actor::default() };
        let origin = Origin { address: None, request: RequestId::random(&*self.house.rng) };
        let resource = Resource::whole(Word::new("key"));
        let reason = Word::new("command-line");
        let event = Event { action, resource, patient, outcome: Outcome::Allowed, reason };
        Ok(self.house.record_as(actor, origin, event).await?)
    }

    /// How many rows or keys come at once.
    pub(super) const fn batch(&self) -> u32 {
        BATCH
    }

    /// Stores in the key store.
    pub(super) async fn commit(&self, batch: Batch) -> Result<(), RotateError> {
        Ok(self.house.stores.keys.commit(batch).await?)
    }

    /// Writes down how far it is.
    pub(super) async fn save(&self, row: &RotationRow) -> Result<(), RotateError> {
        self.commit(store::rows::rotations::save_rotation(Batch::new(), row)).await
    }

    /// The beginning of a batch: its rest is as long as its work.
    pub(super) fn begin(&self) -> Instant {
        Instant::now()
    }

    /// Rests after a batch that began at this instant.
    pub(super) async fn rest(&self, began: Instant) {
        match self.pace {
            Pace::Gentle => tokio::time::sleep(began.elapsed().max(Duration::from_millis(1))).await,
            Pace::Full => tokio::task::yield_now().await,
        }
    }

    /// Waits until the grace after a moment is over.
    pub(super) async fn settle(&self, since: Timestamp) {
        loop {
            let waited = self.house.clock.now().duration_since(since);
            let Ok(left) = Duration::try_from(self.grace - waited) else { return };
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.min(Duration::from_secs(1))).await;
        }
    }
}
