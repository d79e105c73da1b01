//! The one connection of a log.

use super::outage;
use crate::{OpenError, PostgresOptions, db::postgres::connect};
use ledger::BackendError;
use tokio_postgres::{Client, Config, Error, Statement, types::ToSql};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What went wrong, inside this module.
pub(super) enum Failed {
    Engine(Error),
    Outage(String),
    Damaged(String),
    Dropped(u64),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

pub(super) struct Session {
    config: Config,
    tls: MakeRustlsConnect,
    /// The number of the log's advisory lock; none for a reader.
    lock: Option<i64>,
    live: Option<Live>,
}

/// A connection that is open and, for a writer, holds the lock.
pub(super) struct Live {
    pub(super) client: Client,
    append: Option<Statement>,
}

/// One statement is one transaction: all of the entries or none. It adds nothing when `$2` is not the next number.
const APPEND: &str = "INSERT INTO ledger_entries (log, seq, leaf_hash, sealed)
    SELECT $1, $2 + place - 1, hash, bytes
    FROM unnest($3::bytea[], $4::bytea[]) WITH ORDINALITY AS leaves (hash, bytes, place)
    WHERE (SELECT COALESCE(MAX(seq) + 1, 0) FROM ledger_entries WHERE log = $1) = $2";

impl Live {
    /// Appends entries: log, first number, leaf hashes, sealed entries. Says how many were added.
    pub(super) async fn append(&self, entries: &[&(dyn ToSql + Sync)]) -> Result<u64, Failed> {
        match &self.append {
            Some(append) => Ok(self.client.execute(append, entries).await?),
            None => Err(Failed::Outage("the log was opened to be read".into())),
        }
    }
}

impl Session {
    pub(super) fn new(options: &PostgresOptions, log: &str, writes: bool) -> Result<Self, OpenError> {
        let digest = crypto::sha256(format!("patella ledger {log}").as_bytes());
        let lock = digest.first_chunk().map(|bytes| i64::from_be_bytes(*bytes)).filter(|_| writes);
        Ok(Self { config: connect::config(options)?, tls: connect::tls(options)?, lock, live: None })
    }

    pub(super) fn may_write(&self) -> Result<(), BackendError> {
        if self.lock.is_some() { Ok(()) } else { Err(outage("the log was opened to be read")) }
    }

    /// The connection, made anew where there is none.
    pub(super) async fn live(&mut self) -> Result<&mut Live, Failed> {
        if self.live.as_ref().is_none_or(|live| live.client.is_closed()) {
            self.live = None;
            let (client, connection) = self.config.connect(self.tls.clone()).await?;
            // Ends when the client is dropped; its errors reach whoever asks next.
            tokio::spawn(connection);
            let append = match self.lock {
                None => None,
                Some(lock) => {
                    let locked = client.query_one("SELECT pg_try_advisory_lock($1)", &[&lock]).await?;
                    if !locked.try_get::<_, bool>(0)? {
                        return Err(Failed::Outage("another writer has the log open".into()));
                    }
                    Some(client.prepare(APPEND).await?)
                }
            };
            self.live = Some(Live { client, append });
        }
        self.live.as_mut().ok_or_else(|| Failed::Outage("not connected".into()))
    }

    /// Closes the connection. What PostgreSQL still has under way, it ends before it lets go of the lock.
    pub(super) fn give_up(&mut self) {
        self.live = None;
    }
}
