//! An audit trail whose index lags behind, or whose heads are not published yet, for as long as a test says so.

use domain::{PracticeId, Timestamp};
use ledger::{Entry, LogName, Word};
use practice::trail::{
    Activity, Head, Position, Proofs, Touches, Trail, TrailError, TrailFilter, TrailHealth, TrailPage, Whose,
};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, TrailError>> + Send + 'a>>;

/// What a trail is short of.
#[derive(Debug, Default)]
pub struct Lag {
    /// So many entries are not indexed.
    pub behind: AtomicU64,
    /// No log has a head.
    pub headless: AtomicBool,
}

/// A trail that is short of something.
pub(crate) struct Laggard<T> {
    pub(crate) trail: T,
    pub(crate) lag: Arc<Lag>,
}

impl<T: Trail> Trail for Laggard<T> {
    fn search<'a>(
        &'a self,
        practice: PracticeId,
        filter: &'a TrailFilter,
        before: Position,
        most: usize,
    ) -> Answer<'a, TrailPage> {
        Box::pin(async move {
            let mut page = self.trail.search(practice, filter, before, most).await?;
            page.health.behind += self.lag.behind.load(Ordering::SeqCst);
            Ok(page)
        })
    }

    fn actions(&self, practice: PracticeId) -> Answer<'_, Vec<Word>> {
        self.trail.actions(practice)
    }

    fn activity(&self, practice: PracticeId, from: Timestamp, to: Timestamp) -> Answer<'_, Vec<Activity>> {
        self.trail.activity(practice, from, to)
    }

    fn touches(&self, practice: PracticeId, whose: Whose, from: Timestamp, to: Timestamp) -> Answer<'_, Touches> {
        self.trail.touches(practice, whose, from, to)
    }

    fn heads(&self) -> Answer<'_, Vec<Head>> {
        if self.lag.headless.load(Ordering::SeqCst) {
            return Box::pin(async { Ok(Vec::new()) });
        }
        self.trail.heads()
    }

    fn prove(&self, heads: Vec<Head>, entries: Vec<(LogName, u64)>) -> Answer<'_, Proofs> {
        self.trail.prove(heads, entries)
    }

    fn read(&self, entries: Vec<(LogName, u64)>) -> Answer<'_, Vec<Option<Entry>>> {
        self.trail.read(entries)
    }

    fn health(&self) -> TrailHealth {
        self.trail.health()
    }
}
