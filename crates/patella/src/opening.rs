//! From settings to a house: the one place where everything is put together.

use crate::config::Config;
use anyhow::{Context, Result};
use crypto::{Key, LoadRootError, Signer, SystemRng};
use domain::{Clock, Rng, SystemClock};
use identity::HashingLimits;
use ledger::{FileBackend, Ledger, LedgerHandle, LogName, Settings, VerifierKey};
use phi::{AUDIT, Keyring, RenewRoot};
use practice::{
    Foundations, House, Stores,
    backup::AuditBranch,
    trail::{AuditIndex, FolderLogs, IndexPlace, Logs, PostgresLogs},
};
use std::{
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use store::{Db, EmbeddedOptions, PageKeys, PostgresBackend, Store, rows::keys::Keys};

/// A server's inside, open.
pub(crate) struct Opened {
    /// The context of every use case.
    pub(crate) house: Arc<House>,
    /// The audit trail; closing it writes the last checkpoint.
    pub(crate) ledger: Ledger,
    /// What the audit trail is searched with. Nobody has opened it before it is first asked.
    pub(crate) index: AuditIndex,
    /// The logs, for whoever watches over them.
    pub(crate) watched: Option<Box<dyn Logs>>,
    /// The same logs, for what is sent to receivers.
    pub(crate) sent: Option<Box<dyn Logs>>,
}

/// The keys of this node's log.
pub(crate) struct AuditKeys {
    /// The log's name.
    pub(crate) log: LogName,
    /// Opens entries.
    pub(crate) seal: Key,
    /// Signs checkpoints.
    pub(crate) signer: Signer,
}

impl AuditKeys {
    /// What others need to verify the log.
    pub(crate) fn verifier(&self) -> VerifierKey {
        VerifierKey::new(self.log.clone(), self.signer.public())
    }
}

/// Which of a node's logs. Only one process writes to a log, so the command line has one of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Log {
    /// The server's.
    Server,
    /// The command line's.
    Commands,
}

/// The folder of a log.
pub(crate) fn log_folder(config: &Config, log: Log) -> PathBuf {
    let server = config.ledger_directory();
    match log {
        Log::Server => server,
        Log::Commands => beside(&server),
    }
}

/// The second paths of a log.
pub(crate) fn second_paths(config: &Config, log: Log) -> Vec<PathBuf> {
    let server = config.ledger.second_paths();
    match log {
        Log::Server => server,
        Log::Commands => server.iter().map(|path| beside(path)).collect(),
    }
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push("-commands");
    path.with_file_name(name)
}

/// Opens everything that the settings name: root, stores, ledger, house.
pub(crate) async fn open(config: &Config, log: Log) -> Result<Opened> {
    open_with(config, root(config)?, log).await
}

/// The same with a root that was loaded before.
pub(crate) async fn open_with(config: &Config, root: Key, log: Log) -> Result<Opened> {
    let stores = open_stores(config, &root).await?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let rng: Arc<dyn Rng> = Arc::new(SystemRng);
    let keys = audit_keys(config, &root, &stores.keys, log).await?;
    let settings = Settings {
        second_paths: second_paths(config, log),
        checkpoint_every: Duration::from_secs(config.ledger.checkpoint_seconds.unwrap_or(1)),
        ..Settings::new(keys.log, keys.seal, keys.signer, clock.clone(), rng.clone())
    };
    let ledger = match config.stores.server(Store::Audit) {
        Some(options) => {
            let name = settings.log.clone();
            let backend = tokio::task::spawn_blocking(move || PostgresBackend::connect(&options, &name)).await??;
            Ledger::open(backend, settings)
        }
        None => Ledger::open(FileBackend::open(log_folder(config, log))?, settings),
    }
    .context("the audit ledger is not opened")?;
    let (place, branch) = (index_place(config, &root)?, audit_branch(&root, &stores.keys).await?);
    let own = (log, ledger.handle());
    let watched = audit_logs(config, audit_branch(&root, &stores.keys).await?, Some(&own))?;
    let sent = audit_logs(config, audit_branch(&root, &stores.keys).await?, Some(&own))?;
    let index = audit_index(config, place, branch, Some(own))?;
    let foundations = Foundations {
        stores,
        root,
        renew_root: Some(renew_root(config)),
        ledger: ledger.handle(),
        trail: Arc::new(index.clone()),
        session_limits: config.sessions.limits()?,
        hashing: HashingLimits::default(),
        passkey_site: (config.origin.host().to_owned(), config.origin.as_str().to_owned()),
        media: config.data().join("media"),
        retention: config.retention.settings()?,
        clock,
        rng,
    };
    let house = Arc::new(House::new(foundations).await.context("the server's keys are not usable")?);
    Ok(Opened { house, ledger, index, watched: Some(watched), sent: Some(sent) })
}

/// The index of all logs of this installation: those of this node in folders, or of all nodes in PostgreSQL. `own` is the
/// log that this process writes; without one, the index is made in haste.
pub(crate) fn audit_index(
    config: &Config,
    place: IndexPlace,
    keys: AuditBranch,
    own: Option<(Log, LedgerHandle)>,
) -> Result<AuditIndex> {
    let place = if own.is_none() { place.in_haste() } else { place };
    Ok(AuditIndex::new(place, audit_logs(config, keys, own.as_ref())?, Arc::new(SystemClock)))
}

/// All logs of this installation, to be followed.
fn audit_logs(config: &Config, keys: AuditBranch, own: Option<&(Log, LedgerHandle)>) -> Result<Box<dyn Logs>> {
    if let Some(options) = config.stores.server(Store::Audit) {
        return Ok(Box::new(PostgresLogs::new(options, keys)));
    }
    let mut logs = FolderLogs::new(keys);
    for log in [Log::Server, Log::Commands] {
        let (name, folder) = (log_name(config, log)?, log_folder(config, log));
        logs = match own {
            Some((own, handle)) if *own == log => {
                let handle = handle.clone();
                logs.own(name, folder, move || handle.status().size)
            }
            _ => logs.other(name, folder),
        };
    }
    Ok(Box::new(logs))
}

/// Where the index of the audit trail lies.
pub(crate) fn index_place(config: &Config, root: &Key) -> Result<IndexPlace> {
    let pages = match page_keys(config, root)? {
        Some(pages) => pages,
        None => {
            private_folder(&config.data())?;
            PageKeys::open_or_renew(&page_key_file(config), root, &SystemRng)
                .context("the index of the audit trail has no page key")?
        }
    };
    let key = pages.key(Store::AuditIndex).context("the index of the audit trail has no page key")?;
    Ok(IndexPlace::new(database(config, Store::AuditIndex), key))
}

/// The root of all keys.
pub(crate) fn root(config: &Config) -> Result<Key> {
    try_root(config)?.context("the root key cannot be used")
}

/// The same; says apart why the provider did not give the root.
pub(crate) fn try_root(config: &Config) -> Result<Result<Key, LoadRootError>> {
    Ok(config.root.provider()?.load())
}

/// Loads the root again when a rotation has put a new one in its place.
fn renew_root(config: &Config) -> RenewRoot {
    let config = config.clone();
    Arc::new(move || match try_root(&config) {
        Ok(Ok(root)) => Some(root),
        Ok(Err(error)) => {
            tracing::warn!(why = %error, "the root key was replaced, and the new one cannot be loaded");
            None
        }
        Err(_) => None,
    })
}

/// The audit branch of a key store: apart from clinical and billing keys.
pub(crate) async fn audit_branch(root: &Key, keys: &Db) -> Result<AuditBranch> {
    let keyring = Keyring::new(root, Arc::new(Keys::new(keys.clone())), Arc::new(SystemRng));
    branch(&keyring).await
}

/// The same of an open house.
pub(crate) async fn branch_of_house(house: &House) -> Result<AuditBranch> {
    branch(&house.keyring).await
}

async fn branch(keyring: &Keyring) -> Result<AuditBranch> {
    let branch = keyring.server_key(AUDIT, "audit branch").await.context("the audit key cannot be used")?;
    Ok(AuditBranch::new(branch))
}

/// The name of one of this node's logs.
pub(crate) fn log_name(config: &Config, log: Log) -> Result<LogName> {
    let name = match log {
        Log::Server => config.log_name().to_owned(),
        Log::Commands => format!("{}/commands", config.log_name()),
    };
    LogName::new(&name).context("ledger.log is no name for a log")
}

/// The keys of this node's log.
pub(crate) async fn audit_keys(config: &Config, root: &Key, keys: &Db, log: Log) -> Result<AuditKeys> {
    let (branch, log) = (audit_branch(root, keys).await?, log_name(config, log)?);
    Ok(AuditKeys { seal: branch.seal(&log), signer: branch.signer(&log), log })
}

/// The file with the keys of the embedded databases' pages.
pub(crate) fn page_key_file(config: &Config) -> PathBuf {
    config.data().join("page-keys")
}

/// The keys of the embedded databases' pages; none where the databases are servers, and only the index is embedded.
fn page_keys(config: &Config, root: &Key) -> Result<Option<PageKeys>> {
    if config.stores.server(Store::Keys).is_some() {
        return Ok(None);
    }
    PageKeys::open(&page_key_file(config), root).context("the embedded databases cannot be opened").map(Some)
}

/// Opens the four databases as the server does, and refuses a schema that this program does not know.
pub(crate) async fn open_stores(config: &Config, root: &Key) -> Result<Stores> {
    let pages = page_keys(config, root)?;
    let mut stores = Vec::new();
    for store in [Store::Identity, Store::Keys, Store::Clinical, Store::Billing] {
        let db = open_store(config, pages.as_ref(), store).await?;
        store::check(&db, store).await.with_context(|| format!("the {} store cannot be used", store.name()))?;
        stores.push(db);
    }
    let [identity, keys, clinical, billing] =
        stores.try_into().map_err(|_| anyhow::anyhow!("four stores were opened"))?;
    Ok(Stores { identity, keys, clinical, billing })
}

async fn open_store(config: &Config, pages: Option<&PageKeys>, store: Store) -> Result<Db> {
    let what = || format!("the {} store is not opened", store.name());
    match (config.stores.server(store), pages.and_then(|pages| pages.key(store))) {
        (Some(options), _) => Db::connect(&options).await.with_context(what),
        (None, Some(key)) => {
            Db::open(&database(config, store), key.expose(), &EmbeddedOptions::default()).with_context(what)
        }
        (None, None) => Err(anyhow::anyhow!("it has no page key")).with_context(what),
    }
}

/// Makes the embedded databases, or connects as the owner of those in PostgreSQL, and brings their schemas up to date.
pub(crate) async fn migrate(config: &Config, root: &Key, fresh: bool) -> Result<Vec<(Store, usize)>> {
    let mut done = Vec::new();
    let embedded = config.stores.server(Store::Keys).is_none();
    let pages = match embedded && fresh {
        true => Some(PageKeys::create(&page_key_file(config), root, &SystemRng)?),
        false => page_keys(config, root)?,
    };
    for store in Store::ALL {
        let db = match (config.stores.migrator(store), pages.as_ref().and_then(|pages| pages.key(store))) {
            (Some(options), _) => Db::connect(&options).await?,
            (None, None) => continue,
            (None, Some(key)) => {
                let (path, options) = (database(config, store), EmbeddedOptions::default());
                let opened = if fresh {
                    Db::create(&path, key.expose(), &options)
                } else {
                    Db::open(&path, key.expose(), &options)
                };
                opened?
            }
        };
        done.push((store, migrate_one(config, &db, store).await?));
    }
    Ok(done)
}

async fn migrate_one(config: &Config, db: &Db, store: Store) -> Result<usize> {
    let applied = store::migrate(db, store, &SystemClock).await.with_context(|| store.name())?;
    if let Some(role) = config.stores.grantee(store) {
        let what = || format!("{role} is not granted what the server needs in the {store} store");
        store::grant_server(db, store, &role).await.with_context(what)?;
    }
    Ok(applied)
}

/// Brings the schema of one store in PostgreSQL up to date, as its owner.
pub(crate) async fn prepare(config: &Config, store: Store) -> Result<()> {
    if let Some(options) = config.stores.migrator(store) {
        migrate_one(config, &Db::connect(&options).await?, store).await?;
    }
    Ok(())
}

/// Where an embedded database lies.
pub(crate) fn database(config: &Config, store: Store) -> PathBuf {
    config.data().join(format!("{}.db", store.name()))
}

/// Makes a folder that only its owner can enter, and those above it.
pub(crate) fn private_folder(path: &Path) -> Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the folder {}", path.display()))
}
