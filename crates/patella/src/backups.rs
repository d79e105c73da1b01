//! From settings to what backups are made of, read with and put back into.

mod destroyed;
pub(crate) mod schedule;

pub(crate) use destroyed::Sure;

use crate::{
    config::{Config, Place},
    opening::{self, Log},
};
use anyhow::{Context, Result, bail};
use crypto::{Key, SystemRng};
use domain::{Clock, RequestId, SystemClock};
use identity::Origin;
use jiff::SignedDuration;
use ledger::{LogName, Resource, Word};
use practice::{
    Actor, Event, House, Stores,
    backup::{
        AuditBranch, BoxError, TrailPlace,
        create::{Contents, Setup},
        target::{Directory, S3, Target, backups},
    },
    channels::without_storage_agreement,
    keys::epoch::{EpochKeys, EpochSettings},
};
use std::{path::PathBuf, sync::Arc};
use store::{Db, Store};

/// The place of the backups. It blocks: it is used in `spawn_blocking`.
pub(crate) fn target(config: &Config) -> Result<Arc<dyn Target>> {
    Ok(match config.backup.target().context("backup.target is not set")? {
        Place::Folder(folder) => Arc::new(Directory::new(folder)),
        Place::S3 { bucket, prefix } => Arc::new(S3::new(config.backup.storage(bucket, prefix)?)?),
    })
}

/// Refuses storage that is somebody else's where a practice has no agreement about it on file: recorded, and said how to mend it. A
/// folder is the operator's own.
pub(crate) async fn is_agreed(config: &Config, house: &House) -> Result<()> {
    if !matches!(config.backup.target(), Some(Place::S3 { .. })) {
        return Ok(());
    }
    let without = without_storage_agreement(house).await?;
    let Some(practice) = without.first() else { return Ok(()) };
    let refused =
        Event::refused(Word::new("create_backup"), Resource::whole(Word::new("backup")), Word::new("no-agreement"));
    record_event(house, refused).await?;
    bail!(
        "no backup goes to that storage: practice {practice} has no agreement about it on file. Put it on file under Alerts, Agreements \
         (the practice may say there that it runs the storage itself), or set backup.target to a folder"
    )
}

/// What is backed up.
pub(crate) fn contents(config: &Config, stores: Stores) -> Result<Contents> {
    Ok(Contents { stores, trail: trail(config)?, media: config.data().join("media") })
}

/// Where the logs are.
pub(crate) fn trail(config: &Config) -> Result<TrailPlace> {
    Ok(match config.stores.server(Store::Audit) {
        Some(options) => TrailPlace::Postgres(options),
        None => TrailPlace::Folders(
            logs(config)?.into_iter().map(|(log, name)| (name, opening::log_folder(config, log))).collect(),
        ),
    })
}

/// The node's logs and their names.
pub(crate) fn logs(config: &Config) -> Result<Vec<(Log, LogName)>> {
    [Log::Server, Log::Commands].into_iter().map(|log| Ok((log, opening::log_name(config, log)?))).collect()
}

/// The logs' heads off the box.
pub(crate) fn heads(config: &Config) -> Result<Vec<(LogName, PathBuf)>> {
    let all = logs(config)?
        .into_iter()
        .map(|(log, name)| opening::second_paths(config, log).into_iter().map(move |path| (name.clone(), path)));
    Ok(all.flatten().collect())
}

/// How backups are made.
pub(crate) fn setup(config: &Config, branch: &AuditBranch, clock: Arc<dyn Clock>) -> Result<Setup> {
    let name = opening::log_name(config, Log::Server)?;
    let signer = branch.signer(&name);
    Ok(Setup {
        target: target(config)?,
        recipients: config.backup.recipients()?,
        signer: (name, signer),
        epochs: epochs_by(config, clock),
        keep: config.backup.keep(),
    })
}

/// The epochs, where they are in use.
pub(crate) fn epochs(config: &Config) -> Option<Arc<EpochKeys>> {
    epochs_by(config, Arc::new(SystemClock))
}

/// The epochs by a clock, where they are in use.
pub(crate) fn epochs_by(config: &Config, clock: Arc<dyn Clock>) -> Option<Arc<EpochKeys>> {
    let (folder, days) = config.backup.epochs()?;
    let mut settings = EpochSettings::new(folder);
    if let Some(days) = days {
        settings.keep = SignedDuration::from_hours(i64::from(days) * 24);
    }
    Some(Arc::new(EpochKeys::new(settings, clock, Arc::new(SystemRng))))
}

/// The audit branch of a key store under a root. Blocks: call it in `spawn_blocking`.
pub(crate) fn branch_of(root: &Key, keys: &Db) -> Result<AuditBranch, BoxError> {
    let branch = tokio::runtime::Handle::current().block_on(opening::audit_branch(root, keys));
    branch.map_err(|error| BoxError::from(format!("{error:#}")))
}

/// The newest backup, or the one that was named.
pub(crate) fn chosen(target: &dyn Target, name: Option<&str>) -> Result<String> {
    match name {
        Some(name) => Ok(name.to_owned()),
        None => backups(target)?.pop().with_context(|| format!("there is no backup in {}", target.name())),
    }
}

/// Records what is done with backups, before it is done.
pub(crate) async fn record(house: &House, action: Word) -> Result<()> {
    record_event(house, Event::done(action, Resource::whole(Word::new("backup")))).await
}

async fn record_event(house: &House, event: Event) -> Result<()> {
    let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
    house.record_as(Actor::default(), origin, event).await.context("it could not be recorded")?;
    Ok(())
}
