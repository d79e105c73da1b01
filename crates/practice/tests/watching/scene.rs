//! A log in a folder, and people who are refused in it.

use crate::world::open;
use crypto::{Key, SystemRng};
use domain::{
    AccountId, AlertId, FixedClock, PatientId, PermissionName, PracticeId, RequestId, Role, TaskObserver, Timestamp,
    Timezone, Unobserved,
};
use ledger::{BackendError, Entry, FileBackend, Ledger, LogName, Outcome, Resource, Settings as LogSettings, Word};
use practice::{
    backup::AuditBranch,
    trail::{FolderLogs, Logs},
    watch::{Follower, Place, PracticeWatch, Settings},
};
use std::{
    collections::BTreeSet,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};
use store::{
    Db,
    rows::alerts::{self, Listed},
};
use testkit::{
    house::{NOON, TestHouse},
    logs::ReadThrough,
};

const BRANCH: [u8; 32] = [7; 32];

pub(crate) fn branch() -> AuditBranch {
    AuditBranch::new(Key::from_bytes(BRANCH))
}

pub(crate) fn log() -> LogName {
    LogName::new("practice.example/audit").expect("a name")
}

/// The log of another process.
pub(crate) fn other_log() -> LogName {
    LogName::new("practice.example/audit-commands").expect("a name")
}

/// Kills its own process, as the power would, behind a step.
pub(crate) struct Killer(pub(crate) String);

impl TaskObserver for Killer {
    fn reached(&self, step: &'static str) {
        if self.0 == step {
            let _ = Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status();
            loop {
                std::thread::park();
            }
        }
    }
    fn progress(&self, _: u64, _: u64) {}
}

/// Appends to the log of a folder, and closes it: its last head covers everything.
pub(crate) async fn append(folder: &Path, entries: Vec<Entry>) {
    append_to(folder, log(), "audit", entries).await;
}

/// The same, to the log of another process beside it.
pub(crate) async fn append_to_other(folder: &Path, entries: Vec<Entry>) {
    append_to(folder, other_log(), "audit-commands", entries).await;
}

async fn append_to(folder: &Path, log: LogName, name: &str, entries: Vec<Entry>) {
    let keys = branch();
    let clock = Arc::new(FixedClock::new(NOON.parse().expect("a moment")));
    let settings = LogSettings::new(log.clone(), keys.seal(&log), keys.signer(&log), clock, Arc::new(SystemRng));
    let ledger = Ledger::open(FileBackend::open(folder.join(name)).expect("a log"), settings).expect("opened");
    ledger.handle().append(entries).await.expect("appended");
    ledger.close();
}

/// Drops the oldest entries of the log of a folder.
pub(crate) async fn drop_before(folder: &Path, before: u64, newest: Timestamp) {
    let folder = folder.join("audit");
    testkit::dropping::drop_before(&folder, settings, before, newest).await.expect("dropped");
}

/// Appends so that old segments can be dropped.
pub(crate) async fn append_small(folder: &Path, entries: Vec<Entry>) {
    testkit::dropping::append(&folder.join("audit"), settings(), entries).await.expect("appended");
}

fn settings() -> LogSettings {
    let (keys, clock) = (branch(), Arc::new(FixedClock::new(NOON.parse().expect("a moment"))));
    LogSettings::new(log(), keys.seal(&log()), keys.signer(&log()), clock, Arc::new(SystemRng))
}

/// The logs of a folder, as those read them who send them.
pub(crate) fn both_logs(folder: &Path) -> Box<dyn Logs> {
    let logs = FolderLogs::new(branch()).other(log(), folder.join("audit"));
    Box::new(logs.other(other_log(), folder.join("audit-commands")))
}

/// What watches over a house and the log of a folder.
pub(crate) fn follower(house: &TestHouse, folder: &Path, observer: Arc<dyn TaskObserver>) -> Arc<Follower> {
    let logs = FolderLogs::new(branch()).other(log(), folder.join("audit"));
    Arc::new(Follower::new(house.house.clone(), Box::new(logs), observer))
}

/// Logs of which one cannot be read from an entry on, until it is mended.
pub(crate) fn damaged(folder: &Path, log: LogName, from: Arc<AtomicU64>) -> Box<dyn Logs> {
    let logs = FolderLogs::new(branch());
    let logs = logs.other(self::log(), folder.join("audit")).other(other_log(), folder.join("audit-commands"));
    Box::new(ReadThrough::new(logs, move |logs, (wanted, first, most)| {
        let bad = from.load(Ordering::SeqCst);
        // The bundle in which it is: those before and behind it are as they were.
        if *wanted == log && first < (bad / 256 + 1) * 256 && first + most as u64 > bad {
            return Err(BackendError::Damaged(format!("entry {bad} is missing")));
        }
        logs.read(wanted, first, most)
    }))
}

/// A house over a folder whose watch has begun, before anything is written in its log.
pub(crate) async fn watched(folder: &Path) -> TestHouse {
    let house = open(folder).await;
    append(folder, Vec::new()).await;
    follower(&house, folder, Arc::new(Unobserved)).round().await.expect("begun");
    house
}

/// Follows to the end of the log.
pub(crate) async fn to_the_end(follower: &Arc<Follower>) {
    while follower.round().await.expect("watched").behind > 0 {}
}

/// So many entries, among which each of so many people is refused seven times, now one, now the other.
pub(crate) fn entries(practice: PracticeId, from: Timestamp, people: u8, count: i64) -> Vec<Entry> {
    let entry = |nth: i64| {
        let person = u8::try_from(nth % i64::from(people)).expect("few");
        // Each is refused at seven places, all over the log; otherwise they work.
        let turn = nth / i64::from(people);
        let refused = turn >= i64::from(person) && turn < i64::from(person) + 7;
        let mut patient = [9; 16];
        patient[..8].copy_from_slice(&nth.to_be_bytes());
        Entry {
            at: Timestamp::from_millisecond(from.as_millisecond() + nth * 20).expect("in range"),
            practice: Some(practice),
            actor: Some(AccountId::from_bytes([person + 1; 16])),
            role: Some(Role::Therapist),
            login_session: None,
            permission: Some(PermissionName::ReadExercise),
            action: Word::new("read_exercise"),
            purpose: None,
            resource: Resource::whole(Word::new("program")),
            patient: refused.then(|| PatientId::from_bytes(patient)),
            outcome: if refused { Outcome::Denied } else { Outcome::Allowed },
            reason: Word::new("no-policy"),
            address: None,
            request: RequestId::from_bytes(patient),
        }
    };
    (0..count).map(entry).collect()
}

/// What the rules find in these entries when nothing comes in between.
pub(crate) fn wanted(entries: &[Entry]) -> BTreeSet<AlertId> {
    let mut watch = PracticeWatch::new(Timezone::new("America/New_York").expect("known"), Settings::default());
    let mut found = BTreeSet::new();
    for (seq, entry) in (0..).zip(entries) {
        found.extend(watch.look(&Place { log: log(), seq }, entry).iter().map(practice::watch::Finding::id));
    }
    found
}

/// The alerts that are stored.
pub(crate) async fn stored(db: &Db, practice: PracticeId) -> BTreeSet<AlertId> {
    let end = (Timestamp::MAX, AlertId::from_bytes([0xff; 16]));
    let found = alerts::list(db, practice, Listed::All, end, 1_000).await.expect("read");
    for one in &found {
        let entries = alerts::entries(db, practice, one.alert.alert_id).await.expect("read");
        assert!(!entries.is_empty(), "an alert without entries");
    }
    found.iter().map(|one| one.alert.alert_id).collect()
}
