//! A small disk that fills up: a clean stop, a clear word, and everything as it was.

use super::scene::{Scene, chain, files};
use domain::Unobserved;
use practice::backup::{
    create::{self, CreateError},
    target::{Directory, Target, backups},
};
use std::{fs, sync::Arc};
use testkit::disk::Disk;

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_for_which_there_is_no_room_says_so_and_leaves_the_last_good_one() {
    let scene = Scene::new(3).await;
    let Some(disk) = Disk::at(&scene.folder.join("disk"), "200k").expect("made") else { return };
    let target: Arc<dyn Target> = Arc::new(Directory::new(disk.path()));
    let make = async |filler: usize| {
        fs::write(disk.path().join("filler"), vec![0; filler]).expect("written");
        let (contents, mut setup) = (scene.contents(), scene.setup().await);
        setup.target = target.clone();
        super::scene::blocking(move || create::create(&contents, &setup, &domain::SystemClock, &Unobserved)).await
    };
    let first = make(0).await.expect("there is room").manifest.name;
    let taken: usize = files(disk.path()).iter().map(|(_, bytes)| bytes.len().next_multiple_of(4096)).sum();
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
    let Some(disk) = Disk::at(&scene.folder.join("disk"), "150k").expect("made") else { return };
    let failed = scene.bring_back(&name, &disk.path().join("data")).await.expect_err("there is no room");
    assert!(chain(&failed).contains("full") || chain(&failed).contains("No space"), "{}", chain(&failed));
    let key = scene.branch().await.verifier(&super::scene::log());
    practice::backup::check::check_files(&*scene.target(), &name, &key).expect("the backup is whole");
    scene.bring_back(&name, &scene.folder.join("elsewhere")).await.expect("and where there is room it comes back");
}
