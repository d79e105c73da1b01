//! A full disk.

use crate::houses::clock;
use std::fs;
use store::{Batch, CommitError, Db, EmbeddedOptions, Store};
use tempfile::TempDir;
use testkit::disk::Disk;

const INSERT: &str = "INSERT INTO throttles (subject_index, failures, failed_at) VALUES ($1, $2, 0)";

fn row(n: i64) -> Batch {
    let mut address = vec![5; 40_000];
    address[..8].copy_from_slice(&n.to_be_bytes());
    Batch::new().run(INSERT, &[address.into(), n.into()]).expect(1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_so_loses_nothing_and_recovers_by_itself() {
    let folder = TempDir::new().expect("folder");
    let Some(disk) = Disk::at(folder.path(), "8m").expect("made") else { return };
    let path = disk.path().join("identity.db");
    let db = Db::create(&path, &[7; 32], &EmbeddedOptions::default()).expect("created");
    store::migrate(&db, Store::Identity, &clock()).await.expect("migrated");
    let ballast = |round: i64| disk.path().join(format!("ballast-{round}"));
    for round in 0..3 {
        fs::write(ballast(round), vec![1; 1 << 20]).expect("room for the ballast");
    }
    let mut stored = Vec::new();
    for round in 0..3i64 {
        let mut numbers = round * 10_000..;
        let full = loop {
            let number = numbers.next().expect("endless");
            assert!(stored.len() < 1000, "the disk does not get full");
            match db.commit(row(number)).await {
                Ok(()) => stored.push(number),
                Err(error) => break error,
            }
        };
        assert!(matches!(full, CommitError::Unavailable { .. }), "{full}");
        // Many at once are refused as well, unless one still fits, and reading goes on.
        let more: Vec<i64> = numbers.take(20).collect();
        let outcomes = futures::future::join_all(more.iter().map(|number| db.commit(row(*number)))).await;
        stored.extend(more.iter().zip(outcomes).filter(|(_, outcome)| outcome.is_ok()).map(|(number, _)| *number));
        assert_eq!(numbers_in(&db).await, stored);
        fs::remove_file(ballast(round)).expect("room again");
        let number = round * 10_000 + 9_000;
        db.commit(row(number)).await.expect("stored again, without a restart");
        stored.push(number);
    }
    assert_eq!(numbers_in(&db).await, stored);
    drop(db);
    let db = Db::open(&path, &[7; 32], &EmbeddedOptions::default()).expect("opened");
    assert_eq!(numbers_in(&db).await, stored);
}

async fn numbers_in(db: &Db) -> Vec<i64> {
    let rows = db.rows("SELECT failures FROM throttles ORDER BY failures", &[]).await.expect("reads");
    rows.iter().map(|row| row.int(0).expect("a number")).collect()
}
