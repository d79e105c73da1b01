//! A server that goes away and comes back.

use std::time::Duration;
use store::{Batch, CommitError, Db, PostgresOptions, Store, StoreError};
use testkit::postgres::Server;

const COUNT: &str = "SELECT COUNT(*) FROM throttles";

fn row(n: u8) -> Batch {
    let sql = "INSERT INTO throttles (subject_index, failures, failed_at) VALUES ($1, 1, 1)";
    Batch::new().run(sql, &[[n; 32].into()]).expect(1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_a_crash_and_the_rest_recovers_by_itself() {
    let Some(server) = Server::start().expect("starts") else { return };
    let database = server.database("identity").expect("a database");
    let options = PostgresOptions::new(&database.owner.url)
        .password_file(&database.owner.password_file)
        .ca_file(&database.ca_file);
    let db = Db::connect(&options).await.expect("connected");
    store::migrate(&db, Store::Identity, &crate::houses::clock()).await.expect("migrated");
    for round in 0..3u8 {
        db.commit(row(round)).await.expect("stored");
        server.crash().expect("crashed");
        let lost = db.commit(row(100 + round)).await;
        assert!(matches!(lost, Err(CommitError::Unavailable { .. })), "{lost:?}");
        let lost = db.rows(COUNT, &[]).await.err();
        assert!(matches!(lost, Some(StoreError::Unavailable { .. })), "{lost:?}");
        server.go().expect("starts again");
        // The first question after it finds the dead connections out and replaces them.
        let count = db.one(COUNT, &[]).await.expect("answers again").int(0);
        assert_eq!(count, Ok(i64::from(round) + 1));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_that_takes_too_long_is_given_up_and_the_pool_stays_whole() {
    let Some(mut house) = crate::houses::Postgres::new() else { return };
    let database = house.database(Store::Identity).clone();
    let mut options = PostgresOptions::new(&database.owner.url)
        .password_file(&database.owner.password_file)
        .ca_file(&database.ca_file);
    options.statement_timeout = Duration::from_millis(50);
    options.connections = 1;
    let db = Db::connect(&options).await.expect("connected");
    for _ in 0..3 {
        let late = db.rows("SELECT 1 FROM pg_sleep(60)", &[]).await.err();
        assert_eq!(late, Some(StoreError::Unavailable { code: "SQLSTATE 57014".into() }));
    }
    // Whoever goes away in the middle leaves a connection that the next one can use.
    for _ in 0..3 {
        let dropped =
            tokio::time::timeout(Duration::from_millis(1), db.commit(Batch::new().run("SELECT pg_sleep(1)", &[])));
        let _ = dropped.await;
        assert_eq!(db.one("SELECT 1", &[]).await.expect("answers").int(0), Ok(1));
    }
}
