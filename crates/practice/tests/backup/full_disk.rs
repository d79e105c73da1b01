//! A small disk that fills up: a clean stop, a clear word, and everything as it was.

use super::scene::{Scene, files};
use domain::Unobserved;
use practice::backup::{
    create::{self, CreateError},
    target::{Directory, Target, backups},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};

/// A disk in memory that is unmounted when it is dropped.
struct Disk(PathBuf);

impl Disk {
    /// None where mounting is not permitted; a word about it is then printed.
    #[expect(clippy::print_stderr, reason = "whoever reads the test run must know what it did not test")]
    fn new(at: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(at).expect("made");
        let options = format!("size={size},mode=700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(at)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !mounted {
            eprintln!("SKIPPED: no disk can be mounted here, so no full one is tested");
        }
        mounted.then(|| Self(at.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        said = format!("{said}: {cause}");
        next = cause.source();
    }
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_for_which_there_is_no_room_says_so_and_leaves_the_last_good_one() {
    let scene = Scene::new(3).await;
    let Some(disk) = Disk::new(&scene.folder.join("disk"), "200k") else { return };
    let target: Arc<dyn Target> = Arc::new(Directory::new(&disk.0));
    let make = async |filler: usize| {
        fs::write(disk.0.join("filler"), vec![0; filler]).expect("written");
        let (contents, mut setup) = (scene.contents(), scene.setup().await);
        setup.target = target.clone();
        super::scene::blocking(move || create::create(&contents, &setup, &domain::SystemClock, &Unobserved)).await
    };
    let first = make(0).await.expect("there is room").manifest.name;
    let taken: usize = files(&disk.0).iter().map(|(_, bytes)| bytes.len().next_multiple_of(4096)).sum();
    let failed: CreateError = make(200 * 1024 - taken - 16 * 1024).await.expect_err("there is no room");
    assert!(chain(&failed).contains("full"), "{}", chain(&failed));
    assert_eq!(backups(&*target).expect("listed"), std::slice::from_ref(&first));
    let key = scene.branch().await.verifier(&super::scene::log());
    practice::backup::check::check_files(&*target, &first, &key).expect("the first is whole");
    make(0).await.expect("and when there is room again, the next is made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_for_which_there_is_no_room_says_so_and_comes_to_its_end_later() {
    let scene = Scene::new(3).await;
    let name = scene.backup().await.manifest.name;
    let Some(disk) = Disk::new(&scene.folder.join("disk"), "150k") else { return };
    let failed = scene.bring_back(&name, &disk.0.join("data")).await.expect_err("there is no room");
    assert!(chain(&failed).contains("full") || chain(&failed).contains("No space"), "{}", chain(&failed));
    let key = scene.branch().await.verifier(&super::scene::log());
    practice::backup::check::check_files(&*scene.target(), &name, &key).expect("the backup is whole");
    scene.bring_back(&name, &scene.folder.join("elsewhere")).await.expect("and where there is room it comes back");
}
