//! The server is killed behind each step of sending: no alert is lost, and what comes twice has the same id.

use crate::{
    receivers::{address, certificates, in_order, officer, own, refused, sender, webhook},
    scene::{Killer, watched},
    world::{Kind, found, open},
};
use domain::{Integration, Unobserved};
use practice::channels::STEPS;
use std::{
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};
use testkit::receiver::Receiver;

const FOLDER: &str = "PATELLA_TEST_FOLDER";
const KILL_AT: &str = "PATELLA_TEST_KILL_AT";
const LATER: &str = "PATELLA_TEST_SECONDS_LATER";

/// Not a test by itself: what the test below runs as a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let house = open(&folder).await;
    house.clock.advance_seconds(std::env::var(LATER).expect("said").parse().expect("a number"));
    let killer = Arc::new(Killer(std::env::var(KILL_AT).expect("said")));
    sender(&house, &folder.join("receivers.pem"), killer).round().await.expect("sent");
}

fn killed_at(step: &str, folder: &Path, later: i64) -> bool {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "sending_killed::child", "--nocapture"])
        .env(FOLDER, folder)
        .env(KILL_AT, step)
        .env(LATER, later.to_string())
        .output()
        .expect("runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.signal() == Some(9) || output.status.success(), "{:?} {said}", output.status);
    output.status.signal() == Some(9)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_behind_any_step_every_alert_arrives_in_order_and_only_what_was_on_its_way_comes_again() {
    for kind in Kind::all() {
        let (folder, practice) = found(kind).await;
        let folder = folder.path();
        let house = watched(folder).await;
        let session = officer(&house, practice).await;
        let mut here = Receiver::away();
        let agreement = own(&house, &session, Integration::Webhook).await;
        let (_, secret) = webhook(&house, &session, (address(&here), agreement)).await;
        certificates(folder, &[&here]);
        here.comes(&secret);
        refused(&house, folder, practice, 6).await;
        let all = in_order(&house, practice).await;
        assert!(all.len() >= 6);
        drop(house);
        // Each server comes when the one before has the channel no longer.
        let later = |nth: i64| 2 * 3600 + nth * 61;
        assert!(killed_at(STEPS[0], folder, later(0)));
        assert!(!killed_at(STEPS[1], folder, later(0) + 30), "as long as somebody has the channel, nobody else sends");
        assert!(here.came().is_empty());
        assert!(killed_at(STEPS[1], folder, later(1)), "it arrived, and that is not stored");
        assert!(killed_at(STEPS[1], folder, later(2)));
        assert!(killed_at(STEPS[2], folder, later(3)), "it is stored");
        assert!(killed_at(STEPS[2], folder, later(4)));
        let house = open(folder).await;
        house.clock.advance_seconds(later(5));
        sender(&house, &folder.join("receivers.pem"), Arc::new(Unobserved)).round().await.expect("sent");
        let came: Vec<String> = here.came().into_iter().map(|one| one.id).collect();
        let mut once = came.clone();
        once.dedup();
        assert_eq!(once, all, "every one, in order");
        assert_eq!(came.len(), all.len() + 2, "what arrived and was not stored comes again, under its id");
    }
}
