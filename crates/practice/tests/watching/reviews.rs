//! A review of access is killed behind each of its steps: there is one, everything in it is decided once, and it is closed.

use crate::world::{Kind, found, open};
use domain::{AccessDecision, AccessItemId, AccessReviewState, PracticeId, Role, TaskObserver, Unobserved};
use ledger::VerifierKey;
use practice::{
    House,
    access_reviews::{REVIEW_STEPS, round, verify_review},
    retention::Signing,
};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Command,
};
use store::{
    Batch,
    rows::access_reviews::{self as rows, Listed},
};
use testkit::house::TestHouse;

const FOLDER: &str = "PATELLA_TEST_REVIEW_FOLDER";
const KILL_AT: &str = "PATELLA_TEST_REVIEW_KILL_AT";
const DAY: i64 = 24 * 3600;

/// Kills its own process, as the power would, behind a step.
struct Killer(String);

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

fn signing(test: &TestHouse) -> Signing {
    let (log, signer) = test.ledger.signing();
    Signing { log, signer }
}

/// Keeps the public key of a house's ledger, which goes with its process.
fn keep_key(test: &TestHouse, folder: &Path) {
    let Signing { log, signer } = signing(test);
    let key = format!("{}\n", VerifierKey::new(log, signer.public()));
    let mut file = OpenOptions::new().append(true).create(true).open(folder.join("keys")).expect("a file");
    file.write_all(key.as_bytes()).expect("written");
}

/// As if a server had looked after all reviews up to now.
async fn looked(house: &House) {
    let (db, now) = (&house.stores.identity, house.clock.now());
    let unfinished = rows::unfinished(db).await.expect("read");
    let batch =
        unfinished.iter().fold(Batch::new(), |batch, row| rows::looked(batch, row.practice_id, row.review_id, now));
    db.commit(batch).await.expect("stored");
}

/// A review from its beginning to past its due date.
async fn to_the_end(folder: &Path, observer: &dyn TaskObserver) {
    let test = open(folder).await;
    keep_key(&test, folder);
    let signing = signing(&test);
    // The practice was made just now: its first review is the next quarter's.
    test.clock.advance_seconds(100 * DAY);
    round(&test.house, &signing, observer).await.expect("begun");
    // No server ran until it was due: there is more time.
    test.clock.advance_seconds(15 * DAY);
    round(&test.house, &signing, observer).await.expect("put off");
    test.clock.advance_seconds(4 * DAY);
    looked(&test.house).await;
    round(&test.house, &signing, observer).await.expect("closed");
}

/// Not a test by itself: what the test below runs as a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    to_the_end(&folder, &Killer(std::env::var(KILL_AT).expect("said"))).await;
}

fn killed_at(step: &str, folder: &Path) -> bool {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "reviews::child", "--nocapture"])
        .env(FOLDER, folder)
        .env(KILL_AT, step)
        .output()
        .expect("runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.signal() == Some(9) || output.status.success(), "{:?} {said}", output.status);
    output.status.signal() == Some(9)
}

async fn is_whole(house: &House, folder: &Path, practice: PracticeId, accesses: usize) {
    let db = &house.stores.identity;
    let [review] = &rows::of_practice(db, practice).await.expect("read")[..] else { panic!("one review") };
    assert_eq!(review.state, AccessReviewState::Closed);
    let none = AccessItemId::from_bytes([0; 16]);
    let items = rows::items(db, (practice, review.review_id), Listed::All, none, 1_000).await.expect("read");
    assert_eq!(items.len(), accesses);
    let became = |wanted| items.iter().filter(|item| item.decided.expect("decided").decision == wanted).count();
    assert_eq!((became(AccessDecision::Lapsed), became(AccessDecision::Spared)), (accesses - 1, 1));
    let note = rows::record(db, practice, review.review_id).await.expect("read").expect("a record");
    // Of the process that closed it.
    let keys = fs::read_to_string(folder.join("keys")).expect("keys");
    let keys = keys.lines().map(|line| line.parse::<VerifierKey>().expect("a key"));
    let said = keys.filter_map(|key| verify_review(&note, &key).ok()).next().expect("genuine");
    assert!(said.audit.is_some(), "and proved");
    assert_eq!(said.accesses.len(), accesses);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_behind_any_step_there_is_one_review_that_comes_to_its_end() {
    for kind in Kind::all() {
        let (folder, practice): (_, PracticeId) = found(kind).await;
        let test = open(folder.path()).await;
        test.account(practice, Role::Admin).await;
        test.account(practice, Role::PrivacyOfficer).await;
        drop(test);
        for step in REVIEW_STEPS {
            assert!(killed_at(step, folder.path()), "{step}");
        }
        let test = open(folder.path()).await;
        // Three front desks, an administrator, who is kept, and a privacy officer.
        is_whole(&test.house, folder.path(), practice, 5).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_servers_that_look_at_the_same_moment_one_begins_the_review_and_each_access_ends_once() {
    for kind in Kind::all() {
        let (folder, practice): (_, PracticeId) = found(kind).await;
        let test = open(folder.path()).await;
        test.account(practice, Role::Admin).await;
        keep_key(&test, folder.path());
        let (house, signing) = (&test.house, signing(&test));
        for days in [100, 15] {
            test.clock.advance_seconds(days * DAY);
            looked(house).await;
            let look = || round(house, &signing, &Unobserved);
            let (one, other, third) = tokio::join!(look(), look(), look());
            assert!(one.is_ok() && other.is_ok() && third.is_ok(), "{one:?} {other:?} {third:?}");
        }
        round(house, &signing, &Unobserved).await.expect("closed");
        is_whole(house, folder.path(), practice, 4).await;
    }
}
