//! A year of a made-up practice, with attacks in it: how well the rules tell one from the other.
//!
//! Everything comes from a seed: people and their habits, holidays, mistakes, the moves of telephones between networks, and
//! what attackers do. The entries are those that the program writes. What is measured is no better than what is made up
//! here; where a choice was to be made, the nuisance was made larger.

mod attacks;
mod scribe;
mod staff;
mod table;
mod work;

pub use attacks::AttackKind;
pub use table::{Outcome, table};

use super::{PracticeWatch, Settings};
use attacks::Attack;
use domain::{AlertRule, Date, SeededRng, Timezone};
use jiff::ToSpan;
use scribe::Scribe;
use std::collections::HashMap;

/// What is made up.
#[derive(Debug, Clone, Copy)]
pub struct Simulation {
    /// Where chance comes from.
    pub seed: u64,
    /// How many therapists there are.
    pub therapists: u32,
    /// How many days pass.
    pub days: u32,
    /// How often each attack is planted.
    pub each: u32,
}

impl Simulation {
    /// The zone of the practice.
    const ZONE: &'static str = "America/New_York";

    /// Makes the year, lets the rules look at it entry by entry, and counts.
    pub fn run(&self, settings: &Settings) -> Outcome {
        let rng = SeededRng::new(self.seed);
        let zone = Timezone::new(Self::ZONE).expect("the tz database is built in");
        let mut scribe = Scribe::new(&rng, zone.clone());
        let mut practice = staff::Practice::new(&rng, self.therapists, self.days);
        let planned = attacks::plan(&rng, &practice, self.days, self.each);
        let first = Date::constant(2025, 1, 6);
        let mut attacks: Vec<Attack> = planned;
        let mut watch = PracticeWatch::new(zone, settings.clone());
        let mut tally = Tally::default();
        for day in 0..self.days {
            let date = first.checked_add(i64::from(day).days()).unwrap_or(first);
            work::day(&mut scribe, &mut practice, date, day);
            for (number, attack) in attacks.iter_mut().enumerate() {
                attacks::act(&mut scribe, &practice, attack, number, date, day);
            }
            for (place, entry, attack) in scribe.take_day() {
                tally.entries += 1;
                if let Some(number) = attack {
                    tally.marked.insert(place.seq, number);
                }
                for finding in watch.look(&place, &entry) {
                    let mut hit = finding.entries.iter().filter_map(|place| tally.marked.get(&place.seq));
                    tally.found.push((finding.rule, hit.next().copied(), day));
                }
            }
        }
        let kinds: Vec<AttackKind> = attacks.iter().filter(|attack| attack.done).map(|attack| attack.kind).collect();
        let numbers: Vec<usize> =
            attacks.iter().enumerate().filter(|(_, attack)| attack.done).map(|(n, _)| n).collect();
        Outcome::count(self, tally.entries, &kinds, &numbers, &tally.found)
    }
}

/// What is counted while time passes.
#[derive(Default)]
struct Tally {
    entries: u64,
    /// Entries of attacks, by their number in the log.
    marked: HashMap<u64, usize>,
    /// What was found, of which attack if of any, on which day.
    found: Vec<(AlertRule, Option<usize>, u32)>,
}
