//! Segments of the audit trail go when every entry in them has been kept for six years, and no sooner.

use crate::{
    fixture::{beside, copy},
    killed::{Kept, Killer, PRACTICE, branch, log, open, signer},
};
use crypto::SystemRng;
use domain::{AccountId, HoldId, PatientId, RequestId, TaskObserver, Timestamp, Unobserved};
use ledger::{
    Damage, Dropped, Entry, FileBackend, FileSegments, Ledger, LogName, LogReader, Outcome, Resource, Segments,
    Settings, VerifierKey, VerifyError, Word, open_entry, verify,
};
use practice::{
    House,
    retention::{DROP_STEPS, DropSegmentsError, DroppedSegments, OldLog, drop_segments},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use store::{Batch, Db, PostgresBackend, PostgresOptions, PostgresSegments, Store};
use tempfile::TempDir;
use testkit::{dropping, postgres::Server};

const FOLDER: &str = "PATELLA_TEST_SEGMENTS_FOLDER";
const STEP: &str = "PATELLA_TEST_SEGMENTS_STEP";
/// The file that says where the server's log is, when it is in a database.
const OWNER: &str = "audit.owner";
/// Entries of the cohort in whole segments, and what lies behind them.
const OLD: u64 = 12 * 256;
/// The last moment of the oldest day of which the trail speaks.
const DAY: &str = "2020-03-14T23:50:00Z";

/// The log of the server, which another process than this one writes.
fn server() -> LogName {
    LogName::new("node.example").expect("a name")
}

fn folder_of(folder: &Path, name: &LogName) -> PathBuf {
    folder.join(if *name == server() { "server" } else { "audit" })
}

fn settings(name: &LogName) -> Settings {
    let clock = Arc::new(domain::FixedClock::new(Timestamp::UNIX_EPOCH));
    Settings::new(name.clone(), branch().seal(name), signer_of(name), clock, Arc::new(SystemRng))
}

fn signer_of(name: &LogName) -> crypto::Signer {
    if *name == log() { signer() } else { branch().signer(name) }
}

fn verifier(name: &LogName) -> VerifierKey {
    settings(name).verifier_key()
}

/// So many entries of a moment, a millisecond apart.
fn entries(at: &str, count: u64) -> Vec<Entry> {
    let first: Timestamp = at.parse().expect("a moment");
    let entry = |n| Entry {
        at: Timestamp::from_millisecond(first.as_millisecond() + n as i64).expect("in range"),
        practice: Some(PRACTICE),
        actor: Some(AccountId::from_bytes([2; 16])),
        role: None,
        login_session: None,
        permission: None,
        action: Word::new("read_exercise"),
        purpose: None,
        resource: Resource::whole(Word::new("program")),
        patient: Some(PatientId::from_bytes([3; 16])),
        outcome: Outcome::Allowed,
        reason: Word::new("care-team"),
        address: None,
        request: RequestId::from_bytes([5; 16]),
    };
    (0..count).map(entry).collect()
}

async fn fill(folder: &Path, name: &LogName, entries: Vec<Entry>) {
    dropping::append(&folder_of(folder, name), settings(name), entries).await.expect("appended");
}

/// The server's log with what is old and what is young.
async fn prepare(folder: &Path) {
    fill(folder, &server(), entries(DAY, OLD)).await;
    fill(folder, &server(), entries("2026-03-01T12:00:00Z", 300)).await;
}

/// Where the segments of a log are: in the database whose owner a file in the folder names, or in the folder.
fn segments_of(folder: &Path, name: &LogName) -> Box<dyn Segments> {
    match owner_said(folder) {
        Some(owner) => Box::new(PostgresSegments::open(&owner, name).expect("opened")),
        None => Box::new(FileSegments::new(folder_of(folder, name))),
    }
}

/// How the owner of the audit database comes in, where a test wrote it down.
fn owner_said(folder: &Path) -> Option<PostgresOptions> {
    let line = fs::read_to_string(folder.join(OWNER)).ok()?;
    let [url, word, ca] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
    Some(PostgresOptions::new(url).password_file(word).ca_file(ca))
}

fn logs(folder: &Path, names: &[LogName]) -> Vec<OldLog> {
    let old = |name: &LogName| {
        let Settings { log, seal, .. } = settings(name);
        OldLog { log, seal, signer: signer_of(name), segments: segments_of(folder, name) }
    };
    names.iter().map(old).collect()
}

async fn try_drop(
    house: &House,
    folder: &Path,
    names: &[LogName],
    observer: &dyn TaskObserver,
) -> Result<Vec<DroppedSegments>, DropSegmentsError> {
    drop_segments(house, logs(folder, names), &verifier(&log()), false, observer).await
}

async fn dropped(kept: &Kept, folder: &Path) -> DroppedSegments {
    let done = try_drop(&kept.house, folder, &[server()], &Unobserved).await.expect("done");
    done.into_iter().next().expect("one log")
}

fn bundles(folder: &Path) -> usize {
    fs::read_dir(folder.join("server/tile/entries"))
        .expect("listed")
        .filter(|item| item.as_ref().is_ok_and(|item| item.path().is_file()))
        .count()
}

async fn hold(house: &House, hold: u8) {
    const SQL: &str = "INSERT INTO legal_holds (practice_id, hold_id, patient_id, incident, reason, placed_by, placed_at) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let (id, patient) = (HoldId::from_bytes([hold; 16]), PatientId::from_bytes([77; 16]));
    let reason: &[u8] = &[1, 2, 3];
    let params = &[
        PRACTICE.into(),
        id.into(),
        patient.into(),
        "case-7".into(),
        reason.into(),
        AccountId::from_bytes([2; 16]).into(),
        house.clock.now().into(),
    ];
    house.stores.identity.commit(Batch::new().run(SQL, params).expect(1)).await.expect("held");
}

async fn lift_all(house: &House) {
    let sql = "UPDATE legal_holds SET lifted_by = placed_by, lifted_at = placed_at";
    house.stores.identity.commit(Batch::new().run(sql, &[])).await.expect("lifted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn segments_go_on_the_day_after_six_years_and_the_audit_trail_says_which() {
    let folder = TempDir::new().expect("a folder");
    let folder = folder.path();
    prepare(folder).await;
    let before =
        LogReader::open(folder.join("server")).expect("opens").checkpoint(&verifier(&server())).expect("signed");
    for (now, gone) in [("2026-03-13T12:00:00Z", 0), ("2026-03-14T23:59:59Z", 0), ("2026-03-15T00:00:00Z", OLD)] {
        let kept = open(folder, now).await;
        let looked = drop_segments(&kept.house, logs(folder, &[server()]), &verifier(&log()), true, &Unobserved).await;
        assert_eq!(looked.expect("looked")[0].old.map_or(0, |old| old.before), gone, "{now}: only looked for");
        assert_eq!(bundles(folder), 13, "looking changes nothing");
        assert_eq!(dropped(&kept, folder).await.entries, gone, "{now}");
        assert_eq!(dropped(&kept, folder).await.entries, 0, "{now}: the second time there is nothing to do");
        kept.ledger.close();
    }
    assert_eq!(bundles(folder), 1, "the one with a young entry among old ones stays, and those behind it");
    let report = verify(&folder.join("server"), &verifier(&server()), &[]).expect("whole");
    assert_eq!(report.checkpoint, before, "nothing of the log's head changed");
    let said = report.dropped.expect("it says so");
    assert_eq!((said.before, said.years, said.newest), (OLD, 6, entries(DAY, OLD).last().expect("one").at));
    // The entry stands in the log of whoever dropped, and says just that.
    assert!(said.recorded.is_proven(&verifier(&log())));
    let sealed =
        LogReader::open(folder.join("audit")).expect("opens").read(said.recorded.entry, 1).expect("read").remove(0);
    let entry = open_entry(&settings(&log()).seal, &log(), said.recorded.entry, &sealed).expect("opens");
    assert!(said.recorded.is_of(&sealed) && said.is_said_by(&server(), &entry));
    assert_eq!((entry.action.as_str(), entry.reason.as_str()), ("drop_audit_segments", "kept-6-years"));
    assert!(entry.resource.id().ends_with(":0-3072"), "{}", entry.resource.id());
    // The server starts with it, and goes on.
    fill(folder, &server(), entries("2026-03-16T12:00:00Z", 30)).await;
    verify(&folder.join("server"), &verifier(&server()), &[]).expect("whole");
    // A further segment that is missing is missed.
    let next = folder.join("server/tile/entries/012");
    fs::remove_file(&next).expect("removed");
    match verify(&folder.join("server"), &verifier(&server()), &[]) {
        Err(VerifyError::Damaged(Damage { file, entry, .. })) => assert_eq!((file, entry), (next, Some(OLD))),
        other => panic!("expected damage, got {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_in_force_on_anybody_keeps_every_segment_until_it_is_lifted() {
    let folder = TempDir::new().expect("a folder");
    let folder = folder.path();
    prepare(folder).await;
    let kept = open(folder, "2026-06-01T12:00:00Z").await;
    hold(&kept.house, 1).await;
    let held = dropped(&kept, folder).await;
    assert!(held.held && held.entries == 0 && held.old.is_some(), "{held:?}");
    assert_eq!(bundles(folder), 13);
    assert!(!folder.join("server/dropped").exists());
    lift_all(&kept.house).await;

    // One that comes while it is done is seen before anything goes, and the trail says that it was refused.
    struct Holder(Arc<House>);
    impl TaskObserver for Holder {
        fn reached(&self, step: &'static str) {
            if step == DROP_STEPS[0] {
                beside(hold(&self.0, 2));
            }
        }
        fn progress(&self, _: u64, _: u64) {}
    }
    let done = try_drop(&kept.house, folder, &[server()], &Holder(kept.house.clone())).await.expect("done");
    assert!(done[0].held && done[0].entries == 0);
    assert_eq!(bundles(folder), 13);
    assert!(!folder.join("server/dropped").exists());
    let reader = LogReader::open(folder.join("audit")).expect("opens");
    let key = settings(&log()).seal;
    let last = reader.entries(&key, &log(), 0).last().expect("one").expect("opens").1;
    assert_eq!((last.outcome, last.reason.as_str()), (Outcome::Denied, "legal-hold"));
    assert_eq!(last.action.as_str(), "drop_audit_segments");
    verify(&folder.join("server"), &verifier(&server()), &[]).expect("whole");
    lift_all(&kept.house).await;
    assert_eq!(dropped(&kept, folder).await.entries, OLD);
    kept.ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_of_whoever_drops_keeps_the_entries_that_vouch_for_the_others() {
    let folder = TempDir::new().expect("a folder");
    let folder = folder.path();
    prepare(folder).await;
    fill(folder, &log(), entries(DAY, 600)).await;
    fill(folder, &log(), entries("2026-03-01T12:00:00Z", 300)).await;
    let kept = open(folder, "2026-03-15T12:00:00Z").await;
    let names = [log(), server()];
    let done = try_drop(&kept.house, folder, &names, &Unobserved).await.expect("done");
    assert_eq!(
        done.iter().map(|one| (one.log.clone(), one.entries)).collect::<Vec<_>>(),
        [(server(), OLD), (log(), 512)]
    );
    kept.ledger.close();
    for name in &names {
        verify(&folder_of(folder, name), &verifier(name), &[]).expect("whole");
    }
    // Many years later all of it is old, but nothing new was dropped of the other log: its entry stays.
    fill(folder, &log(), entries("2026-03-16T12:00:00Z", 3000)).await;
    let note = fs::read_to_string(folder.join("server/dropped")).expect("there");
    let vouches = Dropped::open(&note, &verifier(&server())).expect("true").recorded.entry;
    fs::remove_dir_all(folder.join("server/journal")).expect("made unable to be dropped further");
    let kept = open(folder, "2040-01-01T12:00:00Z").await;
    let done = try_drop(&kept.house, folder, &names, &Unobserved).await.expect("done");
    assert_eq!(done[0].entries, 0);
    let before = done[1].dropped.as_ref().expect("dropped").before;
    assert!(before <= vouches && before + 256 > vouches, "{before} {vouches}");
    kept.ledger.close();
}

/// Only in a process of its own: drops, and is killed on the way, or is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let (Ok(folder), Ok(step)) = (std::env::var(FOLDER), std::env::var(STEP)) else { return };
    let folder = PathBuf::from(folder);
    let kept = open(&folder, "2026-06-01T12:00:00Z").await;
    try_drop(&kept.house, &folder, &[server()], &Killer(step)).await.expect("dropped");
    kept.ledger.close();
}

fn run(folder: &Path, step: &str) -> std::process::ExitStatus {
    let mut child = Command::new(std::env::current_exe().expect("this test"));
    child.args(["--exact", "segments::child", "--nocapture"]).env(FOLDER, folder).env(STEP, step);
    child.output().expect("ran").status
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_transition_the_trail_is_whole_and_the_next_run_comes_to_the_same_end() {
    let folder = TempDir::new().expect("a folder");
    let before = folder.path().join("before");
    fs::create_dir(&before).expect("a folder");
    prepare(&before).await;
    open(&before, "2026-06-01T12:00:00Z").await.ledger.close();
    for step in DROP_STEPS {
        let cut = folder.path().join(step);
        copy(&before, &cut);
        assert!(!run(&cut, step).success(), "{step}: the child lived");
        // Between the two everything can be verified, and the server can start and write.
        verify(&cut.join("server"), &verifier(&server()), &[]).unwrap_or_else(|error| panic!("{step}: {error}"));
        fill(&cut, &server(), entries("2026-06-01T12:00:00Z", 20)).await;
        assert!(run(&cut, "never").success(), "{step}: the second run failed");
        let report = verify(&cut.join("server"), &verifier(&server()), &[]).expect("whole");
        assert_eq!((report.entries, report.dropped.map(|dropped| dropped.before)), (OLD + 320, Some(OLD)), "{step}");
        assert_eq!(bundles(&cut), 1, "{step}");
        let ledger = Ledger::open(FileBackend::open(cut.join("audit")).expect("a log"), settings(&log()));
        ledger.expect("opened").close();
    }
}

/// A log on PostgreSQL with what is old and what is young; what the server's role opens it with.
async fn prepare_on_postgres(server_of: &Server, folder: &Path) -> PostgresOptions {
    let made = server_of.database("audit").expect("a database");
    let login = |login: &testkit::postgres::Login| {
        PostgresOptions::new(&login.url).password_file(&login.password_file).ca_file(&made.ca_file)
    };
    let owner = Db::connect(&login(&made.owner)).await.expect("connected");
    store::migrate(&owner, Store::Audit, &domain::SystemClock).await.expect("migrated");
    store::grant_server(&owner, Store::Audit, &made.server.role).await.expect("granted");
    let (url, word, ca) = (&made.owner.url, made.owner.password_file.display(), made.ca_file.display());
    fs::write(folder.join(OWNER), format!("{url}\t{word}\t{ca}")).expect("written");
    let options = login(&made.server);
    append_on_postgres(&options, entries(DAY, OLD)).await;
    append_on_postgres(&options, entries("2026-03-01T12:00:00Z", 300)).await;
    options
}

/// Proves the log whole, as a server does at its start, and appends to it.
async fn append_on_postgres(options: &PostgresOptions, entries: Vec<Entry>) {
    let backend = loop {
        match PostgresBackend::connect(options, &server()) {
            Ok(backend) => break backend,
            // The lock of whoever wrote before goes when PostgreSQL notices that the connection is closed.
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let ledger = Ledger::open(backend, settings(&server())).expect("whole");
    for some in entries.chunks(256) {
        ledger.handle().append(some.to_vec()).await.expect("appended");
    }
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgresql_killed_at_any_transition_the_trail_is_whole_and_the_next_run_comes_to_the_same_end() {
    let Some(postgres) = Server::shared().expect("PostgreSQL starts") else { return };
    for step in DROP_STEPS {
        let folder = TempDir::new().expect("a folder");
        let folder = folder.path();
        open(folder, "2026-06-01T12:00:00Z").await.ledger.close();
        let options = prepare_on_postgres(postgres, folder).await;
        assert!(!run(folder, step).success(), "{step}: the child lived");
        // Between the two the server can start, which proves the log, and write.
        append_on_postgres(&options, entries("2026-06-01T12:00:00Z", 20)).await;
        assert!(run(folder, "never").success(), "{step}: the second run failed");
        append_on_postgres(&options, entries("2026-06-01T13:00:00Z", 20)).await;
        let mut segments = segments_of(folder, &server());
        assert_eq!(segments.left(OLD + 300).expect("read"), [12, 13], "{step}: exactly the old ones are empty");
        let note = segments.dropped().expect("read").expect("noted");
        assert_eq!(Dropped::open(&note, &verifier(&server())).expect("true").before, OLD, "{step}");
        let ledger = Ledger::open(FileBackend::open(folder.join("audit")).expect("a log"), settings(&log()));
        ledger.expect("opened").close();
    }
}
