//! Who looked through what was done in a practice, up to when; and when it was told last that nobody did, or into alerts.

use crate::{Batch, Db, StoreError};
use domain::{AccountId, PracticeId, Timestamp};

/// Somebody looked through what was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityReviewRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// Up to when.
    pub reviewed_until: Timestamp,
    /// Who.
    pub reviewed_by: AccountId,
    /// When they said so.
    pub reviewed_at: Timestamp,
}

/// The one that reaches furthest.
pub async fn newest(db: &Db, practice: PracticeId) -> Result<Option<ActivityReviewRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, reviewed_until, reviewed_by, reviewed_at FROM activity_reviews \
                       WHERE practice_id = $1 ORDER BY reviewed_until DESC LIMIT 1";
    let read = |row: &crate::Row| {
        Ok(ActivityReviewRow {
            practice_id: row.id(0)?,
            reviewed_until: row.timestamp(1)?,
            reviewed_by: row.id(2)?,
            reviewed_at: row.timestamp(3)?,
        })
    };
    db.optional(SQL, &[practice.into()]).await?.as_ref().map(read).transpose()
}

/// Adds one; [`crate::CommitError::Duplicate`] where somebody looked that far already.
pub fn insert(batch: Batch, row: &ActivityReviewRow) -> Batch {
    const SQL: &str = "INSERT INTO activity_reviews (practice_id, reviewed_until, reviewed_by, reviewed_at) \
                       VALUES ($1, $2, $3, $4)";
    let params = &[row.practice_id.into(), row.reviewed_until.into(), row.reviewed_by.into(), row.reviewed_at.into()];
    batch.run(SQL, params).expect(1)
}

/// When it was told last about something; none when it never was.
pub async fn told_at(db: &Db, practice: PracticeId, about: &str) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "SELECT told_at FROM watch_reminders WHERE practice_id = $1 AND about = $2";
    match db.optional(SQL, &[practice.into(), about.into()]).await? {
        Some(row) => row.opt_timestamp(0),
        None => Ok(None),
    }
}

/// For so long a server that took it in hand is waited for, in milliseconds.
const IN_HAND: i64 = 60_000;

/// Takes it in hand to tell it, where nobody told it since it was looked at; a conflict where another server does.
pub fn take_in_hand(
    batch: Batch,
    practice: PracticeId,
    about: &str,
    told_at: Option<Timestamp>,
    now: Timestamp,
) -> Batch {
    const SQL: &str = "INSERT INTO watch_reminders (practice_id, about, taken_at) VALUES ($1, $2, $3) \
                       ON CONFLICT (practice_id, about) DO UPDATE SET taken_at = excluded.taken_at \
                       WHERE watch_reminders.taken_at <= $4 AND COALESCE(watch_reminders.told_at, 0) = $5";
    let free = now.as_millisecond().saturating_sub(IN_HAND);
    let told = told_at.unwrap_or(Timestamp::UNIX_EPOCH);
    batch.run(SQL, &[practice.into(), about.into(), now.into(), free.into(), told.into()]).expect(1)
}

/// It was told.
pub fn told(batch: Batch, practice: PracticeId, about: &str, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE watch_reminders SET told_at = $1 WHERE practice_id = $2 AND about = $3";
    batch.run(SQL, &[at.into(), practice.into(), about.into()]).expect(1)
}
