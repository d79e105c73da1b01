//! What reviews ended, for whoever is told.

use crate::{Db, Row, StoreError};
use domain::{AccessDecision, AccessKind, AccountId, PracticeId, Quarter, Timestamp};

/// Accesses of one kind that ended in one way in one review.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedRow {
    /// What kind.
    pub kind: AccessKind,
    /// In which way.
    pub decision: AccessDecision,
    /// The quarter of the review.
    pub quarter: Quarter,
    /// How many.
    pub count: u64,
    /// When the last of them ended.
    pub last_at: Timestamp,
}

/// What of an account's access was ended in reviews since a moment, newest first.
pub async fn ended_of(
    db: &Db,
    practice: PracticeId,
    whose: AccountId,
    since: Timestamp,
) -> Result<Vec<EndedRow>, StoreError> {
    const SQL: &str = "SELECT i.kind, i.decision, r.quarter, COUNT(*), MAX(i.decided_at) \
                       FROM access_items i JOIN access_reviews r \
                       ON r.practice_id = i.practice_id AND r.review_id = i.review_id \
                       WHERE i.practice_id = $1 AND i.whose_id = $2 AND i.decided_at >= $3 \
                       AND i.decision IN ('ended', 'lapsed') GROUP BY i.kind, i.decision, r.quarter \
                       ORDER BY MAX(i.decided_at) DESC, i.kind, i.decision";
    let rows = db.rows(SQL, &[practice.into(), whose.into(), since.into()]).await?;
    let ended = |row: &Row| {
        let (kind, decision, quarter) = (row.word(0)?, row.word(1)?, row.word(2)?);
        Ok(EndedRow { kind, decision, quarter, count: row.number(3)?, last_at: row.timestamp(4)? })
    };
    rows.iter().map(ended).collect()
}

/// In which review an account was suspended that has this version since, with what was decided; none where no review did that,
/// or something was changed since.
pub async fn suspended(
    db: &Db,
    practice: PracticeId,
    account: AccountId,
    version: i64,
) -> Result<Option<(AccessDecision, Timestamp, Quarter)>, StoreError> {
    const SQL: &str = "SELECT i.decision, i.decided_at, r.quarter FROM access_items i JOIN access_reviews r \
                       ON r.practice_id = i.practice_id AND r.review_id = i.review_id \
                       WHERE i.practice_id = $1 AND i.whose_id = $2 AND i.kind = 'account' AND i.version = $3 \
                       AND i.decision IN ('ended', 'lapsed') ORDER BY i.decided_at DESC LIMIT 1";
    let row = db.optional(SQL, &[practice.into(), account.into(), version.into()]).await?;
    row.map(|row| Ok((row.word(0)?, row.timestamp(1)?, row.word(2)?))).transpose()
}
