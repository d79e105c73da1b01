//! Backups in storage that speaks S3, with object lock and without: a real server, over TLS.

use super::{
    killed::{copy, do_it, killed_at, with_swap},
    scene::{Scene, blocking, chain, log},
};
use domain::{SystemClock, TaskObserver, Unobserved};
use jiff::SignedDuration;
use practice::backup::{
    check::check_files,
    create::{self, Made},
    keep::KeepRules,
    restore,
    target::{Credentials, LockMode, Removal, S3, S3Settings, Target, TargetError, backups},
};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use testkit::{
    disk::Disk,
    s3::{REGION, Storage},
};

/// Where a scene's folder says which bucket it is.
const FILE: &str = "bucket.json";
const KEEP_ONE: KeepRules = KeepRules { last: 1, daily: 0, weekly: 0, monthly: 0 };
const LOCKED: Option<(LockMode, u16)> = Some((LockMode::Compliance, 3));

/// A bucket of its own; none, and a printed word, where there is no storage.
struct Place {
    storage: &'static Storage,
    bucket: String,
    lock: Option<(LockMode, u16)>,
}

impl Place {
    async fn new(lock: Option<(LockMode, u16)>) -> Option<Self> {
        let storage = Storage::shared().await.expect("starts")?;
        Some(Self { storage, bucket: storage.bucket(lock.is_some()).await.expect("a bucket"), lock })
    }

    fn settings(&self) -> S3Settings {
        let (endpoint, ca) = (self.storage.endpoint(), self.storage.ca_file());
        S3Settings { lock: self.lock, ..settings(endpoint, self.bucket.clone(), ca, self.storage.credentials()) }
    }

    /// Says in a folder where it is, for a child process.
    fn keep(&self, folder: &Path) {
        let credentials = self.storage.credentials();
        let said = serde_json::json!({
            "endpoint": self.storage.endpoint(), "bucket": self.bucket, "ca": self.storage.ca_file(),
            "access": credentials.key(), "secret": credentials.secret(),
        });
        fs::write(folder.join(FILE), said.to_string()).expect("written");
    }

    fn target(&self) -> Arc<dyn Target> {
        Arc::new(S3::new(self.settings()).expect("a target"))
    }

    async fn backups(&self) -> Vec<String> {
        let target = self.target();
        blocking(move || backups(&*target).expect("listed")).await
    }
}

fn settings(endpoint: String, bucket: String, ca: PathBuf, credentials: Credentials) -> S3Settings {
    S3Settings {
        endpoint,
        region: REGION.to_owned(),
        bucket,
        prefix: "practice/north".to_owned(),
        path_style: true,
        ca_file: Some(ca),
        credentials,
        lock: None,
        clock: Arc::new(SystemClock),
    }
}

/// Makes a backup in the bucket that a scene's folder names.
pub(crate) async fn made_as_said(scene: &Scene, observer: Arc<dyn TaskObserver>) -> Result<Made, create::CreateError> {
    made_watched(scene, as_said(scene), observer).await
}

/// The bucket that a scene's folder names. To be called in the runtime.
pub(crate) fn as_said(scene: &Scene) -> Arc<dyn Target> {
    let said = fs::read(scene.folder.join(FILE)).expect("kept");
    let said: serde_json::Value = serde_json::from_slice(&said).expect("json");
    let text = |name: &str| said[name].as_str().expect("text").to_owned();
    let credentials = Credentials::new(text("access"), text("secret"));
    let target = S3::new(settings(text("endpoint"), text("bucket"), text("ca").into(), credentials));
    Arc::new(target.expect("a target"))
}

async fn made(scene: &Scene, target: Arc<dyn Target>) -> Result<Made, create::CreateError> {
    made_watched(scene, target, Arc::new(Unobserved)).await
}

async fn made_watched(
    scene: &Scene,
    target: Arc<dyn Target>,
    observer: Arc<dyn TaskObserver>,
) -> Result<Made, create::CreateError> {
    let (contents, mut setup) = (scene.contents(), scene.setup().await);
    setup.target = target;
    setup.keep = KEEP_ONE;
    blocking(move || create::create(&contents, &setup, &SystemClock, &*observer)).await
}

async fn write(target: &Arc<dyn Target>, path: &str, bytes: Vec<u8>) -> Result<(), TargetError> {
    let (target, path) = (target.clone(), path.to_owned());
    blocking(move || {
        let mut upload = target.create(&path)?;
        std::io::Write::write_all(&mut upload, &bytes).expect("sent");
        upload.finish()
    })
    .await
}

async fn read(target: &Arc<dyn Target>, path: &str) -> Vec<u8> {
    let (target, path) = (target.clone(), path.to_owned());
    blocking(move || {
        let mut bytes = Vec::new();
        target.open(&path).expect("there").read_to_end(&mut bytes).expect("read");
        bytes
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_in_a_bucket_is_made_checked_brought_back_and_let_go() {
    let Some(place) = Place::new(None).await else { return };
    let scene = Scene::new(2).await;
    let first = made(&scene, place.target()).await.expect("a backup").manifest.name;
    assert_eq!(place.backups().await, std::slice::from_ref(&first));
    let key = scene.branch().await.verifier(&log());
    let (target, name) = (place.target(), first.clone());
    blocking(move || check_files(&*target, &name, &key).expect("whole")).await;

    let again = scene.folder.join("again");
    scene.bring_back_from(place.target(), &first, &again).await.expect("brought back");
    assert_eq!(scene.patients(&again).await, scene.patients(&scene.data()).await);

    let second = made(&scene, place.target()).await.expect("another");
    assert_eq!(second.pruned.gone, [first]);
    assert_eq!((second.pruned.locked, second.pruned.failed), (Vec::new(), None));
    assert_eq!(place.backups().await, [second.manifest.name]);
}

#[tokio::test(flavor = "multi_thread")]
async fn under_object_lock_nothing_is_removed_before_its_time_and_that_is_said() {
    let Some(place) = Place::new(LOCKED).await else { return };
    let scene = Scene::new(1).await;
    let first = made(&scene, place.target()).await.expect("a backup").manifest.name;
    let second = made(&scene, place.target()).await.expect("the lock does not keep the next from being made");
    let [(held, Some(until))] = &second.pruned.locked[..] else { panic!("{:?}", second.pruned) };
    assert_eq!((held, &second.pruned.failed), (&first, &None));
    let days = until.duration_since(second.manifest.finished);
    assert!(days > SignedDuration::from_hours(71) && days <= SignedDuration::from_hours(72), "{days}");
    assert_eq!(place.backups().await, [first.clone(), second.manifest.name.clone()], "both are whole");
    let (target, name) = (place.target(), first.clone());
    let media = blocking(move || {
        let names = target.names("media").expect("listed");
        (names.clone(), target.remove(&format!("media/{}", names[0])).expect("answered"), target.remove(&name))
    });
    let (names, media, whole) = media.await;
    assert_eq!(names, [format!("{first}.age")]);
    assert!(matches!(media, Removal::Locked(Some(_))) && matches!(whole, Ok(Removal::Locked(Some(_)))));
    scene.bring_back_from(place.target(), &first, &scene.folder.join("again")).await.expect("the first comes back");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_torn_is_not_listed_and_is_gone_after_the_next_backup() {
    let Some(place) = Place::new(None).await else { return };
    let scene = Scene::new(1).await;
    let target = place.target();
    let good = made(&scene, target.clone()).await.expect("a backup").manifest.name;
    // A backup that was killed before its manifest, and a large file that was killed between two of its parts.
    write(&target, "2026-01-01T00-00-00Z/keys.age", vec![1; 100]).await.expect("written");
    let (torn, forgotten) = (target.clone(), vec![7_u8; 33 << 20]);
    blocking(move || {
        let mut upload = torn.create("2026-01-02T00-00-00Z/clinical.age").expect("begun");
        std::io::Write::write_all(&mut upload, &forgotten).expect("a part is sent");
        std::mem::forget(upload);
    })
    .await;
    assert_eq!(place.backups().await, std::slice::from_ref(&good));
    let listed = target.clone();
    let before = blocking(move || listed.names("").expect("listed")).await;
    assert!(before.contains(&"2026-01-01T00-00-00Z".to_owned()), "{before:?}");
    let next = made(&scene, target.clone()).await.expect("the next is made").manifest.name;
    // This storage may go on listing a folder that has become empty.
    let listed = target.clone();
    let after = blocking(move || listed.names("2026-01-01T00-00-00Z").expect("listed")).await;
    assert!(after.is_empty(), "{after:?}");
    assert!(place.backups().await.contains(&next));
    assert_eq!(place.storage.unfinished(&place.bucket).await.expect("asked"), 0, "no part is left to be paid for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_in_a_bucket_killed_anywhere_leaves_the_last_good_one_and_the_next_is_whole() {
    let Some(place) = Place::new(None).await else { return };
    let original = Scene::new(1).await;
    let target = place.target();
    let mut good = made(&original, target.clone()).await.expect("a backup").manifest.name;
    let key = original.branch().await.verifier(&log());
    for step in create::STEPS {
        let folder = tempfile::tempdir().expect("folder");
        copy(&original.folder, folder.path());
        place.keep(folder.path());
        killed_at("create in a bucket", step, folder.path());
        let there = place.backups().await;
        // Nothing is renamed here: the manifest is the backup's name.
        let named = ["manifest", "named"].contains(&step);
        assert_eq!(there.len(), if named { 2 } else { 1 }, "killed at {step}: {there:?}");
        assert_eq!(there[0], good, "killed at {step}");
        // The dead one's lease: its time is over.
        write(&target, ".lock", b"until 2026-01-01T00:00:00Z\n".to_vec()).await.expect("written");
        good = made(&original, target.clone()).await.expect("the next").manifest.name;
        assert_eq!(place.backups().await, std::slice::from_ref(&good), "killed at {step}");
        let (target, name, key) = (target.clone(), good.clone(), key.clone());
        blocking(move || check_files(&*target, &name, &key).expect("whole")).await;
        assert_eq!(place.storage.unfinished(&place.bucket).await.expect("asked"), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_from_a_bucket_killed_anywhere_comes_to_the_same_end() {
    let Some(place) = Place::new(None).await else { return };
    let original = Scene::new(2).await;
    made(&original, place.target()).await.expect("a backup");
    let expected = original.patients(&original.data()).await;
    for step in with_swap(&restore::STEPS) {
        let folder = tempfile::tempdir().expect("folder");
        copy(&original.folder, folder.path());
        place.keep(folder.path());
        let scene = Scene::at(folder.path());
        killed_at("restore from a bucket", step, folder.path());
        let again = folder.path().join("again");
        assert_eq!(again.exists(), step == "data-named", "killed at {step}: it is there or it is not");
        if step != "data-named" {
            do_it("restore from a bucket", &scene, Arc::new(Unobserved)).await;
        }
        assert_eq!(scene.patients(&again).await, expected, "killed at {step}");
        let key = scene.branch().await.verifier(&log());
        ledger::verify(&again.join("audit"), &key, &[]).expect("whole");
        assert!(!folder.path().join("again.restoring").exists(), "killed at {step}");
    }
    assert_eq!(place.backups().await.len(), 1, "and nothing was written there");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_disk_of_the_practice_is_full_a_backup_into_a_bucket_is_made_all_the_same() {
    let Some(place) = Place::new(None).await else { return };
    let (original, folder) = (Scene::new(3).await, tempfile::tempdir().expect("folder"));
    let Some(disk) = Disk::at(folder.path(), "64m").expect("made") else { return };
    copy(&original.folder, disk.path());
    let scene = Scene::at(disk.path());
    // As a server that runs has them: opened before.
    let (contents, mut setup) = (scene.contents(), scene.setup().await);
    (setup.target, setup.keep) = (place.target(), KEEP_ONE);
    disk.fill().expect("filled");
    let made = blocking(move || create::create(&contents, &setup, &SystemClock, &Unobserved)).await;
    let name = made.expect("nothing of it is written here").manifest.name;
    disk.free().expect("freed");
    let (target, key, whole) = (place.target(), scene.branch().await.verifier(&log()), name.clone());
    blocking(move || check_files(&*target, &whole, &key).expect("whole")).await;
    scene.bring_back_from(place.target(), &name, &scene.folder.join("again")).await.expect("brought back");
    assert_eq!(scene.patients(&scene.folder.join("again")).await, scene.patients(&scene.data()).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_file_goes_in_parts_and_comes_back_the_same() {
    let Some(place) = Place::new(LOCKED).await else { return };
    let target = place.target();
    let bytes: Vec<u8> = (0..70_u32 << 20).map(|n| (n >> 8) as u8 ^ n as u8).collect();
    write(&target, "media/large.age", bytes.clone()).await.expect("written");
    assert!(read(&target, "media/large.age").await == bytes, "it is another file");
    let locked = blocking(move || target.remove("media/large.age").expect("answered")).await;
    assert!(matches!(locked, Removal::Locked(Some(_))), "a file in parts is locked like any other");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_at_once_are_refused_and_a_dead_ones_lock_ends_by_itself() {
    let Some(place) = Place::new(None).await else { return };
    let scene = Scene::new(1).await;
    let target = place.target();
    let held = target.clone();
    let guard = blocking(move || held.lock().expect("locked")).await;
    let refused = made(&scene, place.target()).await.expect_err("somebody is at work");
    assert!(chain(&refused).contains("at work"), "{}", chain(&refused));
    blocking(move || drop(guard)).await;
    made(&scene, place.target()).await.expect("and when they are done it is made");
    for (until, free) in [("2999-01-01T00:00:00Z", false), ("2026-01-01T00:00:00Z", true)] {
        let left = format!("patella is at work here\nholder somebody dead\nuntil {until}\n");
        write(&target, ".lock", left.into_bytes()).await.expect("written");
        assert_eq!(made(&scene, place.target()).await.is_ok(), free, "a lock until {until}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flipped_bit_in_the_bucket_is_refused_and_named() {
    let Some(place) = Place::new(None).await else { return };
    let scene = Scene::new(1).await;
    let target = place.target();
    let name = made(&scene, target.clone()).await.expect("a backup").manifest.name;
    let path = format!("{name}/clinical.age");
    let mut bytes = read(&target, &path).await;
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    write(&target, &path, bytes).await.expect("written");
    let refused = scene.bring_back_from(target, &name, &scene.folder.join("again")).await.expect_err("refused");
    assert!(chain(&refused).contains(&path), "{}", chain(&refused));
}

#[tokio::test(flavor = "multi_thread")]
async fn another_authority_a_wrong_secret_and_an_open_line_are_refused_without_a_word_of_the_secret() {
    let Some(place) = Place::new(None).await else { return };
    let other = tempfile::tempdir().expect("folder");
    let ca = other.path().join("ca.pem");
    let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    fs::write(&ca, own.cert.pem()).expect("written");
    let cases = [
        S3Settings { ca_file: Some(ca), ..place.settings() },
        S3Settings { credentials: Credentials::new("PATELLATEST", "no such secret"), ..place.settings() },
        S3Settings { bucket: "no-such-bucket".to_owned(), ..place.settings() },
    ];
    for settings in cases {
        let target = S3::new(settings).expect("a target");
        let said = blocking(move || chain(&target.names("").expect_err("refused"))).await;
        for secret in ["PATELLATEST", "no such secret", "X-Amz"] {
            assert!(!said.contains(secret), "{said}");
        }
    }
    let open = S3Settings { endpoint: "http://localhost:1".to_owned(), ..place.settings() };
    assert!(S3::new(open).err().expect("refused").to_string().contains("https"));
}
