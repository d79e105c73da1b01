//! SQL, migrations and rows of sealed fields, on SQLCipher and PostgreSQL.
//!
//! [`Db`] is one database, of either kind, and takes the same text of each statement (law 8). Reads are plain
//! queries; writes are data, a [`Batch`], which is applied whole or not at all and is durable when [`Db::commit`]
//! answers (law 11). No error holds a value of a row (law 9).

mod db;
mod elsewhere;
mod ledger_backend;
mod page_keys;
pub mod rows;
mod schema;

pub use db::raw;
pub use db::{
    Batch, CommitError, Db, EmbeddedOptions, Kind, LiveColumn, OpenError, Param, PostgresOptions, Row, StoreError,
    Stored, client_tls,
};
pub use elsewhere::{Elsewhere, ElsewhereError, ForeignRow, ForeignRows, ForeignTable, Passphrases};
pub use ledger_backend::{PostgresBackend, PostgresSegments};
pub use page_keys::{PageKeyError, PageKeys};
pub use schema::{
    MigrateError, Migration, SchemaError, check, grant_server, grants, latest, migrate, migrate_up_to, migrations,
    schema_digest,
};

/// The databases of a practice. They share nothing: not a table, not a role, not a key.
pub use phi::Store;
