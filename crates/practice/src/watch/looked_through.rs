//! That somebody looked through what was done: said by those who watch over a practice, and told when nobody does.

use super::{
    Setting,
    settings::{Settings, of_practice},
};
use crate::{
    Actor, Event, House, HouseError,
    house::through_house,
    record::{Names, Person, RecordError},
};
use domain::{PracticeId, RequestId, TaskObserver, Timestamp};
use identity::{EnrollmentError, Full, Origin, Session};
use ledger::{LedgerError, Outcome, Resource, Word};
use phi::{AccessError, Purpose, ReadAudit};
use schemars::JsonSchema;
use serde::Serialize;
use std::time::Duration;
use store::{
    Batch, CommitError, StoreError,
    rows::{
        activity_reviews::{self as rows, ActivityReviewRow},
        alerts, login_sessions,
        practices::{self, PracticeRow},
    },
};

/// How often a server looks whether it is to be told that nobody looked.
pub const REMIND_EVERY: Duration = Duration::from_secs(60);

/// The steps of telling it, as the observer is told of them. The entry comes before the mark, for the alert is made of it; killed in
/// between, it is written again a minute later, and the watch tells it once.
pub const REMIND_STEPS: &[&str] = &["it is taken in hand", "it is recorded", "it is marked so"];

const REVIEW: Word = Word::new("review_activity");
const ACTIVITY: Word = Word::new("activity");

/// Up to when somebody looked through what was done.
#[derive(Clone, Serialize, JsonSchema)]
pub struct LookedThrough {
    /// Up to when.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub until: Timestamp,
    /// Who.
    pub by: Person,
    /// When they said so.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// Why it was not taken down that somebody looked.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// People look, and no program does.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// Nobody looked through what is still to come.
    #[error("what is still to come was not looked through")]
    Ahead,
    /// Somebody looked further already.
    #[error("somebody looked that far already")]
    Before,
    /// A name could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
}

through_house!(LookError);

/// Up to when somebody looked through what was done in the practice; none while nobody did. Told beside the trail, to whoever was
/// let in to that.
pub async fn looked_through(house: &House, session: &Session<Full>) -> Result<Option<LookedThrough>, RecordError> {
    let Some(row) = rows::newest(&house.stores.identity, session.practice()).await? else { return Ok(None) };
    let by = Names::new(house, session).person(row.reviewed_by).await?;
    Ok(Some(LookedThrough { until: row.reviewed_until, by, at: row.reviewed_at }))
}

/// Takes down that somebody looked through what was done up to a moment: in person, and further than anybody before.
pub async fn look_through(house: &House, session: &Session<Full>, until: Timestamp) -> Result<(), LookError> {
    let about = Resource::whole(ACTIVITY);
    let practice =
        house.guard.authorize_practice::<ReadAudit>(session, Purpose::operations(about.clone())).await?.practice();
    if session.token().is_some() {
        return Err(EnrollmentError::ApiToken.into());
    }
    let (db, now) = (&house.stores.identity, house.clock.now());
    if until > now {
        return Err(LookError::Ahead);
    }
    if rows::newest(db, practice).await?.is_some_and(|newest| newest.reviewed_until >= until) {
        return Err(LookError::Before);
    }
    let event = |outcome, reason| Event { outcome, reason, ..Event::done(REVIEW, about.clone()) };
    house.record(session, event(Outcome::Allowed, Word::new("read-audit"))).await?;
    let me = session.account();
    let row = ActivityReviewRow { practice_id: practice, reviewed_until: until, reviewed_by: me, reviewed_at: now };
    let batch = login_sessions::hold(Batch::new(), practice, me, session.id());
    match db.commit(rows::insert(batch, &row)).await {
        Ok(()) => Ok(()),
        Err(error) => {
            house.record(session, event(Outcome::Failed, Word::new("not-stored"))).await?;
            match error {
                CommitError::Conflict { .. } | CommitError::Duplicate { .. } => Err(LookError::Before),
                other => Err(other.into()),
            }
        }
    }
}

/// Why it could not be told that nobody looked. It is tried again.
#[derive(Debug, thiserror::Error)]
pub enum RemindError {
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

/// What nobody looked at.
#[derive(Clone, Copy)]
enum Unseen {
    /// What was done.
    Activity,
    /// Alerts that wait.
    Alerts,
}

/// Records of every practice where nobody looked for as long as it set, that nobody did: once, and again each time that so much time
/// went by. Whichever server comes to it first. Says how often it was told. What fails keeps back no other.
pub async fn remind_overseers(house: &House, observer: &dyn TaskObserver) -> Result<u64, RemindError> {
    let (mut told, mut failed) = (0, None);
    for practice in practices::all(&house.stores.identity).await? {
        for unseen in [Unseen::Activity, Unseen::Alerts] {
            match remind(house, &practice, unseen, observer).await {
                Ok(done) => told += u64::from(done),
                // Nothing can be recorded: not of the next one either.
                Err(error @ RemindError::Unrecorded(_)) => return Err(error),
                Err(error) => failed = Some(error),
            }
        }
    }
    failed.map_or(Ok(told), Err)
}

async fn remind(
    house: &House,
    practice: &PracticeRow,
    unseen: Unseen,
    observer: &dyn TaskObserver,
) -> Result<bool, RemindError> {
    let (db, id) = (&house.stores.identity, practice.practice_id);
    let (about, since) = match unseen {
        // From the practice's first day on, where nobody ever looked.
        Unseen::Activity => {
            let newest = rows::newest(db, id).await?;
            ("activity", Some(newest.map_or(practice.created_at, |newest| newest.reviewed_until)))
        }
        Unseen::Alerts => ("alerts", alerts::oldest_open(db, id).await?),
    };
    let Some(since) = since else { return Ok(false) };
    let told_at = rows::told_at(db, id, about).await?;
    let now = house.clock.now();
    if !is_due(&of_practice(house, id).await?, since, told_at, now) {
        return Ok(false);
    }
    match db.commit(rows::take_in_hand(Batch::new(), id, about, told_at, now)).await {
        Ok(()) => observer.reached(REMIND_STEPS[0]),
        Err(CommitError::Conflict { .. }) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    record(house, id, unseen).await?;
    observer.reached(REMIND_STEPS[1]);
    db.commit(rows::told(Batch::new(), id, about, now)).await?;
    observer.reached(REMIND_STEPS[2]);
    Ok(true)
}

/// Whether so much time went by since it was looked at last, or since that was told.
fn is_due(settings: &Settings, since: Timestamp, told_at: Option<Timestamp>, now: Timestamp) -> bool {
    let from = told_at.map_or(since, |told| told.max(since));
    now.as_second() - from.as_second() >= i64::from(settings.number(Setting::ReviewDays)) * 86_400
}

async fn record(house: &House, practice: PracticeId, unseen: Unseen) -> Result<(), LedgerError> {
    let actor = Actor { practice: Some(practice), ..Actor::default() };
    let origin = Origin { address: None, request: RequestId::random(&*house.rng) };
    let (about, reason) = match unseen {
        Unseen::Activity => (Resource::whole(ACTIVITY), Word::new("not-looked-through")),
        Unseen::Alerts => (Resource::whole(Word::new("alerts")), Word::new("not-looked-into")),
    };
    let event = Event { reason, ..Event::done(Word::new("remind_overseers"), about) };
    house.record_as(actor, origin, event).await.map(|_| ())
}
