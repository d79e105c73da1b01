//! What a round found, until it is stored.

use super::{
    super::{Finding, Place},
    FollowError,
};
use crate::House;
use domain::{AlertAnswer, LoginSessionId, Timestamp};
use store::{
    Batch,
    rows::{
        alerts::{self, AlertRow},
        watching,
    },
};
use tokio::runtime::Handle;

/// What was found and is not stored yet.
pub(super) struct Pending {
    pub(super) alerts: Vec<(AlertRow, Vec<Place>)>,
    pub(super) moves: Vec<Move>,
    pub(super) looked_at: u64,
    /// Durable entries that can be read and are still to come.
    pub(super) behind: u64,
}

/// How far a log was looked at: from where on, none for one that is new, and up to where.
pub(super) struct Move {
    pub(super) log: String,
    pub(super) from: Option<u64>,
    pub(super) to: u64,
}

impl Pending {
    /// Stores what was found and how far it was looked, all or nothing.
    pub(super) fn store(&self, house: &House) -> Result<(), FollowError> {
        if self.moves.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new();
        for (row, places) in &self.alerts {
            let places: Vec<(&str, u64)> = places.iter().map(|place| (place.log.as_str(), place.seq)).collect();
            batch = alerts::insert(batch, row, &places);
        }
        for Move { log, from, to } in &self.moves {
            batch = match from {
                None => watching::begin(batch, watching::WATCH, log, *to),
                Some(from) => watching::move_on(batch, watching::WATCH, log, *from, *to),
            };
        }
        Ok(Handle::current().block_on(house.stores.identity.commit(batch))?)
    }
}

/// A finding as it is stored, with the session in which something is to be done, if there is one.
pub(super) fn row(
    finding: &Finding,
    answer: AlertAnswer,
    login_session_id: Option<LoginSessionId>,
    found_at: Timestamp,
) -> AlertRow {
    AlertRow {
        practice_id: finding.practice,
        alert_id: finding.id(),
        rule: finding.rule,
        answer,
        who: finding.who,
        happened_at: finding.at,
        found_at,
        compared: serde_json::to_string(&finding.compared).expect("numbers are plain data"),
        login_session_id,
        answered_at: None,
    }
}
