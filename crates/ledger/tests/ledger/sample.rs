//! Made entries and settings for the tests of the ledger.
#![allow(dead_code, reason = "each test file takes what it needs")]

use crypto::{Key, Signer, SystemRng};
use domain::{
    AccountId, FixedClock, LoginSessionId, PatientId, PermissionName, PracticeId, PurposeKind, RequestId, Role,
    Timestamp,
};
use ledger::{Entry, FileBackend, Ledger, LogName, Outcome, Resource, Settings, VerifierKey, Word};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tempfile::TempDir;

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

pub(crate) fn settings_with(second: &[&PathBuf]) -> Settings {
    let mut settings = settings();
    settings.second_paths = second.iter().map(|path| (*path).clone()).collect();
    settings
}

/// A log in a folder of its own, closed, with its second path in another.
pub(crate) struct Log {
    pub(crate) folder: TempDir,
    pub(crate) second: PathBuf,
    _elsewhere: TempDir,
}

/// A log of `count` entries, appended in batches of ten to small journal files, with a checkpoint every hundred.
pub(crate) fn filled(count: u64) -> Log {
    let (folder, elsewhere) = (TempDir::new().expect("folder"), TempDir::new().expect("folder"));
    let log = Log { folder, second: elsewhere.path().join("head"), _elsewhere: elsewhere };
    log.append(count);
    log
}

impl Log {
    pub(crate) fn open(&self) -> Ledger {
        let backend = FileBackend::open_with_segments(self.folder.path(), 20_000).expect("opens");
        Ledger::open(backend, settings_with(&[&self.second])).expect("opens")
    }

    /// Opens the log, appends, and closes it.
    pub(crate) fn append(&self, count: u64) {
        let (ledger, runtime) = (self.open(), runtime());
        let handle = ledger.handle();
        let start = handle.status().size;
        for first in (start..start + count).step_by(10) {
            let batch = (first..(first + 10).min(start + count)).map(entry).collect();
            runtime.block_on(handle.append(batch)).expect("appended");
            if (first + 10) % 100 == 0 {
                runtime.block_on(handle.checkpoint()).expect("published");
            }
        }
        ledger.close();
    }
}

/// Copies a folder with all below it.
pub(crate) fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("folder");
    for item in fs::read_dir(from).expect("list") {
        let item = item.expect("item");
        let target = to.join(item.file_name());
        if item.path().is_dir() {
            copy_folder(&item.path(), &target);
        } else {
            fs::copy(item.path(), target).expect("copy");
        }
    }
}
