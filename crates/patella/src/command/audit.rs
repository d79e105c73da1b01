//! `patella audit`

use crate::{
    config::Config,
    opening::{self, Log},
};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use domain::{AccountId, PatientId, RequestId};
use identity::Origin;
use ledger::{Entry, LogReader, Resource, VerifierKey, Word};
use practice::{Actor, Event};
use std::path::{Path, PathBuf};
use store::Store;

/// Verify, read and sign the audit trail.
#[derive(Debug, clap::Args)]
pub(crate) struct Audit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Prove the trail whole, or name the first place that is not.
    Verify {
        /// The settings; see deploy/patella.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Print entries as JSON, one a line, oldest first.
    List {
        /// The settings; see deploy/patella.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Only about this patient.
        #[arg(long, value_name = "ID")]
        patient: Option<String>,
        /// Only by this account.
        #[arg(long, value_name = "ID")]
        actor: Option<String>,
    },
    /// Print the newest signed checkpoint of each log, to keep where the server cannot rewrite it.
    Checkpoint {
        /// The settings; see deploy/patella.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
}

impl Audit {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        super::block_on(async {
            match self.verb {
                Verb::Verify { config } => verify(&Config::load(&config)?).await,
                Verb::List { config, patient, actor } => {
                    let patient = patient.map(|id| id.parse()).transpose();
                    let actor = actor.map(|id| id.parse()).transpose();
                    let wanted = Wanted {
                        patient: patient.map_err(|why| anyhow::anyhow!("--patient {why}"))?,
                        actor: actor.map_err(|why| anyhow::anyhow!("--actor {why}"))?,
                    };
                    list(&Config::load(&config)?, &wanted).await
                }
                Verb::Checkpoint { config } => checkpoint(&Config::load(&config)?).await,
            }
        })
    }
}

struct Wanted {
    patient: Option<PatientId>,
    actor: Option<AccountId>,
}

impl Wanted {
    fn has(&self, entry: &Entry) -> bool {
        self.patient.is_none_or(|id| entry.patient == Some(id)) && self.actor.is_none_or(|id| entry.actor == Some(id))
    }
}

/// One of the node's logs that is there.
struct Kept {
    folder: PathBuf,
    seal: crypto::Key,
    log: ledger::LogName,
    verifier: VerifierKey,
    heads: Vec<PathBuf>,
}

async fn kept(config: &Config) -> Result<Vec<Kept>> {
    if config.stores.server(Store::Audit).is_some() {
        bail!("the audit trail is in PostgreSQL; verify it there from its signed checkpoints");
    }
    let root = opening::root(config)?;
    let stores = opening::open_stores(config, &root).await?;
    let mut all = Vec::new();
    for which in [Log::Server, Log::Commands] {
        let folder = opening::log_folder(config, which);
        if folder.is_dir() {
            let keys = opening::audit_keys(config, &root, &stores.keys, which).await?;
            let heads = opening::second_paths(config, which).into_iter().filter(|path| path.is_file()).collect();
            let verifier = keys.verifier();
            all.push(Kept { folder, seal: keys.seal, log: keys.log, verifier, heads });
        }
    }
    Ok(all)
}

async fn verify(config: &Config) -> Result<()> {
    for log in kept(config).await? {
        let report = ledger::verify(&log.folder, &log.verifier, &log.heads)
            .with_context(|| format!("the audit trail {} is not whole", log.log.as_str()))?;
        super::print(&format!(
            "{}: {} entries, whole; signed up to entry {}{}\n",
            log.log.as_str(),
            report.entries,
            report.checkpoint.size,
            if log.heads.is_empty() { "; no second path to hold it against" } else { ", and so say the second paths" },
        ))?;
    }
    Ok(())
}

async fn list(config: &Config, wanted: &Wanted) -> Result<()> {
    // The look itself is an entry, in the command line's own log.
    let opened = opening::open(config, Log::Commands).await?;
    let origin = Origin { address: None, request: RequestId::random(&*opened.house.rng) };
    let event = Event::done(Word::new("list_audit"), Resource::whole(Word::new("audit")));
    opened.house.record_as(Actor::default(), origin, event).await.context("it could not be recorded")?;
    opened.ledger.close();
    for log in kept(config).await? {
        each(&log.folder, &log, |seq, entry| {
            if wanted.has(entry) {
                super::print(&format!(
                    "{{\"log\":{},\"seq\":{seq},\"entry\":{}}}\n",
                    serde_json::to_string(log.log.as_str())?,
                    serde_json::to_string(entry)?
                ))?;
            }
            Ok(())
        })?;
    }
    Ok(())
}

fn each(folder: &Path, log: &Kept, mut then: impl FnMut(u64, &Entry) -> Result<()>) -> Result<()> {
    let reader = LogReader::open(folder)?;
    for entry in reader.entries(&log.seal, &log.log, 0) {
        let (seq, entry) = entry?;
        then(seq, &entry)?;
    }
    Ok(())
}

async fn checkpoint(config: &Config) -> Result<()> {
    for log in kept(config).await? {
        LogReader::open(&log.folder)?
            .checkpoint(&log.verifier)
            .context("the newest checkpoint is not to be trusted")?;
        let note = std::fs::read_to_string(log.folder.join("checkpoint")).context("the checkpoint cannot be read")?;
        super::print(&note)?;
    }
    Ok(())
}
