//! Who gets in, how, and what they may do there.

use crate::houses::{House, Postgres, furnished};
use std::fs;
use store::{Batch, CommitError, Db, OpenError, PostgresOptions, Store};

fn options(login: &testkit::postgres::Login, database: &testkit::postgres::Database) -> PostgresOptions {
    PostgresOptions::new(&login.url).password_file(&login.password_file).ca_file(&database.ca_file)
}

#[tokio::test]
async fn the_server_may_add_to_the_audit_and_neither_change_nor_remove() {
    let Some(mut house) = Postgres::new() else { return };
    let db = furnished(&mut house, Store::Audit).await;
    let insert = "INSERT INTO ledger_entries (log, seq, leaf_hash, sealed) VALUES ('a', 0, $1, $1)";
    db.commit(Batch::new().run(insert, &[[1; 32].into()]).expect(1)).await.expect("added");
    for sql in [
        "UPDATE ledger_entries SET sealed = leaf_hash",
        "DELETE FROM ledger_entries",
        "TRUNCATE ledger_entries",
        "DROP TABLE ledger_entries",
        "ALTER TABLE ledger_entries DROP COLUMN sealed",
        "UPDATE ledger_checkpoints SET note = ''",
        "DELETE FROM ledger_checkpoints",
        "DELETE FROM ledger_tiles",
        "UPDATE ledger_dropped SET note = ''",
        "DELETE FROM ledger_dropped",
        "UPDATE schema_history SET version = 7",
        "CREATE TABLE mine (a BIGINT)",
        "GRANT DELETE ON ledger_entries TO PUBLIC",
    ] {
        match db.commit(Batch::new().run(sql, &[])).await {
            Err(CommitError::Refused { code, .. }) => assert_eq!(code, "SQLSTATE 42501", "{sql}"),
            // PostgreSQL only warns about a grant that grants nothing.
            Ok(()) if sql.starts_with("GRANT") => {}
            other => panic!("{sql}: {other:?}"),
        }
    }
    let kept = db.one("SELECT COUNT(*) FROM ledger_entries", &[]).await.expect("readable");
    assert_eq!(kept.int(0), Ok(1));
}

#[tokio::test]
async fn a_role_of_one_database_does_not_get_into_another() {
    let Some(mut house) = Postgres::new() else { return };
    for store in [Store::Clinical, Store::Billing] {
        drop(furnished(&mut house, store).await);
    }
    let clinical = house.database(Store::Clinical).clone();
    let billing = house.database(Store::Billing).clone();
    for login in [&billing.server, &billing.owner] {
        let mut stranger = options(login, &clinical);
        stranger.url = login.url.replace(&billing.name, &clinical.name).replacen(
            &login.role.replace(&billing.name, &clinical.name),
            &login.role,
            1,
        );
        assert!(stranger.url.contains(&login.role) && stranger.url.ends_with(&clinical.name), "{}", stranger.url);
        match Db::connect(&stranger).await {
            Err(OpenError::Unavailable { code }) => assert_eq!(code, "SQLSTATE 42501"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_server_without_grants_does_not_even_get_in() {
    let Some(mut house) = Postgres::new() else { return };
    let database = house.database(Store::Clinical).clone();
    match Db::connect(&options(&database.server, &database)).await {
        Err(OpenError::Unavailable { code }) => assert_eq!(code, "SQLSTATE 42501"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_server_sees_every_table_once_it_has_its_grants() {
    let Some(mut house) = Postgres::new() else { return };
    for store in Store::ALL {
        // What a role has no right on, it does not find in the catalog either. A grant on a table that is not there
        // fails, so that none can be left over.
        let seen = furnished(&mut house, store).await.live_columns().await.expect("columns");
        let there = house.owner(store).await.live_columns().await.expect("columns");
        assert_eq!(seen, there, "{store}");
    }
}

#[tokio::test]
async fn a_certificate_of_another_authority_is_refused() {
    let Some(mut house) = Postgres::new() else { return };
    let database = house.database(Store::Keys).clone();
    let folder = tempfile::tempdir().expect("folder");
    let other = folder.path().join("ca.pem");
    let key = rcgen::KeyPair::generate().expect("key");
    let ca = rcgen::CertificateParams::new(Vec::new()).expect("params").self_signed(&key).expect("signed");
    fs::write(&other, ca.pem()).expect("written");
    let refused = Db::connect(&options(&database.owner, &database).ca_file(&other)).await.expect_err("refused");
    assert!(refused.to_string().contains("invalid peer certificate"), "{refused}");
    let mut system = options(&database.owner, &database);
    system.ca_file = None;
    let refused = Db::connect(&system).await.expect_err("the system does not know it either");
    assert!(refused.to_string().contains("invalid peer certificate"), "{refused}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let Some(mut house) = Postgres::new() else { return };
    let database = house.database(Store::Keys).clone();
    let mut named = options(&database.owner, &database);
    named.url = named.url.replace("localhost", "127.0.0.1");
    let refused = Db::connect(&named).await.expect_err("refused");
    assert!(refused.to_string().contains("invalid peer certificate"), "{refused}");
}

#[tokio::test]
async fn a_wrong_password_is_refused_and_not_repeated() {
    let Some(mut house) = Postgres::new() else { return };
    let database = house.database(Store::Keys).clone();
    let folder = tempfile::tempdir().expect("folder");
    let file = folder.path().join("password");
    fs::write(&file, "marker-of-a-password\n").expect("written");
    let refused = Db::connect(&options(&database.owner, &database).password_file(&file)).await.expect_err("refused");
    let said = format!("{refused} {refused:?}");
    assert!(said.contains("SQLSTATE 28P01") && !said.contains("marker"), "{said}");
    fs::write(&file, "\n").expect("written");
    let empty = Db::connect(&options(&database.owner, &database).password_file(&file)).await;
    assert!(matches!(empty, Err(OpenError::Content { .. })), "{empty:?}");
}

#[tokio::test]
async fn a_unix_socket_goes_without_tls() {
    let Some(mut house) = Postgres::new() else { return };
    let database = house.database(Store::Keys).clone();
    let local = PostgresOptions::new(&database.owner.socket_url).password_file(&database.owner.password_file);
    let db = Db::connect(&local).await.expect("connected");
    let tls = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(db.one(tls, &[]).await.expect("a row").flag(0), Ok(false));
    let db = Db::connect(&options(&database.owner, &database)).await.expect("connected");
    assert_eq!(db.one(tls, &[]).await.expect("a row").flag(0), Ok(true));
}

#[tokio::test]
async fn a_server_that_talks_in_the_open_is_refused() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let port = listener.local_addr().expect("address").port();
    // Answers "no TLS", and notes whether it is told anything after that.
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 8];
        stream.read_exact(&mut request).await.expect("a request for TLS");
        stream.write_all(b"N").await.expect("answered");
        let mut more = Vec::new();
        // The other side may also just close.
        let _ = stream.read_to_end(&mut more).await;
        more
    });
    let refused = Db::connect(&PostgresOptions::new(format!("postgres://role@localhost:{port}/db"))).await;
    let refused = refused.expect_err("refused").to_string();
    assert!(refused.contains("TLS"), "{refused}");
    assert!(server.await.expect("no panic").is_empty(), "something was said in the open");
}

#[tokio::test]
async fn an_address_with_a_password_or_settings_is_refused() {
    for (url, why) in [
        ("postgres://role:secret@localhost/db", "password"),
        ("postgres://role@localhost/db?sslmode=disable", "question mark"),
        ("mysql://role@localhost/db", "must begin with postgres://"),
        ("postgres://localhost/db", "names no role"),
        ("postgres://role@localhost", "no database"),
        ("postgres://role@localhost,%2Frun/db", "mixes"),
        ("postgres://role@[::/db", "is not"),
    ] {
        match Db::connect(&PostgresOptions::new(url)).await {
            Err(error @ OpenError::Address(_)) => {
                let said = error.to_string();
                assert!(said.contains(why) && !said.contains("secret"), "{url}: {said}");
            }
            other => panic!("{url}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_commit_waits_for_the_disk_of_the_server() {
    let Some(mut house) = Postgres::new() else { return };
    drop(furnished(&mut house, Store::Keys).await);
    let database = house.database(Store::Keys).clone();
    let db = Db::connect(&options(&database.server, &database)).await.expect("connected");
    for (setting, value) in [
        ("synchronous_commit", "on"),
        ("search_path", "public"),
        ("statement_timeout", "10s"),
        ("transaction_isolation", "read committed"),
    ] {
        let row = db.one("SELECT current_setting($1)", &[setting.into()]).await.expect("a setting");
        assert_eq!(row.text(0), Ok(value), "{setting}");
    }
}
