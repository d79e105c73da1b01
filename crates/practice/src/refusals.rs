//! Tries that are refused without being looked at: recorded once in a window, counted, and their number recorded when the
//! window is over. A flood then fills no disk, and how big it was is still known.

use crate::{Actor, Event, House, HouseError};
use domain::Timestamp;
use identity::Origin;
use ledger::{Outcome, Resource, Word};
use std::time::Duration;
use store::{
    Batch, CommitError,
    rows::{accounts, throttle},
};

/// How long a window lasts at least when nothing else ends it: as the longest wait.
const WINDOW: Duration = Duration::from_secs(15 * 60);
/// How often a count is tried again when another request opens or ends the window at the same moment.
const TRIES: u32 = 4;

/// Counts a refusal of a subject, and records it when it is the first of its window. `event` says of what.
pub(crate) async fn refuse(
    house: &House,
    subject: &[u8; 32],
    actor: Actor,
    origin: Origin,
    event: Event,
) -> Result<(), HouseError> {
    let db = &house.stores.identity;
    let now = house.clock.now();
    for _ in 0..TRIES {
        match db.commit(throttle::refuse_first(Batch::new(), subject, now, origin.request)).await {
            Ok(()) => {
                let recorded = house.record_as(actor, origin, event).await;
                if recorded.is_err() {
                    // The next one is the first again; when more came meanwhile, their number will be recorded.
                    let only =
                        throttle::Refusals { subject_index: *subject, count: 1, since: now, first: origin.request };
                    ignoring_conflicts(db.commit(throttle::settle(Batch::new(), &only)).await)?;
                }
                return Ok(recorded.map(drop)?);
            }
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
        match db.commit(throttle::refuse_again(Batch::new(), subject)).await {
            Err(CommitError::Conflict { .. }) => {}
            done => return Ok(done?),
        }
    }
    // Others open and end the window faster than this request can join it: then it stands for itself.
    house.record_as(actor, origin, event).await?;
    Ok(())
}

/// Records how many were refused in the windows of these two subjects, and in windows of anybody that have lasted long
/// enough. The entry has the request of the window's first refusal, whose own entry says what was tried, and from where.
pub(crate) async fn settle(house: &House, subjects: [&[u8; 32]; 2]) -> Result<(), HouseError> {
    let db = &house.stores.identity;
    let until = house.clock.now().checked_sub(WINDOW).unwrap_or(Timestamp::MIN);
    for refusals in throttle::unsettled(db, until, subjects).await? {
        match db.commit(throttle::settle(Batch::new(), &refusals)).await {
            Ok(()) => {}
            // One more came, or another request does it.
            Err(CommitError::Conflict { .. }) => continue,
            Err(other) => return Err(other.into()),
        }
        // One alone is in the ledger already.
        if refusals.count > 1
            && let Err(error) = record(house, &refusals).await
        {
            db.commit(throttle::unsettle(Batch::new(), &refusals)).await?;
            return Err(error);
        }
    }
    Ok(())
}

async fn record(house: &House, refusals: &throttle::Refusals) -> Result<(), HouseError> {
    const REFUSED_TRIES: Word = Word::new("refused_tries");
    // The subject is an account's address, or nothing that names anybody.
    let account = accounts::by_email(&house.stores.identity, &refusals.subject_index).await?;
    let actor = account.map_or_else(Actor::default, |row| Actor::of_account(&row));
    let event = Event {
        action: REFUSED_TRIES,
        resource: Resource::new(Word::new("tries"), refusals.count).expect("a number is short and visible"),
        patient: None,
        outcome: Outcome::Denied,
        reason: Word::new("throttled"),
    };
    house.record_as(actor, Origin { address: None, request: refusals.first }, event).await?;
    Ok(())
}

fn ignoring_conflicts(outcome: Result<(), CommitError>) -> Result<(), CommitError> {
    match outcome {
        Err(CommitError::Conflict { .. }) => Ok(()),
        other => other,
    }
}
