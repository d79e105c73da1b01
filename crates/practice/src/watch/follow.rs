//! Follows all logs, lets the rules look at each entry, and stores what they find, each once.
//!
//! How far each log was watched is stored in the transaction that stores the alerts: killed anywhere, the next round goes on
//! behind the last alert that is there, and finds again what is not. What the rules remember is in memory alone, and learned
//! from the ledger when it is missing; nothing is told meanwhile, for all that lies behind was looked at before. A log of
//! which a part cannot be read is watched up to there, counted, and keeps back no other one.
//!
//! Of several servers over the same stores one watches. The others see that the place moves on without them, and take over
//! when it does not.

mod answering;
mod pending;
mod reach;

use super::{
    Place, PracticeWatch, Settings,
    baseline::{LAG, REACH},
    merge::{AtDamage, Merge, Reached, first_since},
};
use crate::{
    House,
    trail::{Logs, TrailError},
};
use answering::Answering;
use domain::{PracticeId, TaskObserver, Timestamp, Timezone};
use ledger::{Entry, LogName};
use pending::{Move, Pending};
pub(crate) use reach::readable;
use reach::{behind, place_of, tell};
use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry as Slot},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::{
    Batch, CommitError, StoreError,
    rows::{alerts::AlertRow, practices, watching},
};
use tokio::runtime::Handle;

/// How often a server looks for new entries: far more often than within the ten seconds in which an alert is to be there.
const TICK: Duration = Duration::from_millis(300);
/// How long it waits after an error.
const RECOVERY: Duration = Duration::from_secs(2);
/// How many entries of a log a round looks at.
const AT_ONCE: u64 = 2_000;
/// Seconds after which a server takes over from one that does not go on.
const TAKEOVER: i64 = 5;
/// Days of the past that the rules learn from: what is usual reaches that far back.
const LEARNED_DAYS: i64 = (LAG + REACH + 30) as i64;

/// The steps of a round that are durable.
pub const STEPS: &[&str] = &["looked", "stored", "answered"];

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WatchRound {
    /// How many entries were looked at.
    pub looked_at: u64,
    /// How many durable ones that can be read are still to come.
    pub behind: u64,
    /// How many alerts were stored.
    pub alerts: u64,
    /// How many logs could not be read on: their next entry is missing, damaged, or not to be had now.
    pub unreadable: u64,
    /// Another server watches.
    pub standing_by: bool,
}

/// Why a round was not finished. The next one begins where it stands.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// A log could not be read.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// The identity store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was found could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// What follows from an alert could not be recorded, so it was not done.
    #[error(transparent)]
    Ledger(#[from] ledger::LedgerError),
}

impl From<ledger::BackendError> for FollowError {
    fn from(error: ledger::BackendError) -> Self {
        Self::Trail(error.into())
    }
}

/// Watches over all practices of a server.
pub struct Follower {
    house: Arc<House>,
    observer: Arc<dyn TaskObserver>,
    /// Used on threads that may block.
    state: Mutex<State>,
}

struct State {
    logs: Box<dyn Logs>,
    memory: Option<Memory>,
    /// Logs that could not be read on in the last round.
    unreadable: BTreeMap<String, String>,
    /// How far the other server was, and since when.
    other: Option<(Vec<(String, u64)>, Timestamp)>,
}

/// What the rules remember, and up to where.
struct Memory {
    places: HashMap<String, u64>,
    practices: HashMap<PracticeId, PracticeWatch>,
    pending: Option<Pending>,
    answering: Answering,
}

impl Follower {
    /// Follows these logs.
    pub fn new(house: Arc<House>, logs: Box<dyn Logs>, observer: Arc<dyn TaskObserver>) -> Self {
        Self {
            house,
            observer,
            state: Mutex::new(State { logs, memory: None, unreadable: BTreeMap::new(), other: None }),
        }
    }

    /// Keeps up with the logs for as long as the server runs. What goes wrong is logged, counted and tried again.
    pub async fn follow(self) {
        let this = Arc::new(self);
        let mut failing = false;
        loop {
            let pause = match this.round().await {
                Ok(round) => {
                    failing = false;
                    metrics::gauge!("patella_watch_behind").set(round.behind as f64);
                    metrics::gauge!("patella_watch_unreadable").set(round.unreadable as f64);
                    metrics::counter!("patella_alerts_total").increment(round.alerts);
                    if round.behind > 0 && round.looked_at > 0 { Duration::ZERO } else { TICK }
                }
                Err(error) => {
                    metrics::counter!("patella_watch_failures_total").increment(1);
                    if !failing {
                        tracing::error!(%error, "the audit trail is not watched");
                    }
                    failing = true;
                    RECOVERY
                }
            };
            metrics::gauge!("patella_watch_failing").set(f64::from(u8::from(failing)));
            tokio::time::sleep(pause).await;
        }
    }

    /// Looks at what is durable now, as far as one round goes.
    pub async fn round(self: &Arc<Self>) -> Result<WatchRound, FollowError> {
        let this = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || this.blocking_round()).await;
        done.map_err(|_| TrailError::CutOff)?
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| {
            // Nobody knows what the rules have seen.
            let mut state = PoisonError::into_inner(poisoned);
            state.memory = None;
            state
        })
    }

    fn blocking_round(&self) -> Result<WatchRound, FollowError> {
        let mut state = self.state();
        let State { logs, memory, unreadable, other } = &mut *state;
        let logs = logs.as_mut();
        let runtime = Handle::current();
        let db = &self.house.stores.identity;
        // A log that cannot be read now keeps back no other one.
        let mut failed = BTreeMap::new();
        let sizes = readable(logs, &mut failed)?;
        let stored = runtime.block_on(watching::logs(db, watching::WATCH))?;
        if memory.as_ref().is_some_and(|memory| !memory.stands_at(&stored)) {
            *memory = None;
            *other = Some((stored.clone(), self.house.clock.now()));
        }
        let behind = behind(&sizes, |log| place_of(&stored, log));
        if let Some((seen, since)) = other {
            let now = self.house.clock.now();
            if behind == 0 || *seen != stored {
                (*seen, *since) = (stored, now);
                return Ok(WatchRound { behind, standing_by: true, ..WatchRound::default() });
            }
            if now.as_second() - since.as_second() < TAKEOVER {
                return Ok(WatchRound { behind, standing_by: true, ..WatchRound::default() });
            }
            *other = None;
        }
        if stored.is_empty() {
            // The first time: what lies behind is learned from and not told.
            let batch = sizes
                .iter()
                .fold(Batch::new(), |batch, (log, size)| watching::begin(batch, watching::WATCH, log.as_str(), *size));
            match runtime.block_on(db.commit(batch)) {
                // Another server began at the same moment.
                Ok(()) | Err(CommitError::Duplicate { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            return Ok(WatchRound::default());
        }
        if memory.is_none() {
            *memory = Some(self.learn(logs, &sizes, &stored)?);
        }
        let Some(remembered) = memory else { return Ok(WatchRound::default()) };
        if remembered.pending.is_none() && behind > 0 {
            // Taken away while the rules look: if reading fails half-way, they have seen what is looked at again.
            let mut taken = match memory.take() {
                Some(taken) => taken,
                None => return Ok(WatchRound::default()),
            };
            taken.pending = Some(self.look(logs, &mut taken, &sizes, &mut failed)?);
            self.observer.reached(STEPS[0]);
            *memory = Some(taken);
        }
        tell(unreadable, failed);
        let Some(remembered) = memory else { return Ok(WatchRound::default()) };
        let unreadable = unreadable.len() as u64;
        let mut round = WatchRound { behind, unreadable, ..WatchRound::default() };
        if let Some(pending) = &remembered.pending {
            match pending.store(&self.house) {
                Ok(()) => {}
                Err(FollowError::Commit(CommitError::Conflict { .. } | CommitError::Duplicate { .. })) => {
                    *memory = None;
                    *other = Some((stored, self.house.clock.now()));
                    return Ok(WatchRound { standing_by: true, ..round });
                }
                Err(error) => return Err(error),
            }
            (round.looked_at, round.behind) = (pending.looked_at, pending.behind);
            round.alerts = pending.alerts.len() as u64;
            for Move { log, to, .. } in &pending.moves {
                remembered.places.insert(log.clone(), *to);
            }
            remembered.answering.add(pending.alerts.iter().map(|(row, _)| row));
            remembered.pending = None;
            self.observer.reached(STEPS[1]);
        }
        if remembered.answering.act(&self.house)? {
            self.observer.reached(STEPS[2]);
        }
        Ok(round)
    }

    /// Lets the rules see again what was watched before, and tells nothing.
    fn learn(
        &self,
        logs: &mut dyn Logs,
        sizes: &[(LogName, u64)],
        stored: &[(String, u64)],
    ) -> Result<Memory, FollowError> {
        let since = Duration::from_secs(LEARNED_DAYS.unsigned_abs() * 86_400);
        let since = self.house.clock.now().checked_sub(since).unwrap_or(Timestamp::MIN);
        let mut merge = Merge::new(AtDamage::PassOver);
        for (log, _) in sizes {
            let Some(end) = place_of(stored, log) else { continue };
            let from = first_since(logs, log, end, since, AtDamage::PassOver)?;
            merge.add(logs, log, from, end);
        }
        let mut practices = HashMap::new();
        while let Some((place, entry)) = merge.next(logs)? {
            if let Some(watch) = self.watch_of(&mut practices, &entry)? {
                watch.look(&place, &entry);
            }
        }
        for Reached { log, failed, .. } in merge.reached() {
            if let Some(error) = failed {
                tracing::warn!(%error, %log, "the watch learned what is usual without a part of a log");
            }
        }
        let answering = Handle::current().block_on(Answering::left_behind(&self.house))?;
        Ok(Memory { places: stored.iter().cloned().collect(), practices, pending: None, answering })
    }

    /// The watch of an entry's practice; none for what is of no practice.
    fn watch_of<'w>(
        &self,
        practices: &'w mut HashMap<PracticeId, PracticeWatch>,
        entry: &Entry,
    ) -> Result<Option<&'w mut PracticeWatch>, FollowError> {
        let Some(practice) = entry.practice else { return Ok(None) };
        Ok(match practices.entry(practice) {
            Slot::Occupied(there) => Some(there.into_mut()),
            Slot::Vacant(free) => {
                let set = self.set_by(practice)?;
                set.map(|(zone, settings)| free.insert(PracticeWatch::new(zone, settings)))
            }
        })
    }

    /// What a practice set; none for one that is not there.
    fn set_by(&self, practice: PracticeId) -> Result<Option<(Timezone, Settings)>, FollowError> {
        let db = &self.house.stores.identity;
        let runtime = Handle::current();
        let Some(row) = runtime.block_on(practices::by_id(db, practice))? else { return Ok(None) };
        let zone = Timezone::new(&row.timezone).map_err(|_| StoreError::Column { index: 2, wanted: "a time zone" })?;
        let rows = runtime.block_on(watching::settings(db, practice))?;
        let settings = Settings::stored(rows.iter().map(|row| (row.name.as_str(), row.value.as_str())));
        Ok(Some((zone, settings)))
    }

    /// Lets the rules look at the next entries of each log, as far as they can be read.
    fn look(
        &self,
        logs: &mut dyn Logs,
        memory: &mut Memory,
        sizes: &[(LogName, u64)],
        unreadable: &mut BTreeMap<String, String>,
    ) -> Result<Pending, FollowError> {
        for (practice, watch) in &mut memory.practices {
            if let Some((zone, settings)) = self.set_by(*practice)? {
                watch.set(zone, settings);
            }
        }
        let mut merge = Merge::new(AtDamage::Stop);
        for (log, size) in sizes {
            // A log that came later is watched from its beginning.
            let from = memory.places.get(log.as_str()).copied().unwrap_or(0);
            let to = (*size).min(from.saturating_add(AT_ONCE));
            if from < to {
                merge.add(logs, log, from, to);
            }
        }
        let found_at = self.house.clock.now();
        let mut alerts: Vec<(AlertRow, Vec<Place>)> = Vec::new();
        while let Some((place, entry)) = merge.next(logs)? {
            if let Some(moved) = answering::moved(&entry) {
                // A session in which something is to be done may have gone on under another id before it is.
                memory.answering.follow(entry.practice, moved);
                let here = alerts.iter_mut().map(|(row, _)| row).filter(|row| Some(row.practice_id) == entry.practice);
                for row in here.filter(|row| row.login_session_id == Some(moved.0)) {
                    row.login_session_id = Some(moved.1);
                }
            }
            let Some(watch) = self.watch_of(&mut memory.practices, &entry)? else { continue };
            for finding in watch.look(&place, &entry) {
                let answer = watch.settings().answer(finding.rule);
                // Only to whom the alert is about, in their session: what was tried from outside has none.
                let theirs = finding.who.is_some() && finding.who == entry.actor;
                let done = answer.is_done_to_somebody() && theirs;
                let session = if done { answering::session_after(&entry) } else { None };
                alerts.push((pending::row(&finding, answer, session, found_at), finding.entries));
            }
        }
        let (mut moves, mut looked_at, mut behind) =
            (Vec::new(), 0, behind(sizes, |log| memory.places.get(log.as_str()).copied()));
        for Reached { log, next, failed } in merge.reached() {
            let from = memory.places.get(log.as_str()).copied();
            let read = next - from.unwrap_or(0);
            looked_at += read;
            behind -= read;
            if let Some(error) = failed {
                let size = sizes.iter().find(|(name, _)| *name == log).map_or(next, |(_, size)| *size);
                behind -= size - next;
                unreadable.insert(log.to_string(), error.to_string());
            }
            if read > 0 {
                moves.push(Move { log: log.as_str().to_owned(), from, to: next });
            }
        }
        Ok(Pending { alerts, moves, looked_at, behind })
    }
}

impl Memory {
    fn stands_at(&self, stored: &[(String, u64)]) -> bool {
        stored.len() == self.places.len() && stored.iter().all(|(log, at)| self.places.get(log) == Some(at))
    }
}
