//! Starting where the root's provider cannot be reached: sealed, trying again, open as soon as it can be.

use crate::{
    config::Config,
    opening::{self, Log, Opened},
};
use anyhow::{Context, Result};
use crypto::{Key, LoadRootError};
use std::time::Duration;
use store::Store;

/// Between two tries: twice as long each time, up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Opens the house; none where the root's provider cannot be reached. What is wrong in another way (a wrong passphrase,
/// a damaged file, a server that was never founded) is refused.
pub(super) async fn open_at_once(config: &Config) -> Result<Option<Opened>> {
    match root(config).await? {
        Ok(root) => opening::open_with(config, root, Log::Server).await.map(Some),
        Err(error) if error.is_unreachable() && is_founded(config) => {
            say(error, Duration::ZERO);
            Ok(None)
        }
        Err(error) => Err(error).context("the root key cannot be used"),
    }
}

/// Tries until the root's provider is reached, then opens the house with it.
pub(super) async fn open_when_reachable(config: &Config) -> Result<Opened> {
    let mut pause = Duration::from_secs(1);
    loop {
        tokio::time::sleep(pause).await;
        match root(config).await? {
            Ok(root) => return opening::open_with(config, root, Log::Server).await,
            Err(error) if error.is_unreachable() => {
                pause = (pause * 2).min(LONGEST_PAUSE);
                say(error, pause);
            }
            Err(error) => return Err(error).context("the root key cannot be used"),
        }
    }
}

/// Loads the root beside the threads that answer requests: a device may take its time, and argon2id takes memory.
async fn root(config: &Config) -> Result<Result<Key, LoadRootError>> {
    let config = config.clone();
    tokio::task::spawn_blocking(move || opening::try_root(&config)).await.context("the root key was not loaded")?
}

/// Whether `patella init` was ever run: otherwise a missing key is a mistake, and not a volume that is away.
fn is_founded(config: &Config) -> bool {
    match config.stores.server(Store::Keys) {
        Some(_) => config.data().is_dir(),
        None => opening::database(config, Store::Keys).exists(),
    }
}

fn say(error: LoadRootError, pause: Duration) {
    let why = format!("{:#}", anyhow::Error::new(error));
    tracing::warn!(why, next_try_seconds = pause.as_secs(), "sealed: the root key cannot be reached");
}
