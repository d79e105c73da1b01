//! `patella serve`

mod incidents;
mod reviews;
mod sealed;

use crate::{backups::schedule, config::Config, logging, metrics, opening::Opened};
use anyhow::{Context, Result};
use crypto::SystemRng;
use domain::{RequestId, Unobserved};
use futures::future::{BoxFuture, FutureExt};
use identity::Origin;
use ledger::{Resource, Word};
use practice::{Actor, Event, House, billing::courier, channels::Sender, emergencies, watch, watch::Follower};
use std::{
    path::PathBuf,
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::Notify,
};
use web::{
    App, Parts, Readiness,
    server::{Certificates, Entrance, Finished, Server},
};

/// Serve a practice until SIGTERM or SIGINT.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// The settings; see deploy/patella.toml.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

impl Serve {
    /// Serves. What is wrong with the settings is said before anything is opened.
    pub(crate) fn run(self) -> Result<()> {
        let config = Config::load(&self.config)?;
        logging::start(config.log);
        run(&config)
    }
}

/// Opens the house of these settings and serves it; the last checkpoint is written at the end. Where the root's provider
/// cannot be reached, it serves sealed and opens later.
pub(crate) fn run(config: &Config) -> Result<()> {
    super::block_on(async {
        let mut opened = sealed::open_at_once(config).await?;
        let served = serve(config, &mut opened).await;
        if let Some(opened) = opened {
            opened.ledger.close();
        }
        served
    })
}

/// What `/readyz` asks: every store and the ledger.
struct Stored(Arc<House>);

impl Readiness for Stored {
    fn name(&self) -> &'static str {
        "stores"
    }
    fn check(&self) -> BoxFuture<'_, bool> {
        let stores = &self.0.stores;
        let all = [&stores.identity, &stores.keys, &stores.clinical, &stores.billing];
        async move { futures::future::join_all(all.map(|db| db.rows("SELECT 1", &[]))).await.iter().all(Result::is_ok) }
            .boxed()
    }
}

/// The ledger writes, or does not.
struct Recording(Arc<House>);

impl Readiness for Recording {
    fn name(&self) -> &'static str {
        "audit"
    }
    /// A ledger that failed learns only from the next entry that it can write again, and who is not ready gets no
    /// requests: so the question itself brings one.
    fn check(&self) -> BoxFuture<'_, bool> {
        async {
            if self.0.ledger.status().is_ready() {
                return true;
            }
            let origin = Origin { address: None, request: RequestId::random(&*self.0.rng) };
            let event = Event::done(Word::new("probe_audit"), Resource::whole(Word::new("audit")));
            self.0.record_as(Actor::default(), origin, event).await.is_ok()
        }
        .boxed()
    }
}

/// The audit trail can be searched, all of it. Requests are served without: what is recorded is in the ledger.
struct Searchable(Arc<House>);

impl Readiness for Searchable {
    fn name(&self) -> &'static str {
        "audit-index"
    }
    fn check(&self) -> BoxFuture<'_, bool> {
        async { true }.boxed()
    }
    fn note(&self) -> Option<&'static str> {
        let health = self.0.trail.health();
        match (health.failing, health.unreadable) {
            (true, _) => Some("the audit trail cannot be searched to its end"),
            (false, 1..) => Some("entries of the audit trail cannot be opened: run `patella audit verify`"),
            (false, 0) => None,
        }
    }
}

/// The heads of the audit trail stand somewhere else too. Requests are served without: what is recorded is in the ledger.
struct Witnessed(Arc<House>);

impl Readiness for Witnessed {
    fn name(&self) -> &'static str {
        "audit-witness"
    }
    fn check(&self) -> BoxFuture<'_, bool> {
        async { true }.boxed()
    }
    fn note(&self) -> Option<&'static str> {
        let status = self.0.ledger.status();
        let elsewhere = status.places.iter().any(|place| place.path.is_some());
        match (elsewhere, status.unwitnessed_since()) {
            (false, _) => Some("signed heads of the log stand nowhere but here: set `second_paths` under [ledger]"),
            (true, Some(_)) => Some("signed heads of the log do not arrive at a second path"),
            (true, None) => None,
        }
    }
}

/// What handlers can reach.
fn parts(config: &Config, house: Arc<House>) -> Parts {
    let mut readiness: Vec<Arc<dyn Readiness>> = vec![
        Arc::new(Stored(house.clone())),
        Arc::new(Recording(house.clone())),
        Arc::new(Searchable(house.clone())),
        Arc::new(Witnessed(house.clone())),
    ];
    tokio::spawn(carry_charges(Arc::downgrade(&house)));
    tokio::spawn(escalate_emergencies(Arc::downgrade(&house)));
    tokio::spawn(remind_overseers(Arc::downgrade(&house)));
    if let Some(fresh) = schedule::start(config, &house) {
        readiness.push(Arc::new(fresh));
    }
    Parts {
        gate: house.clone(),
        clock: house.clock.clone(),
        rng: house.rng.clone(),
        readiness,
        settings: config.web(),
        house,
    }
}

/// Carries to the billing store what a stopped server or a store that was away left on its way: at once, and then every
/// minute, until the house closes.
async fn carry_charges(house: Weak<House>) {
    let mut tick = tokio::time::interval(Duration::from_secs(60));
    loop {
        tick.tick().await;
        let Some(house) = house.upgrade() else { return };
        if let Err(error) = courier::deliver(&house, &Unobserved).await {
            tracing::warn!(%error, "charges wait for the billing store");
        }
    }
}

/// Tells of records opened in an emergency for which nobody signed in time, until the house closes.
async fn escalate_emergencies(house: Weak<House>) {
    let mut tick = tokio::time::interval(emergencies::OVERDUE_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(house) = house.upgrade() else { return };
        if let Err(error) = emergencies::escalate_overdue(&house, &Unobserved).await {
            tracing::warn!(%error, "it waits to be told for which emergencies nobody signed");
            drop(house);
            tokio::time::sleep(emergencies::OVERDUE_RECOVERY).await;
        }
    }
}

/// Tells where nobody looks through what is done, or into alerts, and that heads of the audit trail do not arrive elsewhere, until the
/// house closes.
async fn remind_overseers(house: Weak<House>) {
    let mut tick = tokio::time::interval(watch::REMIND_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        let Some(house) = house.upgrade() else { return };
        if let Err(error) = watch::remind_overseers(&house, &Unobserved).await {
            tracing::warn!(%error, "it waits to be told where nobody looks through what is done");
        }
        if let Err(error) = watch::tell_unwitnessed(&house, &house.ledger.status(), &Unobserved).await {
            tracing::warn!(%error, "it waits to be told that the head of the audit trail is not witnessed");
        }
    }
}

/// Serves until the process is told to stop; opens what is not open yet.
async fn serve(config: &Config, opened: &mut Option<Opened>) -> Result<()> {
    let certificates = Certificates::load(config.tls.certificate(), config.tls.key())?;
    let server = Server {
        listen: config.listen,
        plain_listen: config.plain_listen,
        metrics_listen: config.metrics_listen,
        certificates: Arc::new(certificates),
        limits: config.limits(),
    };
    let bound = server.bind().await?;
    let render = metrics::start()?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let entrance = Entrance::sealed(config.origin.clone(), Arc::new(SystemRng));
    let outside = config.channels.outside(config.origin.as_str())?;
    let unseal = |opened: &mut Opened| {
        tokio::spawn(opened.index.clone().follow());
        if let Some(logs) = opened.watched.take() {
            tokio::spawn(Follower::new(opened.house.clone(), logs, Arc::new(Unobserved)).follow());
        }
        let sender = Sender::new(opened.house.clone(), opened.sent.take(), outside.clone(), Arc::new(Unobserved));
        tokio::spawn(sender.follow());
        tokio::spawn(reviews::look_after(Arc::downgrade(&opened.house), config.clone()));
        tokio::spawn(incidents::look_after(Arc::downgrade(&opened.house)));
        let app = App::new(parts(config, opened.house.clone()));
        let router = web::routes::table().router(app.clone());
        entrance.unseal(app, router);
        ::metrics::gauge!("patella_sealed").set(0.0);
    };
    ::metrics::gauge!("patella_sealed").set(1.0);
    if let Some(opened) = opened {
        unseal(opened);
    }
    let address = bound.address().context("the socket has no address")?;
    tracing::info!(address = %address, origin = config.origin.as_str(), "listening");
    let refused = Notify::new();
    let told = async {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            () = refused.notified() => {}
        }
    };
    let serving = bound.run_behind(entrance.clone(), render, told);
    tokio::pin!(serving);
    let finished = if opened.is_some() {
        serving.await
    } else {
        tokio::select! {
            stopped = &mut serving => stopped,
            found = sealed::open_when_reachable(config) => match found {
                Ok(mut found) => {
                    unseal(&mut found);
                    *opened = Some(found);
                    tracing::info!("unsealed");
                    serving.await
                }
                Err(error) => {
                    refused.notify_one();
                    serving.await;
                    return Err(error);
                }
            },
        }
    };
    match finished {
        Finished::All => tracing::info!("stopped"),
        Finished::CutOff => anyhow::bail!("stopped before every request was finished"),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::house::TestHouse;

    #[tokio::test]
    async fn a_ledger_that_can_write_again_is_noticed_without_a_request() {
        let test = TestHouse::new().await;
        let (stored, recording) = (Stored(test.house.clone()), Recording(test.house.clone()));
        assert!(stored.check().await && recording.check().await);
        assert!(test.ledger.entries().is_empty(), "a ledger that works is not written to");
        test.ledger.backend().set_failing(true);
        let origin = Origin { address: None, request: RequestId::random(&*test.house.rng) };
        let event = Event::done(Word::new("sample"), Resource::whole(Word::new("audit")));
        assert!(test.house.record_as(Actor::default(), origin, event).await.is_err());
        assert!(!recording.check().await && stored.check().await);
        test.ledger.backend().set_failing(false);
        assert!(recording.check().await);
        assert_eq!(test.ledger.entries().len(), 1);
    }
}
