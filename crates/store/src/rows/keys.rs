//! Wrapped keys: the kernel's key store.

use super::rotations;
use crate::{Batch, CommitError, Db, Row, StoreError};
use crypto::RootId;
use domain::{IncidentId, PatientId, PracticeId, Timestamp};
use phi::{Answer, KeyStore, Ties, Unavailable, WrappedKey};

/// The key store over a database.
#[derive(Debug, Clone)]
pub struct Keys(Db);

impl Keys {
    /// Over the `keys` database.
    pub const fn new(db: Db) -> Self {
        Self(db)
    }
}

impl KeyStore for Keys {
    fn practice_keys(&self, practice: PracticeId) -> Answer<'_, Vec<WrappedKey>> {
        const SQL: &str = "SELECT version, wrapped FROM practice_keys WHERE practice_id = $1 ORDER BY version";
        Box::pin(async move {
            let rows = self.0.rows(SQL, &[practice.into()]).await.map_err(unavailable)?;
            let read =
                |row: &Row| Ok(WrappedKey { version: row.number(0)?, wrapped_by: 0, wrapped: row.blob(1)?.to_vec() });
            rows.iter().map(read).collect::<Result<_, StoreError>>().map_err(unavailable)
        })
    }

    fn newest_practice_key(&self, practice: PracticeId) -> Answer<'_, Option<u32>> {
        const SQL: &str = "SELECT version FROM practice_keys WHERE practice_id = $1 ORDER BY version DESC LIMIT 1";
        Box::pin(async move {
            let row = self.0.optional(SQL, &[practice.into()]).await.map_err(unavailable)?;
            row.map(|row| row.number(0)).transpose().map_err(unavailable)
        })
    }

    fn add_practice_key(&self, practice: PracticeId, key: WrappedKey, root: RootId, at: Timestamp) -> Answer<'_, bool> {
        Box::pin(async move {
            let batch = rotations::under_root(Batch::new(), root, at);
            match self.0.commit(rotations::add_practice_key(batch, practice, &key, at)).await {
                Ok(()) => Ok(true),
                Err(CommitError::Conflict { .. }) => Ok(false),
                Err(error) => Err(not_committed(error)),
            }
        })
    }

    fn patient_keys(&self, practice: PracticeId, patient: PatientId) -> Answer<'_, Vec<WrappedKey>> {
        const SQL: &str = "SELECT version, practice_key_version, wrapped FROM patient_keys \
                           WHERE practice_id = $1 AND patient_id = $2 ORDER BY version";
        Box::pin(async move {
            let rows = self.0.rows(SQL, &[practice.into(), patient.into()]).await.map_err(unavailable)?;
            let read = |row: &Row| {
                Ok(WrappedKey { version: row.number(0)?, wrapped_by: row.number(1)?, wrapped: row.blob(2)?.to_vec() })
            };
            rows.iter().map(read).collect::<Result<_, StoreError>>().map_err(unavailable)
        })
    }

    fn patient_keys_between(
        &self,
        practice: PracticeId,
        first: PatientId,
        last: PatientId,
    ) -> Answer<'_, Vec<(PatientId, WrappedKey)>> {
        const SQL: &str = "SELECT patient_id, version, practice_key_version, wrapped FROM patient_keys \
                           WHERE practice_id = $1 AND patient_id >= $2 AND patient_id <= $3 \
                           ORDER BY patient_id, version";
        Box::pin(async move {
            let rows = self.0.rows(SQL, &[practice.into(), first.into(), last.into()]).await.map_err(unavailable)?;
            let read = |row: &Row| {
                let (version, wrapped_by, wrapped) = (row.number(1)?, row.number(2)?, row.blob(3)?.to_vec());
                Ok((row.id(0)?, WrappedKey { version, wrapped_by, wrapped }))
            };
            rows.iter().map(read).collect::<Result<_, StoreError>>().map_err(unavailable)
        })
    }

    fn add_patient_key(
        &self,
        practice: PracticeId,
        patient: PatientId,
        key: WrappedKey,
        at: Timestamp,
    ) -> Answer<'_, ()> {
        const SQL: &str = "INSERT INTO patient_keys (practice_id, patient_id, version, practice_key_version, wrapped, \
                           created_at) SELECT $1, $2, $3, $4, $5, $6 WHERE NOT EXISTS \
                           (SELECT 1 FROM destroyed_patients WHERE practice_id = $1 AND patient_id = $2)";
        // Somebody who rotates keys may have read one that is destroyed meanwhile: it must not come back.
        Box::pin(async move {
            let params = &[
                practice.into(),
                patient.into(),
                i64::from(key.version).into(),
                i64::from(key.wrapped_by).into(),
                key.wrapped.as_slice().into(),
                at.into(),
            ];
            self.0.commit(Batch::new().run(SQL, params).expect(1)).await.map_err(not_committed)
        })
    }

    fn destroyed(&self, practice: PracticeId, patient: PatientId) -> Answer<'_, bool> {
        Box::pin(async move {
            let at = super::destroyed::destroyed_at(&self.0, practice, patient).await.map_err(unavailable)?;
            Ok(at.is_some())
        })
    }
}

fn unavailable(error: StoreError) -> Unavailable {
    Unavailable(Box::new(error))
}

fn not_committed(error: CommitError) -> Unavailable {
    Unavailable(Box::new(error))
}

/// Care teams over the `identity` database.
#[derive(Debug, Clone)]
pub struct CareTeams(Db);

impl CareTeams {
    /// Over the `identity` database.
    pub const fn new(db: Db) -> Self {
        Self(db)
    }
}

impl phi::CareTeams for CareTeams {
    fn ties(
        &self,
        practice: PracticeId,
        account: domain::AccountId,
        session: Option<domain::LoginSessionId>,
        patient: PatientId,
        at: Timestamp,
    ) -> Answer<'_, Ties> {
        Box::pin(async move {
            super::care_links::ties(&self.0, practice, account, session, patient, at).await.map_err(unavailable)
        })
    }

    fn is_condemned(&self, practice: PracticeId, patient: PatientId) -> Answer<'_, bool> {
        Box::pin(async move { super::retention::is_condemned(&self.0, practice, patient).await.map_err(unavailable) })
    }

    fn kept_away(&self, practice: PracticeId, patient: PatientId) -> Answer<'_, Vec<domain::AccountId>> {
        Box::pin(async move { super::restrictions::kept_away(&self.0, practice, patient).await.map_err(unavailable) })
    }

    fn affected_by_breach(&self, practice: PracticeId, incident: IncidentId) -> Answer<'_, Vec<PatientId>> {
        Box::pin(async move { super::breaches::affected(&self.0, practice, incident).await.map_err(unavailable) })
    }
}

/// Up to `most` owners of keys of a practice (or of a branch) behind one, in the order of their ids.
pub async fn owners(db: &Db, practice: PracticeId, after: PatientId, most: i64) -> Result<Vec<PatientId>, StoreError> {
    const SQL: &str = "SELECT DISTINCT patient_id FROM patient_keys WHERE practice_id = $1 AND patient_id > $2 \
                       ORDER BY patient_id LIMIT $3";
    db.rows(SQL, &[practice.into(), after.into(), most.into()]).await?.iter().map(|row| row.id(0)).collect()
}

/// How many owners of keys a practice (or a branch) has.
pub async fn count_owners(db: &Db, practice: PracticeId) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT COUNT(DISTINCT patient_id) FROM patient_keys WHERE practice_id = $1";
    db.one(SQL, &[practice.into()]).await?.number(0)
}

/// A patient's wrapped key, with whose it is.
pub type PatientKey = (PracticeId, PatientId, WrappedKey);

/// Wrapped keys of all patients of all practices behind one of them (from the first on, if none), in order, `most` at once.
pub async fn after(db: &Db, last: Option<&PatientKey>, most: u32) -> Result<Vec<PatientKey>, StoreError> {
    const SQL: &str = "SELECT practice_id, patient_id, version, practice_key_version, wrapped FROM patient_keys \
                       WHERE (practice_id, patient_id, version) > ($1, $2, $3) \
                       ORDER BY practice_id, patient_id, version LIMIT $4";
    let (practice, patient, version) = match last {
        Some((practice, patient, key)) => (*practice, *patient, i64::from(key.version)),
        None => (PracticeId::from_bytes([0; 16]), PatientId::from_bytes([0; 16]), -1),
    };
    let rows = db.rows(SQL, &[practice.into(), patient.into(), version.into(), i64::from(most).into()]).await?;
    let read = |row: &Row| {
        let key = WrappedKey { version: row.number(2)?, wrapped_by: row.number(3)?, wrapped: row.blob(4)?.to_vec() };
        Ok((row.id(0)?, row.id(1)?, key))
    };
    rows.iter().map(read).collect()
}
