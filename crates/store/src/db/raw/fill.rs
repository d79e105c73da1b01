//! Filling an empty database with rows as they were carried.
//!
//! An embedded file is filled without a journal on disk: it is not in use yet, and one that was not filled to its end is
//! thrown away. In PostgreSQL all is one transaction.

use super::{
    RawError, RawTable,
    cut::{engine, sqlite},
    tuple::{Fields, Tuples},
};
use crate::db::{Db, Engine, Kind, Param, StoreError, embedded, postgres::Postgres};
use bytes::{BufMut, Bytes, BytesMut};
use deadpool_postgres::ClientWrapper;
use futures::SinkExt;
use rusqlite::Connection;
use std::{fs::File, io, path::PathBuf, pin::pin};
use tokio::runtime::Handle;

/// Kibibytes of pages that filling a file may keep, so that each is encrypted and written about once.
const CACHE_KIB: u32 = 64 << 10;
/// How many bytes go to PostgreSQL at once.
const AT_ONCE: usize = 256 * 1024;

/// An empty database that is being filled. What is not [finished](Fill::finish) has not happened in PostgreSQL, and leaves
/// a useless file otherwise.
pub struct Fill(Target);

enum Target {
    Embedded { connection: Connection, path: PathBuf },
    Postgres { client: ClientWrapper, handle: Handle, constraints: Vec<String> },
}

/// How many rows went in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Filled {
    /// Rows that are in the table now.
    pub rows: u64,
    /// Rows that were left out.
    pub left_out: u64,
}

impl Fill {
    /// Begins to fill a database whose schema is there and whose tables are empty. For PostgreSQL `db` is opened as the
    /// owner of the tables. An embedded one must not be used by anyone meanwhile.
    pub fn begin(db: Db) -> Result<Self, RawError> {
        let (path, key) = match &*db.0 {
            Engine::Postgres(postgres) => return Self::begin_postgres(postgres),
            Engine::Embedded(embedded) => embedded.place(),
        };
        // The writer of `db` would hold its own connection in another mode.
        drop(db);
        let connection = embedded::connect(&path, key.expose(), Some(true), CACHE_KIB).map_err(sqlite)?;
        let mode: String =
            connection.query_row("PRAGMA journal_mode = MEMORY", [], |row| row.get(0)).map_err(sqlite)?;
        if mode != "memory" {
            return Err(StoreError::Unavailable { code: "somebody else has the new database open".into() }.into());
        }
        connection
            .execute_batch(
                "PRAGMA synchronous = OFF; PRAGMA secure_delete = OFF; PRAGMA foreign_keys = OFF; BEGIN EXCLUSIVE",
            )
            .map_err(sqlite)?;
        Ok(Self(Target::Embedded { connection, path }))
    }

    fn begin_postgres(postgres: &Postgres) -> Result<Self, RawError> {
        let handle = Handle::current();
        let (client, constraints) = handle.block_on(async {
            let client = postgres.detached().await?;
            let constraints = without_constraints(&client).await.map_err(|error| engine(&error))?;
            Ok::<_, RawError>((client, constraints))
        })?;
        Ok(Self(Target::Postgres { client, handle, constraints }))
    }

    /// Puts rows into a table, from pieces of whole rows as [`super::Snapshot::export`] made them, until there is no more;
    /// only those that `keep` wants.
    pub fn table(
        &mut self,
        table: &RawTable,
        more: &mut dyn FnMut() -> io::Result<Option<Vec<u8>>>,
        keep: &dyn Fn(&Fields<'_>) -> bool,
    ) -> Result<Filled, RawError> {
        match &mut self.0 {
            Target::Embedded { connection, .. } => fill_embedded(connection, table, more, keep),
            Target::Postgres { client, handle, .. } => handle.block_on(fill_postgres(client, table, more, keep)),
        }
    }

    /// Checks that no row refers to one that is not there, and makes all of it durable.
    pub fn finish(self) -> Result<(), RawError> {
        match self.0 {
            Target::Embedded { connection, path } => {
                {
                    let mut check = connection.prepare("PRAGMA foreign_key_check").map_err(sqlite)?;
                    let mut orphans = check.raw_query();
                    if let Some(orphan) = orphans.next().map_err(sqlite)? {
                        let table = orphan.get(0).map_err(sqlite)?;
                        return Err(RawError::Table { table, what: "has a row that refers to one that is not there" });
                    }
                }
                connection.execute_batch("COMMIT").map_err(sqlite)?;
                // From here on it is as any other: the mode is written into the file.
                let _: String =
                    connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).map_err(sqlite)?;
                connection.close().map_err(|(_, error)| sqlite(error))?;
                File::open(&path)?.sync_all()?;
                Ok(())
            }
            Target::Postgres { client, handle, constraints } => handle
                .block_on(async {
                    for constraint in constraints {
                        client.batch_execute(&constraint).await?;
                    }
                    client.batch_execute("COMMIT").await
                })
                .map_err(|error| engine(&error)),
        }
    }
}

fn fill_embedded(
    connection: &mut Connection,
    table: &RawTable,
    more: &mut dyn FnMut() -> io::Result<Option<Vec<u8>>>,
    keep: &dyn Fn(&Fields<'_>) -> bool,
) -> Result<Filled, RawError> {
    let places = (1..=table.columns.len()).map(|n| format!("?{n}")).collect::<Vec<_>>().join(", ");
    let sql = format!("INSERT INTO {} ({}) VALUES ({places})", table.name, table.columns_sql());
    let mut statement = connection.prepare(&sql).map_err(sqlite)?;
    let mut filled = Filled::default();
    let wrong = || RawError::Table { table: table.name.clone(), what: "has a value that is not of its column's type" };
    while let Some(piece) = more()? {
        for row in Tuples::new(&piece, table.columns.len()) {
            let row = row?;
            if !keep(&row) {
                filled.left_out += 1;
                continue;
            }
            for (place, (field, column)) in row.all().iter().zip(&table.columns).enumerate() {
                let value = match (field, column.kind) {
                    (None, kind) => Param::Null(kind),
                    (Some(bytes), Kind::Blob) => Param::from(*bytes),
                    (Some(bytes), Kind::Text) => Param::from(std::str::from_utf8(bytes).map_err(|_| wrong())?),
                    (Some(bytes), Kind::Int) => {
                        Param::Int(i64::from_be_bytes((*bytes).try_into().map_err(|_| wrong())?))
                    }
                };
                statement.raw_bind_parameter(place + 1, value).map_err(sqlite)?;
            }
            statement.raw_execute().map_err(sqlite)?;
            filled.rows += 1;
        }
    }
    Ok(filled)
}

async fn fill_postgres(
    client: &ClientWrapper,
    table: &RawTable,
    more: &mut dyn FnMut() -> io::Result<Option<Vec<u8>>>,
    keep: &dyn Fn(&Fields<'_>) -> bool,
) -> Result<Filled, RawError> {
    let explain = |error: tokio_postgres::Error| engine(&error);
    let sql = format!("COPY {} ({}) FROM STDIN (FORMAT BINARY)", table.name, table.columns_sql());
    let sink = client.copy_in::<_, Bytes>(&sql).await.map_err(explain)?;
    let mut sink = pin!(sink);
    let mut filled = Filled::default();
    let mut buffer = BytesMut::with_capacity(AT_ONCE * 2);
    buffer.put_slice(b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0");
    while let Some(piece) = more()? {
        for row in Tuples::new(&piece, table.columns.len()) {
            let row = row?;
            if keep(&row) {
                buffer.put_slice(row.bytes());
                filled.rows += 1;
            } else {
                filled.left_out += 1;
            }
        }
        if buffer.len() >= AT_ONCE {
            sink.send(buffer.split().freeze()).await.map_err(explain)?;
        }
    }
    buffer.put_slice(&[0xff, 0xff]);
    sink.send(buffer.freeze()).await.map_err(explain)?;
    sink.as_mut().finish().await.map_err(explain)?;
    Ok(filled)
}

/// Begins the transaction and takes the foreign keys away, which would be checked row by row, also where a row refers to a
/// later one of its own table. Gives the statements that put them back, checked as a whole.
async fn without_constraints(client: &ClientWrapper) -> Result<Vec<String>, tokio_postgres::Error> {
    client.batch_execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; BEGIN").await?;
    let sql = "SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', t.relname, c.conname), \
                      format('ALTER TABLE %I ADD CONSTRAINT %I %s', t.relname, c.conname, pg_get_constraintdef(c.oid)) \
               FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_namespace n ON n.oid = t.relnamespace \
               WHERE c.contype = 'f' AND n.nspname = current_schema() ORDER BY t.relname, c.conname";
    let mut back = Vec::new();
    for row in client.query(sql, &[]).await? {
        client.batch_execute(row.try_get(0)?).await?;
        back.push(row.try_get(1)?);
    }
    Ok(back)
}
