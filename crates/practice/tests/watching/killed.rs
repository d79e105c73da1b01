//! The watch is killed behind each of its steps, again and again: no alert is lost, and none is there twice.

use crate::{
    scene::{Killer, append, entries, follower, stored, to_the_end, wanted, watched},
    world::{Kind, found, open},
};
use domain::{Clock, LoginSessionId, PracticeId, Role, Timestamp};
use identity::SessionRecord;
use practice::watch::STEPS;
use std::{
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use store::{
    Batch,
    rows::{
        alerts, export_holds, login_sessions,
        watching::{self, SettingRow},
    },
};
use testkit::house::TestHouse;

const FOLDER: &str = "PATELLA_TEST_FOLDER";
const KILL_AT: &str = "PATELLA_TEST_KILL_AT";

/// Not a test by itself: what the test below runs as a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let killer = Arc::new(Killer(std::env::var(KILL_AT).expect("said")));
    to_the_end(&follower(&open(&folder).await, &folder, killer)).await;
}

fn killed_at(step: &str, folder: &Path) -> bool {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "killed::child", "--nocapture"])
        .env(FOLDER, folder)
        .env(KILL_AT, step)
        .output()
        .expect("runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.signal() == Some(9) || output.status.success(), "{:?} {said}", output.status);
    output.status.signal() == Some(9)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_behind_any_step_the_watch_loses_no_alert_and_tells_none_twice() {
    for kind in Kind::all() {
        let (folder, practice): (_, PracticeId) = found(kind).await;
        let folder = folder.path();
        let house = watched(folder).await;
        let entries = entries(practice, house.clock.now(), 40, 5_000);
        let wanted = wanted(&entries);
        assert!(wanted.len() >= 40, "{}", wanted.len());
        append(folder, entries).await;
        drop(house);
        let mut kills = 0;
        // Before anything is stored it would be killed for ever: once is enough.
        assert!(killed_at(STEPS[0], folder));
        while killed_at(STEPS[1], folder) {
            kills += 1;
            assert!(kills < 10, "it goes on");
            assert!(kills > 1 || killed_at(STEPS[0], folder));
        }
        assert!(kills >= 3, "{kills} rounds");
        let house = open(folder).await;
        let stored = stored(&house.house.stores.identity, practice).await;
        assert_eq!(stored.len(), wanted.len());
        assert!(stored == wanted, "the same as if nothing had happened");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_the_alert_and_the_end_of_its_session_the_next_one_ends_it() {
    for kind in Kind::all() {
        let (folder, practice): (_, PracticeId) = found(kind).await;
        let folder = folder.path();
        let house = watched(folder).await;
        let person = house.account(practice, Role::Therapist).await;
        let (account, session) = (person.account(), LoginSessionId::from_bytes([5; 16]));
        let db = &house.house.stores.identity;
        let set = SettingRow {
            practice_id: practice,
            name: "answer.denials".to_owned(),
            value: "end_session".to_owned(),
            changed_by: account,
            changed_at: house.clock.now(),
        };
        let record = SessionRecord {
            token_hash: [3; 32],
            id: session,
            practice,
            account,
            role: Role::Therapist,
            patient: None,
            created_at: house.clock.now(),
            factor: None,
            last_seen: house.clock.now(),
            mac: [0; 32],
            factor_asked_at: None,
        };
        let batch = login_sessions::insert(watching::set(Batch::new(), &set), &record);
        db.commit(batch).await.expect("stored");
        let mut refused = entries(practice, house.clock.now(), 1, 20);
        for entry in &mut refused {
            (entry.actor, entry.login_session) = (Some(account), Some(session));
        }
        append(folder, refused).await;
        drop(house);
        assert!(killed_at(STEPS[1], folder));
        let there = async |house: &TestHouse| {
            let db = &house.house.stores.identity;
            login_sessions::is_there(db, practice, account, session).await.expect("read")
        };
        let house = open(folder).await;
        assert!(there(&house).await, "the alert is there, and its session is not ended yet");
        drop(house);
        assert!(killed_at(STEPS[2], folder));
        let house = open(folder).await;
        assert!(!there(&house).await);
        let left = alerts::to_do(&house.house.stores.identity, Timestamp::MIN).await.expect("read");
        assert!(left.is_empty(), "and the alert says so");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_between_the_alert_and_the_holding_of_exports_the_next_one_holds_them() {
    for kind in Kind::all() {
        let (folder, practice): (_, PracticeId) = found(kind).await;
        let folder = folder.path();
        let house = watched(folder).await;
        let person = house.account(practice, Role::Therapist).await;
        let account = person.account();
        let set = SettingRow {
            practice_id: practice,
            name: "answer.denials".to_owned(),
            value: "hold_exports".to_owned(),
            changed_by: account,
            changed_at: house.clock.now(),
        };
        house.house.stores.identity.commit(watching::set(Batch::new(), &set)).await.expect("stored");
        let mut refused = entries(practice, house.clock.now(), 1, 20);
        for entry in &mut refused {
            (entry.actor, entry.login_session) = (Some(account), Some(LoginSessionId::from_bytes([5; 16])));
        }
        append(folder, refused).await;
        drop(house);
        assert!(killed_at(STEPS[1], folder));
        let held = async |house: &TestHouse| {
            let db = &house.house.stores.identity;
            export_holds::in_force(db, practice, account).await.expect("read").is_some()
        };
        let house = open(folder).await;
        assert!(!held(&house).await, "the alert is there, and nothing is held yet");
        drop(house);
        assert!(killed_at(STEPS[2], folder));
        let house = open(folder).await;
        assert!(held(&house).await);
        assert!(alerts::to_do(&house.house.stores.identity, Timestamp::MIN).await.expect("read").is_empty());
    }
}
