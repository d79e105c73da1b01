//! In PostgreSQL every node finds the entries of all nodes.

use super::logs::{BRANCH, Node, all, append, clock, commands, entry, practice, server, settings};
use crypto::Key;
use domain::{SeededRng, SystemClock};
use ledger::{Entry, Ledger, LogName};
use practice::backup::AuditBranch;
use practice::trail::{AuditIndex, PostgresLogs, Trail, TrailFilter};
use store::{Db, PostgresBackend, PostgresOptions, Store};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_finds_the_entries_of_all_nodes_and_proves_them() {
    // Where PostgreSQL is not installed a word about it is printed.
    let Some(postgres) = testkit::postgres::Server::shared().expect("PostgreSQL starts") else { return };
    let database = postgres.database("audit").expect("a database");
    let owner = PostgresOptions::new(&database.owner.url)
        .password_file(&database.owner.password_file)
        .ca_file(&database.ca_file);
    let owner = Db::connect(&owner).await.expect("connected");
    store::migrate(&owner, Store::Audit, &SystemClock).await.expect("migrated");
    store::grant_server(&owner, Store::Audit, &database.server.role).await.expect("granted");
    let options = PostgresOptions::new(&database.server.url)
        .password_file(&database.server.password_file)
        .ca_file(&database.ca_file);

    let (node, dice) = (Node::new(), SeededRng::new(1));
    let logs = PostgresLogs::new(options.clone(), AuditBranch::new(Key::from_bytes(BRANCH)));
    let index = AuditIndex::new(node.place(), logs, clock());
    assert!(all(&index, practice(1), &TrailFilter::default()).await.is_empty());
    let second = LogName::new("second.example").expect("a name");
    let mut open = Vec::new();
    for (n, log) in [server(), commands(), second.clone()].into_iter().enumerate() {
        let backend = PostgresBackend::connect(&options, &log).expect("a log");
        let ledger = Ledger::open(backend, settings(&log)).expect("opened");
        let of_one = |n| Entry { practice: Some(practice(1)), ..entry(n, &dice) };
        append(&ledger, (0..300 * (n as i64 + 1)).map(of_one).collect()).await;
        open.push(ledger);
    }
    let found = all(&index, practice(1), &TrailFilter::default()).await;
    assert_eq!(found.len(), 300 + 600 + 900);
    let of_second = found.iter().filter(|found| found.log == second).count();
    assert_eq!(of_second, 900);

    for ledger in &open {
        ledger.handle().checkpoint().await.expect("published");
    }
    let heads = index.heads().await.expect("signed");
    assert_eq!(heads.len(), 3);
    let places: Vec<(LogName, u64)> = found.iter().step_by(100).map(|found| (found.log.clone(), found.seq)).collect();
    let proofs = index.prove(heads.clone(), places.clone()).await.expect("proved");
    for ((log, seq), proved) in places.iter().zip(proofs) {
        let head = heads.iter().find(|head| head.log == *log).expect("signed");
        let path = proved.path.expect("covered");
        assert!(ledger::verify_inclusion(&ledger::leaf_hash(&proved.sealed), *seq, &head.checkpoint, &path));
    }
    for ledger in open {
        ledger.close();
    }
}
