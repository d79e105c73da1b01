//! One database, embedded or PostgreSQL, behind one handle.

mod batch;
mod embedded;
mod error;
mod param;
pub(crate) mod postgres;
pub mod raw;
mod row;

pub use batch::Batch;
pub use embedded::EmbeddedOptions;
pub use error::{CommitError, OpenError, StoreError};
pub use param::{Kind, Param, Stored};
pub use postgres::{PostgresOptions, client_tls};
pub use row::Row;
pub(crate) use row::Value;

use embedded::Embedded;
use postgres::Postgres;
use std::{fmt, path::Path, sync::Arc};

/// One database. Cheap to clone; the last clone closes it.
///
/// Statements are written once for both kinds: placeholders `$1`, `$2`, …; columns `BYTEA`, `BIGINT` and `TEXT` only.
#[derive(Clone)]
pub struct Db(Arc<Engine>);

enum Engine {
    Embedded(Embedded),
    Postgres(Postgres),
}

/// A column as it stands in the live database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LiveColumn {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// `BYTEA`, `BIGINT` or `TEXT`, in capitals.
    pub kind: String,
    /// Whether it may be null.
    pub nullable: bool,
}

impl Db {
    /// Makes a new embedded database at `path`, encrypted page by page under `key`, readable by its owner only.
    ///
    /// Refused when there is one already. The folder must exist.
    pub fn create(path: &Path, key: &[u8; 32], options: &EmbeddedOptions) -> Result<Self, OpenError> {
        Embedded::create(path, key, options).map(Self::embedded)
    }

    /// Opens the embedded database at `path`, refusing a missing one and a wrong key.
    pub fn open(path: &Path, key: &[u8; 32], options: &EmbeddedOptions) -> Result<Self, OpenError> {
        Embedded::open(path, key, options).map(Self::embedded)
    }

    /// Opens a pool of connections to a PostgreSQL database, and tries the first one.
    pub async fn connect(options: &PostgresOptions) -> Result<Self, OpenError> {
        Ok(Self(Arc::new(Engine::Postgres(Postgres::connect(options).await?))))
    }

    fn embedded(embedded: Embedded) -> Self {
        Self(Arc::new(Engine::Embedded(embedded)))
    }

    /// All rows of a query, in the order in which the query gives them.
    ///
    /// On the embedded database this runs on the calling thread (a point read takes some 20 µs); bound long lists
    /// with `LIMIT`.
    pub async fn rows(&self, sql: &'static str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        match &*self.0 {
            Engine::Embedded(embedded) => embedded.rows(sql, params),
            Engine::Postgres(postgres) => postgres.rows(sql, params).await,
        }
    }

    /// The only row of a query; [`StoreError::NotOne`] when there is none or more than one.
    pub async fn one(&self, sql: &'static str, params: &[Param<'_>]) -> Result<Row, StoreError> {
        self.optional(sql, params).await?.ok_or(StoreError::NotOne { found: 0 })
    }

    /// The row of a query that gives at most one; [`StoreError::NotOne`] when it gives more.
    pub async fn optional(&self, sql: &'static str, params: &[Param<'_>]) -> Result<Option<Row>, StoreError> {
        let mut rows = self.rows(sql, params).await?;
        match rows.len() {
            0 | 1 => Ok(rows.pop()),
            found => Err(StoreError::NotOne { found }),
        }
    }

    /// Applies a batch in one atomic transaction and returns when it is durable.
    ///
    /// Whoever drops the future does not learn the outcome: the batch may still be stored, whole.
    pub async fn commit(&self, batch: Batch) -> Result<(), CommitError> {
        match &*self.0 {
            Engine::Embedded(embedded) => embedded.commit(batch).await,
            Engine::Postgres(postgres) => postgres.commit(&batch).await,
        }
    }

    /// Overwrites what was deleted as far as this database can: the embedded one puts its write-ahead log back into the file,
    /// where `secure_delete` has blanked the pages, and cuts the log to nothing. True when that was done; false when a reader
    /// was in the way, or on PostgreSQL, whose server does such things in its own time.
    ///
    /// On flash and copy-on-write storage old pages may stay where no program reaches them: there only the destruction of the
    /// key counts (NIST SP 800-88 Rev. 1, 2.6: cryptographic erase).
    pub async fn scrub(&self) -> Result<bool, CommitError> {
        match &*self.0 {
            Engine::Embedded(embedded) => embedded.scrub().await,
            Engine::Postgres(_) => Ok(false),
        }
    }

    /// Every column of every table, sorted: what the registry of fields is held against (law 3).
    pub async fn live_columns(&self) -> Result<Vec<LiveColumn>, StoreError> {
        let sql = match &*self.0 {
            Engine::Embedded(_) => embedded::LIVE_COLUMNS,
            Engine::Postgres(_) => postgres::LIVE_COLUMNS,
        };
        let mut columns = Vec::new();
        for row in self.rows(sql, &[]).await? {
            columns.push(LiveColumn {
                table: row.text(0)?.to_owned(),
                column: row.text(1)?.to_owned(),
                kind: row.text(2)?.to_uppercase(),
                nullable: row.int(3)? != 0,
            });
        }
        columns.sort();
        Ok(columns)
    }

    /// Whether this is PostgreSQL, where roles and grants exist.
    pub fn is_postgres(&self) -> bool {
        matches!(&*self.0, Engine::Postgres(_))
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_postgres() { "Db(PostgreSQL)" } else { "Db(embedded)" })
    }
}
