//! Snapshots of several databases at one moment.
//!
//! Writers of all of them are held for the moment in which the snapshots begin; readers notice nothing. In an embedded
//! database that is its write lock, which other processes respect too; in PostgreSQL a `SHARE` lock on every table that the
//! server's role may change, which waits for the transactions under way and lets none begin. (Tables to which it may only
//! add are not locked: what is added in that moment stands alone.) A writer waits some milliseconds; none fails.

use super::{
    Pieces, RawError, RawTable,
    tuple::{Tuples, push_field, push_head},
};
use crate::db::{Db, Engine, StoreError, embedded, postgres};
use deadpool_postgres::ClientWrapper;
use futures::StreamExt;
use rusqlite::{Connection, types::ValueRef};
use std::{io, pin::pin, thread, time::Duration};
use tokio::runtime::Handle;

/// How often the writers are asked to pause, with [`A_WHILE`] between: a long migration or purge may be under way.
const TRIES: usize = 20;
const A_WHILE: Duration = Duration::from_millis(250);
/// How long to wait for the writers of one database while those before it are held.
const PATIENCE: Duration = Duration::from_secs(1);

/// What the beginning and the end of a binary `COPY` are, around the rows.
const COPY_HEAD: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const COPY_END: [u8; 2] = [0xff, 0xff];

/// A database as it was at one moment. Holds a read transaction until it is dropped.
pub struct Snapshot(Source);

enum Source {
    Embedded(Connection),
    Postgres { client: ClientWrapper, handle: Handle },
}

/// Writers of a database that wait until this is dropped.
#[expect(dead_code, reason = "held, not read")]
struct Hold(Source);

/// Begins a snapshot of each database, all of the same moment.
pub fn cut(dbs: &[&Db]) -> Result<Vec<Snapshot>, RawError> {
    let mut busy = 0;
    for again in 0..TRIES {
        if again > 0 {
            thread::sleep(A_WHILE);
        }
        match hold_all(dbs) {
            Ok(holds) => {
                let snapshots = dbs.iter().map(|db| begin(db)).collect();
                drop(holds);
                return snapshots;
            }
            Err(Held::Busy(store)) => busy = store,
            Err(Held::Failed(error)) => return Err(error),
        }
    }
    Err(RawError::Busy { store: busy })
}

enum Held {
    Busy(usize),
    Failed(RawError),
}

fn hold_all(dbs: &[&Db]) -> Result<Vec<Hold>, Held> {
    let mut holds = Vec::new();
    for (place, db) in dbs.iter().enumerate() {
        match hold(db) {
            Ok(Some(hold)) => holds.push(hold),
            Ok(None) => return Err(Held::Busy(place)),
            Err(error) => return Err(Held::Failed(error)),
        }
    }
    Ok(holds)
}

/// None when the writers did not pause in time.
fn hold(db: &Db) -> Result<Option<Hold>, RawError> {
    match &*db.0 {
        Engine::Embedded(embedded) => {
            let connection = embedded.another(true).map_err(sqlite)?;
            connection.busy_timeout(PATIENCE).map_err(sqlite)?;
            match connection.execute_batch("BEGIN IMMEDIATE") {
                Ok(()) => Ok(Some(Hold(Source::Embedded(connection)))),
                Err(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => Ok(None),
                Err(error) => Err(sqlite(error)),
            }
        }
        Engine::Postgres(postgres) => {
            let handle = Handle::current();
            let client = handle.block_on(postgres.detached())?;
            let locked = handle.block_on(lock(&client));
            match locked {
                Ok(()) => Ok(Some(Hold(Source::Postgres { client, handle }))),
                Err(error) if postgres::must_wait(&error) => Ok(None),
                Err(error) => Err(engine(&error)),
            }
        }
    }
}

async fn lock(client: &ClientWrapper) -> Result<(), tokio_postgres::Error> {
    let sql = "SELECT quote_ident(c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = current_schema() AND c.relkind = 'r' \
               AND has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE') ORDER BY c.relname";
    let tables = client.query(sql, &[]).await?;
    let tables = tables.iter().map(|row| row.try_get::<_, String>(0)).collect::<Result<Vec<_>, _>>()?;
    let patience = PATIENCE.as_millis();
    client.batch_execute(&format!("BEGIN; SET LOCAL lock_timeout = {patience}")).await?;
    if tables.is_empty() {
        return Ok(());
    }
    client.batch_execute(&format!("LOCK TABLE {} IN SHARE MODE", tables.join(", "))).await
}

fn begin(db: &Db) -> Result<Snapshot, RawError> {
    match &*db.0 {
        Engine::Embedded(embedded) => {
            let connection = embedded.another(false).map_err(sqlite)?;
            // Only the first read fixes what the transaction sees.
            connection.execute_batch("BEGIN; SELECT COUNT(*) FROM sqlite_schema").map_err(sqlite)?;
            Ok(Snapshot(Source::Embedded(connection)))
        }
        Engine::Postgres(postgres) => {
            let handle = Handle::current();
            let client = handle.block_on(postgres.detached())?;
            let sql = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; \
                       BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1";
            handle.block_on(client.batch_execute(sql)).map_err(|error| engine(&error))?;
            Ok(Snapshot(Source::Postgres { client, handle }))
        }
    }
}

impl Snapshot {
    /// A snapshot of one database alone.
    pub fn of(db: &Db) -> Result<Self, RawError> {
        begin(db)
    }

    /// How many rows a table has.
    pub fn count(&mut self, table: &RawTable) -> Result<u64, RawError> {
        let sql = format!("SELECT COUNT(*) FROM {}{}", table.name, table.condition_sql());
        let count: i64 = match &self.0 {
            Source::Embedded(connection) => connection.query_row(&sql, [], |row| row.get(0)).map_err(sqlite)?,
            Source::Postgres { client, handle } => {
                let row = handle.block_on(client.query_one(&sql, &[])).map_err(|error| engine(&error))?;
                row.try_get(0).map_err(|error| engine(&error))?
            }
        };
        Ok(count.unsigned_abs())
    }

    /// Hands all rows of a table to `sink`, in the order of the primary key, some whole ones at a time. Says how many.
    pub fn export(&mut self, table: &RawTable, sink: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> Result<u64, RawError> {
        match &self.0 {
            Source::Embedded(connection) => export_embedded(connection, table, sink),
            Source::Postgres { client, handle } => handle.block_on(export_postgres(client, table, sink)),
        }
    }
}

fn export_embedded(
    connection: &Connection,
    table: &RawTable,
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<u64, RawError> {
    let (columns, only, order) = (table.columns_sql(), table.condition_sql(), table.order_sql(false));
    let sql = format!("SELECT {columns} FROM {}{only} ORDER BY {order}", table.name);
    let mut statement = connection.prepare(&sql).map_err(sqlite)?;
    let mut rows = statement.raw_query();
    let (mut pieces, width) = (Pieces::new(sink), table.columns.len());
    while let Some(row) = rows.next().map_err(sqlite)? {
        pieces.written(|out| {
            push_head(out, width);
            for place in 0..width {
                match row.get_ref(place).map_err(sqlite)? {
                    ValueRef::Null => push_field(out, None)?,
                    ValueRef::Integer(number) => push_field(out, Some(&number.to_be_bytes()))?,
                    ValueRef::Blob(bytes) | ValueRef::Text(bytes) => push_field(out, Some(bytes))?,
                    ValueRef::Real(_) => {
                        return Err(RawError::Table {
                            table: table.name.clone(),
                            what: "holds a value of another type",
                        });
                    }
                }
            }
            Ok(())
        })?;
    }
    Ok(pieces.end()?)
}

async fn export_postgres(
    client: &ClientWrapper,
    table: &RawTable,
    sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
) -> Result<u64, RawError> {
    let (columns, only, order) = (table.columns_sql(), table.condition_sql(), table.order_sql(true));
    let sql = format!("COPY (SELECT {columns} FROM {}{only} ORDER BY {order}) TO STDOUT (FORMAT BINARY)", table.name);
    let stream = client.copy_out(&sql).await.map_err(|error| engine(&error))?;
    let mut stream = pin!(stream);
    let (mut pieces, mut begun) = (Pieces::new(sink), false);
    let strange = || RawError::Table { table: table.name.clone(), what: "came in a form that is not COPY's" };
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| engine(&error))?;
        let mut rows = &piece[..];
        if !begun {
            rows = rows.strip_prefix(&COPY_HEAD).ok_or_else(strange)?;
            begun = true;
        }
        // PostgreSQL sends whole rows, and the end by itself or behind the last.
        for row in Tuples::new(rows, table.columns.len()) {
            match row {
                Ok(row) => {
                    rows = &rows[row.bytes().len()..];
                    pieces.bytes(row.bytes())?;
                }
                Err(_) if rows == COPY_END => rows = &[],
                Err(_) => return Err(strange()),
            }
        }
    }
    Ok(pieces.end()?)
}

pub(super) fn sqlite(error: rusqlite::Error) -> RawError {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => RawError::Full,
        _ => StoreError::Unavailable { code: embedded::code(&error) }.into(),
    }
}

pub(super) fn engine(error: &tokio_postgres::Error) -> RawError {
    if error.code() == Some(&tokio_postgres::error::SqlState::DISK_FULL) {
        return RawError::Full;
    }
    StoreError::Unavailable { code: postgres::code(error) }.into()
}
