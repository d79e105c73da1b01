//! The entries of several logs in the order of their time.

use super::Place;
use crate::trail::Logs;
use crypto::Key;
use domain::Timestamp;
use ledger::{BackendError, Entry, LogName, open_entry};
use std::collections::VecDeque;

/// How many entries of a log are read at once.
const AT_ONCE: usize = 512;

/// A stretch of each log, still to be read.
#[derive(Default)]
pub(super) struct Merge(Vec<Source>);

struct Source {
    log: LogName,
    seal: Key,
    next: u64,
    end: u64,
    waiting: VecDeque<(u64, Entry)>,
}

impl Merge {
    /// Adds a log from one entry up to before another.
    pub(super) fn add(&mut self, logs: &dyn Logs, log: &LogName, from: u64, to: u64) {
        let seal = logs.seal(log);
        self.0.push(Source { log: log.clone(), seal, next: from, end: to, waiting: VecDeque::new() });
    }

    /// The next entry of all; none when all was read. Those that do not open are left out: the index tells of them.
    pub(super) fn next(&mut self, logs: &mut dyn Logs) -> Result<Option<(Place, Entry)>, BackendError> {
        for source in &mut self.0 {
            source.fill(logs)?;
        }
        let earliest = self.0.iter_mut().filter(|source| !source.waiting.is_empty());
        // Of equal times, the log that was added first.
        let earliest = earliest.min_by_key(|source| source.waiting.front().map(|(_, entry)| entry.at));
        Ok(earliest.and_then(|source| {
            let (seq, entry) = source.waiting.pop_front()?;
            Some((Place { log: source.log.clone(), seq }, entry))
        }))
    }
}

impl Source {
    fn fill(&mut self, logs: &mut dyn Logs) -> Result<(), BackendError> {
        while self.waiting.is_empty() && self.next < self.end {
            let most = usize::try_from(self.end - self.next).unwrap_or(AT_ONCE).min(AT_ONCE);
            let sealed = logs.read(&self.log, self.next, most)?;
            if sealed.is_empty() {
                return Err(missing(self.next));
            }
            let open = |(seq, bytes): (u64, &Vec<u8>)| Some((seq, open_entry(&self.seal, &self.log, seq, bytes).ok()?));
            self.waiting = (self.next..self.end).zip(&sealed).filter_map(open).collect();
            self.next = self.end.min(self.next + sealed.len() as u64);
        }
        Ok(())
    }
}

/// The first of the first `end` entries of a log that is not older than a moment; `end` when all are. Times of entries
/// hardly ever go back, so the log is halved until it is found.
pub(super) fn first_since(logs: &mut dyn Logs, log: &LogName, end: u64, since: Timestamp) -> Result<u64, BackendError> {
    let seal = logs.seal(log);
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        let sealed = logs.read(log, middle, 1)?.into_iter().next().ok_or_else(|| missing(middle))?;
        match open_entry(&seal, log, middle, &sealed) {
            Ok(entry) if entry.at < since => low = middle + 1,
            // One that does not open may be of any time: what is read too early does no harm.
            _ => high = middle,
        }
    }
    Ok(low)
}

fn missing(seq: u64) -> BackendError {
    BackendError::Damaged(format!("entry {seq} is missing"))
}
