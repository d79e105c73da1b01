//! Reviews as those see them who answer them.

use super::{REVIEW, ReviewError, allowed, anybody_else, is_last};
use crate::{
    House, page,
    record::{Names, Person, resource},
    staff,
};
use domain::{
    AccessDecision, AccessItemId, AccessKind, AccessReviewId, AccessReviewState, CareLinkId, PatientId, Role,
    Timestamp, Unusual,
};
use identity::{Full, Session};
use ledger::Resource;
use schemars::JsonSchema;
use serde::Serialize;
use store::rows::{
    access_reviews::{self as rows, ItemRow, Listed, ReviewRow},
    care_links,
};

/// A review.
#[derive(Clone, Serialize, JsonSchema)]
pub struct ReviewView {
    /// The review.
    pub review_id: AccessReviewId,
    /// Of which quarter: `2026-Q4`.
    pub quarter: String,
    /// How far it has come.
    pub state: AccessReviewState,
    /// When it began.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub started_at: Timestamp,
    /// When what nobody attested ends by itself.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub due_at: Timestamp,
    /// When it was closed; null while it is not.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub closed_at: Option<Timestamp>,
    /// How many accesses wait for an answer.
    pub waiting: u64,
    /// How many there are.
    pub accesses: u64,
}

/// What is looked at.
#[derive(Clone, Serialize, JsonSchema)]
pub struct ItemView {
    /// The item.
    pub item_id: AccessItemId,
    /// What kind of access.
    pub kind: AccessKind,
    /// Whose.
    pub whose: Person,
    /// Their role when the review began.
    pub role: Role,
    /// The patient on whose care team the place is, by id; null for other kinds, and where the place is gone.
    pub patient_id: Option<PatientId>,
    /// When it was last used before the review began; null when it was not, as far as the audit trail says.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_used_at: Option<Timestamp>,
    /// Why it is looked at by itself; empty where nothing is unusual.
    pub unusual: Vec<Unusual>,
    /// Whether it is the caller's own.
    pub own: bool,
    /// Whether the caller can answer: it waits, and it is not theirs, or there is nobody else.
    pub answerable: bool,
    /// What became of it; null while it waits.
    pub decision: Option<AccessDecision>,
    /// Who decided it; null while it waits, or when it came about by itself.
    pub decided_by: Option<Person>,
    /// When.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub decided_at: Option<Timestamp>,
    /// Whether whose it is decided it themself: there was nobody else who could.
    pub about_oneself: bool,
    /// Whether nobody could give access any more without it: it is not ended.
    pub last: bool,
}

async fn view(house: &House, row: ReviewRow) -> Result<ReviewView, ReviewError> {
    let (waiting, accesses) = rows::counts(&house.stores.identity, row.practice_id, row.review_id).await?;
    Ok(ReviewView {
        review_id: row.review_id,
        quarter: row.quarter.to_string(),
        state: row.state,
        started_at: row.started_at,
        due_at: row.due_at,
        closed_at: row.closed_at,
        waiting,
        accesses,
    })
}

/// The reviews of the practice, newest first.
pub async fn reviews(house: &House, session: &Session<Full>) -> Result<Vec<ReviewView>, ReviewError> {
    let practice = allowed(house, session, Resource::whole(REVIEW)).await?;
    let mut views = Vec::new();
    for row in rows::of_practice(&house.stores.identity, practice).await? {
        views.push(view(house, row).await?);
    }
    Ok(views)
}

/// One review.
pub async fn review(house: &House, session: &Session<Full>, review: AccessReviewId) -> Result<ReviewView, ReviewError> {
    let practice = allowed(house, session, resource(REVIEW, review)).await?;
    let row = rows::by_id(&house.stores.identity, practice, review).await?.ok_or(ReviewError::Unknown)?;
    view(house, row).await
}

/// Up to `limit` accesses of a review after one; with `waiting`, those alone that wait for an answer.
pub async fn items(
    house: &House,
    session: &Session<Full>,
    review: AccessReviewId,
    waiting: bool,
    after: Option<AccessItemId>,
    limit: usize,
) -> Result<(Vec<ItemView>, Option<AccessItemId>), ReviewError> {
    let practice = allowed(house, session, resource(REVIEW, review)).await?;
    let (db, me) = (&house.stores.identity, session.account());
    let row = rows::by_id(db, practice, review).await?.ok_or(ReviewError::Unknown)?;
    let listed = if waiting { Listed::Waiting } else { Listed::All };
    let after = after.unwrap_or(AccessItemId::from_bytes([0; 16]));
    let mut found = rows::items(db, (practice, review), listed, after, page::surplus(limit)).await?;
    let next = page::cut(&mut found, limit, |last| last.item_id);
    let takes = row.state == AccessReviewState::Open && house.clock.now() < row.due_at;
    let (others, staff) = (anybody_else(house, practice, me).await?, staff::everybody(house, practice).await?);
    let (mut names, mut views) = (Names::new(house, session), Vec::with_capacity(found.len()));
    for item in found {
        let own = item.whose == me;
        let answerable = takes && item.decided.is_none() && (!own || !others);
        let last = item.kind == AccessKind::Account && is_last(&staff, item.whose);
        let patient_id = patient_of(house, &item).await?;
        let decided_by = match item.decided.and_then(|decided| decided.by) {
            Some(by) => Some(names.person(by).await?),
            None => None,
        };
        views.push(ItemView {
            item_id: item.item_id,
            kind: item.kind,
            whose: names.person(item.whose).await?,
            role: item.role,
            patient_id,
            last_used_at: item.last_used_at,
            own,
            answerable,
            decision: item.decided.map(|decided| decided.decision),
            about_oneself: item.decided.is_some_and(|decided| decided.by == Some(item.whose)),
            decided_by,
            decided_at: item.decided.map(|decided| decided.at),
            unusual: item.unusual,
            last,
        });
    }
    Ok((views, next))
}

/// On whose care team a place is, by id alone: nothing of the record is opened.
async fn patient_of(house: &House, item: &ItemRow) -> Result<Option<PatientId>, ReviewError> {
    if item.kind != AccessKind::CareLink {
        return Ok(None);
    }
    let link = CareLinkId::from_bytes(item.subject);
    let row = care_links::by_id(&house.stores.identity, item.practice_id, link).await?;
    Ok(row.map(|row| row.patient_id))
}
