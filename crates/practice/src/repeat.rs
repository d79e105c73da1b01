//! A write that is sent twice under one key is done once.

use crate::House;
use domain::{AccountId, PracticeId, Timestamp};
use identity::{Full, Session};
use serde::Serialize;
use store::{
    Batch, StoreError,
    rows::idempotency_keys::{self, DoneRow},
};

/// How long a key is remembered, in milliseconds: a day.
const REMEMBERED: i64 = 24 * 60 * 60 * 1000;

/// A key under which a write may come again.
pub(crate) struct Repeatable {
    practice: PracticeId,
    account: AccountId,
    key_mac: [u8; 32],
    body_mac: [u8; 32],
}

/// A write that was done before.
pub(crate) struct Made {
    /// What it made.
    pub(crate) id: [u8; 16],
    /// When.
    pub(crate) at: Timestamp,
}

/// Why it is not known whether a write was done before.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RepeatError {
    /// The key came before with another body.
    #[error("the key was used for another request")]
    OtherBody,
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Repeatable {
    /// A key of the caller's choosing for what they send to `route`.
    pub(crate) fn new(house: &House, session: &Session<Full>, route: &str, key: &str, body: &impl Serialize) -> Self {
        let account = session.account();
        // Serializing our own input types into memory cannot fail.
        let body = serde_json::to_vec(body).unwrap_or_default();
        Self {
            practice: session.practice(),
            account,
            key_mac: house.indexes.idempotency_key(account, key),
            body_mac: house.indexes.request_body(account, route, &body),
        }
    }

    /// What the write made when it came before.
    pub(crate) async fn made_before(&self, house: &House) -> Result<Option<Made>, RepeatError> {
        let done = idempotency_keys::done(&house.stores.clinical, self.practice, self.account, &self.key_mac).await?;
        match done {
            Some(done) if done.body_mac != self.body_mac => Err(RepeatError::OtherBody),
            done => Ok(done.map(|done| Made { id: done.resource_id, at: done.at })),
        }
    }

    /// Remembers in the batch that does the write what it made.
    pub(crate) fn remember(&self, batch: Batch, made: [u8; 16], at: Timestamp) -> Batch {
        let row = DoneRow { body_mac: self.body_mac, resource_id: made, status: 201, at };
        let before = Timestamp::from_millisecond(at.as_millisecond() - REMEMBERED).unwrap_or(Timestamp::UNIX_EPOCH);
        idempotency_keys::remember(batch, self.practice, self.account, &self.key_mac, &row, before)
    }
}
