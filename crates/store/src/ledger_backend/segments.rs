//! Old segments of a log in PostgreSQL. The server's role cannot empty them: whoever owns the tables can.

use super::{Failed, PostgresBackend, number, place};
use crate::{OpenError, PostgresOptions};
use ledger::{Backend, BackendError, Dropped, Hash, LogName, SEGMENT, Segments, Tile};

/// The segments of one log, over a connection of the tables' owner.
pub struct PostgresSegments(PostgresBackend);

impl PostgresSegments {
    /// Of a log, as the owner of the tables. Blocks for the time-out of a connection at most.
    pub fn open(owner: &PostgresOptions, log: &LogName) -> Result<Self, OpenError> {
        PostgresBackend::reader(owner, log).map(Self)
    }
}

impl Segments for PostgresSegments {
    fn checkpoint(&mut self) -> Result<Option<String>, BackendError> {
        self.0.checkpoint()
    }

    fn dropped(&mut self) -> Result<Option<String>, BackendError> {
        self.0.dropped()
    }

    fn kept_once(&mut self) -> Result<u64, BackendError> {
        self.0.size()
    }

    fn read(&mut self, segment: u64) -> Result<Vec<Vec<u8>>, BackendError> {
        self.0.read(segment * SEGMENT, SEGMENT as usize)
    }

    fn hashes(&mut self, segment: u64) -> Result<Option<Vec<Hash>>, BackendError> {
        self.0.tile(Tile { level: 0, index: segment }, SEGMENT as usize)
    }

    fn put_note(&mut self, note: &str) -> Result<(), BackendError> {
        self.0.ask(async |live, log| {
            let sql = "INSERT INTO ledger_dropped (log, entries, note) VALUES ($1, $2, $3)";
            live.client.execute(sql, &[&log, &place(Dropped::unverified(note))?, &note]).await?;
            Ok(())
        })
    }

    fn left(&mut self, before: u64) -> Result<Vec<u64>, BackendError> {
        self.0.ask(async |live, log| {
            let sql = "SELECT DISTINCT seq / $3 FROM ledger_entries
                WHERE log = $1 AND seq < $2 AND octet_length(sealed) > 0 ORDER BY 1";
            let rows = live.client.query(sql, &[&log, &place(before)?, &place(SEGMENT)?]).await?;
            rows.iter().map(|row| number(row, 0)).collect()
        })
    }

    fn destroy(&mut self, segments: &[u64]) -> Result<(), BackendError> {
        self.0.ask(async |live, log| {
            for segment in segments {
                // Never more than the note says, whatever the caller does.
                let sql = "UPDATE ledger_entries SET sealed = ''::bytea WHERE log = $1 AND seq >= $2 AND seq < $3
                    AND $3 <= (SELECT MAX(entries) FROM ledger_dropped WHERE log = $1)";
                let range = [place(segment * SEGMENT)?, place((segment + 1) * SEGMENT)?];
                live.client.execute(sql, &[&log, &range[0], &range[1]]).await?;
            }
            Ok::<_, Failed>(())
        })
    }
}
