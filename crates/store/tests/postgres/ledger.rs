//! The ledger's backend.

use crate::houses::{House, Postgres, clock};
use crypto::{Key, Signer, SystemRng};
use domain::{Clock, RequestId};
use ledger::{
    Backend, BackendError, Entry, Leaf, Ledger, LogName, OpenError, Outcome, Resource, Settings, Tile, Tree, Word,
    leaf_hash, open_entry,
};
use std::sync::Arc;
use store::{PostgresBackend, PostgresOptions, Store};
use testkit::postgres::{Database, Server};

fn log() -> LogName {
    LogName::new("practice.example/audit/node-1").expect("a name")
}

fn options(database: &Database) -> PostgresOptions {
    PostgresOptions::new(&database.server.url).password_file(&database.server.password_file).ca_file(&database.ca_file)
}

async fn audit(house: &mut Postgres) -> PostgresOptions {
    drop(crate::houses::furnished(house, Store::Audit).await);
    options(house.database(Store::Audit))
}

fn leaves(from: u64, count: u64) -> Vec<Leaf> {
    (from..from + count)
        .map(|n| {
            let sealed = n.to_be_bytes().repeat(5);
            Leaf { hash: leaf_hash(&sealed), sealed }
        })
        .collect()
}

fn settings() -> Settings {
    let clock: Arc<dyn Clock> = Arc::new(clock());
    let signer = Signer::from_seed(&Key::from_bytes([9; 32]));
    let mut settings = Settings::new(log(), Key::from_bytes([8; 32]), signer, clock, Arc::new(SystemRng));
    settings.checkpoint_every = std::time::Duration::from_secs(24 * 3600);
    settings
}

fn entry(n: u8) -> Entry {
    Entry {
        at: clock().now(),
        practice: None,
        actor: None,
        role: None,
        login_session: None,
        permission: None,
        action: Word::new("sign_in"),
        purpose: None,
        resource: Resource::new(Word::new("account"), n).expect("an id"),
        patient: None,
        outcome: Outcome::Denied,
        reason: Word::new("unknown"),
        address: None,
        request: RequestId::from_bytes([n; 16]),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_come_back_in_order_and_a_gap_or_a_second_writing_is_refused() {
    let Some(mut house) = Postgres::new() else { return };
    let mut backend = PostgresBackend::connect(&audit(&mut house).await, &log()).expect("opened");
    assert_eq!(backend.size().expect("size"), 0);
    backend.append(0, &leaves(0, 3)).expect("appended");
    backend.append(3, &leaves(3, 300)).expect("appended");
    assert_eq!(backend.size().expect("size"), 303);
    for wrong in [0, 302, 304, 1000] {
        let refused = backend.append(wrong, &leaves(wrong, 2)).expect_err("refused");
        assert!(matches!(refused, BackendError::Damaged(_)), "{refused}");
        assert_eq!(backend.size().expect("size"), 303);
    }
    let sealed: Vec<_> = leaves(0, 303).into_iter().map(|leaf| leaf.sealed).collect();
    assert_eq!(backend.read(0, 1000).expect("read"), sealed);
    assert_eq!(backend.read(2, 2).expect("read"), sealed[2..4]);
    assert!(backend.read(303, 5).expect("read").is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_has_one_writer_and_any_number_of_readers() {
    let Some(mut house) = Postgres::new() else { return };
    let options = audit(&mut house).await;
    let mut writer = PostgresBackend::connect(&options, &log()).expect("opened");
    let second = PostgresBackend::connect(&options, &log()).err().expect("refused").to_string();
    assert!(second.contains("another writer"), "{second}");
    let other = LogName::new("practice.example/audit/node-2").expect("a name");
    drop(PostgresBackend::connect(&options, &other).expect("another log is free"));
    writer.append(0, &leaves(0, 1)).expect("appended");
    let mut reader = PostgresBackend::reader(&options, &log()).expect("opened");
    assert_eq!(reader.size().expect("size"), 1);
    reader.append(1, &leaves(1, 1)).expect_err("a reader does not write");
    drop(writer);
    // The lock goes when PostgreSQL notices that the connection is closed.
    let mut next = loop {
        match PostgresBackend::connect(&options, &log()) {
            Ok(next) => break next,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    next.append(1, &leaves(1, 1)).expect("appended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tiles_are_those_of_the_tree() {
    let Some(mut house) = Postgres::new() else { return };
    let mut backend = PostgresBackend::connect(&audit(&mut house).await, &log()).expect("opened");
    let (size, mut tree, mut tiles) = (66_000u64, Tree::new(), Vec::new());
    for first in (0..size).step_by(3000) {
        let leaves = leaves(first, 3000);
        for leaf in &leaves {
            tree.push(leaf.hash, |tile, hashes| tiles.push((tile, hashes)));
        }
        backend.append(first, &leaves).expect("appended");
    }
    let edge = tree.partial_tiles().map(|(tile, hashes)| (tile, hashes.to_vec()));
    tiles.extend(edge);
    let publish = |backend: &mut PostgresBackend| {
        let publication = ledger::Publication { published: 0, size, tiles: &tiles, checkpoint: "signed" };
        backend.publish(&publication)
    };
    publish(&mut backend).expect("published");
    publish(&mut backend).expect("published once more");
    assert_eq!(backend.checkpoint().expect("read").as_deref(), Some("signed"));
    for (tile, hashes) in &tiles {
        assert_eq!(backend.tile(*tile, hashes.len()).expect("read").as_ref(), Some(hashes), "{tile:?}");
    }
    assert_eq!(backend.tile(Tile { level: 0, index: 400 }, 5).expect("read"), None);
    assert_eq!(backend.tile(Tile { level: 2, index: 0 }, 2).expect("read"), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ledger_runs_on_it_and_opens_again_with_all_its_entries() {
    let Some(mut house) = Postgres::new() else { return };
    let options = audit(&mut house).await;
    for round in 0..2u8 {
        let backend = loop {
            match PostgresBackend::connect(&options, &log()) {
                Ok(backend) => break backend,
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let ledger = Ledger::open(backend, settings()).expect("opens");
        let handle = ledger.handle();
        let receipts = futures::future::join_all((0..40).map(|n| handle.append(vec![entry(round * 40 + n)]))).await;
        let mut places: Vec<u64> = receipts.into_iter().map(|r| r.expect("appended")[0].seq()).collect();
        places.sort_unstable();
        assert_eq!(places, (u64::from(round) * 40..u64::from(round) * 40 + 40).collect::<Vec<_>>());
        ledger.close();
    }
    let mut reader = PostgresBackend::reader(&options, &log()).expect("opened");
    let mut seen: Vec<_> = (0..)
        .zip(reader.read(0, 1000).expect("read"))
        .map(|(seq, sealed)| open_entry(&Key::from_bytes([8; 32]), &log(), seq, &sealed).expect("opens"))
        .collect();
    seen.sort_by_key(|entry| entry.request);
    assert_eq!(seen, (0..80).map(entry).collect::<Vec<_>>());
    assert!(reader.checkpoint().expect("read").expect("signed at the end").contains("\n80\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_removed_or_cut_entry_stops_the_start() {
    let Some(mut house) = Postgres::new() else { return };
    let options = audit(&mut house).await;
    let ledger = Ledger::open(PostgresBackend::connect(&options, &log()).expect("opened"), settings()).expect("opens");
    ledger.handle().append((0..9).map(entry).collect()).await.expect("appended");
    ledger.close();
    let owner = house.owner(Store::Audit).await;
    for (damage, repair) in [
        (
            "UPDATE ledger_entries SET sealed = sealed || '\\x00'::bytea WHERE seq = 4",
            "UPDATE ledger_entries SET sealed = substr(sealed, 1, length(sealed) - 1) WHERE seq = 4",
        ),
        ("UPDATE ledger_entries SET seq = 100 WHERE seq = 4", "UPDATE ledger_entries SET seq = 4 WHERE seq = 100"),
        (
            "UPDATE ledger_entries SET log = 'x' WHERE seq = 8",
            "UPDATE ledger_entries SET log = 'practice.example/audit/node-1'",
        ),
    ] {
        let run = |sql| owner.commit(store::Batch::new().run(sql, &[]));
        run(damage).await.expect("damaged");
        let reader = PostgresBackend::reader(&options, &log()).expect("opened");
        let refused = Ledger::open(reader, settings()).err().expect("refused");
        assert!(
            matches!(refused, OpenError::Different { .. } | OpenError::Shorter { .. } | OpenError::Backend { .. }),
            "{refused}"
        );
        run(repair).await.expect("repaired");
    }
    drop(Ledger::open(PostgresBackend::reader(&options, &log()).expect("opened"), settings()).expect("whole again"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_says_so_while_the_server_is_away_and_goes_on_afterwards() {
    let Some(server) = Server::start().expect("starts") else { return };
    let database = server.database("audit").expect("a database");
    let owner = PostgresOptions { url: database.owner.url.clone(), ..options(&database) };
    let owner = owner.password_file(&database.owner.password_file);
    let db = store::Db::connect(&owner).await.expect("connected");
    store::migrate(&db, Store::Audit, &clock()).await.expect("migrated");
    store::grant_server(&db, Store::Audit, &database.server.role).await.expect("granted");
    let backend = PostgresBackend::connect(&options(&database), &log()).expect("opened");
    let ledger = Ledger::open(backend, settings()).expect("opens");
    let handle = ledger.handle();
    handle.append(vec![entry(0)]).await.expect("appended");
    server.crash().expect("crashed");
    for n in 1..4 {
        assert!(handle.append(vec![entry(n)]).await.is_err());
    }
    assert!(!handle.status().is_ready());
    server.go().expect("starts again");
    let receipt = handle.append(vec![entry(9)]).await.expect("appended again");
    assert_eq!(receipt[0].seq(), 1);
    assert!(handle.status().is_ready());
}
