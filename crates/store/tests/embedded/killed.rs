//! `kill -9`.

use crate::houses::clock;
use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
};
use store::{Batch, Db, EmbeddedOptions, SchemaError, Store};
use tempfile::TempDir;

/// Two rows to a batch: half a batch would show.
fn pair(n: i64) -> Batch {
    let sql = "INSERT INTO throttles (subject_index, failures, failed_at) VALUES ($1, $2, $3)";
    let row = |batch: Batch, half: i64| {
        batch.run(sql, &[[n.to_be_bytes(), half.to_be_bytes()].concat().into(), n.into(), half.into()]).expect(1)
    };
    row(row(Batch::new(), 0), 1)
}

/// The child: stores pairs, eight at a time, and prints the number of each when it is acknowledged.
#[test]
#[ignore = "the child process of another test"]
fn child_that_is_killed() {
    let path = std::env::var_os("STORE_TEST_FILE").expect("set by the parent");
    let db = Db::open(Path::new(&path), &[7; 32], &EmbeddedOptions::default()).expect("opened");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    runtime.block_on(async {
        let sql = "SELECT COALESCE(MAX(failures) + 1, 0) FROM throttles";
        let first = db.one(sql, &[]).await.expect("reads").int(0).expect("a number");
        let tasks = (0..8).map(|task| {
            let db = db.clone();
            tokio::spawn(async move {
                for n in (0..).map(|n| first + n * 8 + task) {
                    db.commit(pair(n)).await.expect("stored");
                    writeln!(std::io::stdout(), "stored {n}").expect("the parent listens");
                }
            })
        });
        futures::future::join_all(tasks.collect::<Vec<_>>()).await;
    });
}

#[tokio::test]
async fn whatever_was_acknowledged_survives_and_nothing_is_half_stored() {
    let folder = TempDir::new().expect("folder");
    let path = folder.path().join("identity.db");
    let db = Db::create(&path, &[7; 32], &EmbeddedOptions::default()).expect("created");
    store::migrate(&db, Store::Identity, &clock()).await.expect("migrated");
    drop(db);
    let mut acknowledged = Vec::new();
    for round in 0..5 {
        let mut child = Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "killed::child_that_is_killed", "--ignored", "--nocapture"])
            .env("STORE_TEST_FILE", &path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("started");
        let said = BufReader::new(child.stdout.take().expect("piped"));
        let number = |line: String| line.split_once("stored ")?.1.parse::<i64>().ok();
        let mut numbers = said.lines().map_while(Result::ok).filter_map(number);
        acknowledged.extend(numbers.by_ref().take(40 + round * 37));
        child.kill().expect("killed");
        // What it still said before it died counts as well.
        acknowledged.extend(numbers);
        child.wait().expect("dead");
    }
    let db = Db::open(&path, &[7; 32], &EmbeddedOptions::default()).expect("opened");
    let sql = "SELECT failures, COUNT(*) FROM throttles GROUP BY failures ORDER BY failures";
    let stored: Vec<(i64, i64)> = db
        .rows(sql, &[])
        .await
        .expect("reads")
        .iter()
        .map(|row| (row.int(0).expect("n"), row.int(1).expect("count")))
        .collect();
    assert!(stored.iter().all(|(_, count)| *count == 2), "a batch is half stored");
    for number in &acknowledged {
        assert!(stored.binary_search(&(*number, 2)).is_ok(), "{number} was acknowledged and is lost");
    }
    assert!(acknowledged.len() >= 5 * 40);
}

/// The child of the next test: migrates.
#[tokio::test]
#[ignore = "the child process of another test"]
async fn child_that_migrates() {
    let path = std::env::var_os("STORE_TEST_FILE").expect("set by the parent");
    let db = Db::open(Path::new(&path), &[7; 32], &EmbeddedOptions::default()).expect("opened");
    // Injected errors may refuse it; being killed is another way not to finish.
    let _ = store::migrate(&db, Store::Clinical, &clock()).await;
}

/// Runs the migration under `strace`, with something injected; none where there is no strace.
fn migrate_with(path: &Path, injected: &str) -> Option<()> {
    let mut child = Command::new("strace");
    child.args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64,fdatasync,fsync", "-e", injected]);
    child.arg(std::env::current_exe().expect("this test"));
    child.args(["--exact", "killed::child_that_migrates", "--ignored"]).env("STORE_TEST_FILE", path);
    child.stdout(Stdio::null()).stderr(Stdio::null()).status().ok().map(|_| ())
}

#[tokio::test]
async fn a_migration_that_is_killed_or_fails_at_any_write_leaves_the_old_state_or_the_new() {
    let (mut old, mut new) = (0, 0);
    for (what, calls) in [("signal=KILL", "pwrite64"), ("error=ENOSPC", "pwrite64"), ("error=EIO", "fdatasync,fsync")] {
        for place in [1, 2, 3, 5, 8, 13, 21, 34, 55, 500] {
            let folder = TempDir::new().expect("folder");
            let path = folder.path().join("clinical.db");
            drop(Db::create(&path, &[7; 32], &EmbeddedOptions::default()).expect("created"));
            if migrate_with(&path, &format!("inject={calls}:{what}:when={place}")).is_none() {
                #[allow(clippy::print_stderr)]
                {
                    eprintln!("SKIPPED: strace is not installed, so nothing is injected into a migration");
                }
                return;
            }
            let db = Db::open(&path, &[7; 32], &EmbeddedOptions::default()).expect("opens");
            match store::check(&db, Store::Clinical).await {
                Ok(()) => new += 1,
                Err(SchemaError::Behind { found: 0, .. }) => {
                    old += 1;
                    assert!(db.live_columns().await.expect("columns").is_empty(), "a table is left behind");
                }
                // Each migration is a transaction of its own. One that was half done could not be done again, below.
                Err(SchemaError::Behind { .. }) => old += 1,
                Err(other) => panic!("{what} at {calls} {place}: {other}"),
            }
            store::migrate(&db, Store::Clinical, &clock()).await.expect("can be done again");
            assert_eq!(store::check(&db, Store::Clinical).await, Ok(()));
        }
    }
    assert!(old > 0 && new > 0, "both must happen: {old} {new}");
}
