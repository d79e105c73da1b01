//! Migrations: SQL files that are only ever added, and a table in each database that says which of them it has seen.

use crate::{Batch, CommitError, Db, Store, StoreError};
use domain::Clock;
use std::collections::BTreeMap;

/// One step of a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Its number, from 1 without gaps.
    pub version: i64,
    /// The name of its file, without `.sql`.
    pub name: &'static str,
    /// Its text, one for both databases.
    pub sql: &'static str,
}

macro_rules! migration {
    ($store:literal, $version:literal, $name:literal) => {
        Migration {
            version: $version,
            name: $name,
            sql: include_str!(concat!("../../migrations/", $store, "/", $name, ".sql")),
        }
    };
}

/// The migrations of a store, in order.
pub const fn migrations(store: Store) -> &'static [Migration] {
    match store {
        Store::Identity => &[
            migration!("identity", 1, "0001_people"),
            migration!("identity", 2, "0002_hardening"),
            migration!("identity", 3, "0003_care_links_of_account"),
            migration!("identity", 4, "0004_retention"),
            migration!("identity", 5, "0005_billing_links"),
            migration!("identity", 6, "0006_alerts"),
            migration!("identity", 7, "0007_requests"),
            migration!("identity", 8, "0008_sessions_ended"),
            migration!("identity", 9, "0009_condemned"),
            migration!("identity", 10, "0010_kept_contacts"),
            migration!("identity", 11, "0011_billing_retention"),
            migration!("identity", 12, "0012_channels"),
            migration!("identity", 13, "0013_access_reviews"),
            migration!("identity", 14, "0014_emergencies"),
            migration!("identity", 15, "0015_incidents"),
            migration!("identity", 16, "0016_access_reviews_looked_at"),
            migration!("identity", 17, "0017_freezing"),
            migration!("identity", 18, "0018_training"),
            migration!("identity", 19, "0019_answers"),
            migration!("identity", 20, "0020_unreviewed"),
            migration!("identity", 21, "0021_breaches"),
        ],
        Store::Keys => &[
            migration!("keys", 1, "0001_keys"),
            migration!("keys", 2, "0002_rotation"),
            migration!("keys", 3, "0003_destroyed"),
            migration!("keys", 4, "0004_archives"),
            migration!("keys", 5, "0005_archives_by_day"),
            migration!("keys", 6, "0006_archives_overwritten"),
        ],
        Store::Clinical => &[
            migration!("clinical", 1, "0001_care"),
            migration!("clinical", 2, "0002_visits"),
            migration!("clinical", 3, "0003_care"),
            migration!("clinical", 4, "0004_versions_of_patient"),
            migration!("clinical", 5, "0005_charging"),
            migration!("clinical", 6, "0006_imports"),
            migration!("clinical", 7, "0007_voided"),
            migration!("clinical", 8, "0008_corrections"),
            migration!("clinical", 9, "0009_taken_back"),
            migration!("clinical", 10, "0010_amendments"),
        ],
        Store::Billing => &[
            migration!("billing", 1, "0001_begin"),
            migration!("billing", 2, "0002_books"),
            migration!("billing", 3, "0003_corrections"),
            migration!("billing", 4, "0004_asked_for_nothing"),
            migration!("billing", 5, "0005_taken_back"),
            migration!("billing", 6, "0006_whole_accounts"),
        ],
        Store::Audit => &[migration!("audit", 1, "0001_ledger"), migration!("audit", 2, "0002_dropped")],
        Store::AuditIndex => &[migration!("audit-index", 1, "0001_search")],
    }
}

const HISTORY: &str = "CREATE TABLE IF NOT EXISTS schema_history (
    version BIGINT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    digest BYTEA NOT NULL,
    applied_at BIGINT NOT NULL
)";

/// In what a database differs from what the program knows.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Migrations are missing.
    #[error("the {store} database is at version {found} of {known}: run `patella migrate`")]
    Behind {
        /// Which store.
        store: Store,
        /// The last version that it has seen; 0 for an empty database.
        found: i64,
        /// The last version that the program knows.
        known: i64,
    },
    /// A newer program has migrated it.
    #[error(
        "the {store} database is at version {found}, newer than this program, which knows {known}: use the program \
         that ran `patella migrate` last"
    )]
    Newer {
        /// Which store.
        store: Store,
        /// The last version that it has seen.
        found: i64,
        /// The last version that the program knows.
        known: i64,
    },
    /// It has seen another migration under the same number, or none under a number below its last.
    #[error(
        "the {store} database has seen another migration {version} than this program knows: it belongs to another \
         build, and `patella migrate` cannot help"
    )]
    Altered {
        /// Which store.
        store: Store,
        /// Which migration.
        version: i64,
    },
    /// It could not be asked.
    #[error("the {store} database could not be asked for its version")]
    Store {
        /// Which store.
        store: Store,
        /// What went wrong.
        source: StoreError,
    },
}

/// Why a database was not migrated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MigrateError {
    /// It is not one that this program may change.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A migration failed; those before it stay, and nothing of it does.
    #[error("migration {version} of the {store} database failed and left nothing behind")]
    Failed {
        /// Which store.
        store: Store,
        /// Which migration.
        version: i64,
        /// What went wrong.
        source: CommitError,
    },
}

/// Brings a database to the last version that the program knows, and says how many migrations that took.
///
/// Each migration is one transaction; one that is killed has not happened. On PostgreSQL this is done as the owner of
/// the database, not as the server's role.
pub async fn migrate(db: &Db, store: Store, clock: &dyn Clock) -> Result<usize, MigrateError> {
    migrate_to(db, store, migrations(store), clock).await
}

/// Brings an empty database to an older version, that of a backup, so that it can be filled and then [migrated](migrate) on.
/// A version that the program does not know is [`SchemaError::Newer`].
pub async fn migrate_up_to(db: &Db, store: Store, version: i64, clock: &dyn Clock) -> Result<usize, MigrateError> {
    let known = migrations(store);
    let count = usize::try_from(version).unwrap_or(usize::MAX);
    match known.get(..count) {
        Some(known) => migrate_to(db, store, known, clock).await,
        None => Err(SchemaError::Newer { store, found: version, known: latest(store) }.into()),
    }
}

/// The version to which the program migrates a store.
pub fn latest(store: Store) -> i64 {
    migrations(store).last().map_or(0, |migration| migration.version)
}

/// One hash over the migrations of a store up to a version: the same number in another build may be another schema. None
/// where the program does not know the version.
pub fn schema_digest(store: Store, version: i64) -> Option<[u8; 32]> {
    let known = migrations(store).get(..usize::try_from(version).ok()?)?;
    let digests: Vec<u8> = known.iter().flat_map(digest).collect();
    Some(crypto::sha256(&digests))
}

async fn migrate_to(
    db: &Db,
    store: Store,
    known: &'static [Migration],
    clock: &dyn Clock,
) -> Result<usize, MigrateError> {
    match check_against(db, store, known).await {
        Ok(()) => return Ok(0),
        Err(SchemaError::Behind { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let seen = seen(db, store).await?.len();
    for migration in &known[seen..] {
        let version = migration.version;
        let batch = Batch::new().script(HISTORY).script(migration.sql).run(
            "INSERT INTO schema_history (version, name, digest, applied_at) VALUES ($1, $2, $3, $4)",
            &[version.into(), migration.name.into(), digest(migration).into(), clock.now().into()],
        );
        db.commit(batch).await.map_err(|source| MigrateError::Failed { store, version, source })?;
    }
    Ok(known.len() - seen)
}

/// Whether a database is exactly at the version that the program knows.
pub async fn check(db: &Db, store: Store) -> Result<(), SchemaError> {
    check_against(db, store, migrations(store)).await
}

async fn check_against(db: &Db, store: Store, known: &'static [Migration]) -> Result<(), SchemaError> {
    let seen = seen(db, store).await?;
    let found = seen.keys().next_back().copied().unwrap_or(0);
    let last = known.last().map_or(0, |migration| migration.version);
    for migration in known.iter().take_while(|migration| migration.version <= found) {
        let version = migration.version;
        if seen.get(&version).is_none_or(|seen| *seen != digest(migration)) {
            return Err(SchemaError::Altered { store, version });
        }
    }
    match found.cmp(&last) {
        std::cmp::Ordering::Less => Err(SchemaError::Behind { store, found, known: last }),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(SchemaError::Newer { store, found, known: last }),
    }
}

/// The digests of the migrations that a database has seen, by version; none when it is empty.
async fn seen(db: &Db, store: Store) -> Result<BTreeMap<i64, [u8; 32]>, SchemaError> {
    let explain = |source| SchemaError::Store { store, source };
    if !db.live_columns().await.map_err(explain)?.iter().any(|column| column.table == "schema_history") {
        return Ok(BTreeMap::new());
    }
    let rows = db.rows("SELECT version, digest FROM schema_history ORDER BY version", &[]).await.map_err(explain)?;
    rows.iter().map(|row| Ok((row.int(0)?, row.array(1)?))).collect::<Result<_, _>>().map_err(explain)
}

fn digest(migration: &Migration) -> [u8; 32] {
    crypto::sha256(migration.sql.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EmbeddedOptions, PostgresOptions};
    use domain::{FixedClock, Timestamp};

    const FIRST: Migration =
        Migration { version: 1, name: "0001_first", sql: "CREATE TABLE first (a BIGINT NOT NULL);" };
    const HALF: Migration = Migration {
        version: 2,
        name: "0002_half",
        sql: "CREATE TABLE second (a BIGINT NOT NULL); INSERT INTO first (a) VALUES (1);
              INSERT INTO no_such_table (a) VALUES (1); CREATE TABLE third (a BIGINT NOT NULL);",
    };
    const SECOND: Migration =
        Migration { version: 2, name: "0002_second", sql: "ALTER TABLE first ADD COLUMN b TEXT; -- the end" };

    async fn a_failing_migration_leaves_the_old_state_and_can_be_mended(db: &Db) {
        let clock = FixedClock::new(Timestamp::UNIX_EPOCH);
        let failed = migrate_to(db, Store::Keys, &[FIRST, HALF], &clock).await;
        assert!(matches!(failed, Err(MigrateError::Failed { version: 2, .. })), "{failed:?}");
        let behind = SchemaError::Behind { store: Store::Keys, found: 1, known: 2 };
        assert_eq!(check_against(db, Store::Keys, &[FIRST, HALF]).await, Err(behind));
        let left = db.live_columns().await.expect("columns");
        assert!(left.iter().all(|column| ["first", "schema_history"].contains(&column.table.as_str())), "{left:?}");
        assert!(db.rows("SELECT a FROM first", &[]).await.expect("readable").is_empty());
        assert_eq!(migrate_to(db, Store::Keys, &[FIRST, SECOND], &clock).await, Ok(1));
        assert!(db.rows("SELECT b FROM first", &[]).await.is_ok());
    }

    #[tokio::test]
    async fn a_failing_migration_leaves_the_old_state_in_an_embedded_database() {
        let folder = tempfile::tempdir().expect("folder");
        let db = Db::create(&folder.path().join("keys.db"), &[7; 32], &EmbeddedOptions::default()).expect("created");
        a_failing_migration_leaves_the_old_state_and_can_be_mended(&db).await;
    }

    #[tokio::test]
    async fn a_failing_migration_leaves_the_old_state_in_postgresql() {
        let Some(server) = testkit::postgres::Server::shared().expect("starts") else { return };
        let database = server.database("keys").expect("a database");
        let options = PostgresOptions::new(database.owner.url)
            .password_file(database.owner.password_file)
            .ca_file(database.ca_file);
        let db = Db::connect(&options).await.expect("connected");
        a_failing_migration_leaves_the_old_state_and_can_be_mended(&db).await;
    }

    #[test]
    fn migrations_are_numbered_without_gaps_and_named_after_their_files() {
        for store in Store::ALL {
            for (migration, number) in migrations(store).iter().zip(1..) {
                assert_eq!(migration.version, number, "{store}");
                assert!(migration.name.starts_with(&format!("{number:04}_")), "{store}: {}", migration.name);
            }
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
            let files = std::fs::read_dir(format!("{folder}/{store}")).expect("a folder").count();
            assert_eq!(files, migrations(store).len(), "{store}: a file is not in the list");
        }
    }
}
