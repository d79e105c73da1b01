//! Made entries and settings for the tests of the ledger.
#![allow(dead_code, reason = "each test file takes what it needs")]

use crypto::{Key, Signer, SystemRng};
use domain::{
    AccountId, FixedClock, LoginSessionId, PatientId, PermissionName, PracticeId, PurposeKind, RequestId, Role,
    Timestamp,
};
use ledger::{Entry, LogName, Outcome, Resource, Settings, VerifierKey, Word};
use std::sync::Arc;

/// The n-th entry: always the same for the same number.
pub(crate) fn entry(n: u64) -> Entry {
    let id = |kind: u8| {
        let mut bytes = [kind; 16];
        bytes[8..].copy_from_slice(&n.to_be_bytes());
        bytes
    };
    Entry {
        at: Timestamp::from_millisecond(1_780_000_000_000 + n as i64).expect("in range"),
        practice: Some(PracticeId::from_bytes([1; 16])),
        actor: Some(AccountId::from_bytes(id(2))),
        role: Some(Role::Therapist),
        login_session: Some(LoginSessionId::from_bytes(id(3))),
        permission: Some(PermissionName::ReadExercise),
        action: Word::new("read_program"),
        purpose: Some(PurposeKind::Treatment),
        resource: Resource::new(Word::new("program"), n).expect("a number is an id"),
        patient: Some(PatientId::from_bytes(id(4))),
        outcome: Outcome::Allowed,
        reason: Word::new("care_team"),
        address: Some([192, 0, 2, 7].into()),
        request: RequestId::from_bytes(id(5)),
    }
}

pub(crate) fn log() -> LogName {
    LogName::new("practice.example/audit/node-1").expect("a valid name")
}

pub(crate) fn seal_key() -> Key {
    Key::from_bytes([8; 32])
}

pub(crate) fn signer() -> Signer {
    Signer::from_seed(&Key::from_bytes([9; 32]))
}

pub(crate) fn verifier_key() -> VerifierKey {
    VerifierKey::new(log(), signer().public())
}

/// Settings whose checkpoints come only on demand and at the end, so that no test depends on time.
pub(crate) fn settings() -> Settings {
    let clock = Arc::new(FixedClock::new(Timestamp::UNIX_EPOCH));
    let mut settings = Settings::new(log(), seal_key(), signer(), clock, Arc::new(SystemRng));
    settings.checkpoint_every = std::time::Duration::from_secs(24 * 3600);
    settings
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime")
}
