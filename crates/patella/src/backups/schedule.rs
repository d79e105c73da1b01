//! Backups that the server makes by itself, and the alarm when there is none.

use super::{contents, epochs, record, setup, target};
use crate::{config::Config, opening};
use anyhow::{Context, Result};
use domain::{Clock, SystemClock, Unobserved};
use futures::future::{BoxFuture, FutureExt};
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
        Arc,
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
    config.backup.target()?;
    let overdue = Arc::new(AtomicBool::new(false));
    let watch = Watch {
        config: config.clone(),
        house: Arc::downgrade(house),
        overdue: overdue.clone(),
        not_before: None,
        said: None,
    };
    tokio::spawn(watch.run());
    Some(Fresh(overdue))
}

struct Watch {
    config: Config,
    house: std::sync::Weak<House>,
    overdue: Arc<AtomicBool>,
    /// After a failure: when to try again.
    not_before: Option<tokio::time::Instant>,
    /// When the alarm was last raised.
    said: Option<tokio::time::Instant>,
}

/// What a look at the target tells.
struct Seen {
    newest: Option<domain::Timestamp>,
    drilled: Option<domain::Timestamp>,
}

impl Watch {
    async fn run(mut self) {
        let mut ticks = tokio::time::interval(LOOK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let Some(house) = self.house.upgrade() else { return };
            let seen = self.look().await;
            if self.is_due(&seen) {
                self.make(&house).await;
                let seen = self.look().await;
                self.tell(&seen);
            } else {
                self.tell(&seen);
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

    fn is_due(&self, seen: &Result<Seen>) -> bool {
        let Some(every) = self.config.backup.every() else { return false };
        if self.not_before.is_some_and(|at| tokio::time::Instant::now() < at) {
            return false;
        }
        match seen {
            Ok(seen) => seen.newest.is_none_or(|newest| age(newest) >= every),
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
    fn tell(&mut self, seen: &Result<Seen>) {
        let limit = self.config.backup.alarm_after();
        let newest = seen.as_ref().ok().and_then(|seen| seen.newest);
        let overdue = newest.is_none_or(|newest| age(newest) > limit);
        self.overdue.store(overdue, Ordering::Relaxed);
        metrics::gauge!("patella_backup_overdue").set(if overdue { 1.0 } else { 0.0 });
        if let Some(newest) = newest {
            metrics::gauge!("patella_backup_age_seconds").set(age(newest).as_secs_f64());
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

fn age(at: domain::Timestamp) -> Duration {
    Duration::try_from(SystemClock.now().duration_since(at)).unwrap_or_default()
}

/// Makes one backup of a running house, and destroys epoch keys whose time is over.
async fn make(config: &Config, house: &Arc<House>) -> Result<Made> {
    record(house, "create_backup").await?;
    let branch = opening::branch_of_house(house).await?;
    let (setup, contents) = (setup(config, &branch)?, contents(config, house.stores.clone())?);
    let create = move || create::create(&contents, &setup, &SystemClock, &Unobserved);
    let made = tokio::task::spawn_blocking(create).await.context("the backup was not finished")??;
    if let Some(epochs) = epochs(config) {
        epochs.destroy_expired(house).await.context("an epoch key whose time is over was not destroyed")?;
    }
    Ok(made)
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
    Ok(backups(target)?.last().and_then(|name| time_of(name)).map(age))
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::SignedDuration;

    #[tokio::test]
    async fn an_old_or_missing_backup_is_said_until_there_is_a_fresh_one() {
        let text = "origin = \"https://practice.example\"\ndata = \"/nowhere\"\nroot = { key_file = \"/k\" }\n\
                    tls = { certificate = \"/c\", key = \"/k\" }\n[backup]\ntarget = \"/nowhere\"";
        let config = Config::from_toml(text).expect("reads");
        let overdue = Arc::new(AtomicBool::new(false));
        let fresh = Fresh(overdue.clone());
        let mut watch = Watch { config, house: std::sync::Weak::new(), overdue, not_before: None, said: None };
        let hours_old = |hours| {
            Ok(Seen { newest: SystemClock.now().checked_sub(SignedDuration::from_hours(hours)).ok(), drilled: None })
        };
        watch.tell(&hours_old(47));
        assert_eq!(fresh.note(), None);
        watch.tell(&hours_old(49));
        assert!(fresh.note().is_some() && fresh.check().await, "it is said, and requests are served");
        watch.tell(&hours_old(1));
        assert_eq!(fresh.note(), None);
        watch.tell(&Err(anyhow::anyhow!("the target is away")));
        assert!(fresh.note().is_some());
    }
}
