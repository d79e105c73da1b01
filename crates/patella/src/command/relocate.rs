//! `patella move`

use super::backup::{Bar, Places, blocking};
use crate::{
    backups::{branch_of, contents, record},
    config::Config,
    opening::{self, Log},
};
use anyhow::{Context, Result, bail};
use domain::SystemClock;
use ledger::{FileBackend, Word};
use practice::backup::{moving::carry, restore::staging::Earlier};
use std::{path::PathBuf, time::Instant};
use store::{PostgresBackend, Store};

/// Take a practice over to another place and kind of database.
#[derive(Debug, clap::Args)]
pub(crate) struct Move {
    /// The settings of the practice as it is; its server must be stopped.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The settings of the new place, with the same root key: another data folder, and the databases that it shall have.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

impl Move {
    /// Does it. The old place is only read.
    pub(crate) fn run(self) -> Result<()> {
        super::block_on(async {
            let began = Instant::now();
            let (from, to) = (Config::load(&self.config)?, Config::load(&self.to)?);
            check(&from, &to)?;
            let root = opening::root(&from)?;
            if root.expose() != opening::root(&to)?.expose() {
                bail!("the new place has another root key: what is sealed would not open there");
            }
            let opened = opening::open(&from, Log::Commands).await?;
            record(&opened.house, Word::new("move_practice")).await?;
            opened.ledger.close();
            let stores = opened.house.stores.clone();
            drop(opened.house);
            let bar = Bar::new()?;
            let (source, target) = (from.clone(), to.clone());
            let moved = blocking(move || {
                // As long as these are held, no server and no command writes to the old place.
                let _held = hold_logs(&source)?;
                let branch = branch_of(&root, &stores.keys).map_err(|error| anyhow::anyhow!(error))?;
                let what = format!("a move from {}", source.data().display());
                let (places, earlier) = Places::prepare(&target, &root, &what)?;
                let moved = match earlier {
                    Earlier::Filled => Vec::new(),
                    Earlier::Nothing => {
                        let contents = contents(&source, stores)?;
                        let moved =
                            places.ground(|ground| Ok(carry(&contents, ground, &branch, &SystemClock, &bar)?))?;
                        places.staging.filled(&what, &bar)?;
                        moved
                    }
                };
                places.staging.name(&bar)?;
                Ok(moved)
            })
            .await?;
            if to.stores.server(Store::Keys).is_some() {
                let root = opening::root(&to)?;
                opening::migrate(&to, &root, false).await?;
            }
            let opened = opening::open(&to, Log::Commands).await.context("the new place does not open")?;
            record(&opened.house, Word::new("move_practice")).await?;
            opened.ledger.close();
            let mut text = String::new();
            for (part, table) in &moved {
                let (part, name, rows, sha256) = (part.name(), &table.table, table.rows, &table.sha256);
                text.push_str(&format!("{part}.{name}: {rows} rows, SHA-256 {sha256} on both sides\n"));
            }
            text.push_str(&format!(
                "Everything is in the new place, in {:.1} s. The old one is as it was: serve with {} from now on, and when \
                 you are content, destroy the old.\n",
                began.elapsed().as_secs_f64(),
                self.to.display()
            ));
            super::print(&text)
        })
    }
}

/// Refuses a new place that is the old one.
fn check(from: &Config, to: &Config) -> Result<()> {
    if from.data() == to.data() {
        bail!("data is the same folder in both: the new place needs one of its own");
    }
    if opening::log_name(from, Log::Server)? != opening::log_name(to, Log::Server)? {
        bail!("ledger.log differs: a log keeps its name, or its entries would not open");
    }
    for store in Store::ALL {
        let url = |config: &Config| config.stores.server(store).map(|options| options.url);
        if url(from).is_some() && url(from) == url(to) {
            bail!("stores.{store} is the same database in both: the new place needs one of its own");
        }
    }
    Ok(())
}

/// Opens the logs of a place as their writer: refused while a server or a command has one open.
fn hold_logs(config: &Config) -> Result<Vec<Box<dyn ledger::Backend>>> {
    let mut held: Vec<Box<dyn ledger::Backend>> = Vec::new();
    for log in [Log::Server, Log::Commands] {
        let busy = || "stop the server first: the practice must not change while it is moved";
        match config.stores.server(Store::Audit) {
            Some(options) => {
                let name = opening::log_name(config, log)?;
                held.push(Box::new(PostgresBackend::connect(&options, &name).with_context(busy)?));
            }
            None if opening::log_folder(config, log).is_dir() => {
                held.push(Box::new(FileBackend::open(opening::log_folder(config, log)).with_context(busy)?));
            }
            None => {}
        }
    }
    Ok(held)
}
