//! The trail held against heads that were kept elsewhere, on a machine of its own.

use anyhow::{Context, Result};
use ledger::{VerifierKey, notes_in};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// See [`super::Verb`].
#[derive(Debug, clap::Args)]
pub(super) struct VerifyCopy {
    /// The log's public key, as `patella audit key` printed it when the server was trusted.
    #[arg(long, value_name = "KEY")]
    key: String,
    /// Heads that were kept elsewhere, as `patella audit checkpoint` printed them, one after another. May be said again.
    #[arg(long = "head", value_name = "FILE", required = true)]
    heads: Vec<PathBuf>,
    /// The copy of the log's folder.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl VerifyCopy {
    /// Does it.
    pub(super) fn run(self) -> Result<()> {
        let key: VerifierKey = self.key.parse().map_err(|why| anyhow::anyhow!("--key {why}"))?;
        let name = key.name().as_str();
        let report = ledger::verify(&self.folder, &key, &self.heads)
            .with_context(|| format!("the audit trail {name} is not whole"))?;
        super::super::print(&format!(
            "{name}: {} entries, whole; signed up to entry {}, and so say the heads elsewhere\n",
            report.entries, report.checkpoint.size,
        ))?;
        let Some(dropped) = report.dropped else { return Ok(()) };
        super::super::print(&format!(
            "  of them the first {}, up to {}, were dropped after {} years; their hashes are whole. Entry {} of {} must say so\n",
            dropped.before, dropped.newest, dropped.years, dropped.recorded.entry, dropped.recorded.log
        ))
    }
}

/// The names of the logs whose heads a file holds. Nothing of them is believed yet.
pub(super) fn logs_of(file: &Path) -> Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    Ok(notes_in(&text).into_iter().filter_map(|note| note.lines().next()).map(str::to_owned).collect())
}
