//! What the server does by itself: begins a review once a quarter, ends what nobody attested, closes it. A state machine that
//! survives being killed at any moment: each round goes on where the one before stopped, on whichever server.

use super::{
    REVIEW, ReviewError,
    ending::{Hand, end},
    listing, oversees,
    record::seal,
    settings::OverseeSettings,
};
use crate::{Actor, Event, House, record::resource, retention::Signing, staff};
use domain::{
    AccessItemId, AccessKind, AccessReviewId, AccessReviewState, PracticeId, Quarter, RequestId, TaskObserver,
    Timestamp, Timezone,
};
use identity::Origin;
use jiff::SignedDuration;
use ledger::Word;
use store::{
    Batch, CommitError, StoreError,
    rows::{
        access_reviews::{self as rows, ItemRow, Listed, ReviewRow},
        practices::{self, PracticeRow},
    },
};

/// Every durable transition of a review, in order: where it may be killed and goes on. The fourth is gone through again and
/// again.
pub const REVIEW_STEPS: &[&str] = &[
    "review_recorded",
    "review_begun",
    "review_listed",
    "review_opened",
    "access_ended",
    "review_closing",
    "review_closed",
];

/// Looks once whether anything is to be done, in any practice, and does it.
pub async fn round(house: &House, signing: &Signing, observer: &dyn TaskObserver) -> Result<(), ReviewError> {
    let (db, mut failed) = (&house.stores.identity, None);
    // What stops one practice's review keeps back no other's.
    for practice in practices::all(db).await? {
        failed = begin(house, &practice, observer).await.err().or(failed);
    }
    for review in rows::unfinished(db).await? {
        failed = go_on(house, review, signing, observer).await.err().or(failed);
    }
    failed.map_or(Ok(()), Err)
}

fn unattended(house: &House, practice: PracticeId) -> Hand {
    let actor = Actor { practice: Some(practice), ..Actor::default() };
    Hand { actor, origin: Origin { address: None, request: RequestId::random(&*house.rng) } }
}

fn days_after(at: Timestamp, days: u32) -> Timestamp {
    at.checked_add(SignedDuration::from_hours(i64::from(days) * 24)).unwrap_or(Timestamp::MAX)
}

/// Begins the review of the quarter, unless there is one. A practice that is new in this quarter has its first in the next.
async fn begin(house: &House, practice: &PracticeRow, observer: &dyn TaskObserver) -> Result<(), ReviewError> {
    let (db, practice_id, now) = (&house.stores.identity, practice.practice_id, house.clock.now());
    let zone = Timezone::new(&practice.timezone).map_err(|_| StoreError::Column { index: 2, wanted: "a time zone" })?;
    let quarter = Quarter::of(zone.day_of(now));
    if Quarter::of(zone.day_of(practice.created_at)) >= quarter
        || rows::of_quarter(db, practice_id, quarter).await?.is_some()
        || !staff::everybody(house, practice_id).await?.iter().any(oversees)
    {
        return Ok(());
    }
    let settings = OverseeSettings::of(house, practice_id).await?;
    let review_id = AccessReviewId::random(&*house.rng);
    let hand = unattended(house, practice_id);
    hand.begin(house, Event::done(Word::new("start_access_review"), resource(REVIEW, review_id))).await?;
    observer.reached("review_recorded");
    let row = ReviewRow {
        practice_id,
        review_id,
        quarter,
        started_at: now,
        due_at: days_after(now, settings.due_days),
        state: AccessReviewState::Listing,
        closed_at: None,
        record: None,
    };
    match db.commit(rows::begin(Batch::new(), &row)).await {
        Ok(()) => observer.reached("review_begun"),
        // Another server did. That this one was about to stands in the trail; there is one review.
        Err(CommitError::Duplicate { .. } | CommitError::Conflict { .. }) => {}
        Err(other) => return Err(other.into()),
    }
    Ok(())
}

async fn go_on(
    house: &House,
    mut review: ReviewRow,
    signing: &Signing,
    observer: &dyn TaskObserver,
) -> Result<(), ReviewError> {
    let (db, practice, id) = (&house.stores.identity, review.practice_id, review.review_id);
    if review.state == AccessReviewState::Listing {
        listing::list(house, &review).await?;
        observer.reached("review_listed");
        // Whoever answers has the whole time, however long listing took.
        let settings = OverseeSettings::of(house, practice).await?;
        let due_at = days_after(house.clock.now(), settings.due_days);
        match db.commit(rows::open(Batch::new(), practice, id, due_at)).await {
            Ok(()) | Err(CommitError::Conflict { .. }) => observer.reached("review_opened"),
            Err(other) => return Err(other.into()),
        }
        review = rows::by_id(db, practice, id).await?.ok_or(ReviewError::Unknown)?;
    }
    if review.state != AccessReviewState::Open {
        return Ok(());
    }
    if house.clock.now() >= review.due_at {
        end_what_waits(house, &review, observer).await?;
    }
    let (waiting, _) = rows::counts(db, practice, id).await?;
    if waiting == 0 { close(house, review, signing, observer).await } else { Ok(()) }
}

/// Ends what nobody attested: tokens and places first, then accounts, those last who could attest, the longest unused first, so
/// that whoever must stay is who was there last.
async fn end_what_waits(house: &House, review: &ReviewRow, observer: &dyn TaskObserver) -> Result<(), ReviewError> {
    let (db, practice) = (&house.stores.identity, review.practice_id);
    let (mut waiting, mut after): (Vec<ItemRow>, _) = (Vec::new(), AccessItemId::from_bytes([0; 16]));
    loop {
        let some = rows::items(db, (practice, review.review_id), Listed::Waiting, after, 500).await?;
        let Some(last) = some.last() else { break };
        after = last.item_id;
        waiting.extend(some);
    }
    let who = staff::everybody(house, practice).await?;
    let attests = |item: &ItemRow| who.iter().any(|row| row.account_id == item.whose && oversees(row));
    waiting.sort_by_key(|item| {
        let account = item.kind == AccessKind::Account;
        (account, account && attests(item), item.last_used_at, item.item_id)
    });
    let hand = unattended(house, practice);
    for item in waiting {
        match end(house, &item, &hand).await {
            Ok(_) => observer.reached("access_ended"),
            // Another server, or somebody, was quicker; or the account changed: the next round looks again.
            Err(ReviewError::Decided) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(())
}

async fn close(
    house: &House,
    review: ReviewRow,
    signing: &Signing,
    observer: &dyn TaskObserver,
) -> Result<(), ReviewError> {
    let (practice, id) = (review.practice_id, review.review_id);
    let hand = unattended(house, practice);
    let event = Event::done(Word::new("close_access_review"), resource(REVIEW, id));
    let event = Event { reason: Word::new("all-decided"), ..event };
    let receipt = house.record_as(hand.actor, hand.origin, event).await?;
    house.ledger.checkpoint().await?;
    observer.reached("review_closing");
    let closed_at = house.clock.now();
    let note = seal(house, &review, closed_at, receipt.seq(), signing).await?;
    match house.stores.identity.commit(rows::close(Batch::new(), practice, id, closed_at, &note)).await {
        Ok(()) => observer.reached("review_closed"),
        Err(CommitError::Conflict { .. }) => {}
        Err(other) => return Err(other.into()),
    }
    Ok(())
}

impl Hand {
    async fn begin(&self, house: &House, event: Event) -> Result<(), ReviewError> {
        let event = Event { reason: Word::new("once-a-quarter"), ..event };
        Ok(house.record_as(self.actor, self.origin, event).await.map(drop)?)
    }
}
