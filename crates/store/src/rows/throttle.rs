//! Failed sign-ins in a row, by account and by network address.
//!
//! Accounts are counted by the blind index of what was typed, so that an unknown address waits exactly like a known one.

use crate::{Batch, Db, StoreError};
use domain::Timestamp;
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
/// are swept out on the way.
pub fn count(batch: Batch, subject_index: &[u8; 32], lasting: bool, at: Timestamp, forget_before: Timestamp) -> Batch {
    const SWEEP: &str = "DELETE FROM throttles WHERE lasting = 0 AND failed_at < $1";
    const SQL: &str = "INSERT INTO throttles (subject_index, lasting, failures, failed_at) VALUES ($1, $2, 1, $3) \
                       ON CONFLICT (subject_index) DO UPDATE SET failures = throttles.failures + 1, \
                       failed_at = excluded.failed_at, lasting = excluded.lasting";
    let params = &[subject_index.into(), i64::from(lasting).into(), at.into()];
    batch.run(SWEEP, &[forget_before.into()]).run(SQL, params).expect(1)
}

/// Forgets the failures of a subject.
pub fn clear(batch: Batch, subject_index: &[u8; 32]) -> Batch {
    batch.run("DELETE FROM throttles WHERE subject_index = $1", &[subject_index.into()])
}

/// Takes back tries that succeeded, and leaves the failures of others.
pub fn take_back(batch: Batch, subject_index: &[u8; 32], tries: u32) -> Batch {
    const NONE_LEFT: &str = "DELETE FROM throttles WHERE subject_index = $1 AND failures <= $2";
    const SQL: &str = "UPDATE throttles SET failures = failures - $2 WHERE subject_index = $1";
    let params = &[subject_index.into(), i64::from(tries).into()];
    batch.run(NONE_LEFT, params).run(SQL, params)
}
