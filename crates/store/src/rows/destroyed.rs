//! Patients whose key was destroyed, and the certificates of it.

use crate::{Batch, Db, Row, StoreError};
use domain::{PatientId, PracticeId, Timestamp};

/// When a patient's key was destroyed; none while it was not.
pub async fn destroyed_at(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "SELECT destroyed_at FROM destroyed_patients WHERE practice_id = $1 AND patient_id = $2";
    let row = db.optional(SQL, &[practice.into(), patient.into()]).await?;
    row.map(|row| row.timestamp(0)).transpose()
}

/// Destroys all versions of a patient's key and remembers it, in one batch. Doing it again changes nothing.
pub fn destroy_key(batch: Batch, practice: PracticeId, patient: PatientId, at: Timestamp, entry: u64) -> Batch {
    const KEY: &str = "DELETE FROM patient_keys WHERE practice_id = $1 AND patient_id = $2";
    const MARK: &str = "INSERT INTO destroyed_patients (practice_id, patient_id, destroyed_at, entry) \
                        VALUES ($1, $2, $3, $4) ON CONFLICT (practice_id, patient_id) DO NOTHING";
    let entry = i64::try_from(entry).unwrap_or(i64::MAX);
    batch
        .run(KEY, &[practice.into(), patient.into()])
        .run(MARK, &[practice.into(), patient.into(), at.into(), entry.into()])
}

/// Patients whose key was destroyed, of all practices, behind one of them (from the first on, if none), in order, `most` at
/// once.
pub async fn marks(
    db: &Db,
    last: Option<(PracticeId, PatientId)>,
    most: u32,
) -> Result<Vec<(PracticeId, PatientId)>, StoreError> {
    const SQL: &str = "SELECT practice_id, patient_id FROM destroyed_patients WHERE (practice_id, patient_id) > ($1, $2) \
                       ORDER BY practice_id, patient_id LIMIT $3";
    let (practice, patient) = last.unwrap_or((PracticeId::from_bytes([0; 16]), PatientId::from_bytes([0; 16])));
    let rows = db.rows(SQL, &[practice.into(), patient.into(), i64::from(most).into()]).await?;
    rows.iter().map(|row| Ok((row.id(0)?, row.id(1)?))).collect()
}

/// Whether any version of a patient's key is there.
pub async fn has_key(db: &Db, practice: PracticeId, patient: PatientId) -> Result<bool, StoreError> {
    const SQL: &str = "SELECT 1 FROM patient_keys WHERE practice_id = $1 AND patient_id = $2 LIMIT 1";
    Ok(!db.rows(SQL, &[practice.into(), patient.into()]).await?.is_empty())
}

/// A certificate as it is stored: a signed note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The patient.
    pub patient_id: PatientId,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The signed note.
    pub certificate: String,
}

/// The certificate of a patient's destruction.
pub async fn certificate(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
) -> Result<Option<CertificateRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, patient_id, issued_at, certificate FROM destruction_certificates \
                       WHERE practice_id = $1 AND patient_id = $2";
    db.optional(SQL, &[practice.into(), patient.into()]).await?.as_ref().map(read).transpose()
}

/// Up to `limit` certificates of patients after `after`, in the order of their ids.
pub async fn certificates(
    db: &Db,
    practice: PracticeId,
    after: PatientId,
    limit: i64,
) -> Result<Vec<CertificateRow>, StoreError> {
    const SQL: &str = "SELECT practice_id, patient_id, issued_at, certificate FROM destruction_certificates \
                       WHERE practice_id = $1 AND patient_id > $2 ORDER BY patient_id LIMIT $3";
    db.rows(SQL, &[practice.into(), after.into(), limit.into()]).await?.iter().map(read).collect()
}

/// Stores a certificate; the first one stays.
pub fn certify(batch: Batch, row: &CertificateRow) -> Batch {
    const SQL: &str = "INSERT INTO destruction_certificates (practice_id, patient_id, issued_at, certificate) \
                       VALUES ($1, $2, $3, $4) ON CONFLICT (practice_id, patient_id) DO NOTHING";
    let params = &[row.practice_id.into(), row.patient_id.into(), row.issued_at.into(), (&row.certificate).into()];
    batch.run(SQL, params)
}

fn read(row: &Row) -> Result<CertificateRow, StoreError> {
    Ok(CertificateRow {
        practice_id: row.id(0)?,
        patient_id: row.id(1)?,
        issued_at: row.timestamp(2)?,
        certificate: row.text(3)?.to_owned(),
    })
}
