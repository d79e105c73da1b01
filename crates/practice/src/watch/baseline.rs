//! What is usual: the median of past days and how far they stray from it. One wild day moves neither.
//!
//! A person's own past could be dragged along: a little more each day, and everything is usual. Three things are held
//! against that: the latest days do not count yet, the past reaches far back, and peers bound what a person's own past may
//! make usual (`volume.rs`). A rise that is slow enough for all three is a finding of its own (`rise.rs`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// The latest days, in which somebody may be dragging their own past along, are not part of it.
pub(super) const LAG: i32 = 14;
/// How many days the past reaches back beyond those.
pub(super) const REACH: i32 = 90;
/// Fewer days than these say nothing about what is usual.
pub(super) const ENOUGH: usize = 10;
/// So many say something about somebody new.
const FEW: usize = 3;
/// Makes the median deviation of normally distributed values their standard deviation (Hampel 1974).
const CONSISTENT: f64 = 1.4826;

/// What was usual.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Usual {
    /// The median.
    pub median: f64,
    /// The median of the distances from it.
    pub deviation: f64,
    /// Of how many days.
    pub days: u32,
}

impl Usual {
    /// Of these values; none when they are too few to say.
    pub(super) fn of(mut values: Vec<u32>) -> Option<Self> {
        if values.len() < ENOUGH {
            return None;
        }
        let days = u32::try_from(values.len()).unwrap_or(u32::MAX);
        let median = middle(&mut values.iter().map(|value| f64::from(*value)).collect::<Vec<_>>());
        let mut distances: Vec<f64> = values.drain(..).map(|value| (f64::from(value) - median).abs()).collect();
        Some(Self { median, deviation: middle(&mut distances), days })
    }

    /// Of somebody of whom little is known yet: of three values and more.
    pub(super) fn of_few(values: Vec<u32>) -> Option<Self> {
        let few = values.len();
        let usual =
            (few >= FEW).then(|| Self::of([values.clone(), values.clone(), values.clone(), values].concat()))??;
        Some(Self { days: u32::try_from(few).unwrap_or(u32::MAX), ..usual })
    }

    /// Up to where it is still usual: so many standard deviations above the median, each at least one.
    pub(super) fn limit(&self, deviations: u32) -> u32 {
        let limit = self.median + f64::from(deviations) * (self.deviation * CONSISTENT).max(1.0);
        // Counts of a day: far below where this could lose anything.
        limit.round().clamp(0.0, f64::from(u32::MAX)) as u32
    }
}

fn middle(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => 0.0,
        length if length % 2 == 1 => values[half],
        _ => f64::midpoint(values[half - 1], values[half]),
    }
}

/// A number for each day on which there was anything to count.
#[derive(Debug, Clone, Default)]
pub(super) struct Daily(VecDeque<(i32, u32)>);

impl Daily {
    /// Keeps the higher number of a day.
    pub(super) fn at_least(&mut self, day: i32, value: u32) {
        match self.0.back_mut() {
            Some((last, highest)) if *last >= day => *highest = (*highest).max(value),
            _ => self.0.push_back((day, value)),
        }
        // Rises are measured against days that lie still further back than what is usual.
        while self.0.front().is_some_and(|(first, _)| day - first > LAG + REACH + 30) {
            self.0.pop_front();
        }
    }

    /// The numbers of days from one up to before another.
    pub(super) fn between(&self, from: i32, to: i32) -> impl Iterator<Item = u32> {
        self.0.iter().filter(move |(day, _)| (from..to).contains(day)).map(|(_, value)| *value)
    }

    /// Those that say what is usual on a day.
    pub(super) fn past(&self, today: i32) -> impl Iterator<Item = u32> {
        self.between(today - LAG - REACH, today - LAG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wild_day_moves_nothing() {
        let calm = Usual::of(vec![8, 9, 10, 11, 12, 9, 10, 11, 10, 10]).expect("enough days");
        let wild = Usual::of(vec![8, 9, 10, 11, 12, 9, 10, 11, 10, 10_000]).expect("enough days");
        assert_eq!((calm.median, calm.deviation), (10.0, 1.0));
        assert_eq!((wild.median, wild.deviation), (10.0, 1.0));
        assert_eq!(calm.limit(6), 19);
        assert!(Usual::of(vec![1; ENOUGH - 1]).is_none());
    }

    #[test]
    fn the_latest_days_and_those_long_ago_say_nothing_about_today() {
        let mut daily = Daily::default();
        for day in 0..200 {
            daily.at_least(day, if day < 180 { 10 } else { 90 });
        }
        let past: Vec<u32> = daily.past(194).collect();
        assert!(past.iter().all(|value| *value == 10), "days 180 to 193 do not count yet");
        assert_eq!(past.len(), REACH as usize);
        daily.at_least(199, 95);
        daily.at_least(199, 3);
        assert_eq!(daily.between(199, 200).collect::<Vec<_>>(), [95]);
    }
}
