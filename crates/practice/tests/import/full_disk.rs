//! A full disk stops an import cleanly, and it goes on when there is room.

use crate::scene::{FOLDERS, PRACTICE, Scene, imported};
use domain::PatientId;
use store::rows::{destroyed, imports, patients};
use tempfile::TempDir;
use testkit::disk::Disk;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_an_import_and_leaves_whole_patients() {
    let folder = TempDir::new().expect("a folder");
    // Where mounting is not permitted a word about it is printed.
    let Some(disk) = Disk::at(&folder.path().join("disk"), "48m").expect("made") else { return };
    let scene = Scene::open(disk.path()).await;
    let people = scene.people(FOLDERS).await;
    for n in 0..150 {
        scene.put_patient(&format!("p{n}"), "Ana");
    }
    let by = people.signed_in().await;
    disk.fill_but(400 * 1024).expect("filled");
    let stopped = imported(&scene, &by).await.expect_err("no room");
    let said = stopped.to_string();
    assert!(said.contains("database") || said.contains("audit trail") || said.contains("store"), "{said}");
    let clinical = &scene.house.stores.clinical;
    let whole = async || {
        let ids = patients::ids(clinical, PRACTICE, PatientId::from_bytes([0; 16]), 1000).await.expect("read");
        for patient in &ids {
            let known = imports::of_patient(clinical, PRACTICE, *patient).await.expect("read").expect("with its note");
            assert_eq!(imports::digest(clinical, PRACTICE, *patient).await.expect("read"), known.sealed);
            assert!(destroyed::has_key(&scene.house.stores.keys, PRACTICE, *patient).await.expect("read"));
        }
        ids.len()
    };
    let before = whole().await;
    assert!(before < 150, "the disk was not full");
    disk.free().expect("freed");
    let done = imported(&scene, &by).await.expect("goes on");
    assert_eq!((done.compared, whole().await), (150, 150));
    scene.close();
}
