//! Reviews as those see them who answer them.

use super::{REVIEW, ReviewError, allowed, is_last, others::could_another};
use crate::{
    House, page,
    record::{Names, Person, resource},
    staff,
};
use domain::{
    AccessDecision, AccessItemId, AccessKind, AccessReviewId, AccessReviewState, PatientId, Role, Timestamp, Unusual,
};
use identity::{Full, Session};
use ledger::Resource;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use store::rows::access_reviews::{self as rows, Listed, ReviewRow};

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
    /// The patient on whose care team the place is, or whose record was opened, by id; null for other kinds, and where that is gone.
    pub patient_id: Option<PatientId>,
    /// When it was last used before the review began, or the record was opened; null when it was not, as far as the audit trail says.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub last_used_at: Option<Timestamp>,
    /// Why it is looked at by itself; empty where nothing is unusual.
    pub unusual: Vec<Unusual>,
    /// Whether it is the caller's own.
    pub own: bool,
    /// Whether the caller can answer: it waits, and it is not theirs, or nobody else could at any time since the review began.
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

fn view(row: &ReviewRow, (waiting, accesses): (u64, u64)) -> ReviewView {
    ReviewView {
        review_id: row.review_id,
        quarter: row.quarter.to_string(),
        state: row.state,
        started_at: row.started_at,
        due_at: row.due_at,
        closed_at: row.closed_at,
        waiting,
        accesses,
    }
}

/// The reviews of the practice, newest first.
pub async fn reviews(house: &House, session: &Session<Full>) -> Result<Vec<ReviewView>, ReviewError> {
    let practice = allowed(house, session, Resource::whole(REVIEW)).await?;
    let db = &house.stores.identity;
    let counts: HashMap<_, _> = rows::counts_of_practice(db, practice).await?.into_iter().collect();
    let count = |row: &ReviewRow| counts.get(&row.review_id).copied().unwrap_or_default();
    Ok(rows::of_practice(db, practice).await?.iter().map(|row| view(row, count(row))).collect())
}

/// One review.
pub async fn review(house: &House, session: &Session<Full>, review: AccessReviewId) -> Result<ReviewView, ReviewError> {
    let practice = allowed(house, session, resource(REVIEW, review)).await?;
    let db = &house.stores.identity;
    let row = rows::by_id(db, practice, review).await?.ok_or(ReviewError::Unknown)?;
    Ok(view(&row, rows::counts(db, practice, review).await?))
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
    // Asked only where it matters: something of one's own waits.
    let mine = takes && found.iter().any(|item| item.whose == me && item.decided.is_none());
    let others = mine && could_another(house, &row, me).await?;
    let staff = staff::everybody(house, practice).await?;
    let patients: HashMap<_, _> = match found.last() {
        Some(last) => rows::patients(db, (practice, review), after, last.item_id).await?.into_iter().collect(),
        None => HashMap::new(),
    };
    let (mut names, mut views) = (Names::new(house, session), Vec::with_capacity(found.len()));
    for item in found {
        let own = item.whose == me;
        let answerable = takes && item.decided.is_none() && (!own || !others);
        let last = item.kind == AccessKind::Account && is_last(&staff, item.whose);
        let patient_id = patients.get(&item.item_id).copied();
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
