//! Killed at every transition, an import comes to the same end.

use crate::scene::{FOLDERS, PRACTICE, Scene, imported, observed, session};
use domain::{PatientId, TaskObserver};
use practice::{import::IMPORT_STEPS, log, programs};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};
use store::rows::{care_links, destroyed, imports, patients};
use tempfile::TempDir;

const FOLDER: &str = "PATELLA_TEST_IMPORT_FOLDER";
const STEP: &str = "PATELLA_TEST_IMPORT_STEP";
const KEYS: [&str; 3] = ["p1", "p2", "p3"];

/// Kills its own process when a step is reached, as a power cut would.
struct Killer(String);

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

/// Only in a process of its own: imports, and is killed on the way, or is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let (Ok(folder), Ok(step)) = (std::env::var(FOLDER), std::env::var(STEP)) else { return };
    let scene = Scene::open(Path::new(&folder)).await;
    let by = session(&fs::read_to_string(scene.folder.join("session")).expect("a session"));
    observed(&scene, &by, &scene.source(), &Killer(step)).await.expect("imported");
    scene.close();
}

fn run(folder: &Path, step: &str) -> std::process::ExitStatus {
    let mut child = Command::new(std::env::current_exe().expect("this test"));
    child.args(["--exact", "killed::child", "--nocapture"]).env(FOLDER, folder).env(STEP, step);
    child.output().expect("ran").status
}

/// What is the same after every run, whatever the random ids.
async fn end(folder: &Path) -> Vec<String> {
    let scene = Scene::open(folder).await;
    let people = scene.people(FOLDERS).await;
    // The mapping is as it was.
    fs::copy(folder.join("mapping.before"), folder.join("mapping.toml")).expect("copied");
    let (house, stores) = (&scene.house, &scene.house.stores);
    let mut lines = Vec::new();
    let first = PatientId::from_bytes([0; 16]);
    for patient in patients::ids(&stores.clinical, PRACTICE, first, 100).await.expect("read") {
        let known = imports::of_patient(&stores.clinical, PRACTICE, patient).await.expect("read").expect("imported");
        let same = imports::digest(&stores.clinical, PRACTICE, patient).await.expect("read") == known.sealed;
        let key = destroyed::has_key(&stores.keys, PRACTICE, patient).await.expect("read");
        let links = care_links::of_patient(&stores.identity, PRACTICE, patient).await.expect("read").len();
        lines.push(format!("{patient}: verified {}, as sealed {same}, key {key}", known.verified_at.is_some()));
        people.test.care_link(&people.therapist, patient).await;
        let session = people.treating().await;
        let program = programs::current(house, &session, patient).await.expect("opens").expect("in force");
        let entries = log::list(house, &session, patient, None, 10).await.expect("opens").len();
        lines.push(format!("{links} in the care team, {} exercises, {entries} entries", program.items.len()));
    }
    let keys = store::rows::rotations::patient_keys(&stores.keys, PRACTICE, first, 100).await.expect("read").len();
    let finished = imports::newest(&stores.clinical, PRACTICE).await.expect("read").expect("there").finished_at;
    lines.push(format!("{keys} keys, finished {}", finished.is_some()));
    scene.close();
    lines
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_killed_at_any_transition_comes_to_the_same_end() {
    let folder = TempDir::new().expect("a folder");
    let before = folder.path().join("before");
    fs::create_dir(&before).expect("a folder");
    let scene = Scene::open(&before).await;
    let people = scene.people(FOLDERS).await;
    KEYS.iter().for_each(|key| scene.put_patient(key, "Ana"));
    fs::write(before.join("session"), &*people.test.token(&people.admin).await.text()).expect("written");
    fs::copy(before.join("mapping.toml"), before.join("mapping.before")).expect("copied");
    drop(people);
    scene.close();

    let again = |name: &str| -> PathBuf {
        let place = folder.path().join(name.replace(' ', "_"));
        copy(&before, &place);
        place
    };
    let usual = again("usual");
    assert!(run(&usual, "never").success());
    let expected = end(&usual).await;
    assert!(expected.contains(&"3 keys, finished true".to_owned()), "{expected:#?}");
    // Reached only after another kill.
    let leftovers = IMPORT_STEPS.iter().filter(|step| step.contains("who was not stored"));
    for step in IMPORT_STEPS.iter().filter(|step| !step.contains("who was not stored")) {
        let cut = again(step);
        assert!(!run(&cut, step).success(), "{step}: the child lived");
        assert!(run(&cut, "never").success(), "{step}: the second run failed");
        assert_eq!(end(&cut).await, expected, "{step}");
        fs::remove_dir_all(&cut).expect("gone");
    }
    let twice = again("twice");
    assert!(!run(&twice, "a patient's key is made").success());
    for leftover in leftovers {
        assert!(!run(&twice, leftover).success(), "no key was left over: {leftover}");
    }
    assert!(run(&twice, "never").success());
    assert_eq!(end(&twice).await, expected);
    // And once more, in this process: there is nothing to do.
    let scene = Scene::open(&twice).await;
    let by = session(&fs::read_to_string(twice.join("session")).expect("a session"));
    let done = imported(&scene, &by).await.expect("imported");
    assert_eq!((done.brought_in, done.before, done.compared), (0, 3, 3));
    scene.close();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("reads") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        match entry.file_type().expect("a kind").is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).expect("copied")),
        }
    }
}
