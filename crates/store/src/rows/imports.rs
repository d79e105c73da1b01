//! Imports from elsewhere: which run may write, whom it has brought in, and what of theirs is stored.

use super::{log_entries::LogEntryRow, patients::PatientRow, programs::ProgramVersionRow, progress_notes::NoteRow};
use crate::{Batch, Db, Row, StoreError};
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
    /// When everything was there and compared.
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

/// SHA-256 of pieces that cannot run into each other.
#[derive(Default)]
struct Digest(Sha256);

impl Digest {
    fn id(&mut self, table: u8, id: &[u8], number: u32) {
        self.0.update(&[table]);
        self.0.update(id);
        self.0.update(&number.to_be_bytes());
    }
    fn column(&mut self, bytes: Option<&[u8]>) {
        let length = bytes.map_or(u64::MAX, |bytes| bytes.len() as u64);
        self.0.update(&length.to_be_bytes());
        self.0.update(bytes.unwrap_or_default());
    }
}

/// SHA-256 of every sealed column of somebody's rows as they are about to be written, with the rows' ids.
pub fn digest_of(
    patient: &PatientRow,
    versions: &[ProgramVersionRow],
    log: &[LogEntryRow],
    notes: &[NoteRow],
) -> [u8; 32] {
    let mut digest = Digest::default();
    digest.id(1, patient.patient_id.as_bytes(), 0);
    for sealed in [patient.given_name.as_bytes(), patient.family_name.as_bytes(), patient.birth_date.as_bytes()] {
        digest.column(Some(sealed));
    }
    digest.column(super::opt_bytes(patient.email.as_ref()));
    digest.column(super::opt_bytes(patient.phone.as_ref()));
    digest.column(super::opt_bytes(patient.record_number.as_ref()));
    let mut versions: Vec<_> = versions.iter().collect();
    versions.sort_by_key(|row| (*row.program_id.as_bytes(), row.version));
    for row in versions {
        digest.id(2, row.program_id.as_bytes(), row.version);
        digest.column(Some(row.title.as_bytes()));
        digest.column(Some(row.items.as_bytes()));
    }
    let mut log: Vec<_> = log.iter().collect();
    log.sort_by_key(|row| *row.entry_id.as_bytes());
    for row in log {
        digest.id(3, row.entry_id.as_bytes(), 0);
        for sealed in [row.performed.as_bytes(), row.pain.as_bytes(), row.effort.as_bytes()] {
            digest.column(Some(sealed));
        }
        digest.column(super::opt_bytes(row.comment.as_ref()));
    }
    let mut notes: Vec<_> = notes.iter().collect();
    notes.sort_by_key(|row| *row.note_id.as_bytes());
    for row in notes {
        digest.id(4, row.note_id.as_bytes(), 0);
        digest.column(Some(row.body.as_bytes()));
    }
    digest.0.finish()
}

/// The same of what is stored now.
pub async fn digest(db: &Db, practice: PracticeId, patient: PatientId) -> Result<[u8; 32], StoreError> {
    const PATIENT: &str = "SELECT patient_id, CAST(0 AS BIGINT), given_name, family_name, birth_date, email, phone, record_number \
                           FROM patients WHERE practice_id = $1 AND patient_id = $2";
    const VERSIONS: &str = "SELECT program_id, version, title, items FROM program_versions \
                            WHERE practice_id = $1 AND patient_id = $2 ORDER BY program_id, version";
    const LOG: &str = "SELECT entry_id, CAST(0 AS BIGINT), performed, pain, effort, comment FROM log_entries \
                       WHERE practice_id = $1 AND patient_id = $2 ORDER BY entry_id";
    const NOTES: &str = "SELECT note_id, CAST(0 AS BIGINT), body FROM progress_notes \
                         WHERE practice_id = $1 AND patient_id = $2 ORDER BY note_id";
    let mut digest = Digest::default();
    for (table, sql) in [(1, PATIENT), (2, VERSIONS), (3, LOG), (4, NOTES)] {
        for row in db.rows(sql, &[practice.into(), patient.into()]).await? {
            digest.id(table, row.blob(0)?, row.number(1)?);
            for column in 2..row.width() {
                digest.column(row.opt_blob(column)?);
            }
        }
    }
    Ok(digest.0.finish())
}
