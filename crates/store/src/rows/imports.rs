//! Imports from elsewhere: which run may write, whom it has brought in, and what of theirs is stored.

use super::{
    log_entries::LogEntryRow, opt_bytes, patients::PatientRow, programs::ProgramVersionRow, progress_notes::NoteRow,
};
use crate::{Batch, Db, Kind, Param, Row, StoreError, db::Value};
use crypto::Sha256;
use domain::{AccountId, PatientId, PracticeId, Timestamp};

/// An import, running or done. A practice has one row: the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// Which run: random, made when it begins.
    pub run: [u8; 16],
    /// Whose it is.
    pub account_id: AccountId,
    /// When it began.
    pub begun_at: Timestamp,
    /// When everything was there and compared, but for whoever was left out or destroyed; none where it never was.
    pub finished_at: Option<Timestamp>,
}

/// The newest import of a practice.
pub async fn newest(db: &Db, practice: PracticeId) -> Result<Option<ImportRow>, StoreError> {
    const SQL: &str = "SELECT run, account_id, begun_at, finished_at FROM imports WHERE practice_id = $1";
    let read = |row: Row| {
        Ok(ImportRow {
            practice_id: practice,
            run: row.array(0)?,
            account_id: row.id(1)?,
            begun_at: row.timestamp(2)?,
            finished_at: row.opt_timestamp(3)?,
        })
    };
    db.optional(SQL, &[practice.into()]).await?.map(read).transpose()
}

/// Begins a run. Whichever ran before can write no more: its batches hold another run.
pub fn begin(batch: Batch, row: &ImportRow) -> Batch {
    const SQL: &str = "INSERT INTO imports (practice_id, run, account_id, begun_at, finished_at) \
                       VALUES ($1, $2, $3, $4, NULL) ON CONFLICT (practice_id) \
                       DO UPDATE SET run = $2, account_id = $3, begun_at = $4, finished_at = NULL";
    let params = &[row.practice_id.into(), (&row.run).into(), row.account_id.into(), row.begun_at.into()];
    batch.run(SQL, params).expect(1)
}

/// Makes the batch a conflict unless this run is the one that may write.
pub fn hold(batch: Batch, practice: PracticeId, run: &[u8; 16]) -> Batch {
    const SQL: &str = "UPDATE imports SET run = $1 WHERE run = $1 AND practice_id = $2";
    batch.run(SQL, &[run.into(), practice.into()]).expect(1)
}

/// The run has come to its end.
pub fn finish(batch: Batch, practice: PracticeId, run: &[u8; 16], at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE imports SET finished_at = $1 WHERE practice_id = $2 AND run = $3";
    batch.run(SQL, &[at.into(), practice.into(), run.into()]).expect(1)
}

/// Somebody who was brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportedRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The patient.
    pub patient_id: PatientId,
    /// Keyed fingerprint of what was brought in.
    pub content: [u8; 32],
    /// [`digest_of`] what was written.
    pub sealed: [u8; 32],
    /// When it was stored.
    pub stored_at: Timestamp,
    /// When it was compared and the care team was set; none while that is to be done.
    pub verified_at: Option<Timestamp>,
}

/// What is known of somebody who was brought in.
pub async fn of_patient(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Option<ImportedRow>, StoreError> {
    const SQL: &str = "SELECT content, sealed, stored_at, verified_at FROM imported_patients \
                       WHERE practice_id = $1 AND patient_id = $2";
    let read = |row: Row| {
        Ok(ImportedRow {
            practice_id: practice,
            patient_id: patient,
            content: row.array(0)?,
            sealed: row.array(1)?,
            stored_at: row.timestamp(2)?,
            verified_at: row.opt_timestamp(3)?,
        })
    };
    db.optional(SQL, &[practice.into(), patient.into()]).await?.map(read).transpose()
}

/// How many were brought in, and how many of them were compared.
pub async fn counts(db: &Db, practice: PracticeId) -> Result<(i64, i64), StoreError> {
    const SQL: &str = "SELECT COUNT(*), COUNT(verified_at) FROM imported_patients WHERE practice_id = $1";
    let row = db.one(SQL, &[practice.into()]).await?;
    Ok((row.int(0)?, row.int(1)?))
}

/// Remembers somebody, in the batch that stores them.
pub fn remember(batch: Batch, row: &ImportedRow) -> Batch {
    const SQL: &str = "INSERT INTO imported_patients (practice_id, patient_id, content, sealed, stored_at, \
                       verified_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let params = &[
        row.practice_id.into(),
        row.patient_id.into(),
        (&row.content).into(),
        (&row.sealed).into(),
        row.stored_at.into(),
        row.verified_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Everything of somebody is there and was compared.
pub fn verified(batch: Batch, practice: PracticeId, patient: PatientId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE imported_patients SET verified_at = $1 WHERE practice_id = $2 AND patient_id = $3";
    batch.run(SQL, &[at.into(), practice.into(), patient.into()]).expect(1)
}

/// What a row that is about to be written holds in a column.
type ValueOf<R> = for<'r> fn(&'r R) -> Param<'r>;

/// Columns that are compared, each said once: its name, and its value in a row that is about to be written. All that a row
/// holds but its practice, by which it is found, and that it was entered in error, which nobody says of what just came.
struct Columns<R: 'static> {
    values: &'static [(&'static str, ValueOf<R>)],
    /// Reads them of one patient.
    sql: &'static str,
}

macro_rules! columns {
    ($name:ident: $row:ty = $table:literal, $first:literal => $one:expr; $($column:literal => $value:expr;)*) => {
        const $name: Columns<$row> = Columns {
            values: &[($first, $one) $(, ($column, $value))*],
            sql: concat!(
                "SELECT ", $first $(, ", ", $column)*, " FROM ", $table, " WHERE practice_id = $1 AND patient_id = $2"
            ),
        };
    };
}

columns! { PATIENT: PatientRow = "patients",
    "patient_id" => |row| row.patient_id.into();
    "given_name" => |row| row.given_name.as_bytes().into();
    "family_name" => |row| row.family_name.as_bytes().into();
    "birth_date" => |row| row.birth_date.as_bytes().into();
    "email" => |row| opt_bytes(row.email.as_ref()).into();
    "phone" => |row| opt_bytes(row.phone.as_ref()).into();
    "record_number" => |row| opt_bytes(row.record_number.as_ref()).into();
    "email_index" => |row| row.indexes.email.as_ref().map(<[u8; 32]>::as_slice).into();
    "phone_index" => |row| row.indexes.phone.as_ref().map(<[u8; 32]>::as_slice).into();
    "record_number_index" => |row| row.indexes.record_number.as_ref().map(<[u8; 32]>::as_slice).into();
    "created_at" => |row| row.created_at.into();
    "updated_at" => |row| row.updated_at.into();
    "version" => |row| row.version.into();
}
columns! { VERSIONS: ProgramVersionRow = "program_versions",
    "patient_id" => |row| row.patient_id.into();
    "program_id" => |row| row.program_id.into();
    "version" => |row| i64::from(row.version).into();
    "title" => |row| row.title.as_bytes().into();
    "items" => |row| row.items.as_bytes().into();
    "starts_on" => |row| row.starts_on.into();
    "ends_on" => |row| row.ends_on.into();
    "signed_by" => |row| row.signed_by.into();
    "signed_at" => |row| row.signed_at.into();
    "created_at" => |row| row.signed_at.into();
    "end_reason" => |row| opt_bytes(row.end_reason.as_ref()).into();
}
columns! { LOG: LogEntryRow = "log_entries",
    "patient_id" => |row| row.patient_id.into();
    "entry_id" => |row| row.entry_id.into();
    "program_id" => |row| row.program_id.into();
    "program_version" => |row| i64::from(row.program_version).into();
    "item_id" => |row| row.item_id.into();
    "performed_on" => |row| row.performed_on.into();
    "performed_at" => |row| row.performed_at.into();
    "performed" => |row| row.performed.as_bytes().into();
    "pain" => |row| row.pain.as_bytes().into();
    "effort" => |row| row.effort.as_bytes().into();
    "comment" => |row| opt_bytes(row.comment.as_ref()).into();
    "recorded_by" => |row| row.recorded_by.into();
    "recorded_at" => |row| row.recorded_at.into();
    "corrects" => |row| row.corrects.into();
    "superseded_at" => |row| row.superseded_at.into();
}
columns! { NOTES: NoteRow = "progress_notes",
    "patient_id" => |row| row.patient_id.into();
    "note_id" => |row| row.note_id.into();
    "body" => |row| row.body.as_bytes().into();
    "written_by" => |row| row.written_by.into();
    "written_at" => |row| row.written_at.into();
    "corrects" => |row| row.corrects.into();
    "version" => |row| i64::from(row.version).into();
    "first_note_id" => |row| row.first_note_id.into();
}

/// Adds a column to the hash of its row, so that no two values run into each other.
fn column(hash: &mut Sha256, value: &Param<'_>) {
    let number;
    let (kind, bytes): (u8, &[u8]) = match value {
        Param::Null(_) => (0, &[]),
        Param::Blob(bytes) => (1, bytes),
        Param::Int(int) => {
            number = int.to_be_bytes();
            (2, &number)
        }
        Param::Text(text) => (3, text.as_bytes()),
    };
    hash.update(&[kind]);
    hash.update(&(bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

/// A value as it came from the database, as it would go into it. Of what a null is one makes no difference to the hash.
fn param(value: &Value) -> Param<'_> {
    match value {
        Value::Null => Param::Null(Kind::Blob),
        Value::Blob(bytes) => bytes.as_slice().into(),
        Value::Int(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
    }
}

/// Hashes of rows, in whatever order they come.
#[derive(Default)]
struct Digest(Vec<[u8; 32]>);

impl Digest {
    fn row<'v>(&mut self, table: u8, values: impl Iterator<Item = Param<'v>>) {
        let mut hash = Sha256::default();
        hash.update(&[table]);
        values.for_each(|value| column(&mut hash, &value));
        self.0.push(hash.finish());
    }

    fn written<R>(&mut self, table: u8, columns: &Columns<R>, rows: &[R]) {
        for row in rows {
            self.row(table, columns.values.iter().map(|(_, value)| value(row)));
        }
    }

    async fn stored<R>(
        &mut self,
        db: &Db,
        table: u8,
        columns: &Columns<R>,
        (practice, patient): (PracticeId, PatientId),
    ) -> Result<(), StoreError> {
        for row in db.rows(columns.sql, &[practice.into(), patient.into()]).await? {
            self.row(table, row.values().iter().map(param));
        }
        Ok(())
    }

    fn finish(mut self) -> [u8; 32] {
        self.0.sort_unstable();
        let mut whole = Sha256::default();
        self.0.iter().for_each(|row| whole.update(row));
        whole.finish()
    }
}

/// SHA-256 of all columns of somebody's rows as they are about to be written.
pub fn digest_of(
    patient: &PatientRow,
    versions: &[ProgramVersionRow],
    log: &[LogEntryRow],
    notes: &[NoteRow],
) -> [u8; 32] {
    let mut digest = Digest::default();
    digest.written(1, &PATIENT, std::slice::from_ref(patient));
    digest.written(2, &VERSIONS, versions);
    digest.written(3, &LOG, log);
    digest.written(4, &NOTES, notes);
    digest.finish()
}

/// The same of what is stored now.
pub async fn digest(db: &Db, practice: PracticeId, patient: PatientId) -> Result<[u8; 32], StoreError> {
    let (mut digest, whose) = (Digest::default(), (practice, patient));
    digest.stored(db, 1, &PATIENT, whose).await?;
    digest.stored(db, 2, &VERSIONS, whose).await?;
    digest.stored(db, 3, &LOG, whose).await?;
    digest.stored(db, 4, &NOTES, whose).await?;
    Ok(digest.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn all_columns_that_the_registry_knows_are_compared() {
        fn names<R>(columns: &Columns<R>) -> BTreeSet<&'static str> {
            columns.values.iter().map(|(name, _)| *name).collect()
        }
        let tables = [
            ("patients", names(&PATIENT)),
            ("program_versions", names(&VERSIONS)),
            ("log_entries", names(&LOG)),
            ("progress_notes", names(&NOTES)),
        ];
        for (table, compared) in tables {
            let left_out = ["practice_id", "voided_at", "voided_by", "void_reason"];
            let all = phi::registry().filter(|column| column.table == table).map(|column| column.column);
            let all: BTreeSet<_> = all.filter(|column| !left_out.contains(column)).collect();
            assert_eq!(compared, all, "{table}");
        }
    }
}
