//! Archives of records that were destroyed.

use crate::{Batch, Db, Row, StoreError};
use domain::{Date, PatientId, PracticeId, Timestamp};

/// The archive of a record. Of one patient there is one for each last day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The patient.
    pub patient_id: PatientId,
    /// The last day of keeping.
    pub ends_on: Date,
    /// SHA-256 of the sealed file.
    pub digest: [u8; 32],
    /// When it was made; the file gets its name just afterwards.
    pub archived_at: Timestamp,
    /// When its destruction began; from then on the file may not be what it was.
    pub ending_at: Option<Timestamp>,
    /// When the file was overwritten; from then on it may be gone.
    pub overwritten_at: Option<Timestamp>,
    /// When it was destroyed; none while it is there.
    pub ended_at: Option<Timestamp>,
    /// That it was destroyed, as a signed note; none while it is there, and for one that was taken back because its patient was
    /// not destroyed.
    pub certificate: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, patient_id, ends_on, digest, archived_at, ending_at, ended_at, certificate, \
             overwritten_at FROM archives ",
            $rest
        )
    };
}

/// The archives of a patient's record, the one that lasts longest first.
pub async fn of_patient(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Vec<ArchiveRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND patient_id = $2 ORDER BY ends_on DESC");
    db.rows(sql, &[practice.into(), patient.into()]).await?.iter().map(read).collect()
}

/// All archives of a practice, those that end first first.
pub async fn all(db: &Db, practice: PracticeId) -> Result<Vec<ArchiveRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 ORDER BY ends_on, patient_id");
    db.rows(sql, &[practice.into()]).await?.iter().map(read).collect()
}

/// Says which file is the archive of a patient until a day: this one, and no other that there may have been.
pub fn put(batch: Batch, row: &ArchiveRow) -> Batch {
    const SQL: &str = "INSERT INTO archives (practice_id, patient_id, ends_on, digest, archived_at) \
                       VALUES ($1, $2, $3, $4, $5) ON CONFLICT (practice_id, patient_id, ends_on) DO UPDATE SET \
                       digest = excluded.digest, archived_at = excluded.archived_at, ending_at = NULL, \
                       overwritten_at = NULL, ended_at = NULL, certificate = NULL";
    let params = &[
        row.practice_id.into(),
        row.patient_id.into(),
        row.ends_on.into(),
        (&row.digest).into(),
        row.archived_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Marks that the destruction of an archive begins; the first mark stays.
pub fn begin_end(batch: Batch, row: &ArchiveRow, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE archives SET ending_at = $1 WHERE practice_id = $2 AND patient_id = $3 AND ends_on = $4 \
                       AND ending_at IS NULL";
    batch.run(SQL, &[at.into(), row.practice_id.into(), row.patient_id.into(), row.ends_on.into()])
}

/// Takes the mark away, where nothing was overwritten yet.
pub fn stay(batch: Batch, row: &ArchiveRow) -> Batch {
    const SQL: &str = "UPDATE archives SET ending_at = NULL WHERE practice_id = $1 AND patient_id = $2 AND ends_on = $3 \
                       AND overwritten_at IS NULL AND ended_at IS NULL";
    batch.run(SQL, &[row.practice_id.into(), row.patient_id.into(), row.ends_on.into()])
}

/// Marks that the file of an archive whose destruction was begun is overwritten; the first mark stays.
pub fn overwritten(batch: Batch, row: &ArchiveRow, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE archives SET overwritten_at = $1 WHERE practice_id = $2 AND patient_id = $3 \
                       AND ends_on = $4 AND ending_at IS NOT NULL AND overwritten_at IS NULL";
    batch.run(SQL, &[at.into(), row.practice_id.into(), row.patient_id.into(), row.ends_on.into()])
}

/// Says that an archive was destroyed; the first certificate stays.
pub fn end(batch: Batch, row: &ArchiveRow, at: Timestamp, certificate: Option<&str>) -> Batch {
    const SQL: &str = "UPDATE archives SET ended_at = $1, certificate = $2 \
                       WHERE practice_id = $3 AND patient_id = $4 AND ends_on = $5 AND ended_at IS NULL";
    let (practice, patient) = (row.practice_id.into(), row.patient_id.into());
    batch.run(SQL, &[at.into(), certificate.into(), practice, patient, row.ends_on.into()])
}

fn read(row: &Row) -> Result<ArchiveRow, StoreError> {
    Ok(ArchiveRow {
        practice_id: row.id(0)?,
        patient_id: row.id(1)?,
        ends_on: row.date(2)?,
        digest: row.array(3)?,
        archived_at: row.timestamp(4)?,
        ending_at: row.opt_timestamp(5)?,
        ended_at: row.opt_timestamp(6)?,
        certificate: row.opt_text(7)?.map(str::to_owned),
        overwritten_at: row.opt_timestamp(8)?,
    })
}
