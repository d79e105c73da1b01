//! A log in a folder, and people who are refused in it.

use crypto::{Key, SystemRng};
use domain::{
    AccountId, AlertId, Clock, FixedClock, PatientId, PermissionName, PracticeId, RequestId, Role, SystemClock,
    TaskObserver, Timestamp, Timezone,
};
use ledger::{Entry, FileBackend, Ledger, LogName, Outcome, Resource, Settings as LogSettings, Word};
use practice::{
    backup::AuditBranch,
    trail::FolderLogs,
    watch::{Follower, Place, PracticeWatch, Settings},
};
use std::{collections::BTreeSet, path::Path, sync::Arc};
use store::{
    Db,
    rows::alerts::{self, Listed},
};
use testkit::house::TestHouse;

const BRANCH: [u8; 32] = [7; 32];

fn branch() -> AuditBranch {
    AuditBranch::new(Key::from_bytes(BRANCH))
}

fn log() -> LogName {
    LogName::new("practice.example/audit").expect("a name")
}

/// Appends to the log of a folder, and closes it: its last head covers everything.
pub(crate) async fn append(folder: &Path, entries: Vec<Entry>) {
    let (keys, log) = (branch(), log());
    let clock = Arc::new(FixedClock::new(SystemClock.now()));
    let settings = LogSettings::new(log.clone(), keys.seal(&log), keys.signer(&log), clock, Arc::new(SystemRng));
    let ledger = Ledger::open(FileBackend::open(folder.join("audit")).expect("a log"), settings).expect("opened");
    ledger.handle().append(entries).await.expect("appended");
    ledger.close();
}

/// What watches over a house and the log of a folder.
pub(crate) fn follower(house: &TestHouse, folder: &Path, observer: Arc<dyn TaskObserver>) -> Arc<Follower> {
    let logs = FolderLogs::new(branch()).other(log(), folder.join("audit"));
    Arc::new(Follower::new(house.house.clone(), Box::new(logs), observer))
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
