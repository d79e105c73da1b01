//! Practices.

use crate::{Batch, Db, StoreError};
use domain::{PracticeId, Timestamp};

/// A practice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PracticeRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// What it is called.
    pub name: String,
    /// Its time zone, an IANA name.
    pub timezone: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether an administrator without a passkey may still come in with a code.
    pub bootstrap_open: bool,
    /// Whether its people are made up.
    pub demo: bool,
}

/// One practice.
pub async fn by_id(db: &Db, practice: PracticeId) -> Result<Option<PracticeRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, name, timezone, created_at, bootstrap_open, demo \
                       FROM practices WHERE practice_id = $1";
    db.optional(SQL, &[practice.into()]).await?.as_ref().map(read).transpose()
}

/// All practices of the server, oldest first.
pub async fn all(db: &Db) -> Result<Vec<PracticeRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, name, timezone, created_at, bootstrap_open, demo \
                       FROM practices ORDER BY created_at, practice_id";
    db.rows(SQL, &[]).await?.iter().map(read).collect()
}

/// Adds a practice.
pub fn insert(batch: Batch, row: &PracticeRow) -> Batch {
    const SQL: &str = "INSERT INTO practices (practice_id, name, timezone, created_at, bootstrap_open, demo) \
                       VALUES ($1, $2, $3, $4, $5, $6)";
    let params = &[
        row.practice_id.into(),
        row.name.as_str().into(),
        row.timezone.as_str().into(),
        row.created_at.into(),
        i64::from(row.bootstrap_open).into(),
        i64::from(row.demo).into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Ends the bootstrap: from now on administrators need a passkey.
pub fn close_bootstrap(batch: Batch, practice: PracticeId) -> Batch {
    batch.run("UPDATE practices SET bootstrap_open = 0 WHERE practice_id = $1", &[practice.into()]).expect(1)
}

fn read(row: &crate::Row) -> Result<PracticeRow, StoreError> {
    Ok(PracticeRow {
        practice_id: row.id(0)?,
        name: row.text(1)?.to_owned(),
        timezone: row.text(2)?.to_owned(),
        created_at: row.timestamp(3)?,
        bootstrap_open: row.flag(4)?,
        demo: row.flag(5)?,
    })
}
