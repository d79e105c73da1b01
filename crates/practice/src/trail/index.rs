//! The index of all logs, as it follows them.

mod answers;
mod forget;
mod whole;

use super::{
    IndexPlace, Logs, OldDropped, TrailError, TrailHealth,
    numbers::{Progress, Stretch},
    place::Opened,
};
use domain::Clock;
use ledger::{BackendError, LogName, open_entry};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::Db;
use tokio::runtime::Handle;

/// How long a reader waits for the index to catch up.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a server looks for new entries.
const TICK: Duration = Duration::from_millis(300);
/// How long a server that lags behind leaves the machine to others between two rounds.
const BREATH: Duration = Duration::from_millis(20);
/// How long it waits after an error.
const RECOVERY: Duration = Duration::from_secs(2);

/// An index of all logs of an installation. Cheap to clone; opened when it is first needed.
#[derive(Clone)]
pub struct AuditIndex(Arc<Shared>);

struct Shared {
    place: IndexPlace,
    clock: Arc<dyn Clock>,
    /// Used on threads that may block, and never while an entry is awaited.
    state: Mutex<State>,
    health: Mutex<TrailHealth>,
}

struct State {
    logs: Box<dyn Logs>,
    opened: Option<Opened>,
    progress: Option<Progress>,
    /// How much of each log was dropped, that is not in the index any more either.
    forgotten: HashMap<LogName, u64>,
    /// What lies there was found damaged.
    damaged: bool,
}

/// What a round did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Round {
    /// How many entries were indexed.
    pub indexed: u64,
    /// How many durable ones are still to come.
    pub behind: u64,
    /// How far each log is indexed.
    positions: HashMap<String, u64>,
}

impl AuditIndex {
    /// The index at this place, of these logs.
    pub fn new(place: IndexPlace, logs: impl Logs + 'static, clock: Arc<dyn Clock>) -> Self {
        let state =
            State { logs: Box::new(logs), opened: None, progress: None, forgotten: HashMap::new(), damaged: false };
        Self(Arc::new(Shared { place, clock, state: Mutex::new(state), health: Mutex::default() }))
    }

    /// Does something on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, TrailError> + Send + 'static,
    ) -> Result<T, TrailError> {
        let shared = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || work(&shared)).await.map_err(|_| TrailError::CutOff)?
    }

    /// Indexes some entries of each log. One that fails does not keep back the others; its error is told at the end.
    pub async fn round(&self) -> Result<Round, TrailError> {
        self.blocking(Shared::round).await
    }

    /// Keeps up with the logs, for as long as the server runs. What goes wrong is logged, counted and tried again.
    pub async fn follow(self) {
        loop {
            let pause = match self.round().await {
                Ok(Round { behind: 0, .. }) => TICK,
                Ok(_) => BREATH,
                Err(_) => RECOVERY,
            };
            tokio::time::sleep(pause).await;
        }
    }

    /// Waits until everything is indexed that is durable now, for a while.
    async fn catch_up(&self) {
        let reach = async {
            let mut wanted = HashMap::new();
            for (log, size) in self.blocking(|shared| Ok(shared.state().logs.sizes()?)).await? {
                wanted.insert(log, size?);
            }
            loop {
                let Round { positions, .. } = self.round().await?;
                let there = |log: &LogName| positions.get(log.as_str()).copied().unwrap_or(0);
                if wanted.iter().all(|(log, size)| there(log) >= *size) {
                    return Ok::<(), TrailError>(());
                }
            }
        };
        // Whatever comes of it, the health says how far it is.
        match tokio::time::timeout(PATIENCE, reach).await {
            Ok(Ok(())) | Err(_) => {}
            Ok(Err(_)) => self.0.health().failing = true,
        }
    }

    /// Asks the index something, on a thread that may block.
    async fn ask<T: Send + 'static, F: Future<Output = Result<T, TrailError>>>(
        &self,
        question: impl FnOnce(Db) -> F + Send + 'static,
    ) -> Result<T, TrailError> {
        self.blocking(move |shared| {
            let db = shared.state().db(shared)?;
            let answer = Handle::current().block_on(question(db));
            if answer.as_ref().is_err_and(TrailError::is_damage) {
                shared.state().give_up();
            }
            answer
        })
        .await
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            // Nobody knows what the last batch came to.
            let mut state = PoisonError::into_inner(poisoned);
            state.progress = None;
            state
        })
    }

    fn health(&self) -> MutexGuard<'_, TrailHealth> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn round(&self) -> Result<Round, TrailError> {
        let mut state = self.state();
        let (round, unreadable) = state.round(self);
        drop(state);
        let mut health = self.health();
        let before = *health;
        health.unreadable = unreadable.unwrap_or(health.unreadable);
        health.failing = round.is_err();
        match &round {
            Ok(round) => {
                health.behind = round.behind;
                metrics::counter!("patella_audit_index_entries_total").increment(round.indexed);
                if before.failing {
                    tracing::info!("the audit trail is indexed again");
                }
            }
            Err(error) => {
                metrics::counter!("patella_audit_index_failures_total").increment(1);
                if !before.failing {
                    tracing::error!(error = %chain(error), "the audit trail is not indexed");
                }
            }
        }
        if health.unreadable > before.unreadable {
            let entries = health.unreadable;
            tracing::error!(entries, "entries of the audit trail cannot be opened: run `patella audit verify`");
        }
        metrics::gauge!("patella_audit_index_behind").set(health.behind as f64);
        metrics::gauge!("patella_audit_index_failing").set(f64::from(u8::from(health.failing)));
        metrics::gauge!("patella_audit_index_unreadable").set(health.unreadable as f64);
        round
    }
}

/// An error and its sources, one after the other. None of ours holds a value (law 9).
fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |cause| cause.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl State {
    /// The index, which is opened where it is not.
    fn db(&mut self, shared: &Shared) -> Result<Db, TrailError> {
        if let Some(opened) = &self.opened {
            return Ok(opened.db.clone());
        }
        if self.damaged {
            tracing::warn!("the index of the audit trail is damaged, and made again");
            shared.place.remove()?;
            self.damaged = false;
        }
        let opening = shared.place.open(&mut *self.logs, &*shared.clock);
        let opened = Handle::current().block_on(opening)?;
        let db = opened.db.clone();
        self.opened = Some(opened);
        Ok(db)
    }

    /// Lets a damaged index go: the next one who needs it makes it again.
    fn give_up(&mut self) {
        (self.opened, self.progress, self.damaged) = (None, None, true);
        self.forgotten.clear();
    }

    /// A round, and how many entries cannot be opened where that is known.
    fn round(&mut self, shared: &Shared) -> (Result<Round, TrailError>, Option<u64>) {
        let done = self.try_round(shared);
        if done.as_ref().is_err_and(TrailError::is_damage) {
            self.give_up();
        }
        let unreadable = self.progress.as_ref().map(Progress::unreadable);
        (done, unreadable)
    }

    fn try_round(&mut self, shared: &Shared) -> Result<Round, TrailError> {
        let db = self.db(shared)?;
        let runtime = Handle::current();
        // Taken away until the batch is stored: if it is not, all is read anew.
        let mut progress = match self.progress.take() {
            Some(progress) => progress,
            None => runtime.block_on(Progress::of(&db))?,
        };
        let (mut stretches, mut behind, mut failure, mut dropped) = (Vec::new(), 0, None, None);
        for (log, size) in self.logs.sizes()? {
            match self.forget(&db, &progress, &log) {
                Ok(gone) => dropped = dropped.max(gone),
                Err(error) => failure = Some(error),
            }
            let from = progress.next(&log);
            let size = size.unwrap_or_else(|error| {
                failure = Some(error.into());
                0
            });
            if from >= size {
                continue;
            }
            let mut missing = size - from;
            match self.stretch(&log, from, shared.place.at_once()) {
                Ok(stretch) => {
                    // More than were asked for, where the log grew meanwhile.
                    missing = size.saturating_sub(stretch.from + stretch.entries.len() as u64);
                    stretches.push(stretch);
                }
                Err(error) => failure = Some(error),
            }
            behind += missing;
        }
        let indexed = stretches.iter().map(|stretch| stretch.entries.len() as u64).sum();
        if indexed > 0 {
            let batch = runtime.block_on(progress.batch(&db, &stretches))?;
            runtime.block_on(db.commit(batch))?;
        }
        let positions = progress.positions();
        self.progress = Some(progress);
        shared.health().dropped = dropped;
        match failure {
            Some(error) => {
                shared.health().behind = behind;
                Err(error)
            }
            None => Ok(Round { indexed, behind, positions }),
        }
    }

    /// Removes from the index what was dropped from a log. Says when the newest of it was.
    fn forget(&mut self, db: &Db, progress: &Progress, log: &LogName) -> Result<Option<OldDropped>, TrailError> {
        let Some(gone) = self.logs.dropped(log)? else { return Ok(None) };
        if self.forgotten.get(log) != Some(&gone.before) {
            if let Some(number) = progress.number(log) {
                Handle::current().block_on(forget::dropped(db, number, &gone))?;
            }
            self.forgotten.insert(log.clone(), gone.before);
        }
        Ok(Some(OldDropped { until: gone.newest, years: gone.years }))
    }

    fn stretch(&mut self, log: &LogName, mut from: u64, most: usize) -> Result<Stretch, TrailError> {
        let sealed = match self.logs.read(log, from, most) {
            // It was dropped before it came into this index.
            Err(BackendError::Dropped { before }) => {
                from = before;
                self.logs.read(log, from, most)?
            }
            read => read?,
        };
        let Some(last) = sealed.last().cloned() else {
            return Err(BackendError::Damaged(format!("entry {from} is missing")).into());
        };
        let key = self.logs.seal(log);
        let open = |(seq, bytes): (u64, &Vec<u8>)| open_entry(&key, log, seq, bytes).ok();
        let entries = (from..).zip(&sealed).map(open).collect();
        Ok(Stretch { log: log.clone(), from, entries, last })
    }
}
