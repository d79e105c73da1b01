use super::scene::{Scene, blocking, files, log};
use domain::{BillingAccountId, Clock, PatientId, SystemClock, Unobserved};
use ledger::{Destroyed, LogReader};
use phi::{as_subject, billing_branch};
use practice::backup::{Ground, TrailPlace, restore::RestoreError};
use std::{collections::BTreeSet, fs, sync::Arc};
use store::{Batch, Db, PostgresOptions, Store, raw, rows::billing::accounts};
use testkit::postgres::Server;

/// Every table of every store, as hashes.
async fn fingerprints(open: impl Fn(Store) -> Db) -> Vec<(String, u64, [u8; 32])> {
    let mut found = Vec::new();
    for store in super::scene::STORES {
        let db = open(store);
        let tables = raw::raw_tables(&db, store).await.expect("tables");
        found.extend(
            blocking(move || {
                let mut snapshot = raw::Snapshot::of(&db).expect("a snapshot");
                let mut hashes = Vec::new();
                for table in tables {
                    let mut sha256 = crypto::Sha256::new();
                    let mut sink = |rows: &[u8]| {
                        sha256.update(rows);
                        Ok(())
                    };
                    let rows = snapshot.export(&table, &mut sink).expect("exported");
                    hashes.push((format!("{store}.{}", table.name), rows, sha256.finish()));
                }
                hashes
            })
            .await,
        );
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_brings_everything_back_as_it_was() {
    let scene = Scene::new(5).await;
    let made = scene.backup().await;
    let to = scene.folder.join("again");
    let restored = scene.bring_back(&made.manifest.name, &to).await.expect("brought back");
    assert_eq!(restored.manifest, made.manifest);

    let before = fingerprints(|store| scene.root.database(&scene.data(), store).expect("opened")).await;
    let after = fingerprints(|store| scene.root.database(&to, store).expect("opened")).await;
    assert_eq!(before, after);
    assert!(before.iter().any(|(table, rows, _)| table == "clinical.patients" && *rows == 5), "{before:?}");
    assert!(!files(&scene.data().join("media")).is_empty());
    let names = |folder: &std::path::Path| {
        let media = folder.join("media");
        files(&media)
            .into_iter()
            .map(|(path, bytes)| (path.strip_prefix(&media).expect("below").to_owned(), bytes))
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&scene.data()), names(&to));

    let verifier = scene.branch().await.verifier(&log());
    let report = ledger::verify(&to.join("audit"), &verifier, &[]).expect("whole");
    assert_eq!(report.entries, LogReader::open(scene.data().join("audit")).expect("a log").size());
    assert!(report.entries >= 5);

    // And it is lived in again: the ledger goes on where it stopped.
    fs::rename(scene.data(), scene.folder.join("old")).expect("moved away");
    fs::rename(&to, scene.data()).expect("put there");
    let (house, ledger) = scene.house().await;
    let practice = scene.practice().await;
    house.patient(practice, "New", "Patient").await;
    ledger.close();
    assert_eq!(scene.patients(&scene.data()).await.len(), 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_files_is_brought_back_into_postgresql_and_a_second_try_changes_nothing() {
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    let scene = Arc::new(Scene::new(3).await);
    let made = scene.backup().await;
    let mut owners = Vec::new();
    let mut trail = None;
    for store in Store::ALL {
        let database = server.database(store.name()).expect("a database");
        let options = |login: &testkit::postgres::Login| {
            PostgresOptions::new(&login.url).password_file(&login.password_file).ca_file(&database.ca_file)
        };
        if store == Store::Audit {
            let owner = Db::connect(&options(&database.owner)).await.expect("connected");
            store::migrate(&owner, store, &SystemClock).await.expect("migrated");
            store::grant_server(&owner, store, &database.server.role).await.expect("granted");
            trail = Some(options(&database.server));
        }
        owners.push((store, options(&database.owner)));
    }
    let trail = TrailPlace::Postgres(trail.expect("an audit database"));
    let connect = move |store: Store| {
        let (_, options) = owners.iter().find(|(known, _)| *known == store).expect("all are there");
        Ok(tokio::runtime::Handle::current().block_on(Db::connect(options))?)
    };
    let connect = Arc::new(connect);
    for _ in 0..2 {
        let (scene, name, trail, connect) = (scene.clone(), made.manifest.name.clone(), trail.clone(), connect.clone());
        blocking(move || {
            let media = scene.folder.join("media-again");
            fs::create_dir_all(&media).expect("made");
            let ground = Ground { database: &*connect, trail, media };
            scene.restoring(&[], &Unobserved, |restoring| restoring.bring_back(&name, &ground))
        })
        .await
        .expect("brought back");
    }
    let before = fingerprints(|store| scene.root.database(&scene.data(), store).expect("opened")).await;
    let connect = connect.clone();
    let open = move |store| {
        let connect = connect.clone();
        std::thread::scope(|scope| {
            let runtime = tokio::runtime::Handle::current();
            scope
                .spawn(move || {
                    let _inside = runtime.enter();
                    connect(store).expect("opened")
                })
                .join()
                .expect("done")
        })
    };
    assert_eq!(before, fingerprints(open).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_destroyed_stay_away() {
    let scene = Scene::new(4).await;
    let made = scene.backup().await;
    let all = scene.patients(&scene.data()).await;
    let practice = scene.practice().await;
    let at = SystemClock.now();
    let line = |patient: &PatientId| Destroyed { practice, patient: *patient, at, entry: 1 };
    let destroyed = all.iter().take(2).map(line).collect();
    let to = scene.folder.join("again");
    scene.bring_back_without(&made.manifest.name, &to, destroyed, Arc::new(Unobserved)).await.expect("brought back");
    let left: BTreeSet<_> = scene.patients(&to).await.into_iter().collect();
    assert_eq!(left, all[2..].iter().copied().collect());
    let keys = scene.root.database(&to, Store::Keys).expect("opened");
    let keys = keys.rows("SELECT patient_id FROM patient_keys", &[]).await.expect("readable");
    assert!(keys.iter().all(|row| left.contains(&row.id(0).expect("an id"))), "a key of a destroyed patient came back");
    assert_eq!(keys.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn destroyed_billing_accounts_stay_away() {
    let scene = Scene::new(2).await;
    let practice = scene.practice().await;
    let (branch, at) = (billing_branch(practice), SystemClock.now());
    let [gone, stays] = [1, 2].map(|n| BillingAccountId::from_bytes([n; 16]));
    let (house, ledger) = scene.house().await;
    let billing = &house.house.stores.billing;
    let both = [gone, stays].into_iter().fold(Batch::new(), |batch, one| accounts::open(batch, branch, one, at));
    billing.commit(both).await.expect("stored");
    ledger.close();
    drop(house);
    let made = scene.backup().await;
    let destroyed = vec![Destroyed { practice: branch, patient: as_subject(gone), at, entry: 1 }];
    let to = scene.folder.join("again");
    scene.bring_back_without(&made.manifest.name, &to, destroyed, Arc::new(Unobserved)).await.expect("brought back");
    let billing = scene.root.database(&to, Store::Billing).expect("opened");
    let left = accounts::all(&billing, branch).await.expect("readable");
    assert_eq!(left.iter().map(|row| row.account_id).collect::<Vec<_>>(), [stays]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_overwritten() {
    let scene = Scene::new(2).await;
    let made = scene.backup().await;
    let (house, ledger) = scene.house().await;
    house.patient(scene.practice().await, "New", "Patient").await;
    ledger.close();
    drop(house);
    let before = scene.patients(&scene.data()).await;
    let refused = scene.bring_back(&made.manifest.name, &scene.data()).await;
    assert!(matches!(refused, Err(RestoreError::Take { part: "identity", .. })), "{refused:?}");
    assert_eq!(scene.patients(&scene.data()).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn media_go_once_and_come_back_from_the_backup_that_has_them() {
    let scene = Scene::new(1).await;
    let first = scene.backup().await.manifest;
    let sent = files(&scene.data().join("media")).len();
    assert_eq!(first.media_files, sent as u64);
    let new = b"a new picture";
    practice::media::keep(&scene.data().join("media"), &crypto::sha256(new), new).expect("kept");
    let second = scene.backup().await.manifest;
    let rows = |manifest: &practice::backup::manifest::Manifest| {
        manifest.part(practice::backup::Part::Media).map(|part| part.tables[0].rows)
    };
    assert_eq!((rows(&first), rows(&second)), (Some(sent as u64), Some(1)));
    let third = scene.backup().await.manifest;
    assert_eq!(rows(&third), None, "nothing was new");
    let to = scene.folder.join("again");
    scene.bring_back(&third.name, &to).await.expect("brought back");
    assert_eq!(files(&to.join("media")).len(), sent + 1);
}
