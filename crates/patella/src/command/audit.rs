//! `patella audit`

mod drop_old;
mod elsewhere;
mod index;

use crate::{
    config::Config,
    opening::{self, Log},
};
use anyhow::{Context, Result, bail};
use clap::Subcommand;
use domain::{AccountId, PatientId, RequestId};
use identity::Origin;
use ledger::{Backend, Checkpoint, Dropped, Entry, LogName, LogReader, Report, Resource, VerifierKey, Word};
use practice::{Actor, Event};
use std::path::{Path, PathBuf};
use store::{PostgresBackend, PostgresOptions, Store};

/// Entries that are read at once.
const AT_ONCE: usize = 4096;

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
        /// Heads that were kept elsewhere, as `patella audit checkpoint` printed them, one after another. May be said again.
        #[arg(long = "head", value_name = "FILE")]
        heads: Vec<PathBuf>,
    },
    /// Prove a copy of a log's folder whole with the public key alone, on a machine that whoever holds the server does not reach. Needs
    /// no settings and no server.
    VerifyCopy(elsewhere::VerifyCopy),
    /// Print the public key of each log, to keep elsewhere.
    Key {
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
    /// Drop old segments of the trail, in which every entry has been kept for as long as the settings say. Their hashes stay. Safe
    /// beside a running server; meant to be run by cron.
    DropOld {
        /// The settings; see deploy/patella.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Only say what would go.
        #[arg(long)]
        dry_run: bool,
    },
    /// What the audit trail is searched with.
    Index(index::Index),
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
                Verb::Verify { config, heads } => verify(&Config::load(&config)?, &heads).await,
                Verb::VerifyCopy(copy) => copy.run(),
                Verb::Key { config } => key(&Config::load(&config)?).await,
                Verb::List { config, patient, actor } => {
                    let patient = patient.map(|id| id.parse()).transpose();
                    let actor = actor.map(|id| id.parse()).transpose();
                    let wanted = Wanted {
                        patient: patient.map_err(|why| anyhow::anyhow!("--patient {why}"))?,
                        actor: actor.map_err(|why| anyhow::anyhow!("--actor {why}"))?,
                    };
                    list(&Config::load(&config)?, &wanted).await
                }
                Verb::DropOld { config, dry_run } => drop_old::run(&Config::load(&config)?, dry_run).await,
                Verb::Index(index) => index.run().await,
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
    place: Place,
    seal: crypto::Key,
    log: LogName,
    verifier: VerifierKey,
    heads: Vec<PathBuf>,
}

/// Where it is kept.
enum Place {
    Folder(PathBuf),
    Postgres(PostgresOptions),
}

async fn kept(config: &Config) -> Result<Vec<Kept>> {
    let root = opening::root(config)?;
    let stores = opening::open_stores(config, &root).await?;
    let mut all = Vec::new();
    for which in [Log::Server, Log::Commands] {
        let folder = opening::log_folder(config, which);
        let heads: Vec<PathBuf> =
            opening::second_paths(config, which).into_iter().filter(|path| path.is_file()).collect();
        let keys = opening::audit_keys(config, &root, &stores.keys, which).await?;
        let place = match config.stores.server(Store::Audit) {
            // A log that has never been opened has neither an entry nor a checkpoint anywhere.
            Some(options) => {
                let mut log = PostgresBackend::reader(&options, &keys.log)?;
                if log.size()? == 0 && log.checkpoint()?.is_none() && heads.is_empty() {
                    continue;
                }
                Place::Postgres(options)
            }
            None if folder.is_dir() => Place::Folder(folder),
            None => continue,
        };
        let verifier = keys.verifier();
        all.push(Kept { place, seal: keys.seal, log: keys.log, verifier, heads });
    }
    Ok(all)
}

impl Kept {
    /// Proves it whole.
    fn verify(&self) -> Result<Report> {
        let report = match &self.place {
            Place::Folder(folder) => ledger::verify(folder, &self.verifier, &self.heads),
            Place::Postgres(options) => {
                let mut backend = PostgresBackend::reader(options, &self.log)?;
                let name = Path::new(self.log.as_str());
                ledger::verify_backend(&mut backend, name, &self.verifier, &self.heads)
            }
        };
        report.with_context(|| format!("the audit trail {} is not whole", self.log.as_str()))
    }

    /// The sealed entries from `from` on, as many as come at once; none at the end.
    fn read(&self, from: u64) -> Result<Vec<Vec<u8>>> {
        Ok(match &self.place {
            Place::Folder(folder) => LogReader::open(folder)?.read(from, AT_ONCE)?,
            Place::Postgres(options) => PostgresBackend::reader(options, &self.log)?.read(from, AT_ONCE)?,
        })
    }

    /// What was dropped from it, checked.
    fn dropped(&self) -> Result<Option<Dropped>> {
        let note = match &self.place {
            Place::Folder(folder) => LogReader::open(folder)?.dropped_note()?.map(|(_, note)| note),
            Place::Postgres(options) => PostgresBackend::reader(options, &self.log)?.dropped()?,
        };
        let dropped = note.map(|note| Dropped::open(&note, &self.verifier)).transpose();
        dropped.with_context(|| format!("the note of what was dropped from {} cannot be trusted", self.log.as_str()))
    }

    /// Whether this log holds the entry that records what was dropped from the log `of`, and it says just that.
    fn records(&self, dropped: &Dropped, of: &LogName) -> Result<bool> {
        let seq = dropped.recorded.entry;
        let Some(sealed) = self.read(seq)?.into_iter().next() else { return Ok(false) };
        let says =
            ledger::open_entry(&self.seal, &self.log, seq, &sealed).is_ok_and(|entry| dropped.is_said_by(of, &entry));
        Ok(says && dropped.recorded.is_of(&sealed) && dropped.recorded.is_proven(&self.verifier))
    }

    /// The newest checkpoint, as it was signed.
    fn checkpoint(&self) -> Result<String> {
        let note = match &self.place {
            Place::Folder(folder) => Some(std::fs::read_to_string(folder.join("checkpoint"))?),
            Place::Postgres(options) => PostgresBackend::reader(options, &self.log)?.checkpoint()?,
        };
        let note = note.context("there is no checkpoint yet")?;
        Checkpoint::open(&note, &self.verifier).context("the newest checkpoint is not to be trusted")?;
        Ok(note)
    }
}

async fn verify(config: &Config, elsewhere: &[PathBuf]) -> Result<()> {
    let mut logs = kept(config).await?;
    for file in elsewhere {
        let names = elsewhere::logs_of(file)?;
        let mut ours = logs.iter_mut().filter(|log| names.contains(log.log.as_str())).peekable();
        if ours.peek().is_none() {
            bail!("{} holds no head of these logs", file.display());
        }
        ours.for_each(|log| log.heads.push(file.clone()));
    }
    for log in &logs {
        let report = log.verify()?;
        super::print(&format!(
            "{}: {} entries, whole; signed up to entry {}{}\n",
            log.log.as_str(),
            report.entries,
            report.checkpoint.size,
            if log.heads.is_empty() {
                "; no second path to hold it against"
            } else {
                ", and so say the heads elsewhere"
            },
        ))?;
        let Some(dropped) = report.dropped else { continue };
        let Dropped { before, newest, years, recorded, .. } = &dropped;
        let recorder = logs.iter().find(|other| other.log.as_str() == recorded.log);
        let said = recorder.map_or(Ok(false), |recorder| recorder.records(&dropped, &log.log));
        if !said.unwrap_or(false) {
            bail!(
                "{}: the first {before} entries are gone, and entry {} of {}, which is to record that, does not: they were taken away",
                log.log.as_str(),
                recorded.entry,
                recorded.log
            );
        }
        super::print(&format!(
            "  of them the first {before}, up to {newest}, were dropped after {years} years (entry {} of {}); their hashes are whole\n",
            recorded.entry, recorded.log
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
        let mut seq = 0;
        if let Some(dropped) = log.dropped()? {
            let line = serde_json::json!({ "log": log.log.as_str(), "dropped": {
                "before": dropped.before, "until": dropped.newest, "years": dropped.years, "at": dropped.at,
            } });
            super::print(&format!("{line}\n"))?;
            seq = dropped.before;
        }
        loop {
            let sealed = log.read(seq)?;
            if sealed.is_empty() {
                break;
            }
            for bytes in sealed {
                let entry = ledger::open_entry(&log.seal, &log.log, seq, &bytes)
                    .with_context(|| format!("entry {seq} of {} does not open", log.log.as_str()))?;
                if wanted.has(&entry) {
                    print_entry(log.log.as_str(), seq, &entry)?;
                }
                seq += 1;
            }
        }
    }
    Ok(())
}

fn print_entry(log: &str, seq: u64, entry: &Entry) -> Result<()> {
    let line = serde_json::json!({ "log": log, "seq": seq, "entry": entry });
    super::print(&format!("{line}\n"))
}

async fn key(config: &Config) -> Result<()> {
    for log in kept(config).await? {
        super::print(&format!("{}\n", log.verifier))?;
    }
    Ok(())
}

async fn checkpoint(config: &Config) -> Result<()> {
    for log in kept(config).await? {
        super::print(&log.checkpoint()?)?;
    }
    Ok(())
}
