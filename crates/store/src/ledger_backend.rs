//! The ledger in a PostgreSQL database, to which the server's role can only add.

mod segments;
mod session;

use crate::{
    OpenError, PostgresOptions, StoreError,
    db::postgres::{GRACE, code},
};
use ledger::{Backend, BackendError, Dropped, Hash, Leaf, LogName, Publication, Tile, Tree};
pub use segments::PostgresSegments;
use session::{Failed, Live, Session};
use std::{panic, thread, time::Duration};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_postgres::{Client, Row, error::SqlState};

/// Hashes in a full tile.
const WIDTH: u64 = 256;

/// Keeps one log in the audit database.
///
/// It has one connection of its own, which holds an advisory lock on the log as long as it lives and through which
/// everything is written: so there is one writer at most, and after a broken connection the next one cannot begin
/// before PostgreSQL has ended what the old one left under way. The primary key is a second wall: no entry can take the
/// place of another.
pub struct PostgresBackend {
    session: Session,
    log: String,
    patience: Duration,
    /// None only while it is dropped.
    runtime: Option<Runtime>,
}

impl PostgresBackend {
    /// Opens a log to write to it. Refused while somebody else has it open. Blocks for the time-out of a connection at
    /// most.
    pub fn connect(options: &PostgresOptions, log: &LogName) -> Result<Self, OpenError> {
        Self::open(options, log, true)
    }

    /// Opens a log to read it, also beside its writer. Appending and publishing fail.
    pub fn reader(options: &PostgresOptions, log: &LogName) -> Result<Self, OpenError> {
        Self::open(options, log, false)
    }

    /// All logs of the audit database, and how many entries each has.
    pub fn logs(&mut self) -> Result<Vec<(LogName, u64)>, BackendError> {
        // From one log to the next along the primary key: there are few logs and many entries.
        const SQL: &str = "WITH RECURSIVE seen(log) AS ( \
                SELECT MIN(log) FROM ledger_entries \
                UNION ALL \
                SELECT (SELECT MIN(log) FROM ledger_entries WHERE log > seen.log) FROM seen WHERE seen.log IS NOT NULL) \
            SELECT log, (SELECT MAX(seq) + 1 FROM ledger_entries e WHERE e.log = seen.log) FROM seen \
            WHERE log IS NOT NULL";
        self.ask(async |live, _| {
            let rows = live.client.query(SQL, &[]).await?;
            let log = |row: &Row| {
                let name = LogName::new(row.try_get(0)?);
                Ok((name.map_err(|_| Failed::Damaged("a log has no name".into()))?, number(row, 1)?))
            };
            rows.iter().map(log).collect()
        })
    }

    /// Turns a reader to another log of the same database.
    pub fn turn_to(&mut self, log: &LogName) {
        debug_assert!(self.session.may_write().is_err(), "a writer holds the lock of its own log");
        self.log = log.as_str().to_owned();
    }

    fn open(options: &PostgresOptions, log: &LogName, writes: bool) -> Result<Self, OpenError> {
        let log = log.as_str().to_owned();
        let session = Session::new(options, &log, writes)?;
        let patience = options.connect_timeout + options.statement_timeout + GRACE;
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("ledger-postgres").enable_all().build();
        let runtime = runtime.map_err(|error| OpenError::Unavailable { code: error.to_string() })?;
        let mut backend = Self { session, log, patience, runtime: Some(runtime) };
        backend.ask(async |_, _| Ok(())).map_err(|error| OpenError::Unavailable { code: error.to_string() })?;
        Ok(backend)
    }

    /// Puts a question to the connection, which is made first where there is none. After an error the connection is
    /// given up.
    fn ask<T: Send>(
        &mut self,
        question: impl AsyncFnOnce(&mut Live, &str) -> Result<T, Failed> + Send,
    ) -> Result<T, BackendError> {
        let Self { session, log, patience, runtime } = self;
        let runtime = runtime.as_ref().ok_or_else(|| outage("closed"))?;
        let answer = outside_of_any_runtime(|| {
            runtime.block_on(async {
                let answer = async { question(session.live().await?, log).await };
                let answer = tokio::time::timeout(*patience, answer).await;
                answer.unwrap_or_else(|_| Err(Failed::Outage("no answer in time".into())))
            })
        });
        answer.map_err(|failed| {
            self.session.give_up();
            match failed {
                Failed::Engine(error) => outage(code(&error)),
                Failed::Outage(code) => outage(code),
                Failed::Damaged(what) => BackendError::Damaged(what),
                Failed::Dropped(before) => BackendError::Dropped { before },
            }
        })
    }
}

impl Backend for PostgresBackend {
    fn size(&mut self) -> Result<u64, BackendError> {
        self.ask(async |live, log| {
            let sql = "SELECT COALESCE(MAX(seq) + 1, 0) FROM ledger_entries WHERE log = $1";
            number(&live.client.query_one(sql, &[&log]).await?, 0)
        })
    }

    fn append(&mut self, first: u64, leaves: &[Leaf]) -> Result<(), BackendError> {
        let expected = leaves.len() as u64;
        self.session.may_write()?;
        self.ask(async |live, log| {
            let hashes: Vec<&[u8]> = leaves.iter().map(|leaf| leaf.hash.0.as_slice()).collect();
            let sealed: Vec<&[u8]> = leaves.iter().map(|leaf| leaf.sealed.as_slice()).collect();
            let added = live.append(&[&log, &place(first)?, &hashes, &sealed]).await?;
            let gap = || Failed::Damaged(format!("entry {first} is not the next"));
            if added == expected { Ok(()) } else { Err(gap()) }
        })
    }

    fn read(&mut self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        self.ask(async |live, log| {
            let sql = "SELECT seq, sealed FROM ledger_entries WHERE log = $1 AND seq >= $2 ORDER BY seq LIMIT $3";
            let rows = live.client.query(sql, &[&log, &place(from)?, &place(most as u64)?]).await?;
            for row in &rows {
                // No sealed entry is empty.
                if row.try_get::<_, &[u8]>(1)?.is_empty() {
                    let sql = "SELECT COALESCE(MAX(entries), 0) FROM ledger_dropped WHERE log = $1";
                    let before = number(&live.client.query_one(sql, &[&log]).await?, 0)?;
                    let gap = || Failed::Damaged(format!("an entry from {from} on is missing"));
                    return Err(if from < before { Failed::Dropped(before) } else { gap() });
                }
            }
            let entry = |(row, expected): (&Row, u64)| match number(row, 0)? {
                seq if seq == expected => Ok(row.try_get(1)?),
                _ => Err(Failed::Damaged(format!("entry {expected} is missing"))),
            };
            rows.iter().zip(from..).map(entry).collect()
        })
    }

    fn dropped(&mut self) -> Result<Option<String>, BackendError> {
        self.ask(async |live, log| {
            let sql = "SELECT note FROM ledger_dropped WHERE log = $1 ORDER BY entries DESC LIMIT 1";
            match live.client.query_opt(sql, &[&log]).await {
                Ok(row) => Ok(row.map(|row| row.try_get(0)).transpose()?),
                // A schema from before anything could be dropped.
                Err(error) if error.code() == Some(&SqlState::UNDEFINED_TABLE) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
    }

    fn begin_dropped(&mut self, note: &str) -> Result<(), BackendError> {
        self.session.may_write()?;
        self.ask(async |live, log| {
            let sql = "INSERT INTO ledger_dropped (log, entries, note) VALUES ($1, $2, $3)
                ON CONFLICT (log, entries) DO NOTHING";
            live.client.execute(sql, &[&log, &place(Dropped::unverified(note))?, &note]).await?;
            Ok(())
        })
    }

    fn checkpoint(&mut self) -> Result<Option<String>, BackendError> {
        self.ask(async |live, log| {
            let sql = "SELECT note FROM ledger_checkpoints WHERE log = $1 ORDER BY size DESC LIMIT 1";
            Ok(live.client.query_opt(sql, &[&log]).await?.map(|row| row.try_get(0)).transpose()?)
        })
    }

    fn tile(&mut self, tile: Tile, width: usize) -> Result<Option<Vec<Hash>>, BackendError> {
        self.ask(async |live, log| {
            let first = tile.index.saturating_mul(WIDTH);
            if tile.level == 0 {
                return leaf_hashes(&live.client, log, first, width as u64).await;
            }
            // A hash above the leaves is the root of a full tile below.
            let below = full_tiles(&live.client, log, tile.level - 1, first, width as u64).await?;
            Ok(below.map(|tiles| tiles.iter().map(|hashes| perfect_root(hashes)).collect()))
        })
    }

    fn publish(&mut self, publication: &Publication<'_>) -> Result<(), BackendError> {
        self.session.may_write()?;
        self.ask(async |live, log| {
            let transaction = live.client.transaction().await?;
            for (tile, hashes) in publication.tiles {
                // The lowest level stands beside the entries; what is not full yet is computed.
                if tile.level > 0 && hashes.len() as u64 == WIDTH {
                    let bytes: Vec<u8> = hashes.iter().flat_map(|hash| hash.0).collect();
                    let sql = "INSERT INTO ledger_tiles (log, level, tile, hashes) VALUES ($1, $2, $3, $4)
                        ON CONFLICT (log, level, tile) DO NOTHING";
                    transaction.execute(sql, &[&log, &i64::from(tile.level), &place(tile.index)?, &bytes]).await?;
                }
            }
            let sql = "INSERT INTO ledger_checkpoints (log, size, note) VALUES ($1, $2, $3)
                ON CONFLICT (log, size) DO NOTHING";
            transaction.execute(sql, &[&log, &place(publication.size)?, &publication.checkpoint]).await?;
            Ok(transaction.commit().await?)
        })
    }
}

impl Drop for PostgresBackend {
    fn drop(&mut self) {
        self.session.give_up();
        if let Some(runtime) = self.runtime.take() {
            // Not a plain drop, which would block, and panics inside another runtime. The lock goes with the connection.
            runtime.shutdown_background();
        }
    }
}

/// The hashes of `count` leaves from `first` on; none when there are fewer.
async fn leaf_hashes(client: &Client, log: &str, first: u64, count: u64) -> Result<Option<Vec<Hash>>, Failed> {
    let sql = "SELECT leaf_hash FROM ledger_entries WHERE log = $1 AND seq >= $2 AND seq < $3 ORDER BY seq";
    let rows = client.query(sql, &[&log, &place(first)?, &place(first.saturating_add(count))?]).await?;
    if rows.len() as u64 != count {
        return Ok(None);
    }
    let hash = |row: &Row| {
        let bytes: &[u8] = row.try_get(0)?;
        bytes.try_into().map(Hash).map_err(|_| Failed::Damaged("a leaf hash has another length than 32".into()))
    };
    rows.iter().map(hash).collect::<Result<_, _>>().map(Some)
}

/// `count` full tiles of a level, from the index `first` on; none when there are fewer.
async fn full_tiles(
    client: &Client,
    log: &str,
    level: u8,
    first: u64,
    count: u64,
) -> Result<Option<Vec<Vec<Hash>>>, Failed> {
    if level == 0 {
        let leaves = leaf_hashes(client, log, first.saturating_mul(WIDTH), count.saturating_mul(WIDTH)).await?;
        return Ok(leaves.map(|leaves| leaves.chunks(WIDTH as usize).map(<[Hash]>::to_vec).collect()));
    }
    let sql =
        "SELECT hashes FROM ledger_tiles WHERE log = $1 AND level = $2 AND tile >= $3 AND tile < $4 ORDER BY tile";
    let range = [place(first)?, place(first.saturating_add(count))?];
    let rows = client.query(sql, &[&log, &i64::from(level), &range[0], &range[1]]).await?;
    if rows.len() as u64 != count {
        return Ok(None);
    }
    let tile = |row: &Row| {
        let bytes: &[u8] = row.try_get(0)?;
        match bytes.as_chunks::<32>() {
            (hashes, []) if hashes.len() as u64 == WIDTH => Ok(hashes.iter().copied().map(Hash).collect()),
            _ => Err(Failed::Damaged("a tile has another length than 8192".into())),
        }
    };
    rows.iter().map(tile).collect::<Result<_, _>>().map(Some)
}

fn perfect_root(hashes: &[Hash]) -> Hash {
    let mut tree = Tree::new();
    for hash in hashes {
        tree.push(*hash, |_, _| ());
    }
    tree.root()
}

fn number(row: &Row, column: usize) -> Result<u64, Failed> {
    let number: i64 = row.try_get(column)?;
    u64::try_from(number).map_err(|_| Failed::Damaged("a number is below zero".into()))
}

fn place(number: u64) -> Result<i64, Failed> {
    i64::try_from(number).map_err(|_| Failed::Damaged("a number is beyond what a database counts".into()))
}

fn outage(code: impl Into<String>) -> BackendError {
    BackendError::Other(Box::new(StoreError::Unavailable { code: code.into() }))
}

/// Blocking on a runtime is not allowed on a thread that drives another one; then it is done on a thread beside it.
fn outside_of_any_runtime<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    if Handle::try_current().is_err() {
        return work();
    }
    let result = thread::scope(|scope| scope.spawn(work).join());
    result.unwrap_or_else(|panic| panic::resume_unwind(panic))
}
