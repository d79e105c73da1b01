//! Backups that the server makes by itself, the alarm when there is none, and the end of old epoch keys.

use super::{contents, epochs_by, is_agreed, record, setup, target};
use crate::{config::Config, opening};
use anyhow::{Context, Result};
use domain::{Clock, SystemClock, Timestamp, Unobserved};
use futures::future::{BoxFuture, FutureExt};
use jiff::SignedDuration;
use ledger::Word;
use practice::{
    House,
    backup::{
        create::{self, Made},
        drill::DrillRecord,
        keep::time_of,
        target::{Target, backups},
    },
};
use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use web::Readiness;

/// How often it is looked whether a backup is due.
const LOOK: Duration = Duration::from_secs(60);
/// How long after a backup that failed the next is tried.
const AGAIN: Duration = Duration::from_secs(15 * 60);
/// How often the alarm is raised again.
const LOUD: Duration = Duration::from_secs(3600);
/// How often epoch keys are looked for whose time is over: it is part of what `docs/keys.md` promises.
const SWEEP: SignedDuration = SignedDuration::from_hours(1);

/// What `/readyz` says besides: a server without a fresh backup serves, and says so.
pub(crate) struct Fresh(Arc<AtomicBool>);

impl Readiness for Fresh {
    fn name(&self) -> &'static str {
        "backup"
    }
    fn check(&self) -> BoxFuture<'_, bool> {
        async { true }.boxed()
    }
    fn note(&self) -> Option<&'static str> {
        self.0.load(Ordering::Relaxed).then_some("there is no fresh backup")
    }
}

/// Begins to look, in the background, until the house closes. None where no target is set.
pub(crate) fn start(config: &Config, house: &Arc<House>) -> Option<Fresh> {
    let watch = Watch::new(config.clone());
    let overdue = watch.overdue.clone();
    if config.backup.target().is_none() && config.backup.epochs().is_none() {
        return None;
    }
    tokio::spawn(watch.run(Arc::downgrade(house)));
    config.backup.target().map(|_| Fresh(overdue))
}

struct Watch {
    config: Config,
    overdue: Arc<AtomicBool>,
    /// After a failure: when to try again.
    not_before: Option<tokio::time::Instant>,
    /// When the alarm was last raised.
    said: Option<tokio::time::Instant>,
    /// When epoch keys were last looked through.
    swept: Option<Timestamp>,
}

/// What a look at the target tells.
struct Seen {
    newest: Option<Timestamp>,
    drilled: Option<Timestamp>,
}

impl Watch {
    fn new(config: Config) -> Self {
        Self { config, overdue: Arc::default(), not_before: None, said: None, swept: None }
    }

    async fn run(mut self, house: Weak<House>) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Some(house) = house.upgrade() else { return };
            self.turn(&house).await;
        }
    }

    /// Looks once, and does what is due.
    async fn turn(&mut self, house: &Arc<House>) {
        if self.config.backup.target().is_some() {
            let now = || house.clock.now();
            let seen = self.look().await;
            if self.is_due(&seen, now()) {
                self.make(house).await;
                let seen = self.look().await;
                self.tell(&seen, now());
            } else {
                self.tell(&seen, now());
            }
        }
        self.sweep(house).await;
    }

    /// Destroys epoch keys whose time is over, whether or not backups are made.
    async fn sweep(&mut self, house: &Arc<House>) {
        let now = house.clock.now();
        if self.swept.is_some_and(|swept| now.duration_since(swept).abs() < SWEEP) {
            return;
        }
        self.swept = Some(now);
        let Some(epochs) = epochs_by(&self.config, house.clock.clone()) else { return };
        match epochs.destroy_expired(house).await {
            Ok(gone) => gone.iter().for_each(|dates| {
                tracing::info!(epoch = dates.generation, "an epoch key whose time is over was destroyed");
            }),
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::error!(error, "an epoch key whose time is over was not destroyed; it is tried again");
            }
        }
    }

    async fn look(&self) -> Result<Seen> {
        let target = target(&self.config)?;
        let look = move || -> Result<Seen> {
            let newest = backups(&*target)?.last().and_then(|name| time_of(name));
            Ok(Seen { newest, drilled: DrillRecord::newest(&*target)? })
        };
        tokio::task::spawn_blocking(look).await.context("the backup target was not looked at")?
    }

    fn is_due(&self, seen: &Result<Seen>, now: Timestamp) -> bool {
        let Some(every) = self.config.backup.every() else { return false };
        if self.not_before.is_some_and(|at| tokio::time::Instant::now() < at) {
            return false;
        }
        match seen {
            Ok(seen) => seen.newest.is_none_or(|newest| age(newest, now) >= every),
            // The target cannot be listed: trying says why.
            Err(_) => true,
        }
    }

    async fn make(&mut self, house: &Arc<House>) {
        let began = std::time::Instant::now();
        match make(&self.config, house).await {
            Ok(made) => {
                self.not_before = None;
                report(&made, began.elapsed());
            }
            Err(error) => {
                self.not_before = Some(tokio::time::Instant::now() + AGAIN);
                metrics::counter!("patella_backup_failures_total").increment(1);
                let why = format!("{error:#}");
                tracing::error!(why, next_try_seconds = AGAIN.as_secs(), "no backup was made");
            }
        }
    }

    /// Metrics, the note of `/readyz`, and a loud line when the newest backup is too old.
    fn tell(&mut self, seen: &Result<Seen>, now: Timestamp) {
        let limit = self.config.backup.alarm_after();
        let newest = seen.as_ref().ok().and_then(|seen| seen.newest);
        let overdue = newest.is_none_or(|newest| age(newest, now) > limit);
        self.overdue.store(overdue, Ordering::Relaxed);
        metrics::gauge!("patella_backup_overdue").set(if overdue { 1.0 } else { 0.0 });
        if let Some(newest) = newest {
            metrics::gauge!("patella_backup_age_seconds").set(age(newest, now).as_secs_f64());
        }
        if let Some(drilled) = seen.as_ref().ok().and_then(|seen| seen.drilled) {
            metrics::gauge!("patella_backup_last_verified_restore_timestamp_seconds").set(drilled.as_second() as f64);
        }
        let quiet = self.said.is_some_and(|said| said.elapsed() < LOUD);
        if overdue && !quiet {
            self.said = Some(tokio::time::Instant::now());
            let why = seen.as_ref().err().map(|error| format!("{error:#}"));
            let newest = newest.map(|newest| newest.to_string());
            tracing::error!(newest, why, limit_hours = limit.as_secs() / 3600, "THERE IS NO FRESH BACKUP");
        } else if !overdue {
            self.said = None;
        }
    }
}

fn age(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(at)).unwrap_or_default()
}

/// Makes one backup of a running house.
async fn make(config: &Config, house: &Arc<House>) -> Result<Made> {
    is_agreed(config, house).await?;
    record(house, Word::new("create_backup")).await?;
    let branch = opening::branch_of_house(house).await?;
    let clock = house.clock.clone();
    let (setup, contents) = (setup(config, &branch, clock.clone())?, contents(config, house.stores.clone())?);
    let create = move || create::create(&contents, &setup, &*clock, &Unobserved);
    Ok(tokio::task::spawn_blocking(create).await.context("the backup was not finished")??)
}

/// Metrics and a line of the log for a backup that was made.
fn report(made: &Made, took: Duration) {
    let manifest = &made.manifest;
    metrics::gauge!("patella_backup_last_bytes").set(manifest.size() as f64);
    metrics::gauge!("patella_backup_last_duration_seconds").set(took.as_secs_f64());
    metrics::gauge!("patella_backup_last_timestamp_seconds").set(manifest.cut.as_second() as f64);
    metrics::gauge!("patella_backup_locked").set(made.pruned.locked.len() as f64);
    tracing::info!(backup = %manifest.name, bytes = manifest.size(), seconds = took.as_secs_f64(), "a backup was made");
    for (name, until) in &made.pruned.locked {
        let until = until.map(|until| until.to_string());
        tracing::info!(backup = %name, until, "an old backup is under lock and stays");
    }
    if let Some(why) = &made.pruned.failed {
        tracing::warn!(why, "old backups were not all removed");
    }
}

/// For a target that was just looked at, in tests and commands: how old the newest backup is.
pub(crate) fn age_of_newest(target: &dyn Target) -> Result<Option<Duration>> {
    let newest = backups(target)?.last().and_then(|name| time_of(name));
    Ok(newest.map(|newest| age(newest, SystemClock.now())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::SystemRng;
    use practice::keys::epoch::{EpochKeys, EpochSettings};
    use testkit::house::TestHouse;

    fn watch(backup: &str) -> Watch {
        let text = format!(
            "origin = \"https://practice.example\"\ndata = \"/nowhere\"\nroot = {{ key_file = \"/k\" }}\n\
             tls = {{ certificate = \"/c\", key = \"/k\" }}\n[backup]\n{backup}"
        );
        Watch::new(Config::from_toml(&text).expect("reads"))
    }

    #[tokio::test]
    async fn an_old_or_missing_backup_is_said_until_there_is_a_fresh_one() {
        let mut watch = watch("target = \"/nowhere\"");
        let fresh = Fresh(watch.overdue.clone());
        let now = SystemClock.now();
        let hours_old =
            |hours| Ok(Seen { newest: now.checked_sub(SignedDuration::from_hours(hours)).ok(), drilled: None });
        watch.tell(&hours_old(47), now);
        assert_eq!(fresh.note(), None);
        watch.tell(&hours_old(49), now);
        assert!(fresh.note().is_some() && fresh.check().await, "it is said, and requests are served");
        watch.tell(&hours_old(1), now);
        assert_eq!(fresh.note(), None);
        watch.tell(&Err(anyhow::anyhow!("the target is away")), now);
        assert!(fresh.note().is_some());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn old_epoch_keys_go_within_the_hour_though_backups_fail_are_not_due_or_not_made_at_all() {
        let never = "target = \"/nowhere\"\nrecipients = []\nevery_hours = 24\n";
        let later = "target = \"/nowhere\"\nevery_hours = 100000\n";
        for backup in [never, later, ""] {
            let test = TestHouse::new().await;
            let folder = test.folder.path().join("epochs");
            std::fs::create_dir(&folder).expect("made");
            let mut watch = watch(&format!("{backup}epoch_keys = {folder:?}\n"));
            let keys = EpochKeys::new(EpochSettings::new(folder), test.clock.clone(), Arc::new(SystemRng));
            let due = keys.current().expect("begins").dates().destroyed;
            let wait = due.duration_since(test.clock.now());
            assert_eq!(wait, SignedDuration::from_hours(36 * 24), "what docs/keys.md says");
            test.clock.advance_seconds(wait.as_secs() - 1);
            watch.turn(&test.house).await;
            assert!(keys.generation(1).is_ok(), "it is not yet due");
            test.clock.advance_seconds(SWEEP.as_secs());
            watch.turn(&test.house).await;
            assert!(keys.generation(1).is_err(), "with {backup:?} its time is over");
        }
    }
}
