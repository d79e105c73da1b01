//! Telling that the head of the audit trail does not arrive where this server cannot rewrite it. What was signed here alone could
//! be cut off here, and nobody would know.

use super::{Setting, looked_through::RemindError, settings::of_practice};
use crate::{Actor, Event, House};
use domain::{PracticeId, RequestId, TaskObserver, Timestamp};
use identity::Origin;
use ledger::{LedgerStatus, Resource, Word};
use store::{
    Batch, CommitError,
    rows::{activity_reviews as rows, practices},
};

const ABOUT: &str = "head";

/// Records for every practice that the head of the log did not arrive at a second path for as long as it set, while the log grew: once
/// for each time that it does not arrive. Says how often it was told. What fails keeps back no other.
pub async fn tell_unwitnessed(
    house: &House,
    status: &LedgerStatus,
    observer: &dyn TaskObserver,
) -> Result<u64, RemindError> {
    let Some(since) = status.unwitnessed_since() else { return Ok(0) };
    let (mut told, mut failed) = (0, None);
    for practice in practices::all(&house.stores.identity).await? {
        match tell(house, practice.practice_id, since, observer).await {
            Ok(done) => told += u64::from(done),
            // Nothing can be recorded: not for the next one either.
            Err(error @ RemindError::Unrecorded(_)) => return Err(error),
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(told), Err)
}

async fn tell(
    house: &House,
    practice: PracticeId,
    since: Timestamp,
    observer: &dyn TaskObserver,
) -> Result<bool, RemindError> {
    let (db, now) = (&house.stores.identity, house.clock.now());
    let minutes = of_practice(house, practice).await?.number(Setting::WitnessMinutes);
    let told_at = rows::told_at(db, practice, ABOUT).await?;
    let early = now.as_second() - since.as_second() < i64::from(minutes) * 60;
    if early || told_at.is_some_and(|told| told >= since) {
        return Ok(false);
    }
    match db.commit(rows::take_in_hand(Batch::new(), practice, ABOUT, told_at, now)).await {
        Ok(()) => observer.reached("it is taken in hand"),
        Err(CommitError::Conflict { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    let actor = Actor { practice: Some(practice), ..Actor::default() };
    let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
    let event = Event::done(Word::new("tell_unwitnessed"), Resource::whole(Word::new("audit_head")));
    house.record_as(actor, origin, Event { reason: Word::new("not-witnessed"), ..event }).await?;
    observer.reached("it is recorded");
    db.commit(rows::told(Batch::new(), practice, ABOUT, now)).await?;
    Ok(true)
}
