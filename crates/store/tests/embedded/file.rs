//! The file and its key.

use crate::houses::clock;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};
use store::{Batch, CommitError, Db, EmbeddedOptions, OpenError, Store, StoreError};
use tempfile::TempDir;

const MARKER: &str = "marker-9b74c9897bac770f";
const INSERT: &str = "INSERT INTO practices (practice_id, name, timezone, created_at, bootstrap_open, demo)
    VALUES ($1, $2, 'UTC', 1, 0, 0)";

async fn create(folder: &Path) -> (PathBuf, Db) {
    let path = folder.join("identity.db");
    let db = Db::create(&path, &[7; 32], &EmbeddedOptions::default()).expect("created");
    store::migrate(&db, Store::Identity, &clock()).await.expect("migrated");
    (path, db)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder).expect("folder").map(|file| file.expect("file").path()).collect();
    files.sort();
    files
}

fn holds(folder: &Path, text: &str) -> bool {
    let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = |bytes: &[u8], what: &[u8]| bytes.windows(what.len()).any(|window| window == what);
    files(folder).iter().any(|file| {
        let bytes = fs::read(file).expect("readable");
        found(&bytes, text.as_bytes()) || found(&bytes, &wide)
    })
}

#[tokio::test]
async fn a_wrong_key_is_refused_and_the_right_one_still_opens() {
    let folder = TempDir::new().expect("folder");
    let (path, db) = create(folder.path()).await;
    drop(db);
    let refused = Db::open(&path, &[8; 32], &EmbeddedOptions::default()).expect_err("refused");
    assert!(matches!(refused, OpenError::WrongKey(_)), "{refused:?}");
    assert!(refused.to_string().contains("root key"), "{refused}");
    let db = Db::open(&path, &[7; 32], &EmbeddedOptions::default()).expect("opened");
    assert_eq!(store::check(&db, Store::Identity).await, Ok(()));
}

/// The child of the next test: opens with a wrong key.
#[test]
#[ignore = "the child process of another test"]
fn child_with_a_wrong_key() {
    let path = std::env::var_os("STORE_TEST_FILE").expect("set by the parent");
    Db::open(Path::new(&path), &[8; 32], &EmbeddedOptions::default()).expect_err("refused");
}

#[tokio::test]
async fn the_library_prints_nothing_of_its_own_about_a_wrong_key() {
    let folder = TempDir::new().expect("folder");
    let (path, db) = create(folder.path()).await;
    drop(db);
    let mut child = Command::new(std::env::current_exe().expect("this test"));
    child.args(["--exact", "file::child_with_a_wrong_key", "--ignored", "--nocapture"]);
    let output = child.env("STORE_TEST_FILE", &path).output().expect("ran");
    assert!(output.status.success());
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[tokio::test]
async fn a_database_is_not_made_over_another_nor_opened_where_there_is_none() {
    let folder = TempDir::new().expect("folder");
    let (path, db) = create(folder.path()).await;
    drop(db);
    let options = EmbeddedOptions::default();
    assert!(matches!(Db::create(&path, &[7; 32], &options), Err(OpenError::Exists(_))));
    let missing = folder.path().join("missing.db");
    assert!(matches!(Db::open(&missing, &[7; 32], &options), Err(OpenError::Missing(_))));
    assert!(!missing.exists());
    let nowhere = folder.path().join("no/such/folder.db");
    assert!(matches!(Db::create(&nowhere, &[7; 32], &options), Err(OpenError::File { .. })));
    // What a crash leaves between making the file and its first page.
    fs::write(&missing, "").expect("written");
    assert!(matches!(Db::open(&missing, &[7; 32], &options), Err(OpenError::Missing(_))));
    drop(Db::create(&missing, &[7; 32], &options).expect("created"));
    Db::open(&missing, &[7; 32], &options).expect("opened");
}

#[tokio::test]
async fn only_the_owner_reads_the_files() {
    let folder = TempDir::new().expect("folder");
    let (path, db) = create(folder.path()).await;
    assert_eq!(files(folder.path()).len(), 3, "the database, its log and its index");
    for file in files(folder.path()) {
        assert_eq!(fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    drop(db);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("opened up");
    let _db = Db::open(&path, &[7; 32], &EmbeddedOptions::default()).expect("opened");
    assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn nothing_written_is_found_in_the_files() {
    let folder = TempDir::new().expect("folder");
    let (_, db) = create(folder.path()).await;
    for n in 0..50u8 {
        db.commit(Batch::new().run(INSERT, &[[n; 16].into(), MARKER.into()]).expect(1)).await.expect("stored");
    }
    let found = db.one("SELECT COUNT(*) FROM practices WHERE name = $1", &[MARKER.into()]).await.expect("one");
    assert_eq!(found.int(0), Ok(50));
    for text in [MARKER, "practices", "SQLite format 3"] {
        assert!(!holds(folder.path(), text), "{text}, in the log");
    }
    drop(db);
    for text in [MARKER, "practices", "SQLite format 3"] {
        assert!(!holds(folder.path(), text), "{text}, in the database");
    }

    // The same without a key is found: the search can see.
    let plain = TempDir::new().expect("folder");
    let connection = rusqlite::Connection::open(plain.path().join("plain.db")).expect("opened");
    connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE practices (name TEXT)").expect("made");
    connection.execute("INSERT INTO practices VALUES (?1)", [MARKER]).expect("stored");
    assert!(holds(plain.path(), MARKER) && holds(plain.path(), "practices"));
}

#[tokio::test]
async fn a_page_that_was_changed_is_not_read() {
    let folder = TempDir::new().expect("folder");
    let (path, db) = create(folder.path()).await;
    db.commit(Batch::new().run(INSERT, &[[1; 16].into(), MARKER.into()]).expect(1)).await.expect("stored");
    drop(db);
    let mut bytes = fs::read(&path).expect("read");
    // Every page but the first, which the key is tried on.
    for byte in bytes[4096..].iter_mut().step_by(512) {
        *byte ^= 1;
    }
    fs::write(&path, bytes).expect("written");
    let opened = Db::open(&path, &[7; 32], &EmbeddedOptions::default());
    match opened {
        Ok(db) => {
            let refused = db.rows("SELECT name FROM practices", &[]).await.err();
            assert!(matches!(refused, Some(StoreError::Unavailable { .. })), "{refused:?}");
        }
        Err(OpenError::WrongKey(_) | OpenError::Unavailable { .. }) => {}
        Err(other) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_reader_cannot_write() {
    let folder = TempDir::new().expect("folder");
    let (_, db) = create(folder.path()).await;
    for sql in ["DELETE FROM schema_history", "DROP TABLE practices", "PRAGMA query_only = OFF"] {
        let _ = db.rows(sql, &[]).await;
    }
    let refused = db.rows("DELETE FROM schema_history RETURNING version", &[]).await.err();
    assert!(refused.is_some());
    assert_eq!(store::check(&db, Store::Identity).await, Ok(()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_process_may_write_beside_the_first() {
    let folder = TempDir::new().expect("folder");
    let (path, one) = create(folder.path()).await;
    let other = Db::open(&path, &[7; 32], &EmbeddedOptions::default()).expect("opened");
    for n in 0..20u8 {
        let row = |n: u8| Batch::new().run(INSERT, &[[n; 16].into(), "x".into()]).expect(1);
        let (a, b) = tokio::join!(one.commit(row(n)), other.commit(row(100 + n)));
        assert_eq!((a, b), (Ok(()), Ok(())));
        assert_eq!(one.commit(row(100 + n)).await, Err(CommitError::Duplicate { statement: 0 }));
    }
    let count = one.one("SELECT COUNT(*) FROM practices", &[]).await.expect("one").int(0);
    assert_eq!(count, Ok(40));
}

#[tokio::test]
async fn the_settings_are_those_that_durability_and_secrecy_need() {
    let folder = TempDir::new().expect("folder");
    let (_, db) = create(folder.path()).await;
    for (sql, expected) in [
        ("SELECT * FROM pragma_foreign_keys", 1),
        ("SELECT * FROM pragma_trusted_schema", 0),
        ("SELECT * FROM pragma_temp_store", 2),
        ("SELECT * FROM pragma_query_only", 1),
        ("SELECT * FROM pragma_cell_size_check", 1),
    ] {
        assert_eq!(db.one(sql, &[]).await.expect("a setting").int(0), Ok(expected), "{sql}");
    }
    assert_eq!(db.one("SELECT * FROM pragma_journal_mode", &[]).await.expect("a setting").text(0), Ok("wal"));
}
