//! Failed sign-ins in a row, by account and by network address.
//!
//! Tries that are refused without being looked at are counted apart from failures, in windows: the ledger gets the first
//! of a window at once, and their number when the window is over.
//!
//! Accounts are counted by the blind index of what was typed, so that an unknown address waits exactly like a known one.

use crate::{Batch, Db, Row, StoreError};
use domain::{RequestId, Timestamp};
use identity::Failures;

/// The failures of a typed or a network address.
pub async fn of(db: &Db, subject_index: &[u8; 32]) -> Result<Failures, StoreError> {
    const SQL: &str = "SELECT failures, failed_at FROM throttles WHERE subject_index = $1";
    match db.optional(SQL, &[subject_index.into()]).await? {
        Some(row) => Ok(Failures { count: row.number(0)?, last_at: row.opt_timestamp(1)? }),
        None => Ok(Failures::default()),
    }
}

/// Counts a try *before* it is looked at, so that many at once are many. One that succeeds is taken back by [`clear`].
///
/// A count that is not `lasting` begins again when its last failure is older than `forget_before`; such rows of others
/// are swept out on the way, unless they hold refusals that the ledger has not got yet.
pub fn count(batch: Batch, subject_index: &[u8; 32], lasting: bool, at: Timestamp, forget_before: Timestamp) -> Batch {
    const SWEEP: &str = "DELETE FROM throttles WHERE lasting = 0 AND failed_at < $1 AND refused = 0";
    const SQL: &str = "INSERT INTO throttles (subject_index, lasting, failures, failed_at) VALUES ($1, $2, 1, $3) \
                       ON CONFLICT (subject_index) DO UPDATE SET failures = throttles.failures + 1, \
                       failed_at = excluded.failed_at, lasting = excluded.lasting";
    let params = &[subject_index.into(), i64::from(lasting).into(), at.into()];
    batch.run(SWEEP, &[forget_before.into()]).run(SQL, params).expect(1)
}

/// Forgets the failures of a subject. Refusals stay until they are settled.
pub fn clear(batch: Batch, subject_index: &[u8; 32]) -> Batch {
    const SQL: &str = "UPDATE throttles SET failures = 0 WHERE subject_index = $1";
    drop_empty(batch.run(SQL, &[subject_index.into()]), subject_index)
}

/// Takes back tries that succeeded, and leaves the failures of others.
pub fn take_back(batch: Batch, subject_index: &[u8; 32], tries: u32) -> Batch {
    const SQL: &str = "UPDATE throttles SET failures = CASE WHEN failures > $2 THEN failures - $2 ELSE 0 END \
                       WHERE subject_index = $1";
    drop_empty(batch.run(SQL, &[subject_index.into(), i64::from(tries).into()]), subject_index)
}

/// The refusals of a subject in one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusals {
    /// Whose.
    pub subject_index: [u8; 32],
    /// How many.
    pub count: u32,
    /// When the first was.
    pub since: Timestamp,
    /// The request of the first.
    pub first: RequestId,
}

/// Counts a try that is refused without being looked at, as the first of a window. A conflict when it is not the first:
/// of many at once, one is.
pub fn refuse_first(batch: Batch, subject_index: &[u8; 32], at: Timestamp, request: RequestId) -> Batch {
    const SQL: &str = "INSERT INTO throttles (subject_index, lasting, failures, failed_at, refused, refused_since, \
                       refused_request) VALUES ($1, 0, 0, $2, 1, $2, $3) \
                       ON CONFLICT (subject_index) DO UPDATE SET refused = 1, \
                       refused_since = excluded.refused_since, refused_request = excluded.refused_request \
                       WHERE throttles.refused = 0";
    batch.run(SQL, &[subject_index.into(), at.into(), request.into()]).expect(1)
}

/// Counts another one in the window. A conflict when the window was settled meanwhile.
pub fn refuse_again(batch: Batch, subject_index: &[u8; 32]) -> Batch {
    const SQL: &str = "UPDATE throttles SET refused = refused + 1 WHERE subject_index = $1 AND refused > 0";
    batch.run(SQL, &[subject_index.into()]).expect(1)
}

/// Up to 32 windows of refusals that began by `until`, or are of one of two subjects.
pub async fn unsettled(db: &Db, until: Timestamp, subjects: [&[u8; 32]; 2]) -> Result<Vec<Refusals>, StoreError> {
    const SQL: &str = "SELECT subject_index, refused, refused_since, refused_request FROM throttles \
                       WHERE refused > 0 AND (refused_since <= $1 OR subject_index = $2 OR subject_index = $3) LIMIT 32";
    let rows = db.rows(SQL, &[until.into(), subjects[0].into(), subjects[1].into()]).await?;
    let read = |row: &Row| {
        let (subject_index, count) = (row.array(0)?, row.number(1)?);
        Ok(Refusals { subject_index, count, since: row.timestamp(2)?, first: row.id(3)? })
    };
    rows.iter().map(read).collect()
}

/// Ends a window of refusals. A conflict when more came, or another request ended it.
pub fn settle(batch: Batch, refusals: &Refusals) -> Batch {
    const SQL: &str = "UPDATE throttles SET refused = 0, refused_since = NULL, refused_request = NULL \
                       WHERE subject_index = $1 AND refused = $2";
    let subject = &refusals.subject_index;
    drop_empty(batch.run(SQL, &[subject.into(), i64::from(refusals.count).into()]).expect(1), subject)
}

/// Puts a window back that was settled and could not be recorded.
pub fn unsettle(batch: Batch, refusals: &Refusals) -> Batch {
    const SQL: &str = "INSERT INTO throttles (subject_index, lasting, failures, failed_at, refused, refused_since, \
                       refused_request) VALUES ($1, 0, 0, $2, $3, $2, $4) \
                       ON CONFLICT (subject_index) DO UPDATE SET refused = throttles.refused + excluded.refused, \
                       refused_since = excluded.refused_since, refused_request = excluded.refused_request";
    let count = i64::from(refusals.count);
    let params = &[(&refusals.subject_index).into(), refusals.since.into(), count.into(), refusals.first.into()];
    batch.run(SQL, params).expect(1)
}

fn drop_empty(batch: Batch, subject_index: &[u8; 32]) -> Batch {
    const SQL: &str = "DELETE FROM throttles WHERE subject_index = $1 AND failures = 0 AND refused = 0";
    batch.run(SQL, &[subject_index.into()])
}
