//! The key store.

use super::{Column, table};

table! {
    /// Keys of practices, wrapped by the root.
    Keys.practice_keys {
        (practice_id: Id, Drop, "the practice")
        (version: Structure, Drop, "counts up at each rotation")
        (wrapped: Ciphertext, Drop, "the key, wrapped by the root; by two while the root changes")
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

table! {
    /// The root that wraps new keys.
    Keys.root_in_force {
        (one: Structure, Drop, "always 1: there is one row")
        (root_id: Fingerprint, Drop, "which root it is")
        (since: Time, Drop, "since when")
    }
}

table! {
    /// Rotations of keys, under way and done.
    Keys.key_rotations {
        (practice_id: Id, Drop, "the practice")
        (kind: Structure, Drop, "practice or patient")
        (subject: Id, Drop, "the patient, where it is one's")
        (started_at: Time, Drop, "when it began")
        (state: Structure, Drop, "how far it is")
        (version: Structure, Drop, "the practice key's new version")
        (keyed_at: Time, Drop, "since when every new seal is under the new key")
        (finished_at: Time, Drop, "when it ended")
    }
}

table! {
    /// Patients whose key was destroyed. Never forgotten.
    Keys.destroyed_patients {
        (practice_id: Id, Drop, "the practice")
        (patient_id: Id, Drop, "the patient")
        (destroyed_at: Time, Drop, "when it was decided for good")
        (entry: Structure, Drop, "the number of the entry in the audit trail that records it")
    }
}

table! {
    /// Certificates of destruction: no health data.
    Keys.destruction_certificates {
        (practice_id: Id, Drop, "the practice")
        (patient_id: Id, Drop, "the patient")
        (issued_at: Time, Drop, "when it was issued")
        (certificate: Public, Drop, "a signed note with the proof of its entry in the audit trail")
    }
}

table! {
    /// Archives of records that were destroyed: sealed files to the archive's own recipients.
    Keys.archives {
        (practice_id: Id, Drop, "the practice")
        (patient_id: Id, Drop, "the patient")
        (ends_on: Time, Drop, "the last day of keeping, in days since 1970-01-01")
        (digest: Public, Drop, "SHA-256 of the sealed file")
        (archived_at: Time, Drop, "when it was made")
        (ending_at: Time, Drop, "when its destruction began")
        (overwritten_at: Time, Drop, "when its file was overwritten")
        (ended_at: Time, Drop, "when it was destroyed")
        (certificate: Public, Drop, "a signed note that says so")
    }
}

pub(super) const TABLES: &[&[Column]] = &[
    practice_keys::COLUMNS,
    patient_keys::COLUMNS,
    root_in_force::COLUMNS,
    key_rotations::COLUMNS,
    destroyed_patients::COLUMNS,
    destruction_certificates::COLUMNS,
    archives::COLUMNS,
];
