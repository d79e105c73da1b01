//! Migrations and schemas.

use crate::houses::{House, clock, furnished};
use phi::{Protection, registry};
use std::collections::BTreeSet;
use store::{Batch, LiveColumn, MigrateError, SchemaError, Store, check, migrate, migrations};

pub(crate) async fn migrations_run_once(house: &mut dyn House) {
    for store in Store::ALL {
        let db = house.owner(store).await;
        assert_eq!(migrate(&db, store, &clock()).await, Ok(migrations(store).len()), "{store}");
        assert_eq!(check(&db, store).await, Ok(()), "{store}");
        assert_eq!(migrate(&db, store, &clock()).await, Ok(0), "{store}");
        let rows = db.rows("SELECT version, name, applied_at FROM schema_history", &[]).await.expect("history");
        assert_eq!(rows.len(), migrations(store).len());
        assert_eq!(rows[0].text(1).expect("a name"), migrations(store)[0].name);
        drop(db);
        assert_eq!(check(&house.server(store).await, store).await, Ok(()), "the server may look: {store}");
    }
}

pub(crate) async fn an_empty_database_is_behind_and_says_what_to_run(house: &mut dyn House) {
    let db = house.owner(Store::Keys).await;
    let known = migrations(Store::Keys).len() as i64;
    let behind = check(&db, Store::Keys).await.expect_err("refused");
    assert_eq!(behind, SchemaError::Behind { store: Store::Keys, found: 0, known });
    assert!(behind.to_string().contains("patella migrate"), "{behind}");
}

pub(crate) async fn an_altered_migration_is_refused(house: &mut dyn House) {
    drop(furnished(house, Store::Keys).await);
    let db = house.owner(Store::Keys).await;
    let alter = Batch::new().run("UPDATE schema_history SET digest = $1 WHERE version = 1", &[[0; 32].into()]);
    db.commit(alter.expect(1)).await.expect("altered");
    let altered = SchemaError::Altered { store: Store::Keys, version: 1 };
    assert_eq!(check(&db, Store::Keys).await, Err(altered.clone()));
    assert_eq!(migrate(&db, Store::Keys, &clock()).await, Err(MigrateError::Schema(altered)));
}

pub(crate) async fn a_newer_database_is_refused(house: &mut dyn House) {
    drop(furnished(house, Store::Keys).await);
    let db = house.owner(Store::Keys).await;
    let known = migrations(Store::Keys).len() as i64;
    let newer = Batch::new().run(
        "INSERT INTO schema_history (version, name, digest, applied_at) VALUES ($1, 'later', $2, 1)",
        &[(known + 1).into(), [0; 32].into()],
    );
    db.commit(newer).await.expect("stored");
    let newer = SchemaError::Newer { store: Store::Keys, found: known + 1, known };
    assert_eq!(check(&db, Store::Keys).await, Err(newer.clone()));
    assert_eq!(migrate(&db, Store::Keys, &clock()).await, Err(MigrateError::Schema(newer)));
}

async fn columns(house: &mut dyn House, store: Store) -> Vec<LiveColumn> {
    drop(furnished(house, store).await);
    house.owner(store).await.live_columns().await.expect("columns")
}

pub(crate) async fn only_the_shared_column_types_are_used(house: &mut dyn House) {
    for store in Store::ALL {
        for column in columns(house, store).await {
            assert!(["BYTEA", "BIGINT", "TEXT"].contains(&column.kind.as_str()), "{store}: {column:?}");
        }
    }
    let columns = columns(house, Store::Keys).await;
    let of = |name| columns.iter().find(|column| column.column == name).expect("there");
    assert_eq!(of("wrapped").kind, "BYTEA");
    let later = ["keyed_at", "finished_at", "ending_at", "overwritten_at", "ended_at", "certificate"];
    assert!(columns.iter().all(|column| !column.nullable || later.contains(&&*column.column)));
}

pub(crate) async fn every_stored_column_is_in_the_registry_and_of_the_right_type(house: &mut dyn House) {
    for store in Store::ALL {
        // The history of migrations holds the names and digests of our own files.
        let live = columns(house, store).await;
        let live: BTreeSet<(String, String, String)> = live
            .into_iter()
            .filter(|column| column.table != "schema_history")
            .map(|column| (column.table, column.column, column.kind))
            .collect();
        let said: BTreeSet<(String, String, String)> = registry()
            .filter(|column| column.store == store)
            .map(|column| {
                let (table, name) = (column.table.to_owned(), column.column.to_owned());
                let kind = match column.protection {
                    Protection::Sealed(_) | Protection::Ciphertext | Protection::Fingerprint | Protection::Id => {
                        Some("BYTEA")
                    }
                    Protection::Time => Some("BIGINT"),
                    Protection::Structure | Protection::Public => None,
                };
                let found = live.iter().find(|live| live.0 == table && live.1 == name);
                let kind = kind.or(found.map(|live| live.2.as_str())).unwrap_or("missing").to_owned();
                (table, name, kind)
            })
            .collect();
        assert_eq!(live, said, "{store}");
    }
}

pub(crate) async fn every_table_of_a_tenant_names_its_practice(house: &mut dyn House) {
    // What is looked up before the practice is known, or belongs to none.
    let without = [
        "schema_history",
        "throttles",
        "read_places",
        "ledger_entries",
        "ledger_checkpoints",
        "ledger_tiles",
        "ledger_dropped",
        "root_in_force",
    ];
    // The index of the ledger stands in one file a server; in it the practice is a number.
    for store in Store::ALL.into_iter().filter(|store| *store != Store::AuditIndex) {
        let columns = columns(house, store).await;
        let tables: BTreeSet<&str> = columns.iter().map(|column| column.table.as_str()).collect();
        for table in tables.difference(&without.into()) {
            let led = columns.iter().any(|column| column.table == *table && column.column == "practice_id");
            assert!(led, "{store}: {table}");
        }
    }
}
