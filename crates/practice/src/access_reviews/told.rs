//! What whoever lost an access in a review is told: that it ended, when, and why.

use crate::{House, HouseError, record::timezone};
use domain::{AccessDecision, AccessKind, AccountId, PracticeId, Quarter, Timestamp, Timezone};
use identity::{Full, Session};
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Serialize;
use store::{
    StoreError,
    rows::access_reviews::{self as rows, ItemRow},
};

/// For so many days people are told of a place or a token that ended.
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
    let ended = rows::ended_of(&house.stores.identity, practice, account, Timestamp::UNIX_EPOCH).await?;
    let of_account = |item: &ItemRow| {
        let decided = item.decided.filter(|_| item.kind == AccessKind::Account)?;
        (decided.version == Some(version)).then_some(decided)
    };
    let Some((decided, quarter)) = ended.iter().find_map(|(item, quarter)| Some((of_account(item)?, *quarter))) else {
        return Ok(None);
    };
    let (zone, unanswered) = (timezone(house, practice).await?, decided.decision == AccessDecision::Lapsed);
    Ok(Some(Suspension { at: decided.at, zone, quarter, unanswered }))
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
    let mut told: Vec<EndedAccess> = Vec::new();
    for (item, quarter) in ended {
        let Some(decided) = item.decided else { continue };
        let (kind, quarter) = (item.kind, quarter.to_string());
        let unanswered = decided.decision == AccessDecision::Lapsed;
        // Newest first, so the first one of its kind says when.
        let same = |one: &&mut EndedAccess| (one.kind, one.unanswered) == (kind, unanswered) && one.quarter == quarter;
        match told.iter_mut().find(same) {
            Some(one) => one.count += 1,
            None => told.push(EndedAccess { kind, count: 1, ended_at: decided.at, quarter, unanswered }),
        }
    }
    Ok(told)
}
