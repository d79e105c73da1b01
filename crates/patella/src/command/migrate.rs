//! `patella migrate`

use crate::{config::Config, opening};
use anyhow::Result;
use std::path::PathBuf;

/// Bring the databases up to the schema that this program knows.
#[derive(Debug, clap::Args)]
pub(crate) struct Migrate {
    /// The settings; see deploy/patella.toml.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Migrate {
    /// Runs what is missing, each migration in a transaction of its own.
    pub(crate) fn run(self) -> Result<()> {
        let config = Config::load(&self.config)?;
        super::block_on(async {
            let root = opening::root(&config)?;
            for (store, applied) in opening::migrate(&config, &root, false).await? {
                super::print(&format!("{}: {applied} applied\n", store.name()))?;
            }
            Ok(())
        })
    }
}
