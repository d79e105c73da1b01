//! Which server and which practice a command is about.

use crate::{
    config::Config,
    opening::{self, Log, Opened},
};
use anyhow::Result;
use domain::PracticeId;
use practice::House;
use std::path::PathBuf;

/// Which server and which practice.
#[derive(Debug, clap::Args)]
pub(crate) struct Target {
    /// The settings; see deploy/patella.toml.
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// The practice, where the server has several.
    #[arg(long, value_name = "ID")]
    practice_id: Option<String>,
}

impl Target {
    /// Opens the stores, with the ledger of the command line, so that a server may run beside.
    pub(crate) async fn open(&self) -> Result<(Opened, Config)> {
        let config = Config::load(&self.config)?;
        let opened = opening::open(&config, Log::Commands).await?;
        Ok((opened, config))
    }

    /// The practice.
    pub(crate) async fn practice(&self, house: &House) -> Result<PracticeId> {
        let wanted = self.practice_id.as_deref().map(str::parse).transpose();
        super::user::practice(house, wanted.map_err(|why| anyhow::anyhow!("--practice-id {why}"))?).await
    }
}
