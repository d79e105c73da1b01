//! What the server does by itself: begins a review once a quarter, ends what nobody attested, closes it. A state machine that
//! survives being killed at any moment: each round goes on where the one before stopped, on whichever server.

use super::{
    REVIEW, ReviewError,
    ending::end,
    hand::Hand,
    listing::{self, page},
    oversees,
    record::seal,
    settings::OverseeSettings,
};
use crate::{
    Event, House, HouseError,
    record::resource,
    retention::Signing,
    staff,
    trail::{Position, TrailFilter},
};
use domain::{
    AccessItemId, AccessKind, AccessReviewId, AccessReviewState, PracticeId, Quarter, TaskObserver, Timestamp, Timezone,
};
use jiff::SignedDuration;
use ledger::{Outcome, Word};
use std::collections::HashSet;
use store::{
    Batch, CommitError, StoreError,
    rows::{
        access_reviews::{self as rows, ItemRow, Listed, ReviewRow},
        practices::{self, PracticeRow},
    },
};

/// Every durable transition of a review, in order: where it may be killed and goes on. The fifth happens where no server ran
/// for a while; the sixth is gone through again and again.
pub const REVIEW_STEPS: &[&str] = &[
    "review_recorded",
    "review_begun",
    "review_listed",
    "review_opened",
    "review_put_off",
    "access_ended",
    "review_closing",
    "review_closed",
];

/// That a server looks after a review is written down so often.
const LOOKS: SignedDuration = SignedDuration::from_mins(5);
/// Where none did for so long nobody could answer: longer than a restart takes.
const AWAY: SignedDuration = SignedDuration::from_hours(1);
/// Then nothing ends for so many days: the least that a practice can set.
const DAYS_AFTER_AWAY: u32 = 3;

/// Looks once whether anything is to be done, in any practice, and does it.
pub async fn round(house: &House, signing: &Signing, observer: &dyn TaskObserver) -> Result<(), ReviewError> {
    let (db, mut failed) = (&house.stores.identity, None);
    // What stops one practice's review keeps back no other's; and what ends on the minute comes before what takes long.
    for review in rows::unfinished(db).await? {
        if review.state == AccessReviewState::Open {
            failed = go_on(house, review, signing, observer).await.err().or(failed);
        }
    }
    let busy: HashSet<PracticeId> = rows::unfinished(db).await?.iter().map(|row| row.practice_id).collect();
    for practice in practices::all(db).await?.iter().filter(|row| !busy.contains(&row.practice_id)) {
        failed = begin(house, practice, observer).await.err().or(failed);
    }
    for review in rows::unfinished(db).await? {
        if review.state == AccessReviewState::Listing {
            failed = open(house, &review, observer).await.err().or(failed);
        }
    }
    failed.map_or(Ok(()), Err)
}

fn days_after(at: Timestamp, days: u32) -> Timestamp {
    after(at, SignedDuration::from_hours(i64::from(days) * 24))
}

fn after(at: Timestamp, time: SignedDuration) -> Timestamp {
    at.checked_add(time).unwrap_or(Timestamp::MAX)
}

/// The same for the same quarter of a practice, so that whoever begins it again begins the same.
fn review_id(practice: PracticeId, quarter: Quarter) -> AccessReviewId {
    let quarter = quarter.to_string();
    let parts = [b"patella access review v1".as_slice(), practice.as_bytes(), quarter.as_bytes()];
    let hash = crypto::sha256(&parts.concat());
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    AccessReviewId::from_random(id)
}

fn event(action: Word, review: AccessReviewId, reason: Word) -> Event {
    Event { reason, ..Event::done(action, resource(REVIEW, review)) }
}

/// What another server did meanwhile is done.
fn or_done(result: Result<(), ReviewError>) -> Result<bool, ReviewError> {
    match result {
        Ok(()) => Ok(true),
        Err(ReviewError::Decided) => Ok(false),
        Err(other) => Err(other),
    }
}

/// Begins the review of the quarter of a practice in which none is under way, unless there was one. A practice that is new in
/// this quarter has its first in the next.
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
    let row = ReviewRow {
        practice_id,
        review_id: review_id(practice_id, quarter),
        quarter,
        started_at: now,
        due_at: days_after(now, settings.due_days),
        state: AccessReviewState::Listing,
        closed_at: None,
        looked_at: Some(now),
    };
    let (hand, event) = (
        Hand::nobody(house, practice_id),
        event(Word::new("start_access_review"), row.review_id, Word::new("once-a-quarter")),
    );
    hand.record(house, event.clone()).await?;
    observer.reached("review_recorded");
    if or_done(hand.carry_out(house, [event], rows::begin(Batch::new(), &row)).await)? {
        observer.reached("review_begun");
    }
    Ok(())
}

/// Lists what is to be looked at; then it waits for answers.
async fn open(house: &House, review: &ReviewRow, observer: &dyn TaskObserver) -> Result<(), ReviewError> {
    let (practice, id) = (review.practice_id, review.review_id);
    if !or_done(listing::list(house, review).await)? {
        return Ok(());
    }
    observer.reached("review_listed");
    // Whoever answers has the whole time, however long listing took.
    let settings = OverseeSettings::of(house, practice).await?;
    let now = house.clock.now();
    let batch = rows::open(Batch::new(), practice, id, days_after(now, settings.due_days), now);
    match house.stores.identity.commit(batch).await {
        Ok(()) => observer.reached("review_opened"),
        Err(CommitError::Conflict { .. }) => {}
        Err(other) => return Err(other.into()),
    }
    Ok(())
}

async fn go_on(
    house: &House,
    review: ReviewRow,
    signing: &Signing,
    observer: &dyn TaskObserver,
) -> Result<(), ReviewError> {
    let (db, practice, id) = (&house.stores.identity, review.practice_id, review.review_id);
    let review = put_off(house, review, observer).await?;
    let mut ended = Ok(());
    if house.clock.now() >= review.due_at {
        ended = end_what_waits(house, &review, observer).await;
    }
    let (waiting, _) = rows::counts(db, practice, id).await?;
    if waiting == 0 {
        close(house, &review, signing, observer).await?;
    }
    ended
}

/// Writes down that somebody looks after a review. Where no server did for a while (it stood still, or this is a backup that was
/// brought back) nobody could answer, or their answers are lost: then nothing ends for some days.
async fn put_off(house: &House, review: ReviewRow, observer: &dyn TaskObserver) -> Result<ReviewRow, ReviewError> {
    let (db, practice, id, now) = (&house.stores.identity, review.practice_id, review.review_id, house.clock.now());
    let seen = review.looked_at.unwrap_or(review.started_at);
    // What cannot be recorded cannot be answered either: that is no looking after.
    if now < after(seen, LOOKS) || !house.ledger.status().is_ready() {
        return Ok(review);
    }
    let due_at = days_after(now, DAYS_AFTER_AWAY);
    if now < after(seen, AWAY) || review.due_at >= due_at {
        db.commit(rows::looked(Batch::new(), practice, id, now)).await?;
        return Ok(review);
    }
    let (hand, event) = (
        Hand::nobody(house, practice),
        event(Word::new("put_off_access_review"), id, Word::new("nobody-could-answer")),
    );
    hand.record(house, event.clone()).await?;
    if or_done(hand.carry_out(house, [event], rows::put_off(Batch::new(), &review, due_at, now)).await)? {
        observer.reached("review_put_off");
    }
    rows::by_id(db, practice, id).await?.ok_or(ReviewError::Unknown)
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
    let (hand, mut failed) = (Hand::nobody(house, practice), None);
    for item in waiting {
        match end(house, &item, &hand).await {
            Ok(_) => observer.reached("access_ended"),
            // Another server, or somebody, was quicker; or the account changed: the next round looks again.
            Err(ReviewError::Decided) => {}
            // What cannot be recorded stops all; anything else keeps back what it is about alone.
            Err(stops @ (ReviewError::Access(_) | ReviewError::House(HouseError::Unrecorded(_)))) => return Err(stops),
            Err(other) => failed = Some(other),
        }
    }
    failed.map_or(Ok(()), Err)
}

/// The entry of this server's log that says that a review is closed, where it was recorded and then not done.
async fn closing(house: &House, review: &ReviewRow, signing: &Signing) -> Result<Option<u64>, ReviewError> {
    let (action, outcome) = (Some(Word::new("close_access_review")), Some(Outcome::Allowed));
    let filter = TrailFilter { action, outcome, since: Some(review.started_at), ..TrailFilter::default() };
    let mut before = Position::END;
    for _ in 0..listing::PAGES {
        let page = page(house, review.practice_id, &filter, before, listing::ENTRIES).await?;
        let is_it = |found: &&crate::trail::TrailEntry| {
            found.log == signing.log && found.entry.resource == resource(REVIEW, review.review_id)
        };
        if let Some(found) = page.entries.iter().find(is_it) {
            return Ok(Some(found.seq));
        }
        match page.next {
            Some(next) => before = next,
            None => break,
        }
    }
    Ok(None)
}

async fn close(
    house: &House,
    review: &ReviewRow,
    signing: &Signing,
    observer: &dyn TaskObserver,
) -> Result<(), ReviewError> {
    let (practice, id) = (review.practice_id, review.review_id);
    let (hand, event) =
        (Hand::nobody(house, practice), event(Word::new("close_access_review"), id, Word::new("all-decided")));
    let entry = match closing(house, review, signing).await? {
        Some(entry) => entry,
        None => hand.record(house, event.clone()).await?.seq(),
    };
    house.ledger.checkpoint().await?;
    observer.reached("review_closing");
    let closed_at = house.clock.now();
    let note = seal(house, review, closed_at, entry, signing).await?;
    let batch = rows::close(Batch::new(), practice, id, closed_at, &note);
    if or_done(hand.carry_out(house, [event], batch).await)? {
        observer.reached("review_closed");
    }
    Ok(())
}
