//! Following a log's directory from entry to entry, beside its writer.

use crate::{
    BackendError, Hash, Tile, TileSource,
    file::{DROPPED, JOURNAL, archived, failed, journal, read_bundle, read_checkpoint, read_note, read_tile},
};
use std::path::PathBuf;

/// Reads a log's directory as it grows. Takes no lock and writes nothing; each journal file is looked through once, and
/// at every new question only what was added to the last one.
pub struct LogTail {
    folder: PathBuf,
    segments: Vec<journal::Segment>,
}

impl LogTail {
    /// Follows the log in `folder`, which need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into(), segments: Vec::new() }
    }

    /// The sealed entries from `from` on: at least one where there is one, at most `most`.
    ///
    /// `durable` is how many entries are durable for certain, as the writer says or a checkpoint: what the journal holds
    /// behind them may still be taken back, and something else come in its place.
    pub fn read(&mut self, from: u64, durable: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        let end = durable.min(from.saturating_add(most as u64));
        let mut entries: Vec<Vec<u8>> = Vec::new();
        let mut seq = from;
        while seq < end {
            let found = self.some(seq, durable, (end - seq) as usize)?;
            if found.is_empty() {
                return Err(BackendError::Damaged(format!("entry {seq} is missing")));
            }
            seq += found.len() as u64;
            entries.extend(found);
        }
        Ok(entries)
    }

    /// The newest checkpoint as it was signed; not checked. None before the first.
    pub fn checkpoint(&self) -> Result<Option<String>, BackendError> {
        read_checkpoint(&self.folder)
    }

    /// The note that says which entries were dropped; not checked. None where none were.
    pub fn dropped(&self) -> Result<Option<String>, BackendError> {
        read_note(&self.folder, DROPPED)
    }

    /// The entries of one batch or one bundle.
    fn some(&mut self, from: u64, durable: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        if let Some(entries) = journal::read(&self.segments, from, most)? {
            return Ok(entries);
        }
        // Old entries lie in bundles, and the journal need not be looked through for them.
        let old = read_bundle(&self.folder, from, most)?;
        if !old.is_empty() {
            return Ok(old);
        }
        self.look(durable)?;
        match journal::read(&self.segments, from, most)? {
            Some(entries) => Ok(entries),
            // Its journal file went away in the meantime.
            None => read_bundle(&self.folder, from, most),
        }
    }

    /// Looks at what was added to the journal.
    fn look(&mut self, durable: u64) -> Result<(), BackendError> {
        let folder = self.folder.join(JOURNAL);
        let newest = journal::numbers(&folder)?.last().copied();
        match self.segments.last_mut() {
            Some(last) if Some(last.number) == newest => last.read_on().map_err(failed("read", &last.path))?,
            // A newer file may supersede the end of the one before: only all of them together say what holds.
            _ => {
                let journal::Scan { segments, gap, .. } = journal::scan(&folder, archived(&self.folder)?)?;
                if let Some(gap) = gap {
                    let (seq, path, offset) = (gap.seq, gap.path.display(), gap.offset);
                    return Err(BackendError::Damaged(format!("entry {seq} is missing in {path} at byte {offset}")));
                }
                self.segments = segments;
            }
        }
        if let Some(last) = self.segments.last_mut() {
            last.forget_beyond(durable);
        }
        Ok(())
    }
}

impl TileSource for LogTail {
    type Error = BackendError;
    fn tile(&mut self, tile: Tile, width: usize) -> Result<Option<Vec<Hash>>, BackendError> {
        read_tile(&self.folder, tile, width)
    }
}
