//! What a round found, until it is stored.

use super::{
    super::{Finding, Place},
    FollowError,
};
use crate::{Actor, Event, House, record::resource};
use domain::{AccountId, AlertAnswer, LoginSessionId, PracticeId, RequestId, Timestamp};
use identity::Origin;
use ledger::{LedgerError, Word};
use store::{
    Batch,
    rows::{
        alerts::{self, AlertRow},
        login_sessions, watching,
    },
};
use tokio::runtime::Handle;

/// What was found and is not stored yet.
pub(super) struct Pending {
    pub(super) alerts: Vec<(AlertRow, Vec<Place>)>,
    pub(super) ended: Vec<Ended>,
    pub(super) moves: Vec<Move>,
    pub(super) looked_at: u64,
}

/// How far a log was looked at: from where on, none for one that is new, and up to where.
pub(super) struct Move {
    pub(super) log: String,
    pub(super) from: Option<u64>,
    pub(super) to: u64,
}

/// A session that is to be ended.
pub(super) struct Ended {
    pub(super) practice: PracticeId,
    pub(super) account: AccountId,
    pub(super) session: LoginSessionId,
    pub(super) recorded: bool,
}

impl Pending {
    /// Stores what was found and how far it was looked, all or nothing. A session is ended after that was recorded.
    pub(super) fn store(&mut self, house: &House) -> Result<(), FollowError> {
        let runtime = Handle::current();
        let mut batch = Batch::new();
        for (row, places) in &self.alerts {
            let places: Vec<(&str, u64)> = places.iter().map(|place| (place.log.as_str(), place.seq)).collect();
            batch = alerts::insert(batch, row, &places);
        }
        for ended in &mut self.ended {
            if !ended.recorded {
                runtime.block_on(ended.record(house))?;
                ended.recorded = true;
            }
            batch = login_sessions::end(batch, ended.practice, ended.account, ended.session);
        }
        for Move { log, from, to } in &self.moves {
            batch = match from {
                None => watching::begin(batch, log, *to),
                Some(from) => watching::move_on(batch, log, *from, *to),
            };
        }
        Ok(runtime.block_on(house.stores.identity.commit(batch))?)
    }
}

impl Ended {
    async fn record(&self, house: &House) -> Result<(), LedgerError> {
        let actor = Actor { practice: Some(self.practice), ..Actor::default() };
        let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
        let resource = resource(Word::new("login_session"), self.session);
        let event = Event { reason: Word::new("alert"), ..Event::done(Word::new("end_session"), resource) };
        house.record_as(actor, origin, event).await.map(|_| ())
    }
}

/// A finding as it is stored.
pub(super) fn row(finding: &Finding, answer: AlertAnswer, found_at: Timestamp) -> AlertRow {
    AlertRow {
        practice_id: finding.practice,
        alert_id: finding.id(),
        rule: finding.rule,
        answer,
        who: finding.who,
        happened_at: finding.at,
        found_at,
        compared: serde_json::to_string(&finding.compared).expect("numbers are plain data"),
    }
}
