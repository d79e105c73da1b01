//! Telling that nobody signed in time.

use super::EMERGENCY;
use crate::{Actor, Event, House, record::resource};
use domain::{RequestId, TaskObserver};
use identity::{Full, Origin, Session};
use ledger::{LedgerError, Word};
use std::time::Duration;
use store::{
    Batch, CommitError, StoreError,
    rows::emergencies::{self, EmergencyRow},
};

/// How often a server looks for what nobody signed for in time.
pub const OVERDUE_EVERY: Duration = Duration::from_secs(5);

/// How long it waits after an error: one that was taken in hand is tried again after a minute.
pub const OVERDUE_RECOVERY: Duration = Duration::from_secs(60);

/// The steps, as the observer is told of them. The entry comes before the mark, for the alert is made of it; killed in between, it is
/// written again a minute later, and the watch tells it once.
pub const ESCALATE_STEPS: &[&str] = &["it is taken in hand", "it is recorded that nobody signed", "it is marked so"];

/// Why it could not be told. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum EscalateError {
    /// The identity store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be marked.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// It could not be recorded.
    #[error(transparent)]
    Unrecorded(#[from] LedgerError),
}

/// Records of every opening, of all practices, that nobody signed for it in time, once, whichever server comes to it first. Says of how
/// many. One that fails keeps back no other, and is tried again when a minute has gone by.
pub async fn escalate_overdue(house: &House, observer: &dyn TaskObserver) -> Result<u64, EscalateError> {
    let (mut told, mut failed) = (0, None);
    for row in emergencies::overdue(&house.stores.identity, house.clock.now()).await? {
        match tell(house, &row, observer).await {
            Ok(done) => told += u64::from(done),
            // Nothing can be recorded: not of the next one either.
            Err(error @ EscalateError::Unrecorded(_)) => return Err(error),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(told), Err)
}

/// Tells it of one, unless another server does.
async fn tell(house: &House, row: &EmergencyRow, observer: &dyn TaskObserver) -> Result<bool, EscalateError> {
    let (db, practice, emergency) = (&house.stores.identity, row.practice_id, row.emergency_id);
    match db.commit(emergencies::take_in_hand(Batch::new(), practice, emergency, house.clock.now())).await {
        Ok(()) => observer.reached(ESCALATE_STEPS[0]),
        Err(CommitError::Conflict { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    let actor = Actor { practice: Some(practice), ..Actor::default() };
    let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
    let event = Event::done(Word::new("escalate_emergency"), resource(EMERGENCY, emergency));
    let event = Event { patient: Some(row.patient_id), reason: Word::new("not-signed"), ..event };
    house.record_as(actor, origin, event).await?;
    observer.reached(ESCALATE_STEPS[1]);
    db.commit(emergencies::escalate(Batch::new(), practice, emergency, house.clock.now())).await?;
    observer.reached(ESCALATE_STEPS[2]);
    Ok(true)
}

/// How many openings of the practice nobody signed for in time: said on each page of those who may sign, until somebody did.
pub async fn overdue(house: &House, session: &Session<Full>) -> Result<u64, StoreError> {
    emergencies::count_overdue(&house.stores.identity, session.practice(), house.clock.now()).await
}
