//! The entries of several logs in the order of their time.

use super::Place;
use crate::trail::Logs;
use crypto::Key;
use domain::Timestamp;
use ledger::{BackendError, Entry, LogName, open_entry};
use std::collections::VecDeque;

/// Entries are read bundle by bundle, so that one that is damaged takes no other with it.
const AT_ONCE: u64 = 256;

/// A stretch of each log, still to be read.
pub(crate) struct Merge {
    sources: Vec<Source>,
    at_damage: AtDamage,
}

/// What is done with a bundle that cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AtDamage {
    /// Its log ends there for now: it is watched on from there when it can be read again. An entry that does not open is passed
    /// over: the index tells of it.
    Stop,
    /// The same, and at an entry that does not open too: who is told everything is told that something is missing.
    Halt,
    /// It is passed over: what is usual is learned from the rest.
    PassOver,
}

struct Source {
    log: LogName,
    seal: Key,
    next: u64,
    end: u64,
    waiting: VecDeque<(u64, Entry)>,
    failed: Option<BackendError>,
}

/// How far a log was read, and why no further.
pub(crate) struct Reached {
    pub(crate) log: LogName,
    pub(crate) next: u64,
    pub(crate) failed: Option<BackendError>,
}

impl Merge {
    /// Nothing to read yet.
    pub(crate) const fn new(at_damage: AtDamage) -> Self {
        Self { sources: Vec::new(), at_damage }
    }

    /// Adds a log from one entry up to before another.
    pub(crate) fn add(&mut self, logs: &dyn Logs, log: &LogName, from: u64, to: u64) {
        let (seal, waiting) = (logs.seal(log), VecDeque::new());
        self.sources.push(Source { log: log.clone(), seal, next: from, end: to, waiting, failed: None });
    }

    /// The next entry of all; none when all was read that can be. Those that do not open are left out: the index tells of
    /// them. Fails only where no log answers at present and nothing may be left out.
    pub(crate) fn next(&mut self, logs: &mut dyn Logs) -> Result<Option<(Place, Entry)>, BackendError> {
        for source in &mut self.sources {
            source.fill(logs, self.at_damage)?;
        }
        let earliest = self.sources.iter_mut().filter(|source| !source.waiting.is_empty());
        // Of equal times, the log that was added first.
        let earliest = earliest.min_by_key(|source| source.waiting.front().map(|(_, entry)| entry.at));
        Ok(earliest.and_then(|source| {
            let (seq, entry) = source.waiting.pop_front()?;
            Some((Place { log: source.log.clone(), seq }, entry))
        }))
    }

    /// How far each log was read, when there is no next entry.
    pub(crate) fn reached(self) -> Vec<Reached> {
        let reached = |source: Source| Reached { log: source.log, next: source.next, failed: source.failed };
        self.sources.into_iter().map(reached).collect()
    }
}

impl Source {
    fn fill(&mut self, logs: &mut dyn Logs, at_damage: AtDamage) -> Result<(), BackendError> {
        while self.waiting.is_empty() && self.next < self.end {
            let until = self.end.min((self.next / AT_ONCE + 1) * AT_ONCE);
            let read = logs.read(&self.log, self.next, usize::try_from(until - self.next).unwrap_or(1));
            match read.and_then(|sealed| if sealed.is_empty() { Err(missing(self.next)) } else { Ok(sealed) }) {
                Ok(sealed) => {
                    for (_, bytes) in (self.next..until).zip(&sealed) {
                        match open_entry(&self.seal, &self.log, self.next, bytes) {
                            Ok(entry) => self.waiting.push_back((self.next, entry)),
                            Err(_) if at_damage == AtDamage::Halt => {
                                self.failed = Some(unopened(self.next));
                                self.end = self.next;
                                return Ok(());
                            }
                            Err(_) => {}
                        }
                        self.next += 1;
                    }
                }
                // Its time was over before it was looked at, or learned from.
                Err(BackendError::Dropped { before }) if before > self.next => {
                    if at_damage != AtDamage::PassOver {
                        tracing::warn!(log = %self.log, from = self.next, before, "entries were dropped before they were watched");
                    }
                    self.next = before.min(self.end);
                }
                // A database that does not answer answers for no bundle: what was learned without it would be little.
                Err(error @ BackendError::Other(_)) if at_damage == AtDamage::PassOver => return Err(error),
                Err(error) => {
                    self.failed = Some(error);
                    match at_damage {
                        AtDamage::Stop | AtDamage::Halt => self.end = self.next,
                        AtDamage::PassOver => self.next = until,
                    }
                }
            }
        }
        Ok(())
    }
}

/// The first of the first `end` entries of a log that is not older than a moment; `end` when all are. Times of entries
/// hardly ever go back, so the log is halved until it is found. One that does not open or is not there may be of any time: where
/// nothing halts at it, reading begins too early, which does no harm.
pub(crate) fn first_since(
    logs: &mut dyn Logs,
    log: &LogName,
    end: u64,
    since: Timestamp,
    at_damage: AtDamage,
) -> Result<u64, BackendError> {
    let seal = logs.seal(log);
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        let sealed = match logs.read(log, middle, 1) {
            Ok(sealed) => sealed.into_iter().next(),
            Err(BackendError::Dropped { before }) if before > middle => {
                low = before.min(high);
                continue;
            }
            Err(error @ BackendError::Other(_)) => return Err(error),
            Err(error) if at_damage == AtDamage::Halt => return Err(error),
            Err(_) => None,
        };
        match sealed.and_then(|sealed| open_entry(&seal, log, middle, &sealed).ok()) {
            Some(entry) if entry.at < since => low = middle + 1,
            None if at_damage == AtDamage::Halt => return Err(unopened(middle)),
            _ => high = middle,
        }
    }
    Ok(low)
}

fn unopened(seq: u64) -> BackendError {
    BackendError::Damaged(format!("entry {seq} is missing or does not open"))
}

fn missing(seq: u64) -> BackendError {
    BackendError::Damaged(format!("entry {seq} is missing"))
}
