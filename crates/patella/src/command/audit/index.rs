//! `patella audit index`

use crate::{
    config::Config,
    opening::{self, Log},
};
use anyhow::{Context, Result};
use clap::Subcommand;
use domain::RequestId;
use identity::Origin;
use indicatif::{ProgressBar, ProgressStyle};
use ledger::{Resource, Word};
use practice::{Actor, Event, trail::Trail};
use std::path::PathBuf;

/// What the audit trail is searched with.
#[derive(Debug, clap::Args)]
pub(super) struct Index {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Throw the index away and make it again from the ledger alone. The server must not be running.
    Rebuild {
        /// The settings; see deploy/patella.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

impl Index {
    /// Does it.
    pub(super) async fn run(self) -> Result<()> {
        let Verb::Rebuild { config } = self.verb;
        rebuild(&Config::load(&config)?).await
    }
}

async fn rebuild(config: &Config) -> Result<()> {
    let root = opening::root(config)?;
    let place = opening::index_place(config, &root)?;
    let opened = opening::open_with(config, root, Log::Commands).await?;
    let keys = opening::branch_of_house(&opened.house).await?;
    let origin = Origin { address: None, request: RequestId::random(&*opened.house.rng) };
    let event = Event::done(Word::new("rebuild_audit_index"), Resource::whole(Word::new("audit")));
    opened.house.record_as(Actor::default(), origin, event).await.context("it could not be recorded")?;
    // Refused while a server has it open.
    place.remove()?;
    // Closed, so that its last entry is signed and followed too.
    opened.ledger.close();
    let index = opening::audit_index(config, place, keys, None)?;
    let bar = ProgressBar::new(0)
        .with_style(ProgressStyle::with_template("{wide_bar} {pos} of {len} entries  {per_sec}  {eta} left")?);
    loop {
        let round = index.round().await.context("the index was not made; run it again when that is mended")?;
        bar.inc(round.indexed);
        bar.set_length(bar.position() + round.behind);
        if round.behind == 0 {
            break;
        }
    }
    bar.finish_and_clear();
    let (entries, unreadable) = (bar.position(), index.health().unreadable);
    crate::command::print(&format!("{entries} entries indexed, {unreadable} of them cannot be opened\n"))?;
    anyhow::ensure!(unreadable == 0, "{unreadable} entries cannot be opened: run `patella audit verify`");
    Ok(())
}
