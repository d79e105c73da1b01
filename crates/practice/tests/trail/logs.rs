//! Logs and entries for the tests of the index.

use crypto::{Key, SystemRng};
use domain::{
    AccountId, FixedClock, PatientId, PermissionName, PracticeId, PurposeKind, RequestId, Rng, Role, Timestamp,
};
use ledger::{Entry, FileBackend, Ledger, LogName, Outcome, Resource, Settings, Word};
use practice::backup::AuditBranch;
use practice::trail::{AuditIndex, FolderLogs, IndexPlace, Position, Trail, TrailEntry, TrailFilter};
use std::{path::PathBuf, sync::Arc};
use tempfile::TempDir;

pub(crate) fn practice(n: u8) -> PracticeId {
    PracticeId::from_bytes([n; 16])
}
pub(crate) fn account(n: u8) -> AccountId {
    AccountId::from_bytes([n; 16])
}
pub(crate) fn patient(n: u8) -> PatientId {
    PatientId::from_bytes([n; 16])
}

/// One of the entries that a few people make; the same for the same numbers.
pub(crate) fn entry(at: i64, dice: &dyn Rng) -> Entry {
    let mut bytes = [0; 10];
    dice.fill(&mut bytes);
    let one_of = |n: usize, count: u8| bytes[n] % count;
    let action = ["sign_in", "read_exercise", "read_notes", "export", "change_account"][usize::from(one_of(0, 5))];
    let somebody = one_of(1, 4);
    Entry {
        at: Timestamp::from_millisecond(1_780_000_000_000 + at).expect("in range"),
        practice: [None, Some(practice(1)), Some(practice(1)), Some(practice(2))][usize::from(one_of(2, 4))],
        actor: (somebody > 0).then(|| account(somebody)),
        role: (somebody > 0).then_some(if somebody == 3 { Role::Patient } else { Role::Therapist }),
        login_session: None,
        permission: action.parse::<PermissionName>().ok(),
        action: Word::new(action),
        purpose: (one_of(3, 2) == 0).then_some(PurposeKind::Treatment),
        resource: Resource::new(Word::new("program"), one_of(4, 9)).expect("an id"),
        patient: (one_of(5, 3) > 0).then(|| patient(one_of(5, 6))),
        outcome: [Outcome::Allowed, Outcome::Allowed, Outcome::Denied, Outcome::Failed][usize::from(one_of(6, 4))],
        reason: Word::new("care-team"),
        address: (one_of(7, 3) > 0).then(|| [192, 0, 2, one_of(7, 5)].into()),
        request: RequestId::from_bytes([one_of(8, 200); 16]),
    }
}

/// The logs of a node in a folder of its own, and what would index them.
pub(crate) struct Node {
    pub(crate) folder: TempDir,
    page_key: [u8; 32],
}

pub(crate) const BRANCH: [u8; 32] = [7; 32];

pub(crate) fn server() -> LogName {
    LogName::new("practice.example").expect("a name")
}
pub(crate) fn commands() -> LogName {
    LogName::new("practice.example/commands").expect("a name")
}
pub(crate) fn settings(log: &LogName) -> Settings {
    let keys = AuditBranch::new(Key::from_bytes(BRANCH));
    let clock = Arc::new(FixedClock::new(Timestamp::UNIX_EPOCH));
    let mut settings = Settings::new(log.clone(), keys.seal(log), keys.signer(log), clock, Arc::new(SystemRng));
    // Checkpoints come on demand and at the end, so that no test depends on time.
    settings.checkpoint_every = std::time::Duration::from_secs(24 * 3600);
    settings
}

impl Node {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().expect("a folder"), page_key: [3; 32] }
    }
    pub(crate) fn log_folder(&self, log: &LogName) -> PathBuf {
        self.folder.path().join(if *log == server() { "audit" } else { "audit-commands" })
    }
    pub(crate) fn index_file(&self) -> PathBuf {
        self.folder.path().join("audit-index.db")
    }
    pub(crate) fn open(&self, log: &LogName) -> Ledger {
        let backend = FileBackend::open_with_segments(self.log_folder(log), 20_000).expect("a log");
        Ledger::open(backend, settings(log)).expect("opened")
    }
    /// The logs, the server's own as far as `ledger` says.
    pub(crate) fn logs(&self, ledger: Option<&Ledger>) -> FolderLogs {
        let logs = FolderLogs::new(AuditBranch::new(Key::from_bytes(BRANCH)));
        let logs = match ledger {
            Some(ledger) => {
                let handle = ledger.handle();
                logs.own(server(), self.log_folder(&server()), move || handle.status().size)
            }
            None => logs.other(server(), self.log_folder(&server())),
        };
        logs.other(commands(), self.log_folder(&commands()))
    }
    pub(crate) fn place(&self) -> IndexPlace {
        IndexPlace::new(self.index_file(), Key::from_bytes(self.page_key))
    }
    pub(crate) fn index(&self, ledger: Option<&Ledger>) -> AuditIndex {
        AuditIndex::new(self.place(), self.logs(ledger), clock())
    }
}

pub(crate) fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::new(Timestamp::UNIX_EPOCH))
}

pub(crate) async fn append(ledger: &Ledger, entries: Vec<Entry>) {
    ledger.handle().append(entries).await.expect("appended");
}

/// Everything of a practice that fits, page by page, newest first.
pub(crate) async fn all(trail: &dyn Trail, practice: PracticeId, filter: &TrailFilter) -> Vec<TrailEntry> {
    let (mut found, mut before) = (Vec::new(), Some(Position::END));
    while let Some(position) = before {
        let page = trail.search(practice, filter, position, 7).await.expect("searched");
        assert!(page.health.is_whole(), "{:?}", page.health);
        found.extend(page.entries);
        before = page.next;
    }
    found
}
