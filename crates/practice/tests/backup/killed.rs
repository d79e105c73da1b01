//! SIGKILL at every transition of every long task here. The task runs in a child process: this test binary again, told by the
//! environment what to do, where, and at which transition to die.

use super::{
    databases::Databases,
    scene::{STORES, Scene, blocking, files, log},
};
use domain::{PatientId, SystemClock, TaskObserver, Unobserved};
use practice::backup::{
    Ground, TrailPlace, create, moving,
    restore::{self, staging},
    target::{self, Target},
};
use rustix::process::{Signal, getpid, kill_process};
use std::{
    fs,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
};
use store::{Db, Store};
use testkit::postgres::Server;

const TASK: &str = "PATELLA_TEST_TASK";
const STEP: &str = "PATELLA_TEST_DIE_AT";
const FOLDER: &str = "PATELLA_TEST_FOLDER";

/// Dies when a transition is reached.
struct Dies(String);

impl TaskObserver for Dies {
    fn reached(&self, step: &'static str) {
        if step == self.0 {
            kill_process(getpid(), Signal::KILL).expect("it may kill itself");
        }
    }
    fn progress(&self, _: u64, _: u64) {}
}

/// Not a test of its own: what the child does.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_child_does() {
    let (Ok(task), Ok(step), Ok(folder)) = (std::env::var(TASK), std::env::var(STEP), std::env::var(FOLDER)) else {
        return;
    };
    let scene = Scene::at(Path::new(&folder));
    do_it(&task, &scene, Arc::new(Dies(step))).await;
}

pub(crate) async fn do_it(task: &str, scene: &Scene, observer: Arc<dyn TaskObserver>) {
    match task {
        "create" => drop(scene.try_backup(observer).await.expect("a backup")),
        "create in a bucket" => drop(super::s3::made_as_said(scene, observer).await.expect("a backup")),
        "restore" => restore_into_place(scene, scene.target(), observer).await,
        "restore from a bucket" => restore_into_place(scene, super::s3::as_said(scene), observer).await,
        "restore to PostgreSQL" => restore_to_postgresql(scene, observer).await,
        "move" => move_into_place(scene, observer).await,
        _ => panic!("there is no task {task}"),
    }
}

/// Brings the newest backup back to `again`, by way of a place beside it.
async fn restore_into_place(scene: &Scene, target: Arc<dyn Target>, observer: Arc<dyn TaskObserver>) {
    let scene = Scene::at(&scene.folder);
    blocking(move || {
        let name = target::backups(&*target).expect("listed").pop().expect("one");
        let again = scene.folder.join("again");
        let staging = staging::Staging::new(again.clone(), vec![again.join("audit")]);
        if staging.begin(&name).expect("begun") == staging::Earlier::Nothing {
            let beside = staging.beside(&again);
            fs::create_dir_all(beside.join("media")).expect("made");
            let ground = Ground {
                database: &|store| scene.root.database(&beside, store),
                trail: TrailPlace::Folders(vec![(log(), beside.join("audit"))]),
                media: beside.join("media"),
            };
            let back = scene
                .restoring_from(&*target, &[], &*observer, |restoring| restoring.bring_back(&name, &ground).map(drop));
            back.expect("brought back");
            staging.filled(&name, &*observer).expect("filled");
        }
        staging.name(&*observer).expect("named");
    })
    .await;
}

/// Brings the newest backup back into the databases that the scene's folder names.
async fn restore_to_postgresql(scene: &Scene, observer: Arc<dyn TaskObserver>) {
    let scene = Scene::at(&scene.folder);
    blocking(move || {
        let (runtime, databases) = (tokio::runtime::Handle::current(), Databases::at(&scene.folder));
        let name = target::backups(&*scene.target()).expect("listed").pop().expect("one");
        let media = scene.folder.join("media-again");
        fs::create_dir_all(&media).expect("made");
        let ground = Ground {
            database: &|store| Ok(runtime.block_on(Db::connect(databases.owner(store)))?),
            trail: TrailPlace::Postgres(databases.server(Store::Audit).clone()),
            media,
        };
        scene.restoring(&[], &*observer, |restoring| restoring.bring_back(&name, &ground)).expect("brought back");
    })
    .await;
}

/// Moves the practice to `moved`, by way of a place beside it.
async fn move_into_place(scene: &Scene, observer: Arc<dyn TaskObserver>) {
    let (scene, branch) = (Scene::at(&scene.folder), scene.branch().await);
    blocking(move || {
        let moved = scene.folder.join("moved");
        let staging = staging::Staging::new(moved.clone(), vec![moved.join("audit")]);
        if staging.begin("a move").expect("begun") == staging::Earlier::Nothing {
            let beside = staging.beside(&moved);
            fs::create_dir_all(beside.join("media")).expect("made");
            let ground = Ground {
                database: &|store| scene.root.database(&beside, store),
                trail: TrailPlace::Folders(vec![(log(), beside.join("audit"))]),
                media: beside.join("media"),
            };
            moving::carry(&scene.contents(), &ground, &branch, &SystemClock, &*observer).expect("carried");
            staging.filled("a move", &*observer).expect("filled");
        }
        staging.name(&*observer).expect("named");
    })
    .await;
}

/// Runs a task in a child that dies at a transition.
pub(crate) fn killed_at(task: &str, step: &str, folder: &Path) {
    let child = Command::new(std::env::current_exe().expect("this binary"))
        .args(["--exact", "backup::killed::what_the_child_does", "--nocapture"])
        .envs([(TASK, task), (STEP, step)])
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("it runs");
    assert_eq!(child.signal(), Some(9), "{task} did not reach {step}: {child:?}");
}

pub(crate) fn copy(from: &Path, to: &Path) {
    for (path, bytes) in files(from) {
        let to = to.join(path.strip_prefix(from).expect("below"));
        fs::create_dir_all(to.parent().expect("a folder")).expect("made");
        fs::write(to, bytes).expect("written");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_killed_anywhere_leaves_the_last_good_one_and_the_next_is_whole() {
    let original = Scene::new(2).await;
    let first = original.backup().await.manifest;
    for step in create::STEPS {
        let folder = tempfile::tempdir().expect("folder");
        copy(&original.folder, folder.path());
        let scene = Scene::at(folder.path());
        killed_at("create", step, folder.path());
        let key = scene.branch().await.verifier(&log());
        let there = target::backups(&*scene.target()).expect("listed");
        assert_eq!(there.len(), if step == "named" { 2 } else { 1 }, "killed at {step}: {there:?}");
        assert_eq!(there[0], first.name);
        for name in &there {
            practice::backup::check::check_files(&*scene.target(), name, &key).expect("whole");
        }
        let next = scene.backup().await.manifest;
        practice::backup::check::check_files(&*scene.target(), &next.name, &key).expect("whole");
        let left: Vec<_> = files(&scene.backups()).into_iter().filter(|(path, _)| unfinished(path)).collect();
        assert!(left.is_empty(), "killed at {step}: {left:?} is left");
        scene.bring_back(&next.name, &scene.folder.join("again")).await.expect("brought back");
    }
}

fn unfinished(path: &Path) -> bool {
    let text = path.display().to_string();
    text.contains("unfinished") || text.ends_with(".part")
}

/// The transitions of a task that ends in places of files.
pub(crate) fn with_swap(steps: &[&'static str]) -> Vec<&'static str> {
    steps.iter().chain(&staging::STEPS).copied().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_killed_anywhere_comes_to_the_same_end() {
    let original = Scene::new(2).await;
    original.backup().await;
    let expected = original.patients(&original.data()).await;
    for step in with_swap(&restore::STEPS) {
        let folder = tempfile::tempdir().expect("folder");
        copy(&original.folder, folder.path());
        let scene = Scene::at(folder.path());
        killed_at("restore", step, folder.path());
        let again = folder.path().join("again");
        assert_eq!(again.exists(), step == "data-named", "killed at {step}: it is there or it is not");
        if step != "data-named" {
            do_it("restore", &scene, Arc::new(Unobserved)).await;
        }
        assert_eq!(scene.patients(&again).await, expected, "killed at {step}");
        let key = scene.branch().await.verifier(&log());
        ledger::verify(&again.join("audit"), &key, &[]).expect("whole");
        assert!(!folder.path().join("again.restoring").exists(), "killed at {step}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_killed_anywhere_comes_to_the_same_end_and_leaves_the_source() {
    let original = Scene::new(2).await;
    let expected = original.patients(&original.data()).await;
    for step in with_swap(&moving::STEPS) {
        let folder = tempfile::tempdir().expect("folder");
        copy(&original.folder, folder.path());
        let scene = Scene::at(folder.path());
        killed_at("move", step, folder.path());
        let moved = folder.path().join("moved");
        if step != "data-named" {
            do_it("move", &scene, Arc::new(Unobserved)).await;
        }
        assert_eq!(scene.patients(&moved).await, expected, "killed at {step}");
        assert_eq!(scene.patients(&scene.data()).await, expected, "killed at {step}");
        let key = scene.branch().await.verifier(&log());
        for place in [moved, scene.data()] {
            ledger::verify(&place.join("audit"), &key, &[]).expect("whole");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_to_postgresql_killed_anywhere_comes_to_the_same_end() {
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    let original = Scene::new(2).await;
    original.backup().await;
    let expected = original.patients(&original.data()).await;
    for step in restore::STEPS {
        let folder = tempfile::tempdir().expect("folder");
        copy(&original.folder, folder.path());
        let databases = Databases::new(server);
        databases.grant(Store::Audit).await;
        databases.keep(folder.path());
        killed_at("restore to PostgreSQL", step, folder.path());
        // Ends with the log proven against its own head, and every table counted.
        do_it("restore to PostgreSQL", &Scene::at(folder.path()), Arc::new(Unobserved)).await;
        for store in STORES {
            databases.grant(store).await;
        }
        let clinical = Db::connect(databases.server(Store::Clinical)).await.expect("connected");
        let rows = clinical.rows("SELECT patient_id FROM patients ORDER BY patient_id", &[]).await.expect("readable");
        let patients: Vec<PatientId> = rows.iter().map(|row| row.id(0).expect("an id")).collect();
        assert_eq!(patients, expected, "killed at {step}");
    }
}
