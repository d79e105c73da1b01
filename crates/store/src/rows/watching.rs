//! What a practice set for watching, and how far each reader of the logs has come: the watch, and the channels on which
//! something is sent.

use crate::{Batch, Db, StoreError};
use domain::{AccountId, PracticeId, Timestamp};

/// A setting that somebody changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Who changed it last.
    pub changed_by: AccountId,
    /// When.
    pub changed_at: Timestamp,
}

/// The settings of a practice that are not the default.
pub async fn settings(db: &Db, practice: PracticeId) -> Result<Vec<SettingRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, name, value, changed_by, changed_at FROM watch_settings \
                       WHERE practice_id = $1 ORDER BY name";
    let rows = db.rows(SQL, &[practice.into()]).await?;
    let read = |row: &crate::Row| {
        Ok(SettingRow {
            practice_id: row.id(0)?,
            name: row.text(1)?.to_owned(),
            value: row.text(2)?.to_owned(),
            changed_by: row.id(3)?,
            changed_at: row.timestamp(4)?,
        })
    };
    rows.iter().map(read).collect()
}

/// Changes a setting.
pub fn set(batch: Batch, row: &SettingRow) -> Batch {
    const SQL: &str = "INSERT INTO watch_settings (practice_id, name, value, changed_by, changed_at) \
                       VALUES ($1, $2, $3, $4, $5) ON CONFLICT (practice_id, name) DO UPDATE SET \
                       value = excluded.value, changed_by = excluded.changed_by, changed_at = excluded.changed_at";
    let params = &[
        row.practice_id.into(),
        (&row.name).into(),
        (&row.value).into(),
        row.changed_by.into(),
        row.changed_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// The reader that looks for what is unusual.
pub const WATCH: &str = "watch";

/// How far a reader has come in each log: its name, and the first entry that was not read.
pub async fn logs(db: &Db, reader: &str) -> Result<Vec<(String, u64)>, StoreError> {
    const SQL: &str = "SELECT log, next_seq FROM read_places WHERE reader = $1 ORDER BY log";
    db.rows(SQL, &[reader.into()]).await?.iter().map(|row| Ok((row.text(0)?.to_owned(), row.number(1)?))).collect()
}

/// Begins to read a log; [`crate::CommitError::Duplicate`] when another server did so meanwhile.
pub fn begin(batch: Batch, reader: &str, log: &str, at: u64) -> Batch {
    const SQL: &str = "INSERT INTO read_places (reader, log, next_seq) VALUES ($1, $2, $3)";
    batch.run(SQL, &[reader.into(), log.into(), number(at).into()]).expect(1)
}

/// Moves a log on. A conflict when another server has moved it.
pub fn move_on(batch: Batch, reader: &str, log: &str, from: u64, to: u64) -> Batch {
    const SQL: &str = "UPDATE read_places SET next_seq = $1 WHERE reader = $2 AND log = $3 AND next_seq = $4";
    batch.run(SQL, &[number(to).into(), reader.into(), log.into(), number(from).into()]).expect(1)
}

fn number(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}
