//! `patella backup`

mod drill;
mod restore;

pub(super) use restore::Places;

use crate::{
    backups::{branch_of, chosen, contents, epochs, is_agreed, record, schedule, setup, target},
    config::Config,
    opening::{self, Log},
};
use anyhow::{Context, Result};
use clap::Subcommand;
use crypto::Identities;
use domain::{SystemClock, TaskObserver};
use indicatif::{ProgressBar, ProgressStyle};
use ledger::Word;
use practice::backup::{
    AuditBranch,
    check::{Opening, check_content, check_files},
    create::{self, Contents, Made},
    manifest::Manifest,
    target::backups,
};
use std::{path::PathBuf, sync::Arc, time::Instant};

/// Make backups, look at them, bring them back, and try that out.
#[derive(Debug, clap::Args)]
pub(crate) struct Backup {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a backup now; the server may run.
    Create {
        /// The settings; see deploy/patella.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Say which backups there are.
    List {
        /// The settings; see deploy/patella.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
    },
    /// Check signature and files of a backup; with identities also every row.
    Verify {
        /// The settings; see deploy/patella.toml.
        #[arg(long, value_name = "FILE")]
        config: PathBuf,
        /// Which backup; the newest when not said.
        #[arg(value_name = "NAME")]
        name: Option<String>,
        /// A file with age identities that open it; may be given several times.
        #[arg(long, value_name = "FILE")]
        identity: Vec<PathBuf>,
    },
    /// Bring a backup back, to where nothing is.
    Restore(restore::Restore),
    /// Bring a backup back into a scratch place, look at it, and sign what was found.
    Drill(drill::Drill),
}

impl Backup {
    /// Does it.
    pub(crate) fn run(self) -> Result<()> {
        super::block_on(async {
            match self.verb {
                Verb::Create { config } => create(&Config::load(&config)?).await,
                Verb::List { config } => {
                    let config = Config::load(&config)?;
                    blocking(move || list(&config)).await
                }
                Verb::Verify { config, name, identity } => {
                    verify(Config::load(&config)?, name, Identities::from_files(&identity)?).await
                }
                Verb::Restore(restore) => restore.run().await,
                Verb::Drill(drill) => drill.run().await,
            }
        })
    }
}

/// Shows how far a long task is.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Result<Self> {
        let style = ProgressStyle::with_template("{msg:10} {wide_bar} {pos} of {len} rows  {elapsed}")?;
        Ok(Self(ProgressBar::new(0).with_style(style)))
    }
}

impl TaskObserver for Bar {
    fn reached(&self, step: &'static str) {
        self.0.set_message(step);
    }
    fn progress(&self, done: u64, total: u64) {
        self.0.set_length(total);
        self.0.set_position(done);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Runs what blocks beside the runtime's threads.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.context("it was not finished")?
}

async fn create(config: &Config) -> Result<()> {
    let began = Instant::now();
    // The command line's own log is let go before the work: it may take long, and other commands need it.
    let opened = opening::open(config, Log::Commands).await?;
    let agreed = is_agreed(config, &opened.house).await;
    if agreed.is_ok() {
        record(&opened.house, Word::new("create_backup")).await?;
    }
    let branch = opening::branch_of_house(&opened.house).await?;
    opened.ledger.close();
    let made = match agreed {
        Ok(()) => made(config, &branch, contents(config, opened.house.stores.clone())?).await,
        Err(error) => Err(error),
    };
    // Also when no backup was made: what was promised of old ones does not wait for a new one.
    if let Some(epochs) = epochs(config) {
        let opened = opening::open(config, Log::Commands).await?;
        let destroyed = epochs.destroy_expired(&opened.house).await;
        opened.ledger.close();
        if let (Ok(_), Err(error)) = (&made, destroyed) {
            return Err(error).context("an epoch key whose time is over was not destroyed");
        }
    }
    let made = made?;
    super::print(&said(&made, began.elapsed().as_secs_f64()))
}

async fn made(config: &Config, branch: &AuditBranch, contents: Contents) -> Result<Made> {
    let (setup, bar) = (setup(config, branch, Arc::new(SystemClock))?, Bar::new()?);
    blocking(move || Ok(create::create(&contents, &setup, &SystemClock, &bar)?)).await
}

fn said(made: &Made, seconds: f64) -> String {
    let manifest = &made.manifest;
    let (raw, speed) = (megabytes(manifest.raw()), megabytes(manifest.raw()) / seconds.max(0.001));
    let mut text = format!(
        "{}: {:.1} MB from {raw:.1} MB in {seconds:.1} s ({speed:.0} MB/s), read back and signed\n",
        manifest.name,
        megabytes(manifest.size()),
    );
    for name in &made.pruned.gone {
        text.push_str(&format!("{name} is gone: no rule keeps it\n"));
    }
    for (name, until) in &made.pruned.locked {
        let until = until.map(|until| format!(" until {until}")).unwrap_or_default();
        text.push_str(&format!("{name} is under lock{until} and stays\n"));
    }
    if let Some(why) = &made.pruned.failed {
        text.push_str(&format!("Old backups were not all removed: {why}\n"));
    }
    text
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn list(config: &Config) -> Result<()> {
    let target = target(config)?;
    let mut text = String::new();
    for name in backups(&*target)? {
        // Signatures are for `verify`, which needs the keys; a list must come on the worst of days.
        match Manifest::read_unverified(&*target, &name) {
            Ok(manifest) => {
                let rows: u64 = manifest.parts.iter().flat_map(|part| &part.tables).map(|table| table.rows).sum();
                let epoch = manifest.epoch.map(|epoch| format!(", epoch {epoch}")).unwrap_or_default();
                text.push_str(&format!("{name}  {:9.1} MB  {rows} rows{epoch}\n", megabytes(manifest.size())));
            }
            Err(error) => text.push_str(&format!("{name}  cannot be used: {error}\n")),
        }
    }
    match schedule::age_of_newest(&*target)? {
        Some(age) => text.push_str(&format!("The newest is {} hours old.\n", age.as_secs() / 3600)),
        None => text.push_str(&format!("There is no backup in {}.\n", target.name())),
    }
    super::print(&text)
}

async fn verify(config: Config, name: Option<String>, identities: Identities) -> Result<()> {
    let content = !identities.is_empty();
    let root = opening::root(&config)?;
    let stores = opening::open_stores(&config, &root).await?;
    let manifest = blocking(move || {
        let branch = branch_of(&root, &stores.keys).map_err(|error| anyhow::anyhow!(error))?;
        let key = branch.verifier(&opening::log_name(&config, Log::Server)?);
        let target = target(&config)?;
        let manifest = check_files(&*target, &chosen(&*target, name.as_deref())?, &key)?;
        if content {
            let epochs = epochs(&config);
            let opening = Opening { identities: &identities, epochs: epochs.as_deref() };
            check_content(&*target, &manifest, &opening)?;
        }
        Ok(manifest)
    })
    .await?;
    let rows: u64 = manifest.parts.iter().flat_map(|part| &part.tables).map(|table| table.rows).sum();
    super::print(&format!(
        "{}: signature and {} files are right{}\n",
        manifest.name,
        manifest.parts.len() + 1,
        if content { format!("; {rows} rows have the hashes that were signed") } else { String::new() },
    ))
}
