//! What people say about an access: that it is needed, or that it ends.

use super::{
    ITEM, REVIEW, ReviewError, allowed, anybody_else,
    ending::{Hand, end},
    item_resource,
    listing::alerted,
};
use crate::{Actor, Event, House, accounts::in_person, record::resource, staff};
use domain::{AccessDecision, AccessItemId, AccessKind, AccessReviewId, AccessReviewState, AccessVerdict, PracticeId};
use identity::{Full, Session};
use ledger::Word;
use schemars::JsonSchema;
use serde::Serialize;
use store::{
    Batch, CommitError,
    rows::access_reviews::{self as rows, Decided, ItemRow, Listed, ReviewRow},
};

const ATTEST: Word = Word::new("attest_access");
/// Items that are kept in one write.
const AT_ONCE: usize = 100;

/// How many were kept at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Kept {
    /// So many.
    pub kept: u64,
}

/// The review, if answers are taken.
async fn open(house: &House, practice: PracticeId, review: AccessReviewId) -> Result<ReviewRow, ReviewError> {
    let row = rows::by_id(&house.stores.identity, practice, review).await?.ok_or(ReviewError::Unknown)?;
    let answers = row.state == AccessReviewState::Open && house.clock.now() < row.due_at;
    answers.then_some(row).ok_or(ReviewError::Decided)
}

/// Says that an access is needed, or ends it: in person, and not about oneself, unless nobody else can: then it is marked so.
pub async fn attest(
    house: &House,
    session: &Session<Full>,
    review: AccessReviewId,
    item: AccessItemId,
    verdict: AccessVerdict,
) -> Result<AccessDecision, ReviewError> {
    let practice = allowed(house, session, item_resource(item)).await?;
    in_person(house, session)?;
    let (db, me) = (&house.stores.identity, session.account());
    let row = rows::item(db, practice, review, item).await?.ok_or(ReviewError::Unknown)?;
    open(house, practice, review).await?;
    let own = row.whose == me;
    if own && anybody_else(house, practice, me).await? {
        house.record(session, Event::refused(ATTEST, item_resource(item), Word::new("about-oneself"))).await?;
        return Err(ReviewError::Oneself);
    }
    if row.decided.is_some() {
        return Err(ReviewError::Decided);
    }
    match verdict {
        AccessVerdict::End if own && row.kind == AccessKind::Account => Err(ReviewError::Last),
        AccessVerdict::End => {
            let hand = Hand { actor: Actor::of_session(session), origin: session.origin() };
            end(house, &row, &hand).await
        }
        AccessVerdict::Keep => {
            let reason = if own { "about-oneself" } else { "access-kept" };
            let event = Event { reason: Word::new(reason), ..Event::done(ATTEST, item_resource(item)) };
            house.record(session, event).await?;
            db.commit(rows::decide(Batch::new(), &row, &kept(house, session))).await.map_err(|error| match error {
                CommitError::Conflict { .. } => ReviewError::Decided,
                other => other.into(),
            })?;
            Ok(AccessDecision::Kept)
        }
    }
}

fn kept(house: &House, session: &Session<Full>) -> Decided {
    Decided { decision: AccessDecision::Kept, by: Some(session.account()), at: house.clock.now(), version: None }
}

/// Keeps at once everything about which nothing is unusual, neither when it was listed nor now; nothing of one's own.
pub async fn keep_usual(house: &House, session: &Session<Full>, review: AccessReviewId) -> Result<Kept, ReviewError> {
    let practice = allowed(house, session, resource(REVIEW, review)).await?;
    in_person(house, session)?;
    open(house, practice, review).await?;
    let (db, me) = (&house.stores.identity, session.account());
    let (alerted, staff) = (alerted(house, practice).await?, staff::everybody(house, practice).await?);
    let usual = |item: &ItemRow| {
        let as_it_was = staff.iter().any(|row| row.account_id == item.whose && row.role == item.role);
        item.unusual.is_empty() && item.whose != me && !alerted.contains(&item.whose) && as_it_was
    };
    let (mut count, mut after) = (0, AccessItemId::from_bytes([0; 16]));
    loop {
        let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let found = rows::items(db, (practice, review), Listed::Waiting, after, limit).await?;
        let Some(last) = found.last() else { return Ok(Kept { kept: count }) };
        after = last.item_id;
        let some: Vec<ItemRow> = found.into_iter().filter(usual).collect();
        count += keep_all(house, session, &some).await?;
    }
}

/// Records all of them in one append, then keeps those that still wait.
async fn keep_all(house: &House, session: &Session<Full>, items: &[ItemRow]) -> Result<u64, ReviewError> {
    if items.is_empty() {
        return Ok(0);
    }
    let (db, decided) = (&house.stores.identity, kept(house, session));
    let entry = |item: &ItemRow| {
        let event = Event::done(ATTEST, resource(ITEM, item.item_id));
        let event = Event { reason: Word::new("nothing-unusual"), ..event };
        house.entry(Actor::of_session(session), session.origin(), event)
    };
    house.ledger.append(items.iter().map(entry).collect()).await?;
    let all = items.iter().fold(Batch::new(), |batch, item| rows::decide(batch, item, &decided));
    match db.commit(all).await {
        Ok(()) => return Ok(items.len() as u64),
        Err(CommitError::Conflict { .. }) => {}
        Err(other) => return Err(other.into()),
    }
    // Somebody decided one of them meanwhile: the others one by one.
    let mut count = 0;
    for item in items {
        match db.commit(rows::decide(Batch::new(), item, &decided)).await {
            Ok(()) => count += 1,
            Err(CommitError::Conflict { .. }) => {}
            Err(other) => return Err(other.into()),
        }
    }
    Ok(count)
}
