//! Reading the audit trail back: who did what, for patients who ask and for those who watch over a practice.
//!
//! The trail has no index by patient: it is read from its end backwards, entry by entry, each opened with the seal key.
//! One question reads at most [`MOST_READ`] entries and says where it stopped, so that the next one can go on there.

mod log;
mod postgres;

pub use log::LogTrail;
pub use postgres::PostgresTrail;

use crate::House;
use domain::{AccountId, PatientId, PracticeId, Timestamp};
use ledger::{
    BackendError, Checkpoint, Entry, Hash, Outcome, ReadError, TileSource, VerifierKey, Word, inclusion_proof,
    leaf_hash,
};
use std::{ops::ControlFlow, sync::Arc};

/// Most entries that one question reads, whatever it finds.
pub const MOST_READ: u64 = 100_000;

/// The audit trail, as it can be read.
pub trait Trail: Send + Sync {
    /// Shows entries to `visit`, newest first, those before the sequence number `before` (all, when none is given), until
    /// it says to stop. May block.
    fn walk(&self, before: Option<u64>, visit: &mut dyn FnMut(u64, Entry) -> ControlFlow<()>)
    -> Result<(), TrailError>;

    /// The proof that an entry is in the log at its newest checkpoint; none when that does not cover it yet. May block.
    fn inclusion(&self, entry: u64, key: &VerifierKey) -> Result<Option<Inclusion>, TrailError>;
}

/// That an entry is in the log (RFC 6962).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// The hash of the sealed entry.
    pub leaf: Hash,
    /// The hashes beside the path from the leaf to the root, from below.
    pub path: Vec<Hash>,
    /// The signed checkpoint whose root they lead to.
    pub checkpoint: String,
}

/// Makes the proof from what every log has: the note, the sealed entry, the tiles.
pub fn prove<S>(
    note: Option<String>,
    key: &VerifierKey,
    entry: u64,
    sealed: Option<Vec<u8>>,
    tiles: &mut S,
) -> Result<Option<Inclusion>, TrailError>
where
    S: TileSource,
    S::Error: std::error::Error + Send + Sync + 'static,
{
    let Some((note, sealed)) = note.zip(sealed) else { return Ok(None) };
    let checkpoint = Checkpoint::open(&note, key).map_err(ReadError::from)?;
    if checkpoint.size <= entry {
        return Ok(None);
    }
    let path = inclusion_proof(entry, checkpoint.size, tiles).map_err(|error| BackendError::Other(Box::new(error)))?;
    Ok(Some(Inclusion { leaf: leaf_hash(&sealed), path, checkpoint: note }))
}

/// The proof that an entry is in the audit trail; see [`Trail::inclusion`].
pub(crate) async fn inclusion(house: &House, entry: u64, key: &VerifierKey) -> Result<Option<Inclusion>, TrailError> {
    let (trail, key) = (Arc::clone(&house.trail), key.clone());
    let read = tokio::task::spawn_blocking(move || trail.inclusion(entry, &key));
    read.await.map_err(|_| TrailError::CutOff)?
}

/// Why the trail was not read.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    /// The log cannot be read, or is damaged.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The work was cut off, since the server stops.
    #[error("reading the audit trail was cut off")]
    CutOff,
}

impl From<BackendError> for TrailError {
    fn from(error: BackendError) -> Self {
        Self::Read(error.into())
    }
}

/// Which entries. An empty filter wants all of a practice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrailFilter {
    /// About this patient.
    pub patient: Option<PatientId>,
    /// Of this account.
    pub actor: Option<AccountId>,
    /// Of anyone but this account.
    pub not_actor: Option<AccountId>,
    /// With this action.
    pub action: Option<Word>,
    /// That went so.
    pub outcome: Option<Outcome>,
    /// Not older than this.
    pub since: Option<Timestamp>,
    /// Not newer than this.
    pub until: Option<Timestamp>,
}

impl TrailFilter {
    fn wants(&self, practice: PracticeId, entry: &Entry) -> bool {
        entry.practice == Some(practice)
            && self.patient.is_none_or(|patient| entry.patient == Some(patient))
            && self.actor.is_none_or(|actor| entry.actor == Some(actor))
            && self.not_actor.is_none_or(|actor| entry.actor != Some(actor))
            && self.action.as_ref().is_none_or(|action| entry.action == *action)
            && self.outcome.is_none_or(|outcome| entry.outcome == outcome)
            && self.since.is_none_or(|since| entry.at >= since)
            && self.until.is_none_or(|until| entry.at <= until)
    }

    /// Entries stand in the order in which they were written, which is that of their times but for clocks that were set:
    /// an hour of grace.
    fn is_past(&self, entry: &Entry) -> bool {
        self.since.is_some_and(|since| since.as_second() - entry.at.as_second() > 3600)
    }
}

/// A stretch of the trail.
#[derive(Debug, Clone, Default)]
pub struct TrailPage {
    /// The entries that fit with their sequence numbers, newest first.
    pub entries: Vec<(u64, Entry)>,
    /// Where to go on; none when everything was read.
    pub next: Option<u64>,
}

/// The newest entries of a practice that fit, up to `limit`, those before the sequence number `before`. Whoever calls this
/// has a grant for it: the trail itself asks for none.
pub async fn newest(
    house: &House,
    practice: PracticeId,
    filter: TrailFilter,
    before: Option<u64>,
    limit: usize,
) -> Result<TrailPage, TrailError> {
    let trail = Arc::clone(&house.trail);
    let read = tokio::task::spawn_blocking(move || collect(&*trail, practice, &filter, before, limit));
    read.await.map_err(|_| TrailError::CutOff)?
}

fn collect(
    trail: &dyn Trail,
    practice: PracticeId,
    filter: &TrailFilter,
    before: Option<u64>,
    limit: usize,
) -> Result<TrailPage, TrailError> {
    let (mut page, mut read) = (TrailPage::default(), 0);
    trail.walk(before, &mut |seq, entry| {
        if filter.is_past(&entry) {
            return ControlFlow::Break(());
        }
        read += 1;
        if filter.wants(practice, &entry) {
            page.entries.push((seq, entry));
        }
        if seq > 0 && (page.entries.len() >= limit || read >= MOST_READ) {
            page.next = Some(seq);
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    Ok(page)
}
