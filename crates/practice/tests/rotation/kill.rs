//! SIGKILL at every step of every rotation: what is left opens, and the same command goes on to the same end.

use crate::world::{Kind, found, is_whole, names, open, rotate_root, rotation, versions};
use domain::{PracticeId, TaskObserver, Unobserved};
use practice::keys::{PATIENT_STEPS, PRACTICE_STEPS, root::ROOT_STEPS, rotate_patients, rotate_practice};
use std::{
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Command,
};
use testkit::house::TestHouse;

const FOLDER: &str = "PATELLA_TEST_FOLDER";
const TASK: &str = "PATELLA_TEST_TASK";
const STEP: &str = "PATELLA_TEST_STEP";
const PRACTICE: &str = "PATELLA_TEST_PRACTICE";

/// Kills its own process, as the power would, when a step is reached.
struct Killer(String);

impl TaskObserver for Killer {
    fn reached(&self, step: &'static str) {
        if step == self.0 {
            let _ = Command::new("kill").args(["-KILL", &std::process::id().to_string()]).status();
            loop {
                std::thread::park();
            }
        }
    }
    fn progress(&self, _: u64, _: u64) {}
}

async fn run(task: &str, folder: &Path, test: &TestHouse, practice: PracticeId, observer: &dyn TaskObserver) {
    let rotation = rotation(&test.house, observer);
    match task {
        "root" => rotate_root(folder, &test.house, observer).await,
        "practice" => drop(rotate_practice(&rotation, practice).await.expect("rotated")),
        _ => drop(rotate_patients(&rotation, practice, None).await.expect("rotated")),
    }
}

/// Not a test by itself: what the tests below run as a process of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let said = |name: &str| std::env::var(name).expect("said");
    let practice = said(PRACTICE).parse().expect("an id");
    let test = open(&folder).await;
    run(&said(TASK), &folder, &test, practice, &Killer(said(STEP))).await;
}

fn killed_at(task: &str, step: &str, folder: &Path, practice: PracticeId) {
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "kill::child", "--nocapture"])
        .env(FOLDER, folder)
        .env(TASK, task)
        .env(STEP, step)
        .env(PRACTICE, practice.to_string())
        .output()
        .expect("runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.signal(), Some(9), "{task} was not killed at {step:?}: {:?} {said}", output.status);
}

async fn survives(task: &str, steps: &[&str]) {
    for kind in Kind::all() {
        let (folder, practice) = found(kind).await;
        let folder = folder.path();
        let before = names(&open(folder).await, practice).await;
        for (n, step) in (0_u32..).zip(steps) {
            killed_at(task, step, folder, practice);
            let test = open(folder).await;
            is_whole(&test.house, practice).await;
            run(task, folder, &test, practice, &Unobserved).await;
            let (own, patients) = versions(&test.house, practice).await;
            // What was killed after its last step has ended; then the second run was a rotation of its own.
            let rotated = |count: u32| if Some(step) == steps.last() { vec![count + 1] } else { vec![count] };
            match task {
                "practice" => assert_eq!((own, patients), (rotated(n + 2), vec![1]), "{step}"),
                "patient" => assert_eq!((own, patients), (vec![1], rotated(n + 2)), "{step}"),
                _ => assert_eq!((own, patients), (vec![1], vec![1]), "{step}"),
            }
            let left: Vec<_> = ["root.key.next", "root.key.old"].iter().filter(|f| folder.join(f).exists()).collect();
            assert!(left.is_empty(), "{step}: {left:?}");
            drop(test);
            let test = open(folder).await;
            is_whole(&test.house, practice).await;
        }
        assert_eq!(names(&open(folder).await, practice).await, before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_root_rotation_survives_being_killed_at_every_step() {
    survives("root", ROOT_STEPS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_practice_key_rotation_survives_being_killed_at_every_step() {
    survives("practice", PRACTICE_STEPS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_patient_key_rotation_survives_being_killed_at_every_step() {
    survives("patient", PATIENT_STEPS).await;
}
