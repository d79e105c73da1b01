//! People under care.

use super::{opt_bytes, opt_sealed, sealed};
use crate::{Batch, Db, Row, StoreError};
use domain::{PatientId, PracticeId, Timestamp};
use phi::{RowId, Sealed, SealedName, SealedPerson, fields::patients};

/// Blind indexes of a patient's exact-match fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PatientIndexes {
    /// Of the e-mail address.
    pub email: Option<[u8; 32]>,
    /// Of the telephone number.
    pub phone: Option<[u8; 32]>,
    /// Of the record number; unique in a practice.
    pub record_number: Option<[u8; 32]>,
}

/// A patient.
pub struct PatientRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The patient.
    pub patient_id: PatientId,
    /// Given name.
    pub given_name: Sealed<patients::GivenName>,
    /// Family name.
    pub family_name: Sealed<patients::FamilyName>,
    /// The day they were born.
    pub birth_date: Sealed<patients::Born>,
    /// Where to write.
    pub email: Option<Sealed<patients::Email>>,
    /// Where to call.
    pub phone: Option<Sealed<patients::Phone>>,
    /// The practice's own number.
    pub record_number: Option<Sealed<patients::Record>>,
    /// What they are found by.
    pub indexes: PatientIndexes,
    /// When they were registered.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
    /// Counts up at each change.
    pub version: i64,
}

impl PatientRow {
    /// The row as associated data sees it.
    pub const fn row_id(patient: PatientId) -> RowId {
        RowId::new(*patient.as_bytes())
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, patient_id, given_name, family_name, birth_date, email, phone, record_number, \
             email_index, phone_index, record_number_index, created_at, updated_at, version FROM patients ",
            $rest
        )
    };
}

/// One patient.
pub async fn by_id(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Option<PatientRow>, StoreError> {
    let sql = select!("WHERE practice_id = $1 AND patient_id = $2");
    db.optional(sql, &[practice.into(), patient.into()]).await?.as_ref().map(read).transpose()
}

/// Up to `limit` ids of patients of a practice after `after`, in their order.
pub async fn ids(db: &Db, practice: PracticeId, after: PatientId, limit: i64) -> Result<Vec<PatientId>, StoreError> {
    const SQL: &str =
        "SELECT patient_id FROM patients WHERE practice_id = $1 AND patient_id > $2 ORDER BY patient_id LIMIT $3";
    db.rows(SQL, &[practice.into(), after.into(), limit.into()]).await?.iter().map(|row| row.id(0)).collect()
}

/// The sealed names of up to `limit` patients of a practice after `after`, in the order of their ids.
pub async fn names(db: &Db, practice: PracticeId, after: PatientId, limit: i64) -> Result<Vec<SealedName>, StoreError> {
    const SQL: &str = "SELECT patient_id, given_name, family_name FROM patients \
                       WHERE practice_id = $1 AND patient_id > $2 ORDER BY patient_id LIMIT $3";
    let name = |row: &Row| {
        let patient = row.id(0)?;
        let id = PatientRow::row_id(patient);
        Ok(SealedName { patient, given_name: sealed(row, 1, id)?, family_name: sealed(row, 2, id)? })
    };
    db.rows(SQL, &[practice.into(), after.into(), limit.into()]).await?.iter().map(name).collect()
}

/// The sealed names and birth dates of up to `limit` patients of a practice after `after`, in the order of their ids.
pub async fn persons(
    db: &Db,
    practice: PracticeId,
    after: PatientId,
    limit: i64,
) -> Result<Vec<SealedPerson>, StoreError> {
    const SQL: &str = "SELECT patient_id, given_name, family_name, birth_date FROM patients \
                       WHERE practice_id = $1 AND patient_id > $2 ORDER BY patient_id LIMIT $3";
    let person = |row: &Row| {
        let patient = row.id(0)?;
        let id = PatientRow::row_id(patient);
        let name = SealedName { patient, given_name: sealed(row, 1, id)?, family_name: sealed(row, 2, id)? };
        Ok(SealedPerson { name, born: sealed(row, 3, id)? })
    };
    db.rows(SQL, &[practice.into(), after.into(), limit.into()]).await?.iter().map(person).collect()
}

/// When a patient was registered; none when there is no such patient.
pub async fn registered_at(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Option<Timestamp>, StoreError> {
    const SQL: &str = "SELECT created_at FROM patients WHERE practice_id = $1 AND patient_id = $2";
    db.optional(SQL, &[practice.into(), patient.into()]).await?.map(|row| row.timestamp(0)).transpose()
}

/// The patients of a practice who have any of these, at most 20. An index that is none finds nobody.
pub async fn ids_by_index(
    db: &Db,
    practice: PracticeId,
    wanted: &PatientIndexes,
) -> Result<Vec<PatientId>, StoreError> {
    const SQL: &str = "SELECT patient_id FROM patients WHERE practice_id = $1 \
                       AND (email_index = $2 OR phone_index = $3 OR record_number_index = $4) \
                       ORDER BY patient_id LIMIT 20";
    let params = &[
        practice.into(),
        wanted.email.as_ref().into(),
        wanted.phone.as_ref().into(),
        wanted.record_number.as_ref().into(),
    ];
    db.rows(SQL, params).await?.iter().map(|row| row.id(0)).collect()
}

/// How many patients a practice has.
pub async fn count(db: &Db, practice: PracticeId) -> Result<i64, StoreError> {
    db.one("SELECT COUNT(*) FROM patients WHERE practice_id = $1", &[practice.into()]).await?.int(0)
}

/// Adds a patient.
pub fn insert(batch: Batch, row: &PatientRow) -> Batch {
    const SQL: &str = "INSERT INTO patients (practice_id, patient_id, given_name, family_name, birth_date, email, \
                       phone, record_number, email_index, phone_index, record_number_index, created_at, updated_at, \
                       version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let params = &[
        row.practice_id.into(),
        row.patient_id.into(),
        row.given_name.as_bytes().into(),
        row.family_name.as_bytes().into(),
        row.birth_date.as_bytes().into(),
        opt_bytes(row.email.as_ref()).into(),
        opt_bytes(row.phone.as_ref()).into(),
        opt_bytes(row.record_number.as_ref()).into(),
        row.indexes.email.as_ref().into(),
        row.indexes.phone.as_ref().into(),
        row.indexes.record_number.as_ref().into(),
        row.created_at.into(),
        row.updated_at.into(),
        row.version.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Stores a changed patient where the version still is `seen_version`; `row.version` is the new one.
pub fn update(batch: Batch, row: &PatientRow, seen_version: i64) -> Batch {
    const SQL: &str = "UPDATE patients SET given_name = $1, family_name = $2, birth_date = $3, email = $4, \
                       phone = $5, record_number = $6, email_index = $7, phone_index = $8, record_number_index = $9, \
                       updated_at = $10, version = $11 \
                       WHERE practice_id = $12 AND patient_id = $13 AND version = $14";
    let params = &[
        row.given_name.as_bytes().into(),
        row.family_name.as_bytes().into(),
        row.birth_date.as_bytes().into(),
        opt_bytes(row.email.as_ref()).into(),
        opt_bytes(row.phone.as_ref()).into(),
        opt_bytes(row.record_number.as_ref()).into(),
        row.indexes.email.as_ref().into(),
        row.indexes.phone.as_ref().into(),
        row.indexes.record_number.as_ref().into(),
        row.updated_at.into(),
        row.version.into(),
        row.practice_id.into(),
        row.patient_id.into(),
        seen_version.into(),
    ];
    batch.run(SQL, params).expect(1)
}

fn read(row: &Row) -> Result<PatientRow, StoreError> {
    let patient_id = row.id(1)?;
    let id = PatientRow::row_id(patient_id);
    let index = |n| if row.is_null(n) { Ok(None) } else { row.array(n).map(Some) };
    Ok(PatientRow {
        practice_id: row.id(0)?,
        patient_id,
        given_name: sealed(row, 2, id)?,
        family_name: sealed(row, 3, id)?,
        birth_date: sealed(row, 4, id)?,
        email: opt_sealed(row, 5, id)?,
        phone: opt_sealed(row, 6, id)?,
        record_number: opt_sealed(row, 7, id)?,
        indexes: PatientIndexes { email: index(8)?, phone: index(9)?, record_number: index(10)? },
        created_at: row.timestamp(11)?,
        updated_at: row.timestamp(12)?,
        version: row.int(13)?,
    })
}
