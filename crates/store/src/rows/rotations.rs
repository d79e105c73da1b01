//! What a rotation of keys reads and writes in the key store, besides what [`super::keys`] does for the kernel.

use crate::{Batch, Db, Row, StoreError};
use crypto::RootId;
use domain::{PatientId, PracticeId, Timestamp};
use phi::WrappedKey;

/// A version of a practice's key.
pub struct PracticeKeyRow {
    /// The practice, or one of the server's own owners.
    pub practice_id: PracticeId,
    /// The key.
    pub key: WrappedKey,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Every version of every practice's key.
pub async fn practice_keys(db: &Db) -> Result<Vec<PracticeKeyRow>, StoreError> {
    const SQL: &str =
        "SELECT practice_id, version, wrapped, created_at FROM practice_keys ORDER BY practice_id, version";
    let read = |row: &Row| {
        let key = WrappedKey { version: row.number(1)?, wrapped_by: 0, wrapped: row.blob(2)?.to_vec() };
        Ok(PracticeKeyRow { practice_id: row.id(0)?, key, created_at: row.timestamp(3)? })
    };
    db.rows(SQL, &[]).await?.iter().map(read).collect()
}

/// Adds a version; those before it are no longer current.
pub fn add_practice_key(batch: Batch, practice: PracticeId, key: &WrappedKey, at: Timestamp) -> Batch {
    const OLDER: &str = "UPDATE practice_keys SET state = 'retired' WHERE practice_id = $1";
    const SQL: &str = "INSERT INTO practice_keys (practice_id, version, wrapped, created_at, state) \
                       VALUES ($1, $2, $3, $4, 'current')";
    let params = &[practice.into(), i64::from(key.version).into(), key.wrapped.as_slice().into(), at.into()];
    batch.run(OLDER, &[practice.into()]).run(SQL, params).expect(1)
}

/// Replaces a practice key's wrappings. A conflict when they are not the old ones any more.
pub fn rewrap_practice_key(batch: Batch, practice: PracticeId, old: &WrappedKey, new: &WrappedKey) -> Batch {
    const SQL: &str = "UPDATE practice_keys SET wrapped = $4 WHERE practice_id = $1 AND version = $2 AND wrapped = $3";
    let (was, is) = (old.wrapped.as_slice(), new.wrapped.as_slice());
    batch.run(SQL, &[practice.into(), i64::from(old.version).into(), was.into(), is.into()]).expect(1)
}

/// Removes the versions of a practice's key below this one. Refused by the database while a patient's key needs one.
pub fn remove_practice_keys(batch: Batch, practice: PracticeId, below: u32) -> Batch {
    const SQL: &str = "DELETE FROM practice_keys WHERE practice_id = $1 AND version < $2";
    batch.run(SQL, &[practice.into(), i64::from(below).into()])
}

/// The root in force; none before the first key was made.
pub async fn root_in_force(db: &Db) -> Result<Option<(RootId, Timestamp)>, StoreError> {
    let row = db.optional("SELECT root_id, since FROM root_in_force WHERE one = 1", &[]).await?;
    row.map(|row| Ok((RootId::from_bytes(row.array(0)?), row.timestamp(1)?))).transpose()
}

/// Makes the batch a conflict unless this root is in force; the first root that asks is.
pub fn under_root(batch: Batch, root: RootId, at: Timestamp) -> Batch {
    const FIRST: &str =
        "INSERT INTO root_in_force (one, root_id, since) VALUES (1, $1, $2) ON CONFLICT (one) DO NOTHING";
    const STILL: &str = "UPDATE root_in_force SET root_id = $1 WHERE one = 1 AND root_id = $1";
    let id = root.as_bytes();
    batch.run(FIRST, &[id.into(), at.into()]).run(STILL, &[id.into()]).expect(1)
}

/// Puts a root in force in the place of another; a conflict where that one is not.
pub fn put_in_force(batch: Batch, old: RootId, new: RootId, at: Timestamp) -> Batch {
    const SQL: &str = "UPDATE root_in_force SET root_id = $2, since = $3 WHERE one = 1 AND root_id = $1";
    batch.run(SQL, &[old.as_bytes().into(), new.as_bytes().into(), at.into()]).expect(1)
}

/// Patients' keys that a practice key below this version wraps, as many as come at once.
pub async fn wrapped_below(
    db: &Db,
    practice: PracticeId,
    version: u32,
    limit: u32,
) -> Result<Vec<(PatientId, WrappedKey)>, StoreError> {
    const SQL: &str = "SELECT patient_id, version, practice_key_version, wrapped FROM patient_keys \
                       WHERE practice_id = $1 AND practice_key_version < $2 \
                       ORDER BY practice_key_version, patient_id LIMIT $3";
    let params = &[practice.into(), i64::from(version).into(), i64::from(limit).into()];
    db.rows(SQL, params).await?.iter().map(patient_key).collect()
}

/// Patients' keys in the order of the patients, behind this one.
pub async fn patient_keys(
    db: &Db,
    practice: PracticeId,
    after: PatientId,
    limit: u32,
) -> Result<Vec<(PatientId, WrappedKey)>, StoreError> {
    const SQL: &str = "SELECT patient_id, version, practice_key_version, wrapped FROM patient_keys \
                       WHERE practice_id = $1 AND patient_id > $2 ORDER BY patient_id, version LIMIT $3";
    let params = &[practice.into(), after.into(), i64::from(limit).into()];
    db.rows(SQL, params).await?.iter().map(patient_key).collect()
}

fn patient_key(row: &Row) -> Result<(PatientId, WrappedKey), StoreError> {
    let key = WrappedKey { version: row.number(1)?, wrapped_by: row.number(2)?, wrapped: row.blob(3)?.to_vec() };
    Ok((row.id(0)?, key))
}

/// Replaces the wrapping of a patient's key, if it is still that of the old version of the practice's.
pub fn rewrap_patient_key(
    batch: Batch,
    practice: PracticeId,
    patient: PatientId,
    old_wrapper: u32,
    new: &WrappedKey,
) -> Batch {
    const SQL: &str = "UPDATE patient_keys SET wrapped = $5, practice_key_version = $6 WHERE practice_id = $1 \
                       AND patient_id = $2 AND version = $3 AND practice_key_version = $4";
    let params = &[
        practice.into(),
        patient.into(),
        i64::from(new.version).into(),
        i64::from(old_wrapper).into(),
        new.wrapped.as_slice().into(),
        i64::from(new.wrapped_by).into(),
    ];
    batch.run(SQL, params)
}

/// How many patients' keys each version of the practice's key wraps.
pub async fn wrapped_by(db: &Db, practice: PracticeId) -> Result<Vec<(u32, i64)>, StoreError> {
    const SQL: &str = "SELECT practice_key_version, COUNT(*) FROM patient_keys WHERE practice_id = $1 \
                       GROUP BY practice_key_version ORDER BY practice_key_version";
    db.rows(SQL, &[practice.into()]).await?.iter().map(|row| Ok((row.number(0)?, row.int(1)?))).collect()
}

/// Patients behind this one whose newest key was made before a moment, with its version.
pub async fn keyed_before(
    db: &Db,
    practice: PracticeId,
    after: PatientId,
    before: Timestamp,
    limit: u32,
) -> Result<Vec<(PatientId, u32)>, StoreError> {
    const SQL: &str = "SELECT patient_id, MAX(version) FROM patient_keys WHERE practice_id = $1 AND patient_id > $2 \
                       GROUP BY patient_id HAVING MAX(created_at) < $3 ORDER BY patient_id LIMIT $4";
    let params = &[practice.into(), after.into(), before.into(), i64::from(limit).into()];
    db.rows(SQL, params).await?.iter().map(|row| Ok((row.id(0)?, row.number(1)?))).collect()
}

/// When a patient's newest key was made, and its version; none when there is none.
pub async fn newest_of_patient(
    db: &Db,
    practice: PracticeId,
    patient: PatientId,
) -> Result<Option<(u32, Timestamp)>, StoreError> {
    const SQL: &str = "SELECT version, created_at FROM patient_keys WHERE practice_id = $1 AND patient_id = $2 \
                       ORDER BY version DESC LIMIT 1";
    let row = db.optional(SQL, &[practice.into(), patient.into()]).await?;
    row.map(|row| Ok((row.number(0)?, row.timestamp(1)?))).transpose()
}

/// All versions of a patient's key as they are stored, wrapped.
pub async fn keys_of_patient(db: &Db, practice: PracticeId, patient: PatientId) -> Result<Vec<WrappedKey>, StoreError> {
    const SQL: &str = "SELECT version, practice_key_version, wrapped FROM patient_keys \
                       WHERE practice_id = $1 AND patient_id = $2 ORDER BY version";
    let read = |row: &Row| {
        Ok(WrappedKey { version: row.number(0)?, wrapped_by: row.number(1)?, wrapped: row.blob(2)?.to_vec() })
    };
    db.rows(SQL, &[practice.into(), patient.into()]).await?.iter().map(read).collect()
}

/// Removes this very key of a patient, as it was seen, and no other that has taken its place.
pub fn remove_this_key(batch: Batch, practice: PracticeId, patient: PatientId, key: &WrappedKey) -> Batch {
    const SQL: &str = "DELETE FROM patient_keys WHERE practice_id = $1 AND patient_id = $2 AND version = $3 \
                       AND wrapped = $4";
    let params = &[practice.into(), patient.into(), i64::from(key.version).into(), key.wrapped.as_slice().into()];
    batch.run(SQL, params)
}

/// Adds the next version of a patient's key, if the one before it is still there: a destroyed key gets no successor.
pub fn add_patient_key(
    batch: Batch,
    practice: PracticeId,
    patient: PatientId,
    key: &WrappedKey,
    at: Timestamp,
) -> Batch {
    const SQL: &str = "INSERT INTO patient_keys (practice_id, patient_id, version, practice_key_version, wrapped, \
                       created_at) SELECT practice_id, patient_id, $3, $4, $5, $6 FROM patient_keys \
                       WHERE practice_id = $1 AND patient_id = $2 AND version = $7";
    let params = &[
        practice.into(),
        patient.into(),
        i64::from(key.version).into(),
        i64::from(key.wrapped_by).into(),
        key.wrapped.as_slice().into(),
        at.into(),
        (i64::from(key.version) - 1).into(),
    ];
    batch.run(SQL, params)
}

/// Patients behind this one who have more than one version of their key, with the newest, which was made until then.
pub async fn with_several(
    db: &Db,
    practice: PracticeId,
    after: PatientId,
    until: Timestamp,
    limit: u32,
) -> Result<Vec<(PatientId, u32)>, StoreError> {
    const SQL: &str = "SELECT patient_id, MAX(version) FROM patient_keys WHERE practice_id = $1 AND patient_id > $2 \
                       GROUP BY patient_id HAVING COUNT(*) > 1 AND MAX(created_at) <= $3 ORDER BY patient_id LIMIT $4";
    let params = &[practice.into(), after.into(), until.into(), i64::from(limit).into()];
    db.rows(SQL, params).await?.iter().map(|row| Ok((row.id(0)?, row.number(1)?))).collect()
}

/// Removes the versions of a patient's key below this one.
pub fn remove_patient_keys(batch: Batch, practice: PracticeId, patient: PatientId, below: u32) -> Batch {
    const SQL: &str = "DELETE FROM patient_keys WHERE practice_id = $1 AND patient_id = $2 AND version < $3";
    batch.run(SQL, &[practice.into(), patient.into(), i64::from(below).into()])
}

/// A rotation, under way or done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RotationRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// `practice` or `patient`.
    pub kind: String,
    /// The patient, where it is one's; zeros otherwise.
    pub subject: [u8; 16],
    /// When it began.
    pub started_at: Timestamp,
    /// How far it is.
    pub state: String,
    /// The practice key's new version; 0 where it is about patients' keys.
    pub version: u32,
    /// Since when every new seal is under the new key.
    pub keyed_at: Option<Timestamp>,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
}

/// The rotations of a practice that have not ended, and with `all` the others too; the oldest first.
pub async fn rotations(db: &Db, practice: PracticeId, all: bool) -> Result<Vec<RotationRow>, StoreError> {
    const SQL: &str = "SELECT kind, subject, started_at, state, version, keyed_at, finished_at FROM key_rotations \
                       WHERE practice_id = $1 AND (finished_at IS NULL OR $2 = 1) ORDER BY started_at";
    let read = |row: &Row| {
        Ok(RotationRow {
            practice_id: practice,
            kind: row.text(0)?.to_owned(),
            subject: row.array(1)?,
            started_at: row.timestamp(2)?,
            state: row.text(3)?.to_owned(),
            version: row.number(4)?,
            keyed_at: row.opt_timestamp(5)?,
            finished_at: row.opt_timestamp(6)?,
        })
    };
    db.rows(SQL, &[practice.into(), i64::from(all).into()]).await?.iter().map(read).collect()
}

/// Writes a rotation down as it is now.
pub fn save_rotation(batch: Batch, row: &RotationRow) -> Batch {
    const SQL: &str = "INSERT INTO key_rotations (practice_id, kind, subject, started_at, state, version, keyed_at, \
                       finished_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
                       ON CONFLICT (practice_id, kind, subject, started_at) DO UPDATE SET state = $5, version = $6, \
                       keyed_at = $7, finished_at = $8";
    let params = &[
        row.practice_id.into(),
        row.kind.as_str().into(),
        (&row.subject).into(),
        row.started_at.into(),
        row.state.as_str().into(),
        i64::from(row.version).into(),
        row.keyed_at.into(),
        row.finished_at.into(),
    ];
    batch.run(SQL, params).expect(1)
}
