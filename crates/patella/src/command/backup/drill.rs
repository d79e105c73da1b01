//! `patella backup drill`

use super::{Bar, blocking, megabytes};
use crate::{
    backups::{Sure, branch_of, chosen, contents, epochs, record, target},
    config::Config,
    opening::{self, Log},
};
use anyhow::{Context, Result, bail};
use crypto::{Identities, Key, SystemRng};
use domain::{Clock, SystemClock};
use ledger::Word;
use phi::Keyring;
use practice::backup::{
    BoxError,
    check::Opening,
    drill::{DrillRecord, drill},
    restore::{Restoring, staging::Scratch},
};
use std::{path::PathBuf, sync::Arc};
use store::{Db, rows::keys};

/// Keys that are read at once.
const AT_ONCE: u32 = 1000;

/// Bring a backup back into a scratch place, look at it, and sign what was found.
#[derive(Debug, clap::Args)]
pub(crate) struct Drill {
    /// The settings; see deploy/patella.toml.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Which backup; the newest when not said.
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// A file with age identities that open it; may be given several times. Read once, kept nowhere.
    #[arg(long, value_name = "FILE", required = true)]
    identity: Vec<PathBuf>,
    #[command(flatten)]
    sure: Sure,
}

impl Drill {
    pub(super) async fn run(self) -> Result<()> {
        let config = Config::load(&self.config)?;
        let identities = Identities::from_files(&self.identity)?;
        let opened = opening::open(&config, Log::Commands).await?;
        record(&opened.house, Word::new("drill_backup")).await?;
        opened.ledger.close();
        let stores = opened.house.stores.clone();
        drop(opened.house);
        let (bar, name) = (Bar::new()?, self.name);
        let (record, note, path) = blocking(move || {
            let root = opening::root(&config)?;
            let (target, epochs, log) = (target(&config)?, epochs(&config), opening::log_name(&config, Log::Server)?);
            let branch = branch_of(&root, &stores.keys).map_err(|error| anyhow::anyhow!(error))?;
            let name = chosen(&*target, name.as_deref())?;
            let scratch = Scratch::new().context("there is no scratch place")?;
            let restoring = Restoring {
                target: &*target,
                opening: Opening { identities: &identities, epochs: epochs.as_deref() },
                audit: &|keys| branch_of(&root, keys),
                log: &log,
                destroyed: &|branch, keys| self.sure.who_was_destroyed(&config, branch, keys),
                clock: &SystemClock,
                observer: &bar,
            };
            let live = contents(&config, stores)?;
            let record = drill(&restoring, &name, scratch.path(), Some(&live), Some(&|keys| unwrap_all(&root, keys)))?;
            let note = record.sign(&log, &branch.signer(&log));
            let path = DrillRecord::keep(&*target, SystemClock.now(), &note)?;
            Ok((record, note, path))
        })
        .await?;
        crate::command::print(&note)?;
        let seconds = record.milliseconds as f64 / 1000.0;
        let speed = megabytes(record.bytes) / seconds.max(0.001);
        let (rows, bytes) = (record.rows, megabytes(record.bytes));
        crate::command::print(&format!(
            "\n{}: {rows} rows, {bytes:.1} MB in {seconds:.1} s ({speed:.0} MB/s); the record is kept as {path}\n",
            record.backup
        ))?;
        if !record.whole {
            bail!("not everything was as it should be: see the checks above");
        }
        Ok(())
    }
}

/// Unwraps every patient's key under the root; says how many there are. Blocks.
fn unwrap_all(root: &Key, db: &Db) -> Result<u64, BoxError> {
    let keyring = Keyring::new(root, Arc::new(keys::Keys::new(db.clone())), Arc::new(SystemRng));
    tokio::runtime::Handle::current().block_on(async {
        let (mut last, mut count) = (None, 0);
        loop {
            let some = keys::after(db, last.as_ref(), AT_ONCE).await?;
            for (practice, patient, key) in &some {
                keyring.unwraps(*practice, *patient, std::slice::from_ref(key)).await?;
                count += 1;
            }
            match some.into_iter().next_back() {
                Some(key) => last = Some(key),
                None => return Ok(count),
            }
        }
    })
}
