//! Sends what waits on each channel, and stores how far it has come.
//!
//! Each channel goes by itself: one whose receiver is away holds back no other one, and no request. One server at a time sends on
//! a channel: it takes the channel, only then reads what is next, and lets go of the channel in the transaction that stores what
//! arrived. Killed in between, another one takes it [`HOLD`] later and sends again what was on its way, under the same id.
//! Whether the channel may send (its agreement, that nobody ended it) is asked behind each taking.

mod alerts;
mod entries;
mod failure;
mod told;

pub(super) use alerts::ALERTS;
pub(super) use failure::Failure;

use super::{agreements::in_force, outside::Outside, target::Target};
use crate::{Actor, Event, House, record::resource, trail::Logs};
use domain::{ChannelId, ChannelState, Integration, RequestId, TaskObserver};
use failure::{LOG_DAMAGED, TurnError};
use futures::future::join_all;
use identity::Origin;
use ledger::Word;
use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use store::{
    Batch, CommitError, StoreError,
    rows::channels::{self, Arrived, ChannelRow, Holder},
};
use told::Told;

/// How often a server looks for something to send.
const TICK: Duration = Duration::from_secs(1);
/// How long a server has a channel for itself: longer than anything that it does with it may take.
const HOLD: Duration = Duration::from_secs(60);
/// The wait after the first failure; it doubles, up to the last.
const FIRST_WAIT: u64 = 5;
const LAST_WAIT: u64 = 60;

/// The steps of sending something: the channel is taken, it arrived, that is stored.
pub const STEPS: &[&str] = &["taken", "arrived", "stored"];
/// Why a channel does not send that came back with a backup.
pub(super) const RESTORED: &str = "restored";

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

/// What was done on one channel.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    arrived: u64,
    waiting: u64,
    failed: bool,
}

/// What is to be done next on a channel.
enum Next {
    /// Nothing waits.
    Nothing,
    /// Something is sent.
    Send(Box<Sending>),
    /// What waits cannot be read; how much that is.
    Stuck(u64),
}

/// Something that is to be sent next, and what is stored once it arrived.
struct Sending {
    /// What is sent.
    what: What,
    /// How many messages that are.
    messages: u64,
    /// How much waits behind it.
    behind: u64,
    /// Whether a part of what waits cannot be read.
    stuck: bool,
    /// Moves the channel on.
    moved: Batch,
}

impl Next {
    /// How much waits, what is sent next included.
    fn waiting(&self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Send(sending) => sending.behind + sending.messages,
            Self::Stuck(waiting) => *waiting,
        }
    }
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
    server: [u8; 16],
    /// Read on threads that may block; none where no entry is sent.
    logs: Option<Arc<Mutex<Box<dyn Logs>>>>,
    /// Channels on which something is being sent.
    busy: Mutex<HashSet<ChannelId>>,
    told: Told,
}

impl Sender {
    /// Sends what waits in a house, and the entries of these logs.
    pub fn new(
        house: Arc<House>,
        logs: Option<Box<dyn Logs>>,
        outside: Outside,
        observer: Arc<dyn TaskObserver>,
    ) -> Arc<Self> {
        let mut server = [0; 16];
        house.rng.fill(&mut server);
        let (logs, busy) = (logs.map(|logs| Arc::new(Mutex::new(logs))), Mutex::new(HashSet::new()));
        Arc::new(Self { house, outside, observer, server, logs, busy, told: Told::default() })
    }

    /// Sends for as long as the server runs. Each channel has a task of its own while something is sent on it.
    pub async fn follow(self: Arc<Self>) {
        let mut failing = false;
        loop {
            match channels::open(&self.house.stores.identity).await {
                Ok(rows) => {
                    failing = false;
                    self.told.open(rows.iter().map(|row| row.channel_id));
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
        self.told.open(rows.iter().map(|row| row.channel_id));
        let turns = join_all(rows.iter().map(|row| self.look_after(row))).await;
        Ok(turns.into_iter().fold(SendRound::default(), |round, turn| SendRound {
            arrived: round.arrived + turn.arrived,
            waiting: round.waiting + turn.waiting,
            failing: round.failing + u64::from(turn.failed),
        }))
    }

    async fn look_after(&self, row: &ChannelRow) -> Turn {
        let mut turn = Turn { waiting: row.health.waiting, ..Turn::default() };
        match self.turn(row, &mut turn).await {
            Ok(()) => self.told.looked_after(row.channel_id),
            Err(error) => {
                turn.failed = true;
                if self.told.not_looked_after(row.channel_id) {
                    tracing::warn!(channel = %row.channel_id, %error, "a channel is not looked after");
                }
                // So that it is seen, and not tried every second. Where another server has it, that one says how it goes.
                let now = self.house.clock.now();
                let taken = channels::take(Batch::new(), &self.holder(row), now, now + HOLD);
                let said = (ChannelState::Fails, &error.failure());
                let stored = self.house.stores.identity.commit(taken.and(self.failed(row, said, turn.waiting))).await;
                if let Err(error) = stored {
                    tracing::debug!(channel = %row.channel_id, %error, "why it is not looked after is not stored");
                }
            }
        }
        self.told.measure((row.channel_id, row.kind), turn.waiting, turn.failed);
        turn
    }

    /// Sends all that waits on a channel, until something does not arrive.
    async fn turn(&self, row: &ChannelRow, turn: &mut Turn) -> Result<(), TurnError> {
        turn.failed = matches!(row.health.state, ChannelState::Fails | ChannelState::Stopped);
        // What came back with a backup was sent before, or is of another life: somebody says first that it goes on.
        if row.health.try_at > self.house.clock.now() || row.health.is_stopped_for(RESTORED) {
            return Ok(());
        }
        // A look that stores nothing: most channels have nothing to send, every second.
        if !self.is_at_fault(row) && self.is_covered(row).await? {
            let next = self.next(row).await?;
            turn.waiting = next.waiting();
            if matches!(next, Next::Nothing) {
                return Ok(());
            }
        }
        loop {
            // What was read before it was taken may have been sent by another server meanwhile, or was ended: it is read anew.
            let Some(row) = self.take(row).await? else { return Ok(()) };
            self.observer.reached(STEPS[0]);
            if !self.is_covered(&row).await? {
                turn.failed = true;
                return self.stop(&row, turn).await;
            }
            let next = self.next(&row).await?;
            turn.waiting = next.waiting();
            let sending = match next {
                Next::Send(sending) => *sending,
                Next::Nothing => {
                    turn.failed = turn.failed && !self.is_at_fault(&row);
                    return self.let_go(&row).await;
                }
                Next::Stuck(_) => return self.not_arrived(&row, turn, &Failure::new(LOG_DAMAGED)).await,
            };
            if let Err(why) = self.send(&row, &sending.what).await? {
                return self.not_arrived(&row, turn, &why).await;
            }
            self.observer.reached(STEPS[1]);
            let Sending { messages, behind, stuck, moved, .. } = sending;
            let arrived = Arrived { messages, waiting: behind, stuck: stuck.then_some(LOG_DAMAGED) };
            let batch = channels::arrived(moved, &self.holder(&row), &arrived, self.house.clock.now());
            self.house.stores.identity.commit(batch).await?;
            if stuck {
                tell(&row, LOG_DAMAGED);
            } else if row.health.failures > 0 {
                tracing::info!(channel = %row.channel_id, "a receiver takes what is sent again");
            }
            self.observer.reached(STEPS[2]);
            (turn.waiting, turn.failed) = (behind, stuck || (turn.failed && messages == 0));
            turn.arrived += messages;
            self.told.arrived((row.channel_id, row.kind), messages);
            self.told.measure((row.channel_id, row.kind), turn.waiting, turn.failed);
        }
    }

    /// Takes a channel, and reads it anew. None when another server sends on it, it is not to be tried yet, or it was ended.
    async fn take(&self, row: &ChannelRow) -> Result<Option<ChannelRow>, TurnError> {
        let (db, now) = (&self.house.stores.identity, self.house.clock.now());
        match db.commit(channels::take(Batch::new(), &self.holder(row), now, now + HOLD)).await {
            Ok(()) => {}
            Err(CommitError::Conflict { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        let row = channels::by_id(db, row.practice_id, row.channel_id).await?;
        Ok(row.filter(|row| row.ended_at.is_none() && !row.health.is_stopped_for(RESTORED)))
    }

    async fn is_covered(&self, row: &ChannelRow) -> Result<bool, TurnError> {
        let covered = in_force(&self.house, row.practice_id, (row.kind, row.agreement_id)).await;
        covered.map_err(|error| TurnError::Agreement(error.to_string()))
    }

    /// Whether it fails for what is no fault of its receiver: that can be over without a message that arrives.
    fn is_at_fault(&self, row: &ChannelRow) -> bool {
        row.health.state == ChannelState::Fails && row.health.why.as_deref().is_some_and(failure::is_ours)
    }

    /// Nothing waits: lets go of the channel.
    async fn let_go(&self, row: &ChannelRow) -> Result<(), TurnError> {
        let (holder, now) = (self.holder(row), self.house.clock.now());
        let batch = channels::let_go(Batch::new(), &holder, self.is_at_fault(row), now);
        Ok(self.house.stores.identity.commit(batch).await?)
    }

    async fn not_arrived(&self, row: &ChannelRow, turn: &mut Turn, why: &Failure) -> Result<(), TurnError> {
        turn.failed = true;
        let batch = self.failed(row, (ChannelState::Fails, why), turn.waiting);
        self.house.stores.identity.commit(batch).await?;
        tell(row, why.word());
        Ok(())
    }

    async fn next(&self, row: &ChannelRow) -> Result<Next, TurnError> {
        match row.kind {
            Integration::Webhook => alerts::next(&self.house, row).await,
            Integration::Syslog => entries::next(self, row).await,
            Integration::Mail | Integration::BackupStorage => Ok(Next::Nothing),
        }
    }

    async fn send(&self, row: &ChannelRow, what: &What) -> Result<Result<(), Failure>, TurnError> {
        if matches!(what, What::Nothing) {
            return Ok(Ok(()));
        }
        let sealed = self.house.vault.open_credential(row.practice_id, row.set_by, &row.target).await;
        let sealed = sealed.map_err(|error| TurnError::Target(error.to_string()))?;
        let Some(target) = Target::stored(sealed.expose()) else {
            return Ok(Err(Failure::new("target-unreadable")));
        };
        Ok(match what {
            What::Nothing => Ok(()),
            What::Entries(frames) => super::syslog::send(&self.outside, &target, frames).await,
            What::Alert(alert) => super::webhook::send(&self.outside, &target, alert, self.house.clock.now()).await,
        })
    }

    /// The agreement of a channel that was taken is over: nothing is sent, and the place stays. Recorded before it is stored.
    async fn stop(&self, row: &ChannelRow, turn: &mut Turn) -> Result<(), TurnError> {
        // It stops also where nobody can tell how much waits.
        turn.waiting = self.next(row).await.map_or(turn.waiting, |next| next.waiting());
        let house = &self.house;
        if row.health.state != ChannelState::Stopped {
            let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
            let actor = Actor { practice: Some(row.practice_id), ..Actor::default() };
            let event = Event::done(Word::new("stop_channel"), resource(Word::new("channel"), row.channel_id));
            house.record_as(actor, origin, Event { reason: Word::new("agreement-ended"), ..event }).await?;
            tracing::warn!(channel = %row.channel_id, "a channel stopped: its agreement is over");
        }
        let said = (ChannelState::Stopped, &Failure::new("agreement-ended"));
        match house.stores.identity.commit(self.failed(row, said, turn.waiting)).await {
            // Somebody ended the channel, or it was taken away from a server that was slow.
            Ok(()) | Err(CommitError::Conflict { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn failed(&self, row: &ChannelRow, (state, why): (ChannelState, &Failure), waiting: u64) -> Batch {
        let failures = if state == ChannelState::Stopped { u32::MAX } else { row.health.failures };
        let (wait, now) = ((FIRST_WAIT << failures.min(10)).min(LAST_WAIT), self.house.clock.now());
        let times = (now, now + Duration::from_secs(wait));
        channels::failed(Batch::new(), &self.holder(row), (state, why.word()), times, waiting)
    }

    fn holder(&self, row: &ChannelRow) -> Holder {
        Holder { practice: row.practice_id, channel: row.channel_id, server: self.server }
    }

    fn busy(&self) -> MutexGuard<'_, HashSet<ChannelId>> {
        self.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says why something does not arrive, when that is new.
fn tell(row: &ChannelRow, why: &str) {
    if row.health.why.as_deref() != Some(why) {
        tracing::warn!(channel = %row.channel_id, why, "what waits on a channel does not arrive");
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
