//! Devices and media that were disposed of.

use crate::{Batch, Db, StoreError};
use domain::{DisposalId, PracticeId, Timestamp};

/// A disposal: a signed note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisposalRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The disposal.
    pub disposal_id: DisposalId,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// The signed note.
    pub note: String,
}

/// The disposals of a practice, newest first, at most 1000.
pub async fn all(db: &Db, practice: PracticeId) -> Result<Vec<DisposalRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, disposal_id, recorded_at, note FROM disposals WHERE practice_id = $1 \
                       ORDER BY recorded_at DESC, disposal_id LIMIT 1000";
    let rows = db.rows(SQL, &[practice.into()]).await?;
    let read = |row: &crate::Row| {
        Ok(DisposalRow {
            practice_id: row.id(0)?,
            disposal_id: row.id(1)?,
            recorded_at: row.timestamp(2)?,
            note: row.text(3)?.to_owned(),
        })
    };
    rows.iter().map(read).collect()
}

/// Adds a disposal.
pub fn insert(batch: Batch, row: &DisposalRow) -> Batch {
    const SQL: &str = "INSERT INTO disposals (practice_id, disposal_id, recorded_at, note) VALUES ($1, $2, $3, $4)";
    let params = &[row.practice_id.into(), row.disposal_id.into(), row.recorded_at.into(), (&row.note).into()];
    batch.run(SQL, params).expect(1)
}
