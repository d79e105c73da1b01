//! The trail of a log that is kept in PostgreSQL.

use super::{Inclusion, Trail, TrailError, prove};
use crypto::Key;
use ledger::{Backend, BackendError, Entry, Hash, LogName, ReadError, Tile, TileSource, VerifierKey, open_entry};
use std::ops::ControlFlow;
use store::{PostgresBackend, PostgresOptions};

/// Reads the log that a server writes, over a connection of its own for each question.
pub struct PostgresTrail {
    options: PostgresOptions,
    log: LogName,
    seal: Key,
}

/// Entries that are read at a time.
const STRETCH: u64 = 256;

impl PostgresTrail {
    /// The log `log` in the audit database, whose entries are sealed with `seal`.
    pub const fn new(options: PostgresOptions, log: LogName, seal: Key) -> Self {
        Self { options, log, seal }
    }

    /// The entries from `first` to before `end`, oldest first. A database may give fewer at once than were asked for.
    fn stretch(&self, backend: &mut PostgresBackend, first: u64, end: u64) -> Result<Vec<(u64, Entry)>, ReadError> {
        let mut entries = Vec::new();
        let mut seq = first;
        while seq < end {
            let most = usize::try_from(end - seq).unwrap_or(usize::MAX);
            let sealed = backend.read(seq, most)?;
            if sealed.is_empty() {
                return Err(BackendError::Damaged(format!("entry {seq} is missing")).into());
            }
            for bytes in sealed {
                let opened = open_entry(&self.seal, &self.log, seq, &bytes);
                entries.push((seq, opened.map_err(|_| ReadError::Sealed { seq })?));
                seq += 1;
            }
        }
        Ok(entries)
    }
}

impl Trail for PostgresTrail {
    fn walk(
        &self,
        before: Option<u64>,
        visit: &mut dyn FnMut(u64, Entry) -> ControlFlow<()>,
    ) -> Result<(), TrailError> {
        let connected = PostgresBackend::reader(&self.options, &self.log);
        let mut backend = connected.map_err(|error| BackendError::Other(Box::new(error)))?;
        let mut end = before.unwrap_or(u64::MAX).min(backend.size()?);
        while end > 0 {
            let first = (end - 1) / STRETCH * STRETCH;
            for (seq, entry) in self.stretch(&mut backend, first, end)?.into_iter().rev() {
                if visit(seq, entry).is_break() {
                    return Ok(());
                }
            }
            end = first;
        }
        Ok(())
    }

    fn inclusion(&self, entry: u64, key: &VerifierKey) -> Result<Option<Inclusion>, TrailError> {
        let connected = PostgresBackend::reader(&self.options, &self.log);
        let mut backend = connected.map_err(|error| BackendError::Other(Box::new(error)))?;
        let note = backend.checkpoint()?;
        let sealed = backend.read(entry, 1)?.into_iter().next();
        prove(note, key, entry, sealed, &mut Tiles(&mut backend))
    }
}

struct Tiles<'b>(&'b mut PostgresBackend);

impl TileSource for Tiles<'_> {
    type Error = BackendError;
    fn tile(&mut self, tile: Tile, width: usize) -> Result<Option<Vec<Hash>>, BackendError> {
        self.0.tile(tile, width)
    }
}
