//! Old segments of the audit trail: recorded, noted, overwritten, removed. Their hashes stay.
//!
//! The note in the log is the point of no return: before it nothing is gone, after it the same command comes to the same end. It
//! is never taken back, for a server that runs beside this forgets at once what it names.
//! A log holds the entries of all practices, and of everybody whom a hold may concern. So one hold, of whatever practice and
//! whomever it covers, keeps all segments.

use crate::{
    Actor, Event, House,
    trail::{self, TrailError},
};
use crypto::{Key, Signer};
use domain::{RequestId, TaskObserver, retention::kept_since};
use identity::Origin;
use ledger::{
    BackendError, CheckpointError, Dropped, FindError, LedgerError, LogName, Old, Recorded, SEGMENT, Segments,
    VerifierKey, Word, find_old,
};
use store::{StoreError, rows::legal_holds};

/// Every durable transition of the dropping of segments, in order. The third is gone through again and again.
pub const DROP_STEPS: &[&str] =
    &["audit_drop_recorded", "audit_drop_noted", "audit_segments_destroyed", "audit_dropped"];

/// Segments that are destroyed before the next transition.
const AT_ONCE: usize = 8;

/// A log whose old segments may go.
pub struct OldLog {
    /// Its name.
    pub log: LogName,
    /// Opens its entries.
    pub seal: Key,
    /// Signs its notes.
    pub signer: Signer,
    /// Where its segments are.
    pub segments: Box<dyn Segments>,
}

/// What came of a log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedSegments {
    /// Its name.
    pub log: LogName,
    /// What is old, and was dropped unless something is held or it was only looked for. None when nothing more is old.
    pub old: Option<Old>,
    /// Entries that went in this run.
    pub entries: u64,
    /// A legal hold is in force, so nothing went.
    pub held: bool,
    /// What was dropped of it, then and now.
    pub dropped: Option<Dropped>,
}

/// Why segments were not dropped, or not to the end. Starting again goes on.
#[derive(Debug, thiserror::Error)]
pub enum DropSegmentsError {
    /// What is old could not be found out.
    #[error("what is old in the log {log} could not be found out")]
    Find {
        /// The log.
        log: LogName,
        #[source]
        /// Why.
        source: FindError,
    },
    /// A note of an earlier time is not to be trusted.
    #[error("the note of what was dropped from the log {log} cannot be trusted")]
    Note {
        /// The log.
        log: LogName,
        #[source]
        /// Why.
        source: CheckpointError,
    },
    /// The log could not be read or changed.
    #[error("the log {log} could not be changed")]
    Segments {
        /// The log.
        log: LogName,
        #[source]
        /// Why.
        source: BackendError,
    },
    /// It could not be recorded.
    #[error("it could not be recorded, so it was not done")]
    Unrecorded(#[from] LedgerError),
    /// The entry could not be proven.
    #[error("the entry that records it could not be proven")]
    Proof(#[from] TrailError),
    /// The newest checkpoint does not cover the entry.
    #[error("the entry that records it is not signed yet: try again")]
    Unsigned,
    /// Whether anything is held could not be found out.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Drops the segments of these logs in which every entry has been kept for as many years as the settings say. They are recorded
/// in the log of this process, whose key is `recorder`; where it is among the logs, it comes last, for it holds the entries that
/// vouch for the others. With `only_look`, nothing is recorded and nothing goes.
pub async fn drop_segments(
    house: &House,
    mut logs: Vec<OldLog>,
    recorder: &VerifierKey,
    only_look: bool,
    observer: &dyn TaskObserver,
) -> Result<Vec<DroppedSegments>, DropSegmentsError> {
    logs.sort_by_key(|old| old.log == *recorder.name());
    let mut done: Vec<DroppedSegments> = Vec::new();
    for old in logs {
        let own = old.log == *recorder.name();
        // The entries that say what went of the other logs are needed for as long as nothing newer says it.
        let vouching = done.iter().filter_map(|one| one.dropped.as_ref()).map(|dropped| &dropped.recorded);
        let vouching = vouching.filter(|recorded| own && recorded.log == recorder.name().as_str());
        let below = vouching.map(|recorded| recorded.entry).min().unwrap_or(u64::MAX);
        let mut dropping =
            Dropping { house, recorder, key: VerifierKey::new(old.log.clone(), old.signer.public()), old };
        done.push(dropping.run(below, only_look, observer).await?);
    }
    Ok(done)
}

struct Dropping<'d> {
    house: &'d House,
    recorder: &'d VerifierKey,
    key: VerifierKey,
    old: OldLog,
}

impl Dropping<'_> {
    fn failed(&self) -> impl Fn(BackendError) -> DropSegmentsError + use<> {
        let log = self.old.log.clone();
        move |source| DropSegmentsError::Segments { log: log.clone(), source }
    }

    async fn held(&self) -> Result<bool, StoreError> {
        legal_holds::any(&self.house.stores.identity).await
    }

    async fn run(
        &mut self,
        below: u64,
        only_look: bool,
        observer: &dyn TaskObserver,
    ) -> Result<DroppedSegments, DropSegmentsError> {
        let (failed, years) = (self.failed(), self.house.retention.audit_years);
        let before = self.old.segments.dropped().map_err(&failed)?;
        let dropped = before.as_ref().map(|note| Dropped::open(note, &self.key)).transpose();
        let dropped = dropped.map_err(|source| DropSegmentsError::Note { log: self.old.log.clone(), source })?;
        let older_than = kept_since(self.house.clock.now(), years);
        let old = find_old(&mut *self.old.segments, &self.old.seal, &self.key, older_than, below)
            .map_err(|source| DropSegmentsError::Find { log: self.old.log.clone(), source })?;
        let held = self.held().await?;
        let mut done = DroppedSegments { log: self.old.log.clone(), old, entries: 0, held, dropped };
        if held || only_look {
            return Ok(done);
        }
        if let Some(found) = old {
            let Some((said, note)) = self.note(found, years, observer).await? else {
                return Ok(DroppedSegments { held: true, ..done });
            };
            self.old.segments.put_note(&note).map_err(&failed)?;
            observer.reached(DROP_STEPS[1]);
            done.dropped = Some(said);
        }
        // What an earlier run that was cut off left is destroyed as well.
        let gone = done.dropped.as_ref().map_or(0, |dropped| dropped.before);
        let left = self.old.segments.left(gone).map_err(&failed)?;
        for (n, some) in left.chunks(AT_ONCE).enumerate() {
            observer.progress((n * AT_ONCE) as u64, left.len() as u64);
            self.old.segments.destroy(some).map_err(&failed)?;
            observer.reached(DROP_STEPS[2]);
        }
        done.entries = left.len() as u64 * SEGMENT;
        if done.entries > 0 {
            observer.reached(DROP_STEPS[3]);
        }
        Ok(done)
    }

    /// Records what is to go, and makes the note that says so and proves that it was recorded. None when a hold was placed
    /// meanwhile, which is recorded too.
    async fn note(
        &self,
        found: Old,
        years: u8,
        observer: &dyn TaskObserver,
    ) -> Result<Option<(Dropped, String)>, DropSegmentsError> {
        let house = self.house;
        let said = Dropped::said(&self.old.log, found.before, years);
        let (action, resource, reason) = said.expect("a number, a digest and words are an entry's");
        let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
        let refused = Event::refused(action.clone(), resource.clone(), Word::new("legal-hold"));
        let event = Event { reason, ..Event::done(action, resource) };
        let entry = house.record_as(Actor::default(), origin, event).await?.seq();
        observer.reached(DROP_STEPS[0]);
        // A hold that was placed before this is seen. One that comes later came after the trail said that these go.
        if self.held().await? {
            house.record_as(Actor::default(), origin, refused).await?;
            return Ok(None);
        }
        house.ledger.checkpoint().await?;
        let proofs = trail::inclusions(house, &[entry], self.recorder).await?;
        let proof = proofs.get(&entry).ok_or(DropSegmentsError::Unsigned)?;
        let recorded = Recorded::new(self.recorder.name(), entry, proof.leaf, &proof.path, proof.checkpoint.clone());
        let Old { before, newest } = found;
        let dropped = Dropped { before, newest, years, at: house.clock.now(), recorded };
        let note = dropped.sign(&self.old.log, &self.old.signer);
        Ok(Some((dropped, note)))
    }
}
