//! What happened lately.

use super::Place;
use domain::Timestamp;
use std::{collections::VecDeque, hash::Hash};

/// Most things that are remembered of one window; the first of more are forgotten.
const MOST: usize = 5_000;

/// Things with their time and entry, the oldest first, not older than a window.
#[derive(Debug, Clone)]
pub(super) struct Recent<T>(VecDeque<(Timestamp, T, Place)>);

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T: Eq + Hash> Recent<T> {
    /// Adds something, and forgets what is older than the window.
    pub(super) fn add(&mut self, at: Timestamp, what: T, place: &Place, seconds: i64) {
        self.forget(at, seconds);
        if self.0.len() >= MOST {
            self.0.pop_front();
        }
        self.0.push_back((at, what, place.clone()));
    }

    /// Forgets what is older than the window.
    pub(super) fn forget(&mut self, now: Timestamp, seconds: i64) {
        let from = now.as_second() - seconds;
        while self.0.front().is_some_and(|(at, ..)| at.as_second() < from) {
            self.0.pop_front();
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.0.len()).unwrap_or(u32::MAX)
    }

    /// How many different ones there are.
    pub(super) fn distinct(&self) -> u32 {
        let different: std::collections::HashSet<&T> = self.0.iter().map(|(_, what, _)| what).collect();
        u32::try_from(different.len()).unwrap_or(u32::MAX)
    }

    /// Their entries; nothing is remembered afterwards.
    pub(super) fn take(&mut self) -> Vec<Place> {
        self.0.drain(..).map(|(_, _, place)| place).collect()
    }

    /// Their entries.
    pub(super) fn places(&self) -> Vec<Place> {
        self.0.iter().map(|(_, _, place)| place.clone()).collect()
    }
}
