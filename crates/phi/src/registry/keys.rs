//! The key store.

use super::{Column, table};

table! {
    /// Keys of practices, wrapped by the root.
    Keys.practice_keys {
        (practice_id: Id, Drop, "the practice")
        (version: Structure, Drop, "counts up at each rotation")
        (wrapped: Ciphertext, Drop, "the key, wrapped by the root")
        (created_at: Time, Drop, "when it was made")
        (state: Structure, Drop, "current or retired")
    }
}

table! {
    /// Keys of patients, wrapped by their practice's key. Destroying the row destroys the patient's data.
    Keys.patient_keys {
        (practice_id: Id, Drop, "the practice")
        (patient_id: Id, Drop, "the patient")
        (version: Structure, Drop, "counts up at each rotation")
        (practice_key_version: Structure, Drop, "the practice key that wraps it")
        (wrapped: Ciphertext, Drop, "the key, wrapped by the practice's key")
        (created_at: Time, Drop, "when it was made")
    }
}

pub(super) const TABLES: &[&[Column]] = &[practice_keys::COLUMNS, patient_keys::COLUMNS];
