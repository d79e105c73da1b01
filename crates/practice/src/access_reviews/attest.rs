//! What people say about an access: that it is needed, or that it ends.

use super::{
    ITEM, REVIEW, ReviewError, allowed,
    ending::{decided, end, gone},
    hand::Hand,
    item_resource,
    listing::alerted,
    others::could_another,
    standing::Standing,
};
use crate::{Event, House, accounts::in_person, record::resource, staff};
use domain::{AccessDecision, AccessItemId, AccessKind, AccessReviewId, AccessReviewState, AccessVerdict, PracticeId};
use identity::{Full, Session};
use ledger::Word;
use schemars::JsonSchema;
use serde::Serialize;
use store::{
    Batch,
    rows::access_reviews::{self as rows, ItemRow, Listed, ReviewRow},
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

/// The review, where it takes answers now.
async fn answerable(house: &House, practice: PracticeId, review: AccessReviewId) -> Result<ReviewRow, ReviewError> {
    let row = rows::by_id(&house.stores.identity, practice, review).await?.ok_or(ReviewError::Unknown)?;
    let answers = row.state == AccessReviewState::Open && house.clock.now() < row.due_at;
    answers.then_some(row).ok_or(ReviewError::Decided)
}

/// Says that an access is needed, or ends it: in person, and not about oneself, unless nobody else could: then it is marked so.
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
    let review = answerable(house, practice, review).await?;
    let own = row.whose == me;
    if own && could_another(house, &review, me).await? {
        house.record(session, Event::refused(ATTEST, item_resource(item), Word::new("about-oneself"))).await?;
        return Err(ReviewError::Oneself);
    }
    if row.decided.is_some() {
        return Err(ReviewError::Decided);
    }
    let hand = Hand::of(session);
    match verdict {
        AccessVerdict::End if own && row.kind == AccessKind::Account => Err(ReviewError::Last),
        AccessVerdict::End => end(house, &row, &hand).await,
        AccessVerdict::Keep => {
            let staff = staff::everybody(house, practice).await?;
            let Some(standing) = Standing::of(house, &row, &staff).await? else {
                return gone(house, &row, &hand).await;
            };
            let reason = if own { "about-oneself" } else { "access-kept" };
            let event = Event { reason: Word::new(reason), ..Event::done(ATTEST, item_resource(item)) };
            hand.record(house, event.clone()).await?;
            hand.carry_out(house, [event], kept(house, &hand, Batch::new(), &row, &standing)).await?;
            Ok(AccessDecision::Kept)
        }
    }
}

fn kept(house: &House, hand: &Hand, batch: Batch, item: &ItemRow, standing: &Standing) -> Batch {
    let batch = standing.hold(house, batch, item);
    rows::decide(batch, item, &decided(house, hand, AccessDecision::Kept, None))
}

/// Keeps at once everything about which nothing is unusual, neither when it was listed nor now; nothing of one's own.
pub async fn keep_usual(house: &House, session: &Session<Full>, review: AccessReviewId) -> Result<Kept, ReviewError> {
    let practice = allowed(house, session, resource(REVIEW, review)).await?;
    in_person(house, session)?;
    answerable(house, practice, review).await?;
    let (db, me) = (&house.stores.identity, session.account());
    let (alerted, staff) = (alerted(house, practice).await?, staff::everybody(house, practice).await?);
    let usual = |item: &ItemRow| {
        let as_it_was = staff.iter().any(|row| row.account_id == item.whose && row.role == item.role);
        item.unusual.is_empty() && item.whose != me && !alerted.contains(&item.whose) && as_it_was
    };
    let hand = Hand::of(session);
    let (mut count, mut after) = (0, AccessItemId::from_bytes([0; 16]));
    loop {
        let limit = i64::try_from(AT_ONCE).unwrap_or(i64::MAX);
        let found = rows::items(db, (practice, review), Listed::Waiting, after, limit).await?;
        let Some(last) = found.last() else { return Ok(Kept { kept: count }) };
        after = last.item_id;
        let mut some = Vec::with_capacity(found.len());
        for item in found.into_iter().filter(usual) {
            match Standing::of(house, &item, &staff).await? {
                Some(standing) => some.push((item, standing)),
                None => match gone(house, &item, &hand).await {
                    Ok(_) | Err(ReviewError::Decided) => {}
                    Err(other) => return Err(other),
                },
            }
        }
        count += keep_all(house, &hand, &some).await?;
    }
}

/// Records all of them in one append, then keeps those that still wait and still are.
async fn keep_all(house: &House, hand: &Hand, items: &[(ItemRow, Standing)]) -> Result<u64, ReviewError> {
    if items.is_empty() {
        return Ok(0);
    }
    let event = |item: &ItemRow| {
        let event = Event::done(ATTEST, resource(ITEM, item.item_id));
        Event { reason: Word::new("nothing-unusual"), ..event }
    };
    hand.record_all(house, items.iter().map(|(item, _)| event(item)).collect()).await?;
    let all = items.iter().fold(Batch::new(), |batch, (item, standing)| kept(house, hand, batch, item, standing));
    match hand.carry_out(house, [], all).await {
        Ok(()) => return Ok(items.len() as u64),
        Err(ReviewError::Decided) => {}
        Err(other) => return Err(other),
    }
    // Somebody decided or ended one of them meanwhile: the others one by one.
    let mut count = 0;
    for (item, standing) in items {
        match hand.carry_out(house, [event(item)], kept(house, hand, Batch::new(), item, standing)).await {
            Ok(()) => count += 1,
            Err(ReviewError::Decided) => {}
            Err(other) => return Err(other),
        }
    }
    Ok(count)
}
