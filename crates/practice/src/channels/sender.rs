//! Sends what waits on each channel, and stores how far it has come.
//!
//! Each channel goes by itself: one whose receiver is away holds back no other one, and no request. One server at a time sends on
//! a channel: it takes the channel before it sends and lets go of it in the transaction that stores what arrived. Killed in
//! between, another one takes it [`HOLD`] later and sends again what was on its way, under the same id.

mod alerts;
mod entries;

pub(super) use alerts::ALERTS;

use super::{agreements::in_force, outside::Outside, target::Target};
use crate::{Actor, Event, House, HouseError, record::resource, trail::Logs};
use domain::{ChannelId, ChannelState, Integration, RequestId, TaskObserver, Timestamp};
use futures::future::join_all;
use identity::Origin;
use ledger::Word;
use std::{
    borrow::Cow,
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::{
    Batch, CommitError, StoreError,
    rows::channels::{self, ChannelRow, Holder},
};

/// How often a server looks for something to send.
const TICK: Duration = Duration::from_secs(1);
/// How long a server has a channel for itself: longer than anything that it does with it may take.
const HOLD: Duration = Duration::from_secs(60);
/// The wait after the first failure; it doubles, up to the last.
const FIRST_WAIT: u64 = 5;
const LAST_WAIT: u64 = 60;

/// The steps of sending something: the channel is taken, it arrived, that is stored.
pub const STEPS: &[&str] = &["taken", "arrived", "stored"];

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SendRound {
    /// How many messages arrived.
    pub arrived: u64,
    /// How much still waits.
    pub waiting: u64,
    /// On how many channels nothing arrived that was tried.
    pub failing: u64,
}

/// Why something did not arrive, in a word of the program that a page says in plain language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure(Cow<'static, str>);

impl Failure {
    pub(super) const fn new(word: &'static str) -> Self {
        Self(Cow::Borrowed(word))
    }
    /// The receiver answered with a status of HTTP.
    pub(super) fn status(status: u16) -> Self {
        Self(Cow::Owned(format!("status-{status}")))
    }
}

/// Why a channel was not looked after. What is stored stays as it is, and it is tried again.
#[derive(Debug, thiserror::Error)]
enum TurnError {
    #[error(transparent)]
    House(#[from] HouseError),
    #[error("{0}")]
    Agreement(String),
    #[error("the audit trail cannot be read: {0}")]
    Logs(String),
}

crate::house::through!(TurnError::House: StoreError, CommitError, ledger::LedgerError, phi::VaultError);

/// What was done on one channel.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    arrived: u64,
    waiting: u64,
    failed: bool,
}

/// Something that is to be sent next, and what is stored once it arrived.
struct Next {
    /// What is sent.
    what: What,
    /// How many messages that are.
    messages: u64,
    /// How much waits behind it.
    behind: u64,
    /// Moves the channel on.
    moved: Batch,
}

enum What {
    /// An alert.
    Alert(Box<store::rows::alerts::AlertRow>),
    /// Entries of the audit trail, as messages.
    Entries(Vec<u8>),
    /// Nothing of what was passed over is for this channel.
    Nothing,
}

/// Sends for all practices of a server.
pub struct Sender {
    house: Arc<House>,
    outside: Outside,
    observer: Arc<dyn TaskObserver>,
    http: reqwest::Client,
    server: [u8; 16],
    /// Read on threads that may block; none where no entry is sent.
    logs: Option<Arc<Mutex<Box<dyn Logs>>>>,
    /// Channels on which something is being sent.
    busy: Mutex<HashSet<ChannelId>>,
}

impl Sender {
    /// Sends what waits in a house, and the entries of these logs; nothing where no client can be made.
    pub fn new(
        house: Arc<House>,
        logs: Option<Box<dyn Logs>>,
        outside: Outside,
        observer: Arc<dyn TaskObserver>,
    ) -> Option<Arc<Self>> {
        let http = outside.client().ok()?;
        let mut server = [0; 16];
        house.rng.fill(&mut server);
        let (logs, busy) = (logs.map(|logs| Arc::new(Mutex::new(logs))), Mutex::new(HashSet::new()));
        Some(Arc::new(Self { house, outside, observer, http, server, logs, busy }))
    }

    /// Sends for as long as the server runs. Each channel has a task of its own while something is sent on it.
    pub async fn follow(self: Arc<Self>) {
        let mut failing = false;
        loop {
            match channels::open(&self.house.stores.identity).await {
                Ok(rows) => {
                    failing = false;
                    for row in rows {
                        if let Some(busy) = Busy::begin(&self, row.channel_id) {
                            tokio::spawn(async move { busy.0.look_after(&row).await });
                        }
                    }
                }
                Err(error) => {
                    if !failing {
                        tracing::error!(%error, "the channels cannot be read, and nothing is sent");
                    }
                    failing = true;
                }
            }
            tokio::time::sleep(TICK).await;
        }
    }

    /// Looks once after every channel, all at the same time.
    pub async fn round(self: &Arc<Self>) -> Result<SendRound, StoreError> {
        let rows = channels::open(&self.house.stores.identity).await?;
        let turns = join_all(rows.iter().map(|row| self.look_after(row))).await;
        Ok(turns.into_iter().fold(SendRound::default(), |round, turn| SendRound {
            arrived: round.arrived + turn.arrived,
            waiting: round.waiting + turn.waiting,
            failing: round.failing + u64::from(turn.failed),
        }))
    }

    async fn look_after(&self, row: &ChannelRow) -> Turn {
        let turn = match self.turn(row).await {
            Ok(turn) => turn,
            Err(error) => {
                tracing::warn!(channel = %row.channel_id, %error, "a channel is not looked after");
                Turn { failed: true, waiting: row.health.waiting, ..Turn::default() }
            }
        };
        let labels = [("channel", row.channel_id.to_string()), ("kind", row.kind.word().to_owned())];
        metrics::gauge!("patella_channel_behind", &labels).set(turn.waiting as f64);
        metrics::gauge!("patella_channel_failing", &labels).set(f64::from(u8::from(turn.failed)));
        metrics::counter!("patella_channel_arrived_total", &labels).increment(turn.arrived);
        turn
    }

    /// Sends all that waits on a channel, until something does not arrive.
    async fn turn(&self, row: &ChannelRow) -> Result<Turn, TurnError> {
        let mut turn = Turn { waiting: row.health.waiting, ..Turn::default() };
        let failed = matches!(row.health.state, ChannelState::Fails | ChannelState::Stopped);
        if row.health.try_at > self.house.clock.now() {
            return Ok(Turn { failed, ..turn });
        }
        let covered = in_force(&self.house, row.practice_id, (row.kind, row.agreement_id)).await;
        if !covered.map_err(|error| TurnError::Agreement(error.to_string()))? {
            turn.waiting = self.stop(row).await?;
            return Ok(Turn { failed: true, ..turn });
        }
        let db = &self.house.stores.identity;
        let sealed = self.house.vault.open_credential(row.practice_id, row.set_by, &row.target).await?;
        let target = Target::stored(sealed.expose());
        let mut failures = row.health.failures;
        loop {
            let Some(next) = self.next(row).await? else {
                turn.waiting = 0;
                return Ok(turn);
            };
            turn.waiting = next.behind + next.messages;
            let (holder, now) = (self.holder(row), self.house.clock.now());
            let taken = db.commit(channels::take(Batch::new(), &holder, now, now + HOLD)).await;
            if matches!(taken, Err(CommitError::Conflict { .. })) {
                // Another server sends on it, or it was ended.
                return Ok(turn);
            }
            taken?;
            self.observer.reached(STEPS[0]);
            let sent = match &target {
                Some(target) => self.send(target, &next.what).await,
                None => Err(Failure::new("target-unreadable")),
            };
            let now = self.house.clock.now();
            if let Err(why) = sent {
                let batch = self.failed(row, (ChannelState::Fails, &why.0), failures, turn.waiting, now);
                db.commit(batch).await?;
                if failures == 0 {
                    tracing::warn!(channel = %row.channel_id, why = %why.0, "a receiver takes nothing");
                }
                return Ok(Turn { failed: true, ..turn });
            }
            self.observer.reached(STEPS[1]);
            db.commit(channels::arrived(next.moved, &holder, next.messages, next.behind, now)).await?;
            if failures > 0 {
                tracing::info!(channel = %row.channel_id, "a receiver takes what is sent again");
            }
            self.observer.reached(STEPS[2]);
            (failures, turn.waiting) = (0, next.behind);
            turn.arrived += next.messages;
        }
    }

    async fn next(&self, row: &ChannelRow) -> Result<Option<Next>, TurnError> {
        match row.kind {
            Integration::Webhook => alerts::next(&self.house, row).await,
            Integration::Syslog => entries::next(self, row).await,
            Integration::Mail | Integration::BackupStorage => Ok(None),
        }
    }

    async fn send(&self, target: &Target, what: &What) -> Result<(), Failure> {
        match what {
            What::Nothing => Ok(()),
            What::Entries(frames) => super::syslog::send(&self.outside, target, frames).await,
            What::Alert(alert) => {
                super::webhook::send(&self.outside, &self.http, target, alert, self.house.clock.now()).await
            }
        }
    }

    /// The agreement is over: nothing is sent, and the place stays. It is recorded once, before it is stored.
    async fn stop(&self, row: &ChannelRow) -> Result<u64, TurnError> {
        let waiting = self.next(row).await?.map_or(0, |next| next.behind + next.messages);
        let (house, holder, now) = (&self.house, self.holder(row), self.house.clock.now());
        let db = &house.stores.identity;
        if row.health.state != ChannelState::Stopped {
            let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
            let actor = Actor { practice: Some(row.practice_id), ..Actor::default() };
            let event = Event::done(Word::new("stop_channel"), resource(Word::new("channel"), row.channel_id));
            house.record_as(actor, origin, Event { reason: Word::new("agreement-ended"), ..event }).await?;
            tracing::warn!(channel = %row.channel_id, "a channel stopped: its agreement is over");
        }
        let batch = channels::take(Batch::new(), &holder, now, now + HOLD);
        let batch = batch.and(self.failed(row, (ChannelState::Stopped, "agreement-ended"), u32::MAX, waiting, now));
        match db.commit(batch).await {
            // Another server did it, or the channel was ended.
            Ok(()) | Err(CommitError::Conflict { .. }) => Ok(waiting),
            Err(error) => Err(error.into()),
        }
    }

    fn failed(
        &self,
        row: &ChannelRow,
        said: (ChannelState, &str),
        failures: u32,
        waiting: u64,
        now: Timestamp,
    ) -> Batch {
        let wait = (FIRST_WAIT << failures.min(10)).min(LAST_WAIT);
        let try_at = now + Duration::from_secs(wait);
        channels::failed(Batch::new(), &self.holder(row), said, (now, try_at), waiting)
    }

    fn holder(&self, row: &ChannelRow) -> Holder {
        Holder { practice: row.practice_id, channel: row.channel_id, server: self.server }
    }

    fn busy(&self) -> MutexGuard<'_, HashSet<ChannelId>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A channel on which something is being sent; over when it is dropped.
struct Busy(Arc<Sender>, ChannelId);

impl Busy {
    fn begin(sender: &Arc<Sender>, channel: ChannelId) -> Option<Self> {
        sender.busy().insert(channel).then(|| Self(sender.clone(), channel))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy().remove(&self.1);
    }
}
