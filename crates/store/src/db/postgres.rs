//! A PostgreSQL database, through a pool of connections.

pub(crate) mod connect;

use super::{Batch, CommitError, Kind, OpenError, Param, Row, StoreError, batch::Step, row::Value};
use bytes::BytesMut;
use deadpool_postgres::{ClientWrapper, Object, Pool, PoolError, Transaction};
use futures::future::join_all;
use std::{error::Error as StdError, time::Duration};
use tokio_postgres::{
    Error, IsolationLevel,
    error::SqlState,
    types::{FromSql, IsNull, ToSql, Type, to_sql_checked},
};

pub use connect::{PostgresOptions, client_tls};

/// Every column of every table of our schema: table, column, type, nullable.
pub(super) const LIVE_COLUMNS: &str = "SELECT table_name::text, column_name::text, data_type::text, \
    is_nullable = 'YES' FROM information_schema.columns WHERE table_schema = current_schema()";

const PLACEHOLDERS: &str = "placeholders or columns do not fit";

/// How often a batch is tried when PostgreSQL gives it up in favor of another one (serialization, deadlock). Of those
/// that meet, one always gets through.
const TRIES: u32 = 64;

/// How much longer than the server's own statement time-out we wait for its answer.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

pub(super) struct Postgres {
    pool: Pool,
    patience: Duration,
}

/// What went wrong, inside this module.
enum Failed {
    Engine(Error),
    Outage(String),
    Type(usize),
    Placeholders,
    Conflict,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl Postgres {
    pub(super) async fn connect(options: &PostgresOptions) -> Result<Self, OpenError> {
        let pool = connect::pool(options)?;
        drop(pool.get().await.map_err(|error| OpenError::Unavailable { code: pool_code(&error) })?);
        Ok(Self { pool, patience: options.statement_timeout + GRACE })
    }

    pub(super) async fn rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, StoreError> {
        let first = self.try_rows(sql, params).await;
        match first {
            // The server was restarted, or another one has taken over, since the connection was last used.
            Err(Failed::Engine(error)) if error.is_closed() => self.try_rows(sql, params).await,
            other => other,
        }
        .map_err(|failed| match failed {
            Failed::Engine(error) if may_pass(&error) => StoreError::Unavailable { code: code(&error) },
            Failed::Engine(error) => StoreError::Refused { code: code(&error) },
            Failed::Outage(code) => StoreError::Unavailable { code },
            Failed::Type(index) => StoreError::Column { index, wanted: "of a type that both databases have" },
            Failed::Placeholders | Failed::Conflict => StoreError::Refused { code: PLACEHOLDERS.into() },
        })
    }

    async fn try_rows(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<Row>, Failed> {
        let mut client = self.client().await?;
        fits(sql, params)?;
        let query = async |client: &mut Object| {
            let statement = client.prepare_typed_cached(sql, &types(params)).await?;
            client.query(&statement, &dynamic(params)).await?.iter().map(row).collect()
        };
        match tokio::time::timeout(self.patience, query(&mut client)).await {
            Ok(answer) => answer,
            Err(_) => Err(abandon(client)),
        }
    }

    async fn client(&self) -> Result<Object, Failed> {
        self.pool.get().await.map_err(|error| Failed::Outage(pool_code(&error)))
    }

    /// A connection out of the pool, for somebody who needs it for long; the pool makes another one.
    pub(super) async fn detached(&self) -> Result<ClientWrapper, StoreError> {
        let client = self.pool.get().await.map_err(|error| StoreError::Unavailable { code: pool_code(&error) })?;
        Ok(Object::take(client))
    }

    pub(super) async fn commit(&self, batch: &Batch) -> Result<(), CommitError> {
        let mut tries = 1;
        loop {
            let (statement, failed) = match self.try_commit(batch).await {
                Err((_, Failed::Engine(error))) if gave_way(&error) && tries < TRIES => {
                    tries += 1;
                    continue;
                }
                Err(failed) => failed,
                Ok(()) => return Ok(()),
            };
            return Err(match failed {
                Failed::Conflict => CommitError::Conflict { statement },
                Failed::Engine(error) if error.code() == Some(&SqlState::UNIQUE_VIOLATION) => {
                    CommitError::Duplicate { statement }
                }
                Failed::Engine(error) if may_pass(&error) => CommitError::Unavailable { code: code(&error) },
                Failed::Engine(error) => CommitError::Refused { statement, code: code(&error) },
                Failed::Outage(code) => CommitError::Unavailable { code },
                Failed::Placeholders | Failed::Type(_) => CommitError::Refused { statement, code: PLACEHOLDERS.into() },
            });
        }
    }

    async fn try_commit(&self, batch: &Batch) -> Result<(), (usize, Failed)> {
        let mut client = self.client().await.map_err(|failed| (0, failed))?;
        match tokio::time::timeout(self.patience, transact(&mut client, batch)).await {
            Ok(outcome) => outcome,
            Err(_) => Err((0, abandon(client))),
        }
    }
}

/// One transaction. When this future is dropped halfway, the driver rolls back before anybody else gets the connection.
async fn transact(client: &mut Object, batch: &Batch) -> Result<(), (usize, Failed)> {
    let outside = |error| (0, Failed::Engine(error));
    // Serializable, as the one writer of the embedded database is: the same batches then mean the same on both, and two
    // of them can never each rely on what the other takes away.
    let transaction = client.build_transaction().isolation_level(IsolationLevel::Serializable).start();
    let transaction = transaction.await.map_err(outside)?;
    let outcome = if batch.steps.iter().any(|step| matches!(step, Step::Script(_))) {
        in_turn(&transaction, batch).await
    } else {
        at_once(&transaction, batch).await
    };
    match outcome {
        Ok(()) => transaction.commit().await.map_err(outside),
        Err(failed) => {
            // An error here means that the connection is gone, and the transaction with it.
            let _ = transaction.rollback().await;
            Err(failed)
        }
    }
}

/// Sends all statements without waiting for the answers in between: one round trip.
async fn at_once(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), (usize, Failed)> {
    let mut running = Vec::with_capacity(batch.steps.len());
    for (at, step) in batch.steps.iter().enumerate() {
        if let Step::Statement { sql, params, .. } = step {
            fits(sql, params).map_err(|failed| (at, failed))?;
            let prepared = transaction.prepare_typed_cached(sql, &types(params)).await;
            let prepared = prepared.map_err(|error| (at, error.into()))?;
            running.push(async move { transaction.execute(&prepared, &dynamic(params)).await });
        }
    }
    // `join_all` polls them in order, and a statement is sent when it is first polled. Behind a statement that failed,
    // the others fail too: the first failure is the true one.
    for (at, (step, changed)) in batch.steps.iter().zip(join_all(running).await).enumerate() {
        expect(step, changed.map_err(|error| (at, error.into()))?).map_err(|failed| (at, failed))?;
    }
    Ok(())
}

/// One after the other: what a script makes, the next statement may need when it is prepared.
async fn in_turn(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), (usize, Failed)> {
    for (at, step) in batch.steps.iter().enumerate() {
        let changed = match step {
            Step::Script(text) => transaction.batch_execute(text).await.map(|()| 0),
            Step::Statement { sql, params, .. } => {
                fits(sql, params).map_err(|failed| (at, failed))?;
                let prepared = transaction.prepare_typed(sql, &types(params)).await;
                let prepared = prepared.map_err(|error| (at, error.into()))?;
                transaction.execute(&prepared, &dynamic(params)).await
            }
        };
        expect(step, changed.map_err(|error| (at, error.into()))?).map_err(|failed| (at, failed))?;
    }
    Ok(())
}

fn expect(step: &Step, changed: u64) -> Result<(), Failed> {
    match step {
        Step::Statement { expected: Some(expected), .. } if *expected != changed => Err(Failed::Conflict),
        _ => Ok(()),
    }
}

/// Closes a connection whose answer is overdue; the next user of the pool must not wait behind it.
fn abandon(client: Object) -> Failed {
    drop(Object::take(client));
    Failed::Outage("no answer in time".into())
}

/// Whether a text has a placeholder for each parameter and a parameter for each placeholder. PostgreSQL itself would
/// let a surplus parameter pass, which SQLite does not.
fn fits(sql: &str, params: &[Param<'_>]) -> Result<(), Failed> {
    let number =
        |part: &str| part.bytes().take_while(u8::is_ascii_digit).fold(0, |n, digit| n * 10 + usize::from(digit - b'0'));
    let highest = sql.split('$').skip(1).map(number).max().unwrap_or(0);
    if highest == params.len() { Ok(()) } else { Err(Failed::Placeholders) }
}

fn types(params: &[Param<'_>]) -> Vec<Type> {
    params
        .iter()
        .map(|param| match param.kind() {
            Kind::Blob => Type::BYTEA,
            Kind::Int => Type::INT8,
            Kind::Text => Type::TEXT,
        })
        .collect()
}

fn dynamic<'p>(params: &'p [Param<'p>]) -> Vec<&'p (dyn ToSql + Sync)> {
    params.iter().map(|param| param as &(dyn ToSql + Sync)).collect()
}

impl ToSql for Param<'_> {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        match self {
            Param::Null(_) => Ok(IsNull::Yes),
            Param::Blob(bytes) => bytes.as_ref().to_sql(kind, out),
            Param::Int(number) => number.to_sql(kind, out),
            Param::Text(text) => text.as_ref().to_sql(kind, out),
        }
    }
    fn accepts(kind: &Type) -> bool {
        [Type::BYTEA, Type::INT8, Type::TEXT].contains(kind)
    }
    to_sql_checked!();
}

impl std::fmt::Debug for Param<'_> {
    /// Says the kind and not the value: the driver asks for `Debug`, and what it prints must hold nothing (law 9).
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}", self.kind())
    }
}

fn row(row: &tokio_postgres::Row) -> Result<Row, Failed> {
    (0..row.len()).map(|index| value(row, index)).collect::<Result<_, _>>().map(Row::new)
}

fn value(row: &tokio_postgres::Row, index: usize) -> Result<Value, Failed> {
    fn read<'r, T: FromSql<'r>>(row: &'r tokio_postgres::Row, index: usize) -> Result<Option<T>, Failed> {
        row.try_get(index).map_err(|_| Failed::Type(index))
    }
    let value = match *row.columns()[index].type_() {
        Type::BYTEA => read(row, index)?.map(Value::Blob),
        Type::INT8 => read(row, index)?.map(Value::Int),
        Type::INT4 => read::<i32>(row, index)?.map(|number| Value::Int(number.into())),
        // What a comparison gives; in SQLite it is a number.
        Type::BOOL => read::<bool>(row, index)?.map(|yes| Value::Int(yes.into())),
        Type::TEXT | Type::VARCHAR | Type::NAME => read(row, index)?.map(Value::Text),
        _ => return Err(Failed::Type(index)),
    };
    Ok(value.unwrap_or(Value::Null))
}

/// Whether a lock was not to be had in time.
pub(super) fn must_wait(error: &Error) -> bool {
    gave_way(error) || error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE)
}

fn gave_way(error: &Error) -> bool {
    [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED]
        .iter()
        .any(|state| error.code() == Some(state))
}

/// Whether the same statement may succeed later. Classes of SQLSTATE that say that the statement itself is wrong: 0A
/// (not supported), 22 (data), 23 (constraints), 42 (syntax and access); anything else is the state of the server.
fn may_pass(error: &Error) -> bool {
    match error.code() {
        Some(state) => !["0A", "22", "23", "42"].iter().any(|class| state.code().starts_with(class)),
        // Without an SQLSTATE it is the way to the server: the parameters are checked before they are sent.
        None => true,
    }
}

/// The SQLSTATE; or, for an error on the way to the server, its text with the causes. The text of a message from the
/// server may quote a value and is left out.
pub(crate) fn code(error: &Error) -> String {
    if let Some(state) = error.code() {
        return format!("SQLSTATE {}", state.code());
    }
    let mut text = error.to_string();
    let mut next = StdError::source(error);
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}

fn pool_code(error: &PoolError) -> String {
    match error {
        PoolError::Backend(error) => code(error),
        PoolError::Timeout(_) => "no free connection in time".into(),
        PoolError::Closed => "the pool is closed".into(),
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => "the pool cannot make a connection".into(),
    }
}
