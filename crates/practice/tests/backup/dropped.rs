//! A ledger whose old segments were dropped is backed up, brought back and moved as it is.

use super::{
    databases::Databases,
    moving,
    scene::{Scene, blocking, clock, log},
};
use crypto::SystemRng;
use domain::Timestamp;
use ledger::{
    Backend, BackendError, Dropped, Entry, Hash, Ledger, LogName, LogReader, Old, Recorded, Segments, Settings,
    find_old, verify, verify_backend,
};
use practice::backup::AuditBranch;
use std::{fs, path::Path, sync::Arc};
use store::{Batch, Db, PostgresBackend, PostgresSegments, Store};
use testkit::{dropping, postgres::Server};

fn old_entry(n: i64) -> Entry {
    dropping::entry(Timestamp::from_millisecond(1_500_000_000_000 + n).expect("in range"))
}

fn settings(branch: &AuditBranch) -> Settings {
    Settings::new(log(), branch.seal(&log()), branch.signer(&log()), clock(), Arc::new(SystemRng))
}

/// A practice whose ledger has lost its first two segments.
async fn scene() -> Scene {
    let scene = Scene::new(2).await;
    let branch = scene.branch().await;
    let settings = || Settings::new(log(), branch.seal(&log()), branch.signer(&log()), clock(), Arc::new(SystemRng));
    let folder = scene.data().join("audit");
    for round in 0..2 {
        let entries = (round * 400..round * 400 + 400).map(old_entry).collect();
        dropping::append(&folder, settings(), entries).await.expect("appended");
    }
    dropping::drop_before(&folder, settings, 512, old_entry(512).at).await.expect("dropped");
    scene
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_brings_it_back_with_its_hashes_and_its_note() {
    let scene = scene().await;
    let verifier = scene.branch().await.verifier(&log());
    let there = verify(&scene.data().join("audit"), &verifier, &[]).expect("whole");
    let made = scene.backup().await;
    let to = scene.folder.join("again");
    scene.bring_back(&made.manifest.name, &to).await.expect("brought back");
    let report = verify(&to.join("audit"), &verifier, &[]).expect("whole");
    assert_eq!(report, there);
    assert_eq!(report.dropped.as_ref().map(|dropped| dropped.before), Some(512));
    assert!(!to.join("audit/tile/entries/000").exists());
    let reader = LogReader::open(to.join("audit")).expect("a log");
    let before = LogReader::open(scene.data().join("audit")).expect("a log");
    assert_eq!(reader.read(512, 9).expect("read"), before.read(512, 9).expect("read"));

    fs::rename(scene.data(), scene.folder.join("old")).expect("moved away");
    fs::rename(&to, scene.data()).expect("put there");
    let (house, ledger) = scene.house().await;
    house.patient(scene.practice().await, "New", "Patient").await;
    ledger.close();
    verify(&scene.data().join("audit"), &verifier, &[]).expect("it goes on");
    let again = scene.backup().await;
    assert!(again.manifest.logs[0].entries > report.entries);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_goes_to_postgresql_and_back_and_there_the_owner_of_the_tables_alone_drops_more() {
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    let scene = Arc::new(scene().await);
    let databases = Arc::new(Databases::new(server));
    databases.grant(Store::Audit).await;
    let branch = Arc::new(scene.branch().await);
    let there = moving::there(&scene, &databases).await;
    assert!(there.iter().any(|(_, table)| table.table == "ledger_dropped" && table.rows == 1));
    let back = moving::back(&scene, &databases).await;
    let key = branch.verifier(&log());
    let report = verify(&scene.folder.join("back/audit"), &key, &[]).expect("whole");
    assert_eq!(report, verify(&scene.data().join("audit"), &key, &[]).expect("whole"));
    assert_eq!(there, back, "the same hashes, there and back");

    blocking(move || more(&databases, &branch)).await;
}

/// Drops another segment of the log in the databases.
fn more(databases: &Databases, branch: &AuditBranch) {
    let (name, key) = (Path::new("the log"), branch.verifier(&log()));
    let (owner, server) = (databases.owner(Store::Audit), databases.server(Store::Audit));
    let mut reader = PostgresBackend::reader(server, &log()).expect("connected");
    let report = verify_backend(&mut reader, name, &key, &[]).expect("whole");
    assert_eq!(report.dropped.as_ref().map(|dropped| dropped.before), Some(512));
    let mut segments = PostgresSegments::open(owner, &log()).expect("connected");
    let find = |segments: &mut PostgresSegments| {
        find_old(segments, &branch.seal(&log()), &key, old_entry(5_000).at, u64::MAX).expect("found")
    };
    let Some(Old { before: 768, newest }) = find(&mut segments) else { panic!("a segment more") };
    let elsewhere = LogName::new("elsewhere.example").expect("a name");
    let recorded = Recorded::new(&elsewhere, 7, Hash::of_nothing(), &[], String::new());
    let note = Dropped { before: 768, newest, years: 6, at: newest, recorded }.sign(&log(), &branch.signer(&log()));

    // Whoever serves requests can do nothing of it.
    let mut powerless = PostgresSegments::open(server, &log()).expect("connected");
    assert!(powerless.destroy(&[0]).is_err());
    // Without the note the owner's hand is held too.
    segments.destroy(&[2]).expect("nothing was done");
    assert_eq!(segments.left(768).expect("listed"), [2]);

    segments.put_note(&note).expect("noted");
    segments.destroy(&[2]).expect("destroyed");
    assert!(segments.left(768).expect("listed").is_empty());
    assert_eq!(find(&mut segments), None);
    let after = verify_backend(&mut reader, name, &key, &[]).expect("whole");
    assert_eq!((after.checkpoint, after.entries), (report.checkpoint, report.entries));
    assert!(matches!(reader.read(0, 9), Err(BackendError::Dropped { before: 768 })));
    assert_eq!(reader.read(768, 9).expect("read").len(), 9);
    let writer = PostgresBackend::connect(server, &log()).expect("connected");
    let ledger = Ledger::open(writer, settings(branch)).expect("opened");
    let runtime = tokio::runtime::Handle::current();
    runtime.block_on(ledger.handle().append(vec![old_entry(1)])).expect("appended");
    ledger.close();
    verify_backend(&mut reader, name, &key, &[]).expect("it goes on");

    // An entry that was emptied and of which the note does not speak is missed.
    let db = runtime.block_on(Db::connect(owner)).expect("connected");
    let empty = Batch::new().run("UPDATE ledger_entries SET sealed = ''::bytea WHERE seq = 770", &[]).expect(1);
    runtime.block_on(db.commit(empty)).expect("emptied");
    assert!(verify_backend(&mut reader, name, &key, &[]).is_err());
}
