//! The load: so many connections, each asking the next thing as soon as it has its answer, every answer checked.

use crate::{
    process::{self, Group},
    wire::Place,
};
use anyhow::{Context, Result, ensure};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// A request with what must come back.
pub(crate) struct Shot {
    /// Its bytes.
    pub(crate) request: Vec<u8>,
    /// The status of the answer.
    pub(crate) status: u16,
    /// The length of its body; for an answer that is not always equally long, at least so many bytes.
    pub(crate) length: Length,
}

/// How long a body must be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Length {
    /// Exactly so many bytes.
    Is(usize),
    /// So many bytes or more.
    AtLeast(usize),
}

/// What is asked of one server.
pub(crate) struct Target {
    /// Where.
    pub(crate) place: Place,
    /// Everything that is asked, in turn.
    pub(crate) shots: Arc<[Shot]>,
    /// The server's processes.
    pub(crate) group: Group,
}

/// What one server did in one round.
pub(crate) struct Measured {
    /// Answers in a second.
    pub(crate) per_second: f64,
    /// How long each answer took, sorted.
    pub(crate) took: Vec<Duration>,
    /// How many microseconds of processor time the server used for an answer.
    pub(crate) server_us: f64,
    /// The part of its core that the load generator used.
    pub(crate) load_busy: f64,
    /// The part of the server's core that neither the server nor idling had: what else this machine did.
    pub(crate) others: f64,
    /// All answers, those of the warm-up too.
    pub(crate) answered: u64,
}

/// Loads a server for a while after a warm-up.
pub(crate) async fn load(
    target: &Target,
    connections: usize,
    warm_up: Duration,
    length: Duration,
    server_core: usize,
) -> Result<Measured> {
    let mut wires = Vec::with_capacity(connections);
    for _ in 0..connections {
        wires.push(target.place.connect().await?);
    }
    let begin = Instant::now() + warm_up;
    let end = begin + length;
    let mut tasks = JoinSet::new();
    for (n, mut wire) in wires.into_iter().enumerate() {
        let shots = target.shots.clone();
        tasks.spawn(async move {
            let (mut took, mut answered) = (Vec::with_capacity(64 * 1024), 0_u64);
            let first = n * shots.len() / connections;
            for shot in shots.iter().cycle().skip(first) {
                let asked = Instant::now();
                if asked >= end {
                    break;
                }
                let answer = wire.ask(&shot.request).await?;
                let fits = match shot.length {
                    Length::Is(length) => answer.body.len() == length,
                    Length::AtLeast(length) => answer.body.len() >= length,
                };
                ensure!(
                    answer.status == shot.status && fits,
                    "status {} and {} bytes came, {} and {:?} were due",
                    answer.status,
                    answer.body.len(),
                    shot.status,
                    shot.length
                );
                answered += 1;
                let now = Instant::now();
                if asked >= begin && now <= end {
                    took.push(now - asked);
                }
            }
            Ok::<_, anyhow::Error>((took, answered))
        });
    }
    tokio::time::sleep_until(begin.into()).await;
    let before = Used::now(&target.group, server_core)?;
    tokio::time::sleep_until(end.into()).await;
    let after = Used::now(&target.group, server_core)?;

    let (mut took, mut answered) = (Vec::new(), 0);
    while let Some(task) = tasks.join_next().await {
        let (mut of_one, count) = task.context("a connection's task ended early")??;
        took.append(&mut of_one);
        answered += count;
    }
    ensure!(!took.is_empty(), "nothing was answered in time");
    took.sort_unstable();
    let span = (after.at - before.at).as_secs_f64();
    let server = (after.server - before.server).as_secs_f64();
    let counted = took.len() as f64;
    Ok(Measured {
        per_second: counted / length.as_secs_f64(),
        server_us: server * 1e6 / counted * (length.as_secs_f64() / span),
        load_busy: (after.load - before.load).as_secs_f64() / span,
        others: ((after.core - before.core).as_secs_f64() - server).max(0.0) / span,
        took,
        answered,
    })
}

/// Processor time used so far.
struct Used {
    at: Instant,
    server: Duration,
    load: Duration,
    core: Duration,
}

impl Used {
    fn now(group: &Group, server_core: usize) -> Result<Self> {
        Ok(Self {
            server: group.processor_time()?,
            load: process::own_processor_time()?,
            core: process::core_busy(server_core)?,
            at: Instant::now(),
        })
    }
}
