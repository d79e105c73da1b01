//! Somebody else's storage: what it gave when a backup was checked need not be what it gives when the backup is put into its
//! place. To whom backups are sealed is no secret, so whoever keeps them can seal others.

use super::scene::{Scene, chain, clock};
use practice::backup::{
    create::{self, Setup},
    target::{Directory, Removal, Target, TargetError, Upload},
};
use std::{
    io::Read,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use store::{Batch, Store};

/// Gives the true files, but for one of the times that it is asked for one of them.
struct Turncoat {
    honest: Directory,
    forged: Directory,
    file: &'static str,
    forged_at: usize,
    asked: AtomicUsize,
}

impl Target for Turncoat {
    fn name(&self) -> String {
        self.honest.name()
    }
    fn names(&self, folder: &str) -> Result<Vec<String>, TargetError> {
        self.honest.names(folder)
    }
    fn open(&self, path: &str) -> Result<Box<dyn Read + Send>, TargetError> {
        if path.ends_with(self.file) && self.asked.fetch_add(1, Ordering::SeqCst) == self.forged_at {
            return self.forged.open(path);
        }
        self.honest.open(path)
    }
    fn create(&self, path: &str) -> Result<Box<dyn Upload>, TargetError> {
        self.honest.create(path)
    }
    fn draft(&self, name: &str) -> String {
        self.honest.draft(name)
    }
    fn publish(&self, draft: &str, name: &str) -> Result<(), TargetError> {
        self.honest.publish(draft, name)
    }
    fn tidy(&self) -> Result<(), TargetError> {
        self.honest.tidy()
    }
    fn remove(&self, path: &str) -> Result<Removal, TargetError> {
        self.honest.remove(path)
    }
    fn lock(&self) -> Result<Box<dyn Send>, TargetError> {
        self.honest.lock()
    }
}

/// A backup in a folder of its own, made at a moment that stands still: so two of them have the same name.
async fn backup(scene: &Scene, folder: &str) -> (String, PathBuf) {
    let place = scene.folder.join(folder);
    std::fs::create_dir(&place).expect("a folder");
    let setup = Setup { target: Arc::new(Directory::new(&place)), ..scene.setup().await };
    let contents = scene.contents();
    let made = super::scene::blocking(move || create::create(&contents, &setup, &*clock(), &domain::Unobserved)).await;
    (made.expect("a backup").manifest.name, place)
}

/// Brings back what a storage gives that forges `file` when it is asked for it for this time, counted from 0.
async fn brought_back(
    scene: &Scene,
    (file, forged_at): (&'static str, usize),
    (store, sql): (Store, &'static str),
) -> Result<(), String> {
    let (name, honest) = backup(scene, &format!("honest-{file}-{forged_at}")).await;
    let db = scene.root.database(&scene.data(), store).expect("opened");
    db.commit(Batch::new().run(sql, &[])).await.expect("changed");
    drop(db);
    let (same, forged) = backup(scene, &format!("forged-{file}-{forged_at}")).await;
    assert_eq!(name, same);
    let (honest, forged) = (Directory::new(honest), Directory::new(forged));
    let turncoat = Turncoat { honest, forged, file, forged_at, asked: AtomicUsize::new(0) };
    let to = scene.folder.join(format!("again-{file}-{forged_at}"));
    let done = scene.bring_back_from(Arc::new(turncoat), &name, &to).await;
    done.map(drop).map_err(|error| chain(&error))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storage_that_forges_a_part_between_check_and_use_is_refused() {
    let scene = Scene::new(2).await;
    let (house, ledger) = scene.house().await;
    house.account(scene.practice().await, domain::Role::FrontDesk).await;
    ledger.close();
    drop(house);
    // No row is more or less: somebody has become an administrator.
    let promoted = (Store::Identity, "UPDATE accounts SET role = 'admin' WHERE role = 'front_desk'");
    let refused = brought_back(&scene, ("identity.age", 1), promoted).await.expect_err("forged rows were brought back");
    assert!(refused.contains("not what was signed") && refused.contains("identity.age"), "{refused}");
    // The key part is read first of all, to know who must have signed the rest and who was destroyed; and again in the end.
    for time in [0, 2] {
        let later = (Store::Keys, "UPDATE patient_keys SET created_at = created_at + 1");
        let refused = brought_back(&scene, ("keys.age", time), later).await.expect_err("a forged key part was taken");
        assert!(refused.contains("not what was signed") && refused.contains("keys.age"), "{time}: {refused}");
    }
}
