//! What whoever lost an access in a review is told: that it ended, when, and why.

use crate::{House, HouseError, record::timezone};
use domain::{AccessDecision, AccessKind, AccountId, PracticeId, Quarter, Timestamp, Timezone};
use identity::{Full, Session};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;
use store::{StoreError, rows::access_reviews as rows};

/// For so many days people are told of what ended.
const TOLD_DAYS: i64 = 30;

/// Why an account opens no more: a review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspension {
    /// When it was suspended.
    pub at: Timestamp,
    /// The practice's time zone, to say when.
    pub zone: Timezone,
    /// The review's quarter.
    pub quarter: Quarter,
    /// Whether it was suspended since nobody answered; otherwise somebody ended it.
    pub unanswered: bool,
}

/// Why an account that has this version is disabled, where a review did that and nothing was changed since. For whoever has
/// proven its password, and nobody else.
pub async fn suspension(
    house: &House,
    practice: PracticeId,
    account: AccountId,
    version: i64,
) -> Result<Option<Suspension>, StoreError> {
    let found = rows::suspended(&house.stores.identity, practice, account, version).await?;
    let Some((decision, at, quarter)) = found else { return Ok(None) };
    let zone = timezone(house, practice).await?;
    Ok(Some(Suspension { at, zone, quarter, unanswered: decision == AccessDecision::Lapsed }))
}

/// Accesses of one kind that ended for one reason in one review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EndedAccess {
    /// What kind.
    pub kind: AccessKind,
    /// How many.
    pub count: u64,
    /// When the last of them ended.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub ended_at: Timestamp,
    /// The review's quarter: `2026-Q4`.
    pub quarter: String,
    /// Whether they ended since nobody answered; otherwise somebody ended them.
    pub unanswered: bool,
}

/// What of one's own access was ended in reviews during the last 30 days. About oneself alone, and nothing of it is anybody's
/// record: no entry.
pub async fn ended_lately(house: &House, session: &Session<Full>) -> Result<Vec<EndedAccess>, HouseError> {
    let days = SignedDuration::from_hours(TOLD_DAYS * 24);
    let since = house.clock.now().checked_sub(days).unwrap_or(Timestamp::MIN);
    let ended = rows::ended_of(&house.stores.identity, session.practice(), session.account(), since).await?;
    let told = |row: rows::EndedRow| EndedAccess {
        kind: row.kind,
        count: row.count,
        ended_at: row.last_at,
        quarter: row.quarter.to_string(),
        unanswered: row.decision == AccessDecision::Lapsed,
    };
    Ok(ended.into_iter().map(told).collect())
}
