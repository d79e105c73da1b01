//! Archives of records that were destroyed.

use crate::{Batch, Db, Row, StoreError};
use domain::{Date, PatientId, PracticeId, Timestamp};

/// The archive of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The patient.
    pub patient_id: PatientId,
    /// SHA-256 of the sealed file.
    pub digest: [u8; 32],
    /// The last day of keeping.
    pub ends_on: Date,
    /// When it was made.
    pub archived_at: Timestamp,
    /// When it was destroyed; none while it is there.
    pub ended_at: Option<Timestamp>,
    /// That it was destroyed, as a signed note.
    pub certificate: Option<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, patient_id, digest, ends_on, archived_at, ended_at, certificate FROM archives ",
            $rest
        )
    };
}

/// The archive of a patient's record; none when there never was one.
pub async fn of_patient(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Option<ArchiveRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND patient_id = $2");
    db.optional(sql, &[practice.into(), patient.into()]).await?.as_ref().map(read).transpose()
}

/// All archives of a practice, those that end first first.
pub async fn all(db: &Db, practice: PracticeId) -> Result<Vec<ArchiveRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 ORDER BY ends_on, patient_id");
    db.rows(sql, &[practice.into()]).await?.iter().map(read).collect()
}

/// Adds an archive; the first one stays.
pub fn insert(batch: Batch, row: &ArchiveRow) -> Batch {
    const SQL: &str = "INSERT INTO archives (practice_id, patient_id, digest, ends_on, archived_at) \
                       VALUES ($1, $2, $3, $4, $5) ON CONFLICT (practice_id, patient_id) DO NOTHING";
    let params = &[
        row.practice_id.into(),
        row.patient_id.into(),
        (&row.digest).into(),
        row.ends_on.into(),
        row.archived_at.into(),
    ];
    batch.run(SQL, params)
}

/// Says that an archive was destroyed; the first certificate stays.
pub fn end(batch: Batch, practice: PracticeId, patient: PatientId, at: Timestamp, certificate: &str) -> Batch {
    const SQL: &str = "UPDATE archives SET ended_at = $1, certificate = $2 \
                       WHERE practice_id = $3 AND patient_id = $4 AND ended_at IS NULL";
    batch.run(SQL, &[at.into(), certificate.into(), practice.into(), patient.into()])
}

fn read(row: &Row) -> Result<ArchiveRow, StoreError> {
    Ok(ArchiveRow {
        practice_id: row.id(0)?,
        patient_id: row.id(1)?,
        digest: row.array(2)?,
        ends_on: row.date(3)?,
        archived_at: row.timestamp(4)?,
        ended_at: row.opt_timestamp(5)?,
        certificate: row.opt_text(6)?.map(str::to_owned),
    })
}
