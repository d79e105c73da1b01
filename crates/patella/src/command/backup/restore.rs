//! `patella backup restore`

use super::{Bar, blocking};
use crate::{
    backups::{Sure, branch_of, chosen, epochs, heads, logs, record, target, trail},
    config::Config,
    opening::{self, Log},
};
use anyhow::{Context, Result};
use crypto::{Identities, Key, SystemRng};
use domain::{Clock, SystemClock, TaskObserver};
use ledger::{Destroyed, Word};
use phi::Keyring;
use practice::{
    Stores,
    backup::{
        AuditBranch, BoxError, Ground, TrailPlace,
        check::Opening,
        manifest::Manifest,
        restore::{
            Missing, Restored, Restoring, heads_beyond,
            staging::{Earlier, Staging},
        },
    },
    channels,
    retention::reapply,
};
use std::{path::PathBuf, sync::Arc, time::Instant};
use store::{Db, EmbeddedOptions, PageKeys, Store, rows::keys::Keys};

/// Bring a backup back, to where nothing is.
#[derive(Debug, clap::Args)]
pub(crate) struct Restore {
    /// The settings of the new place; see deploy/patella.toml. Its root key must be the practice's.
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

impl Restore {
    pub(super) async fn run(self) -> Result<()> {
        let began = Instant::now();
        let config = Config::load(&self.config)?;
        let identities = Identities::from_files(&self.identity)?;
        let (place, wanted) = (target(&config)?, self.name);
        let name = super::blocking(move || chosen(&*place, wanted.as_deref())).await?;
        let bar = Bar::new()?;
        let (settings, chosen) = (config.clone(), name.clone());
        let (restored, missing) =
            blocking(move || bring_back(&settings, &chosen, &identities, self.sure, &bar)).await?;
        if config.stores.server(Store::Keys).is_some() {
            let root = opening::root(&config)?;
            opening::migrate(&config, &root, false).await?;
        }
        // The first entry of the new life, in the command line's own log.
        let opened = opening::open(&config, Log::Commands).await?;
        record(&opened.house, Word::new("restore_backup")).await?;
        opened.ledger.close();
        crate::command::print(&said(&name, restored.as_ref(), &missing, began.elapsed().as_secs_f64()))
    }
}

/// Places for a practice: beside the real ones where they are files.
pub(in crate::command) struct Places {
    pub(in crate::command) staging: Staging,
    config: Config,
    pages: Option<PageKeys>,
}

impl Places {
    /// Prepares them for `what`. Refuses where anything is.
    pub(in crate::command) fn prepare(config: &Config, root: &Key, what: &str) -> Result<(Self, Earlier)> {
        let folders = [Log::Server, Log::Commands].map(|log| opening::log_folder(config, log));
        let staging = Staging::new(config.data(), folders.into());
        let embedded = config.stores.server(Store::Keys).is_none();
        let earlier = staging.begin(what)?;
        let file = staging.beside(&opening::page_key_file(config));
        let pages = match earlier {
            _ if !embedded => None,
            Earlier::Nothing => Some(PageKeys::create(&file, root, &SystemRng)?),
            Earlier::Filled => Some(PageKeys::open(&file, root)?),
        };
        opening::private_folder(&staging.beside(&config.data().join("media")))?;
        Ok((Self { staging, config: config.clone(), pages }, earlier))
    }

    /// Opens a new database, or makes it. Blocks.
    fn database(&self, store: Store) -> Result<Db, BoxError> {
        if let Some(options) = self.config.stores.migrator(store) {
            return Ok(tokio::runtime::Handle::current().block_on(Db::connect(&options))?);
        }
        let path = self.staging.beside(&opening::database(&self.config, store));
        let key = self.pages.as_ref().and_then(|pages| pages.key(store)).ok_or("there is no page key")?;
        let options = EmbeddedOptions::default();
        let opened = if path.exists() {
            Db::open(&path, key.expose(), &options)
        } else {
            Db::create(&path, key.expose(), &options)
        };
        Ok(opened?)
    }

    fn trail(&self) -> Result<TrailPlace> {
        match trail(&self.config)? {
            TrailPlace::Postgres(options) => Ok(TrailPlace::Postgres(options)),
            TrailPlace::Folders(_) => {
                let beside = |(log, name)| (name, self.staging.beside(&opening::log_folder(&self.config, log)));
                Ok(TrailPlace::Folders(logs(&self.config)?.into_iter().map(beside).collect()))
            }
        }
    }

    /// Destroys again who was destroyed since the backup, before anything has its name. Blocks.
    fn destroy_again(&self, root: &Key, destroyed: &[Destroyed]) -> Result<()> {
        let open = |store| self.database(store).map_err(|error| anyhow::anyhow!(error));
        let stores = Stores {
            identity: open(Store::Identity)?,
            keys: open(Store::Keys)?,
            clinical: open(Store::Clinical)?,
            billing: open(Store::Billing)?,
        };
        let keyring = Keyring::new(root, Arc::new(Keys::new(stores.keys.clone())), Arc::new(SystemRng));
        let again = tokio::runtime::Handle::current().block_on(reapply(&stores, &keyring, destroyed));
        again.context("whoever was destroyed since the backup is not destroyed again: run the same command again")?;
        Ok(())
    }

    /// Stops all that would send to receivers by itself, before anything has its name. Blocks.
    fn stop_channels(&self) -> Result<()> {
        let identity = self.database(Store::Identity).map_err(|error| anyhow::anyhow!(error))?;
        let stopped = tokio::runtime::Handle::current().block_on(channels::stop_restored(&identity, SystemClock.now()));
        stopped.context("the channels that came back are not stopped: run the same command again")
    }

    /// Hands over the ground.
    pub(in crate::command) fn ground<T>(&self, work: impl FnOnce(&Ground<'_>) -> Result<T>) -> Result<T> {
        if self.config.stores.server(Store::Audit).is_some() {
            tokio::runtime::Handle::current().block_on(opening::prepare(&self.config, Store::Audit))?;
        }
        let database = |store| self.database(store);
        let media = self.staging.beside(&self.config.data().join("media"));
        work(&Ground { database: &database, trail: self.trail()?, media })
    }
}

fn bring_back(
    config: &Config,
    name: &str,
    identities: &Identities,
    sure: Sure,
    observer: &dyn TaskObserver,
) -> Result<(Option<Restored>, Vec<Missing>)> {
    let root = opening::root(config)?;
    let (target, epochs, log) = (target(config)?, epochs(config), opening::log_name(config, Log::Server)?);
    let restoring = Restoring {
        target: &*target,
        opening: Opening { identities, epochs: epochs.as_deref() },
        audit: &|keys| branch_of(&root, keys),
        log: &log,
        destroyed: &|branch, keys| sure.who_was_destroyed(config, branch, keys),
        clock: &SystemClock,
        observer,
    };
    let (places, earlier) = Places::prepare(config, &root, name)?;
    let (restored, checked) = match earlier {
        Earlier::Filled => (None, restoring.check(name, false)?),
        Earlier::Nothing => {
            let (restored, checked) = places.ground(|ground| Ok(restoring.bring_back(name, ground)?))?;
            places.staging.filled(name, observer)?;
            (Some(restored), checked)
        }
    };
    places.destroy_again(&root, &checked.destroyed)?;
    places.stop_channels()?;
    let missing = against_heads(config, name, &checked.manifest, &checked.branch)?;
    places.staging.name(observer)?;
    Ok((restored, missing))
}

/// Holds the logs against the heads off the box, and puts those aside that say that a log was longer.
fn against_heads(config: &Config, name: &str, manifest: &Manifest, branch: &AuditBranch) -> Result<Vec<Missing>> {
    let missing = heads_beyond(manifest, &heads(config)?, &|log| branch.verifier(log))?;
    for one in &missing {
        one.set_aside(name).with_context(|| format!("the head {} cannot be put aside", one.head.display()))?;
    }
    Ok(missing)
}

fn said(name: &str, restored: Option<&Restored>, missing: &[Missing], seconds: f64) -> String {
    let mut text = match restored {
        Some(restored) => {
            let rows: u64 = restored.tables.iter().map(|(_, _, filled)| filled.rows).sum();
            let away: u64 = restored.tables.iter().map(|(_, _, filled)| filled.left_out).sum();
            let raw = super::megabytes(restored.manifest.raw());
            let speed = raw / seconds.max(0.001);
            let away =
                if away > 0 { format!("; {away} rows of destroyed patients stayed away") } else { String::new() };
            format!(
                "{name} is back as of {}: {rows} rows, {raw:.1} MB in {seconds:.1} s ({speed:.0} MB/s){away}\n",
                restored.manifest.cut
            )
        }
        None => format!("{name} was brought back by an earlier try, and is in its place now\n"),
    };
    if missing.is_empty() {
        text.push_str("No head off the box says that the audit trail was longer.\n");
    }
    for one in missing {
        let lost = one.signed - one.restored;
        let until = one.until.map_or_else(|| "an unknown time".to_owned(), |until| until.to_string());
        text.push_str(&format!(
            "LOST: {lost} entries of the audit trail {}, and what was done in them, from {} until {until}. The head that \
             says so stays beside {} as evidence.\n",
            one.log,
            one.since,
            one.head.display()
        ));
    }
    text.push_str(
        "Nothing is sent to receivers until each channel is put under an agreement again (page Alerts, Channels).\n",
    );
    text.push_str("Next: patella audit verify --config FILE, then patella serve --config FILE\n");
    text
}
