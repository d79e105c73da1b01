//! `patella simulate`

use super::print;
use anyhow::Result;
use practice::watch::{
    Settings,
    simulate::{Simulation, table},
};

/// Let the watch look at a made-up year of a practice, with attacks in it, and print what it finds: Markdown tables.
#[derive(Debug, clap::Args)]
pub(crate) struct Simulate {
    /// Where chance comes from: the same seed makes the same year.
    #[arg(long, default_value_t = 4711)]
    seed: u64,
    /// How many therapists there are.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(3..=50))]
    therapists: u32,
    /// How many days pass.
    #[arg(long, default_value_t = 365, value_parser = clap::value_parser!(u32).range(220..=1100))]
    days: u32,
    /// How often each kind of attack is planted.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(0..=20))]
    each: u32,
}

impl Simulate {
    /// Makes the year and lets the rules look at it. Touches nothing that is stored.
    pub(crate) fn run(self) -> Result<()> {
        let simulation = Simulation { seed: self.seed, therapists: self.therapists, days: self.days, each: self.each };
        let outcome = simulation.run(&Settings::default());
        print(&table(&simulation, &outcome))
    }
}
