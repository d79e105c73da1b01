//! New keys, new wrappings, new seals: all that a rotation needs, and none of it shows a key or a value.
//!
//! What is asked for here must have been recorded: each function takes the receipt.

use super::{KeyError, Keyring, Versions, WrappedKey, patient_place};
use crate::{
    cipher::{self, Owner},
    class::ClassId,
    field::{OpenFailure, RowId},
    registry::SealedColumn,
};
use crypto::Key;
use domain::{PatientId, PracticeId, Rng};
use ledger::Receipt;
use std::sync::Arc;

/// A stored field that a rotation or a check could not open. Names its column, never a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a value of {table}.{column} did not open: {why}")]
pub struct ResealError {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// What is wrong.
    pub why: OpenFailure,
}

impl Keyring {
    /// The next version of a practice's key, wrapped by the root in memory; to be stored.
    pub fn next_practice_key(&self, _recorded: &Receipt, practice: PracticeId, version: u32) -> WrappedKey {
        let key = Key::random(&*self.rng);
        let wrapped = self.branches().wrap(practice, version, &*self.rng, &key);
        WrappedKey { version, wrapped_by: 0, wrapped }
    }

    /// The next version of a patient's key, wrapped by the practice's newest; to be stored.
    pub async fn next_patient_key(
        &self,
        _recorded: &Receipt,
        practice: PracticeId,
        patient: PatientId,
        version: u32,
    ) -> Result<WrappedKey, KeyError> {
        let keys = self.newest(practice).await?;
        let (by, kek) = keys.newest().ok_or(KeyError::Missing("practice"))?;
        let key = Key::random(&*self.rng);
        let wrapped = crypto::wrap(kek, &*self.rng, &patient_place(practice, patient, version), &key);
        Ok(WrappedKey { version, wrapped_by: *by, wrapped })
    }

    /// Patients' keys wrapped by the practice's newest; to be stored in the place of the old wrappings.
    pub async fn rewrap_patient_keys(
        &self,
        _recorded: &Receipt,
        practice: PracticeId,
        stored: &[(PatientId, WrappedKey)],
    ) -> Result<Vec<(PatientId, WrappedKey)>, KeyError> {
        let keys = self.newest(practice).await?;
        let (by, kek) = keys.newest().ok_or(KeyError::Missing("practice"))?;
        let mut rewrapped = Vec::with_capacity(stored.len());
        for (patient, one) in stored {
            let key = unwrap_patient(&keys, practice, *patient, one)?;
            let wrapped = crypto::wrap(kek, &*self.rng, &patient_place(practice, *patient, one.version), &key);
            rewrapped.push((*patient, WrappedKey { version: one.version, wrapped_by: *by, wrapped }));
        }
        Ok(rewrapped)
    }

    /// Seals a patient's fields anew; none when there is no key: the patient is not there any more.
    pub async fn patient_resealer(
        &self,
        _recorded: &Receipt,
        practice: PracticeId,
        patient: PatientId,
    ) -> Result<Option<Resealer>, KeyError> {
        let stored = self.store.patient_keys(practice, patient).await?;
        if stored.is_empty() {
            return Ok(None);
        }
        let wrapped_by = stored.iter().map(|one| one.wrapped_by).max().unwrap_or(0);
        let practice_keys = self.with_version(practice, wrapped_by).await?;
        let mut keys = Vec::with_capacity(stored.len());
        for one in &stored {
            keys.push((one.version, unwrap_patient(&practice_keys, practice, patient, one)?));
        }
        Ok(Some(Resealer { practice, keys: Arc::new(Versions(keys)), label: "patient class", rng: self.rng.clone() }))
    }

    /// Seals the fields of a practice's accounts anew.
    pub async fn account_resealer(&self, _recorded: &Receipt, practice: PracticeId) -> Result<Resealer, KeyError> {
        let keys = self.newest(practice).await?;
        Ok(Resealer { practice, keys, label: "account class", rng: self.rng.clone() })
    }

    /// Whether a practice's keys, all versions, unwrap as they are stored now.
    pub async fn check_practice(&self, practice: PracticeId) -> Result<(), KeyError> {
        self.load(practice).await.map(drop)
    }
}

fn unwrap_patient(
    practice_keys: &Versions,
    practice: PracticeId,
    patient: PatientId,
    one: &WrappedKey,
) -> Result<Key, KeyError> {
    let kek = practice_keys.version(one.wrapped_by).ok_or(KeyError::Missing("practice"))?;
    crypto::unwrap_key(kek, &patient_place(practice, patient, one.version), &one.wrapped)
        .map_err(|_| KeyError::Unwrap("patient"))
}

/// Seals stored fields anew under the newest key of their owner. Neither a key nor a value leaves it.
pub struct Resealer {
    practice: PracticeId,
    keys: Arc<Versions>,
    label: &'static str,
    rng: Arc<dyn Rng>,
}

impl Resealer {
    /// The version under which it seals.
    pub fn newest(&self) -> u32 {
        self.keys.newest().map_or(0, |(version, _)| *version)
    }

    /// Whether there is a key of this version.
    pub fn has(&self, version: u32) -> bool {
        self.keys.version(version).is_some()
    }

    /// The field under the newest key; none when it is already.
    pub fn reseal(
        &self,
        subject: [u8; 16],
        row: RowId,
        column: &SealedColumn,
        stored: &[u8],
    ) -> Result<Option<Vec<u8>>, ResealError> {
        if cipher::version_of(stored) == Some(self.newest()) {
            return Ok(None);
        }
        let plain = self.plain(subject, row, column, stored)?;
        let (version, key) = self.keys.newest().ok_or(failed(column, OpenFailure::KeyVersion))?;
        let key = self.class_key(key, column.class);
        let owner = Owner { practice: self.practice, subject };
        Ok(Some(cipher::seal_bytes(owner, row, &column.place, (*version, &key), &*self.rng, &plain)))
    }

    /// Opens the field and shows nobody.
    pub fn check(
        &self,
        subject: [u8; 16],
        row: RowId,
        column: &SealedColumn,
        stored: &[u8],
    ) -> Result<(), ResealError> {
        self.plain(subject, row, column, stored).map(drop)
    }

    fn plain(
        &self,
        subject: [u8; 16],
        row: RowId,
        column: &SealedColumn,
        stored: &[u8],
    ) -> Result<crypto::Zeroizing<Vec<u8>>, ResealError> {
        let version = cipher::version_of(stored).ok_or(failed(column, OpenFailure::Format))?;
        let key = self.keys.version(version).ok_or(failed(column, OpenFailure::KeyVersion))?;
        let owner = Owner { practice: self.practice, subject };
        let opened = |class| {
            let key = self.class_key(key, class);
            cipher::open_bytes(owner, row, &column.place, (version, &key), stored)
        };
        opened(column.class)
            .or_else(|error| column.class.formerly().map_or(Err(error), opened))
            .map_err(|_| failed(column, OpenFailure::Cipher))
    }

    fn class_key(&self, key: &Key, class: ClassId) -> Key {
        key.derive(self.label, &[class.name().as_bytes()])
    }
}

const fn failed(column: &SealedColumn, why: OpenFailure) -> ResealError {
    ResealError { table: column.table, column: column.column, why }
}
