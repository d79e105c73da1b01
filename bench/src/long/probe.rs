//! Requests that go on beside a task.

use anyhow::{Context, Result, ensure};
use domain::PatientId;
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{Purpose, ReadIdentity};
use practice::House;
use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};
use store::rows::patients;
use tokio::task::JoinHandle;

/// Time between two requests: a practice does not ask without a pause.
const PAUSE: Duration = Duration::from_millis(5);

/// Requests that go on until they are told to stop.
pub(super) struct Probe {
    stop: Arc<AtomicBool>,
    task: JoinHandle<Result<Vec<Duration>>>,
}

impl Probe {
    /// Begins to ask for one of these patients after the other.
    pub(super) fn start(house: &Arc<House>, session: Session<Full>, patients: &[PatientId]) -> Self {
        let (stop, house, all) = (Arc::new(AtomicBool::new(false)), house.clone(), patients.to_vec());
        let stopped = stop.clone();
        let task = tokio::spawn(async move {
            let mut took = Vec::new();
            for patient in all.iter().cycle() {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let began = Instant::now();
                let purpose = Purpose::operations(Resource::whole(Word::new("patient")));
                let grant = house.guard.authorize::<ReadIdentity>(&session, *patient, purpose).await?;
                let row = patients::by_id(&house.stores.clinical, session.practice(), *patient).await?;
                let row = row.context("somebody is gone who should not be")?;
                ensure!(grant.open(&row.family_name)?.expose().as_str() == "Sample", "another name");
                took.push(began.elapsed());
                tokio::time::sleep(PAUSE).await;
            }
            Ok(took)
        });
        Self { stop, task }
    }

    /// Stops; how long each took.
    pub(super) async fn stop(self) -> Result<Vec<Duration>> {
        self.stop.store(true, Ordering::Relaxed);
        self.task.await.context("the requests ended early")?
    }
}

/// Their number, their p50, p99 and the longest.
pub(super) fn line(mut took: Vec<Duration>) -> String {
    took.sort_unstable();
    let at = |percent: usize| took.get(took.len() * percent / 100).map_or(0.0, Duration::as_secs_f64) * 1e3;
    let longest = took.last().map_or(0.0, Duration::as_secs_f64) * 1e3;
    format!("{}, p50 {:.2} ms, p99 {:.2} ms, longest {longest:.0} ms", took.len(), at(50), at(99))
}
