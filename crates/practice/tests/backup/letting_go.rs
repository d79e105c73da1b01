use super::scene::{Scene, blocking, files, log};
use domain::{FixedClock, SystemClock, Timestamp, Unobserved};
use practice::backup::{
    check::check_files,
    create::{self, Made},
    keep::KeepRules,
    target::{Directory, Removal, Target, TargetError, Upload, backups},
};
use std::{io::Read, sync::Arc};

/// Refuses to remove, as storage under object lock does, and counts how often it was asked.
struct Locked {
    inner: Directory,
    asked: std::sync::atomic::AtomicUsize,
}

const UNTIL: i64 = 4_000_000_000;

impl Target for Locked {
    fn name(&self) -> String {
        self.inner.name()
    }
    fn names(&self, folder: &str) -> Result<Vec<String>, TargetError> {
        self.inner.names(folder)
    }
    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, TargetError> {
        self.inner.open(path)
    }
    fn create(&self, path: &str) -> Result<Box<dyn Upload>, TargetError> {
        self.inner.create(path)
    }
    fn draft(&self, name: &str) -> String {
        self.inner.draft(name)
    }
    fn publish(&self, draft: &str, name: &str) -> Result<(), TargetError> {
        self.inner.publish(draft, name)
    }
    fn tidy(&self) -> Result<(), TargetError> {
        self.inner.tidy()
    }
    fn remove(&self, _: &str) -> Result<Removal, TargetError> {
        self.asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(Removal::Locked(Timestamp::from_second(UNTIL).ok()))
    }
    fn lock(&self) -> Result<Box<dyn Send>, TargetError> {
        self.inner.lock()
    }
}

async fn made(scene: &Scene, target: Arc<dyn Target>, at: &str, keep: KeepRules) -> Made {
    let (contents, mut setup) = (scene.contents(), scene.setup().await);
    setup.target = target;
    setup.keep = keep;
    let clock = FixedClock::new(at.parse().expect("a moment"));
    blocking(move || create::create(&contents, &setup, &clock, &Unobserved)).await.expect("a backup")
}

const ONE: KeepRules = KeepRules { last: 1, daily: 0, weekly: 0, monthly: 0 };

#[tokio::test(flavor = "multi_thread")]
async fn old_backups_go_and_the_media_that_a_newer_one_needs_stay() {
    let scene = Scene::new(1).await;
    made(&scene, scene.target(), "2026-05-14T13:00:00Z", ONE).await;
    let second = made(&scene, scene.target(), "2026-05-15T13:00:00Z", ONE).await;
    assert_eq!(second.pruned.gone, ["2026-05-14T13-00-00Z"]);
    assert_eq!(backups(&*scene.target()).expect("listed"), ["2026-05-15T13-00-00Z"]);
    let key = scene.branch().await.verifier(&log());
    check_files(&*scene.target(), "2026-05-15T13-00-00Z", &key).expect("its media, from the first, are there");
    // Pictures that are gone from the practice go with the last backup that has them.
    std::fs::remove_dir_all(scene.data().join("media")).expect("removed");
    let third = made(&scene, scene.target(), "2026-05-16T13:00:00Z", ONE).await;
    assert_eq!(third.pruned.gone, ["2026-05-15T13-00-00Z", "media/2026-05-14T13-00-00Z.age"]);
    assert!(files(&scene.backups().join("media")).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_is_respected_reported_and_not_tried_again() {
    let scene = Scene::new(1).await;
    let target =
        Arc::new(Locked { inner: Directory::new(scene.backups()), asked: std::sync::atomic::AtomicUsize::new(0) });
    made(&scene, target.clone(), "2026-05-14T13:00:00Z", ONE).await;
    let second = made(&scene, target.clone(), "2026-05-15T13:00:00Z", ONE).await;
    let until = Timestamp::from_second(UNTIL).ok();
    assert_eq!(second.pruned.locked, [("2026-05-14T13-00-00Z".to_owned(), until)]);
    assert_eq!(target.asked.load(std::sync::atomic::Ordering::Relaxed), 1);
    assert_eq!(backups(&*target).expect("listed").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_backups_of_one_second_have_two_names_and_two_at_once_are_refused() {
    let scene = Scene::new(1).await;
    let keep = KeepRules::default();
    let first = made(&scene, scene.target(), "2026-05-14T13:00:00Z", keep).await;
    let second = made(&scene, scene.target(), "2026-05-14T13:00:00Z", keep).await;
    assert_ne!(first.manifest.name, second.manifest.name);
    let held = scene.target().lock().expect("locked");
    let (contents, setup) = (scene.contents(), scene.setup().await);
    let refused = blocking(move || create::create(&contents, &setup, &SystemClock, &Unobserved)).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("at work")));
    drop(held);
}
