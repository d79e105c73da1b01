//! Telling that nobody signed in time.

use super::EMERGENCY;
use crate::{Actor, Event, House, record::resource};
use domain::{RequestId, TaskObserver};
use identity::{Full, Origin, Session};
use ledger::{LedgerError, Word};
use std::time::Duration;
use store::{Batch, CommitError, StoreError, rows::emergencies};

/// How often a server looks for what nobody signed for in time.
pub const OVERDUE_EVERY: Duration = Duration::from_secs(5);

/// The steps, as the observer is told of them. The entry comes first, for the alert is made of it; killed before the mark, it is
/// written again, and the watch tells it once.
pub const ESCALATE_STEPS: &[&str] = &["it is recorded that nobody signed", "it is marked so"];

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

/// Records of every opening, of all practices, that nobody signed for it in time, once. Says of how many.
pub async fn escalate_overdue(house: &House, observer: &dyn TaskObserver) -> Result<u64, EscalateError> {
    let (db, mut told) = (&house.stores.identity, 0);
    for row in emergencies::overdue(db, house.clock.now()).await? {
        let actor = Actor { practice: Some(row.practice_id), ..Actor::default() };
        let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
        let about = resource(EMERGENCY, row.emergency_id);
        let event = Event::done(Word::new("escalate_emergency"), about);
        let event = Event { patient: Some(row.patient_id), reason: Word::new("not-signed"), ..event };
        house.record_as(actor, origin, event).await?;
        observer.reached(ESCALATE_STEPS[0]);
        let now = house.clock.now();
        db.commit(emergencies::escalate(Batch::new(), row.practice_id, row.emergency_id, now)).await?;
        observer.reached(ESCALATE_STEPS[1]);
        told += 1;
    }
    Ok(told)
}

/// How many openings of the practice nobody signed for in time: said on each page of those who may sign, until somebody did.
pub async fn overdue(house: &House, session: &Session<Full>) -> Result<u64, StoreError> {
    emergencies::count_overdue(&house.stores.identity, session.practice(), house.clock.now()).await
}
