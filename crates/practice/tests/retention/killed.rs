//! Killed at every transition, a purge comes to the same end.

use crate::{
    archived::archiving,
    billed::scene::services,
    fixture::{copy, registered},
};
use crypto::{Key, Signer, SystemRng};
use domain::{
    FixedClock, PatientId, PlanId, PracticeId, Role, SystemClock, TaskObserver, Timestamp, VisitId, VisitState,
};
use identity::{HashingLimits, Origin, SessionLimits};
use ledger::{
    DestructionLedger, FileBackend, Ledger, LogName, Resource, Settings, VerifierKey, Word, memory::MemoryLedger,
};
use phi::{AUDIT, Keyring, SERVER};
use practice::{
    Actor, Event, Foundations, House, Stores,
    backup::AuditBranch,
    billing::charging::charge,
    retention::{
        ARCHIVE_END_STEPS, PURGE_STEPS, RetentionSettings, Signing, archives, end_archives, plan_unattended, purge,
        verify_archive_end, verify_certificate,
    },
    trail::{AuditIndex, FolderLogs, IndexPlace},
    visits::{VisitDetails, book},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use store::{
    Batch, Db, EmbeddedOptions, PostgresOptions, Store,
    rows::{
        destroyed, erasure,
        keys::Keys,
        practices::{self, PracticeRow},
        retention::{self, ItemStep},
    },
};
use tempfile::TempDir;
use testkit::{
    house::{Person, TestHouse},
    postgres::Server,
};

const FOLDER: &str = "PATELLA_TEST_PURGE_FOLDER";
const STEP: &str = "PATELLA_TEST_PURGE_STEP";
const ENDING: &str = "PATELLA_TEST_ARCHIVES_END";
/// The file with the archive's public key.
const RECIPIENT: &str = "archive.recipient";
/// The file that says where the databases are, when they are not beside it.
const SERVERS: &str = "servers";
pub(crate) const PRACTICE: PracticeId = PracticeId::from_bytes([9; 16]);
const STORES: [Store; 4] = [Store::Identity, Store::Keys, Store::Clinical, Store::Billing];

pub(crate) fn log() -> LogName {
    LogName::new("node.example/commands").expect("a name")
}

pub(crate) fn branch() -> AuditBranch {
    AuditBranch::new(Key::from_bytes([4; 32]))
}

pub(crate) fn signer() -> Signer {
    branch().signer(&log())
}

/// A house in a folder whose keys the test knows, so that another process can open it.
pub(crate) struct Kept {
    pub(crate) house: Arc<House>,
    pub(crate) ledger: Ledger,
    pub(crate) clock: Arc<FixedClock>,
}

/// Opens the databases: those of a server where `on_postgres` wrote them down, or else files, which are made if need be.
async fn databases(folder: &Path, clock: &FixedClock) -> Vec<Db> {
    let mut opened = Vec::new();
    if let Ok(lines) = fs::read_to_string(folder.join(SERVERS)) {
        for line in lines.lines() {
            let [url, word, ca] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let options = PostgresOptions::new(url).password_file(word).ca_file(ca);
            opened.push(Db::connect(&options).await.expect("connected"));
        }
        return opened;
    }
    for store in STORES {
        let (path, options) = (folder.join(format!("{store}.db")), EmbeddedOptions::default());
        let open = if path.exists() { Db::open } else { Db::create };
        let db = open(&path, &[7; 32], &options).expect("opened");
        store::migrate(&db, store, clock).await.expect("migrated");
        opened.push(db);
    }
    opened
}

/// Makes databases on a server, and writes down in the folder where they are.
pub(crate) async fn on_postgres(server: &Server, folder: &Path) {
    let mut lines = String::new();
    for store in STORES {
        let made = server.database(store.name()).expect("a database");
        let owner =
            PostgresOptions::new(&made.owner.url).password_file(&made.owner.password_file).ca_file(&made.ca_file);
        let owner = Db::connect(&owner).await.expect("connected");
        store::migrate(&owner, store, &SystemClock).await.expect("migrated");
        store::grant_server(&owner, store, &made.server.role).await.expect("granted");
        let (url, word, ca) = (&made.server.url, made.server.password_file.display(), made.ca_file.display());
        lines.push_str(&format!("{url}\t{word}\t{ca}\n"));
    }
    fs::write(folder.join(SERVERS), lines).expect("written");
}

pub(crate) async fn open(folder: &Path, now: &str) -> Kept {
    let clock = Arc::new(FixedClock::new(now.parse().expect("a moment")));
    let stores = databases(folder, &clock).await;
    let new = !folder.join("media").exists();
    let [identity, keys, clinical, billing] = <[Db; 4]>::try_from(stores).expect("four");
    let (root, rng) = (Key::from_bytes([6; 32]), Arc::new(SystemRng));
    if new {
        let keyring = Keyring::new(&root, Arc::new(Keys::new(keys.clone())), rng.clone());
        for owner in [SERVER, AUDIT, PRACTICE] {
            keyring.create_practice_key(owner, Timestamp::UNIX_EPOCH).await.expect("a key");
        }
        let row = PracticeRow {
            practice_id: PRACTICE,
            name: "Northside".to_owned(),
            timezone: "America/New_York".to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
            bootstrap_open: true,
            demo: true,
        };
        identity.commit(practices::insert(Batch::new(), &row)).await.expect("stored");
    }
    let settings = Settings::new(log(), branch().seal(&log()), signer(), clock.clone(), rng.clone());
    let ledger = Ledger::open(FileBackend::open(folder.join("audit")).expect("a log"), settings).expect("opened");
    let handle = ledger.handle();
    let logs = FolderLogs::new(branch()).own(log(), folder.join("audit"), move || handle.status().size);
    let place = IndexPlace::new(folder.join("audit-index.db"), Key::from_bytes([8; 32]));
    let media = folder.join("media");
    fs::create_dir_all(&media).expect("a folder");
    let house = House::new(Foundations {
        stores: Stores { identity, keys, clinical, billing },
        root,
        renew_root: None,
        ledger: ledger.handle(),
        trail: Arc::new(AuditIndex::new(place, logs, clock.clone())),
        session_limits: SessionLimits::default(),
        hashing: HashingLimits::default(),
        passkey_site: ("localhost".to_owned(), "https://localhost".to_owned()),
        media,
        retention: retained(folder),
        clock: clock.clone(),
        rng,
    });
    Kept { house: Arc::new(house.await.expect("a house")), ledger, clock }
}

/// Where the archive's public key is written down, an archive is set, for two years.
fn retained(folder: &Path) -> RetentionSettings {
    match fs::read_to_string(folder.join(RECIPIENT)) {
        Ok(text) => archiving(folder.join("archive"), text.parse().expect("a recipient")),
        Err(_) => RetentionSettings::default(),
    }
}

pub(crate) fn places(folder: &Path) -> Vec<PathBuf> {
    vec![folder.join("a.destroyed"), folder.join("b.destroyed")]
}

/// Kills its own process when a step is reached, as a power cut would.
pub(crate) struct Killer(pub(crate) String);

impl TaskObserver for Killer {
    fn reached(&self, step: &'static str) {
        if step == self.0 {
            let me = rustix::process::getpid();
            rustix::process::kill_process(me, rustix::process::Signal::KILL).expect("killed");
            std::thread::sleep(std::time::Duration::from_secs(60));
        }
    }
    fn progress(&self, _: u64, _: u64) {}
}

/// Only in a process of its own: carries the plan out and is killed on the way, or is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let (Ok(folder), Ok(step)) = (std::env::var(FOLDER), std::env::var(STEP)) else { return };
    let folder = PathBuf::from(folder);
    let kept = open(&folder, "2026-06-01T12:00:00Z").await;
    let plan = retention::plans(&kept.house.stores.identity, PRACTICE).await.expect("read")[0].plan_id;
    let mut ledger = DestructionLedger::open(places(&folder), &log(), signer(), &[]).expect("opens");
    let signing = Signing { log: log(), signer: signer() };
    purge(&kept.house, PRACTICE, plan, &signing, &mut ledger, &Killer(step)).await.expect("carried out");
    kept.ledger.close();
}

/// Only in a process of its own: destroys the archives that are over, and is killed on the way, or is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ending_child() {
    let (Ok(folder), Ok(step)) = (std::env::var(ENDING), std::env::var(STEP)) else { return };
    let kept = open(Path::new(&folder), "2029-01-01T12:00:00Z").await;
    let signing = Signing { log: log(), signer: signer() };
    end_archives(&kept.house, PRACTICE, &signing, &Killer(step)).await.expect("ended");
    kept.ledger.close();
}

fn run_ending(folder: &Path, step: &str) -> std::process::ExitStatus {
    let mut child = Command::new(std::env::current_exe().expect("this test"));
    child.args(["--exact", "killed::ending_child", "--nocapture"]).env(ENDING, folder).env(STEP, step);
    child.output().expect("ran").status
}

fn archive_files(folder: &Path) -> usize {
    fs::read_dir(folder.join("archive")).expect("listed").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_archives_killed_at_any_transition_comes_to_the_same_end() {
    let folder = TempDir::new().expect("a folder");
    let before = folder.path().join("before");
    fs::create_dir(&before).expect("a folder");
    let (_, due) = prepare(&before).await;
    assert!(run(&before, "never").success());
    assert_eq!(archive_files(&before), 3);
    for step in ARCHIVE_END_STEPS {
        let cut = folder.path().join(step);
        copy(&before, &cut);
        assert!(!run_ending(&cut, step).success(), "{step}: the child lived");
        assert!(run_ending(&cut, "never").success(), "{step}: the second run failed");
        assert_eq!(archive_files(&cut), 0, "{step}");
        let kept = open(&cut, "2029-01-02T12:00:00Z").await;
        let key = VerifierKey::new(log(), signer().public());
        let rows = archives(&kept.house, PRACTICE).await.expect("read");
        for row in &rows {
            assert!(due.contains(&row.patient_id) && row.ended_at.is_some(), "{step}");
            let said = verify_archive_end(row.certificate.as_deref().expect("certified"), &key).expect("genuine");
            assert!(said.audit.is_some(), "{step}");
        }
        assert_eq!(rows.len(), 3, "{step}");
        kept.ledger.close();
    }
}

pub(crate) fn run(folder: &Path, step: &str) -> std::process::ExitStatus {
    let me = std::env::current_exe().expect("this test");
    let mut child = Command::new(me);
    child.args(["--exact", "killed::child", "--nocapture"]).env(FOLDER, folder).env(STEP, step);
    child.output().expect("ran").status
}

/// What is the same after every run, whatever the ids: who is left, who is destroyed, who has a genuine certificate.
async fn end(folder: &Path, plan: PlanId, due: &[PatientId]) -> Vec<String> {
    let kept = open(folder, "2026-06-02T12:00:00Z").await;
    let stores = &kept.house.stores;
    let key = VerifierKey::new(log(), signer().public());
    let mut lines = Vec::new();
    let first = PatientId::from_bytes([0; 16]);
    for patient in store::rows::patients::ids(&stores.clinical, PRACTICE, first, 100).await.expect("read") {
        let key = destroyed::has_key(&stores.keys, PRACTICE, patient).await.expect("read");
        lines.push(format!("somebody is there, due: {}, with a key: {key}", due.contains(&patient)));
    }
    let looks = Event::done(Word::new("verify_keys"), Resource::whole(Word::new("key")));
    let origin = Origin { address: None, request: domain::RequestId::random(&SystemRng) };
    let actor = Actor { practice: Some(PRACTICE), ..Actor::default() };
    let receipt = kept.house.record_as(actor, origin, looks).await.expect("recorded");
    for patient in due {
        let billing = kept.house.guard.contact_kept(&receipt, PRACTICE, *patient).await.expect("looked at");
        lines.push(format!("for billing: {billing:?}"));
        let rows = erasure::count(&stores.clinical, PRACTICE, *patient).await.expect("read").len();
        let key_there = destroyed::has_key(&stores.keys, PRACTICE, *patient).await.expect("read");
        let note = destroyed::certificate(&stores.keys, PRACTICE, *patient).await.expect("read").expect("issued");
        let said = verify_certificate(&note.certificate, &key).expect("genuine");
        assert!(said.audit.is_some());
        lines.push(format!("one: {rows} rows, key {key_there}, certified {}", said.patient == *patient));
    }
    let row = retention::plan(&stores.identity, PRACTICE, plan).await.expect("read").expect("there");
    let counts = retention::counts(&stores.identity, PRACTICE, plan).await.expect("read");
    lines.push(format!("{} {counts:?}", row.state.word()));
    let ledger = DestructionLedger::open(places(folder), &log(), signer(), &[]).expect("opens");
    lines.push(format!("{} in the destruction ledger", ledger.entries().len()));
    let known = archives(&kept.house, PRACTICE).await.expect("read");
    let (files, kept_on) = (archive_files(folder), known.iter().filter(|row| row.ended_at.is_none()).count());
    lines.push(format!("{files} archives, {kept_on} of them known"));
    kept.ledger.close();
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_killed_at_any_transition_comes_to_the_same_end() {
    let folder = TempDir::new().expect("a folder");
    let before = folder.path().join("before");
    fs::create_dir(&before).expect("a folder");
    let (plan, due) = prepare(&before).await;
    let again = |name: &str| {
        let place = folder.path().join(name);
        copy(&before, &place);
        place
    };
    let usual = again("usual");
    assert!(run(&usual, "never").success());
    let expected = end(&usual, plan, &due).await;
    assert!(expected.iter().any(|line| line.contains("done [(Due, Certified, 3)]")), "{expected:#?}");
    assert_eq!(expected.iter().filter(|line| *line == "for billing: There").count(), 1, "{expected:#?}");
    for step in PURGE_STEPS {
        let cut = again(step);
        assert!(!run(&cut, step).success(), "{step}: the child lived");
        assert!(run(&cut, "never").success(), "{step}: the second run failed");
        assert_eq!(end(&cut, plan, &due).await, expected, "{step}");
        fs::remove_dir_all(&cut).expect("gone");
    }
    assert_eq!(ItemStep::ALL.len(), 11, "a new step wants its transitions in PURGE_STEPS");
}

/// A database is not copied as quickly as made, so each kill has a practice of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purge_killed_at_any_transition_comes_to_the_same_end_in_postgresql() {
    // Where PostgreSQL is not installed a word about it is printed.
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    let mut expected = None;
    for step in ["never"].iter().chain(PURGE_STEPS) {
        let folder = TempDir::new().expect("a folder");
        on_postgres(server, folder.path()).await;
        let (plan, due) = prepare(folder.path()).await;
        assert_eq!(run(folder.path(), step).success(), *step == "never", "{step}");
        assert!(run(folder.path(), "never").success(), "{step}: the second run failed");
        let found = end(folder.path(), plan, &due).await;
        assert!(found.iter().any(|line| line.contains("done [(Due, Certified, 3)]")), "{step}: {found:#?}");
        assert_eq!(*expected.get_or_insert_with(|| found.clone()), found, "{step}");
    }
}

/// Charges a visit, so that billing knows its patient.
async fn billed(house: &House, desk: &TestHouse, therapist: &Person, patient: PatientId, visit: VisitId) {
    desk.care_link(therapist, patient).await;
    charge(house, &desk.session(therapist).await, patient, visit, &services(), None).await.expect("charged");
}

/// Two people approve a plan.
pub(crate) async fn approved(kept: &Kept, desk: &TestHouse, plan: PlanId) {
    let (a, b) = (desk.account(PRACTICE, Role::PrivacyOfficer).await, desk.account(PRACTICE, Role::Admin).await);
    let (a, b, now) = (a.account(), b.account(), domain::Clock::now(&*kept.clock));
    let identity = &kept.house.stores.identity;
    identity.commit(retention::approve_first(Batch::new(), PRACTICE, plan, a, now)).await.expect("first");
    identity.commit(retention::approve_second(Batch::new(), PRACTICE, plan, b, now)).await.expect("second");
}

/// Three who are due, one of them billed, and one who is not due, and a plan that two people approved long enough ago.
async fn prepare(folder: &Path) -> (PlanId, Vec<PatientId>) {
    fs::create_dir(folder.join("archive")).expect("a folder");
    fs::write(folder.join(RECIPIENT), crypto::Identities::generate().1.to_string()).expect("written");
    let kept = open(folder, "2026-05-14T13:00:00Z").await;
    // A desk of this house, to register; its own ledger and folder are not used.
    let desk = TestHouse {
        house: kept.house.clone(),
        clock: kept.clock.clone(),
        ledger: MemoryLedger::open(),
        lag: Arc::default(),
        folder: TempDir::new().expect("a folder"),
    };
    let clerk = desk.account(PRACTICE, Role::FrontDesk).await;
    let session = desk.session(&clerk).await;
    let therapist = desk.account(PRACTICE, Role::Therapist).await;
    let mut due = Vec::new();
    for at in ["2015-01-01T15:00:00Z", "2016-01-01T15:00:00Z", "2017-01-01T15:00:00Z", "2025-01-01T15:00:00Z"] {
        let patient = registered(&kept.house, &session, "1970-01-01").await;
        let details = VisitDetails {
            therapist_id: therapist.account(),
            starts_at: at.parse().expect("a moment"),
            minutes: domain::VisitMinutes::new(30).expect("fits"),
            state: VisitState::Held,
            clinic: None,
            remark: None,
        };
        let visit = book(&kept.house, &session, patient, &details, None).await.expect("booked").visit_id;
        if due.is_empty() {
            billed(&kept.house, &desk, &therapist, patient, visit).await;
        }
        due.push(patient);
    }
    // The last was there a year ago.
    due.pop();
    let plan = plan_unattended(&kept.house, PRACTICE, &domain::Unobserved).await.expect("planned");
    approved(&kept, &desk, plan).await;
    drop(session);
    drop(desk);
    kept.ledger.close();
    (plan, due)
}
