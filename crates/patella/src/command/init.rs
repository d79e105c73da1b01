//! `patella init`

use crate::{
    config::Config,
    opening::{self, AuditKeys, Log},
};
use anyhow::{Context, Result, bail};
use crypto::{Key, SystemRng};
use domain::{Clock, PracticeId, RequestId, SystemClock, Timezone};
use identity::Origin;
use ledger::{DestructionLedger, Resource, Word};
use phi::{AUDIT, Keyring, SERVER};
use practice::{Actor, Event, House, library, practices};
use std::{path::PathBuf, sync::Arc};
use store::{Store, rows::keys::Keys};

/// Make keys and databases, and found the practice.
#[derive(Debug, clap::Args)]
pub(crate) struct Init {
    /// The settings; see deploy/patella.toml.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// What the practice is called.
    #[arg(long, value_name = "NAME")]
    practice: String,
    /// Where its days begin, like America/New_York.
    #[arg(long, value_name = "ZONE")]
    timezone: String,
}

impl Init {
    /// Makes everything that is not there, refuses when anything is, and says what to keep offline.
    pub(crate) fn run(self) -> Result<()> {
        let config = Config::load(&self.config)?;
        let new = practices::NewPractice {
            name: self.practice,
            timezone: Timezone::new(&self.timezone).map_err(|why| anyhow::anyhow!("--timezone {why}"))?,
            demo: false,
        };
        super::block_on(async {
            foundations(&config).await?;
            let opened = opening::open(&config, opening::Log::Commands).await?;
            let practice = found(&opened.house, &new).await?;
            opened.ledger.close();
            let root = opening::root(&config)?;
            let stores = opening::open_stores(&config, &root).await?;
            let keys = opening::audit_keys(&config, &root, &stores.keys, opening::Log::Server).await?;
            super::print(&farewell(&config, practice, &keys.verifier().to_string()))
        })
    }
}

/// The root key, the databases and the server's own keys.
pub(crate) async fn foundations(config: &Config) -> Result<()> {
    let data = config.data();
    let embedded = config.stores.server(Store::Identity).is_none();
    if embedded && opening::database(config, Store::Keys).exists() {
        bail!("{} holds databases already; nothing was changed", data.display());
    }
    let provider = config.root.provider()?;
    let root: Key = provider.create(&SystemRng).context("the root key was not made")?;
    opening::private_folder(&data)?;
    opening::private_folder(&data.join("media"))?;
    opening::migrate(config, &root, embedded).await?;
    let stores = opening::open_stores(config, &root).await?;
    let keyring = Keyring::new(&root, Arc::new(Keys::new(stores.keys.clone())), Arc::new(SystemRng));
    for owner in [SERVER, AUDIT] {
        keyring.create_practice_key(owner, SystemClock.now()).await.context("the server's keys were not made")?;
    }
    // From the first day on, so that a restore can tell that it was lost.
    let places = config.destruction_ledger();
    if !places.is_empty() {
        let AuditKeys { log, signer, .. } = opening::audit_keys(config, &root, &stores.keys, Log::Commands).await?;
        DestructionLedger::open(places, &log, signer, &[])?;
    }
    Ok(())
}

/// Founds a practice with the starter library, and records it.
pub(crate) async fn found(house: &House, new: &practices::NewPractice) -> Result<PracticeId> {
    let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
    let event = Event::done(Word::new("found_practice"), Resource::whole(Word::new("practice")));
    house.record_as(Actor::default(), origin, event).await.context("it could not be recorded")?;
    let practice = practices::found(house, new).await?;
    for exercise in library::starter()? {
        library::shelve(house, practice, &exercise).await?;
    }
    Ok(practice)
}

fn farewell(config: &Config, practice: PracticeId, verifier: &str) -> String {
    let root = config.root.provider().map(|provider| provider.words()).unwrap_or_default();
    format!(
        "The practice {practice} is founded.\n\n\
         Keep offline, apart from each other and from this machine:\n  \
         1. the root key: {root}\n     Without it nothing opens, ever; with it and the data everything does.\n  \
         2. the public key of the audit trail, to verify it with anywhere:\n     {verifier}\n\n\
         Next: patella user add --config FILE --role admin --name NAME --email ADDRESS\n"
    )
}
