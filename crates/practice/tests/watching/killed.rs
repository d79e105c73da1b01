//! The watch is killed behind each of its steps, again and again: no alert is lost, and none is there twice.

use crate::{
    scene::{append, entries, follower, stored, to_the_end, wanted},
    world::{Kind, found, open},
};
use domain::{Clock, PracticeId, TaskObserver, Unobserved};
use practice::watch::STEPS;
use std::{
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

const FOLDER: &str = "PATELLA_TEST_FOLDER";
const KILL_AT: &str = "PATELLA_TEST_KILL_AT";

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
        let house = open(folder).await;
        // The watch begins before anything is written.
        append(folder, Vec::new()).await;
        follower(&house, folder, Arc::new(Unobserved)).round().await.expect("begun");
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
