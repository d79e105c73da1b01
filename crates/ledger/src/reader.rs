//! Reading a log's directory, also beside the writer.

use crate::{
    BackendError, Checkpoint, CheckpointError, Dropped, Entry, Hash, LogName, Tile, TileSource, VerifierKey,
    file::{DROPPED, JOURNAL, archived, journal, read_bundle, read_checkpoint, read_note, read_tile},
    open_entry,
};
use crypto::Key;
use std::path::PathBuf;

/// Reads a log's directory as it stood when this was made. Takes no lock and writes nothing.
pub struct LogReader {
    folder: PathBuf,
    segments: Vec<journal::Segment>,
}

/// Why something was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The files cannot be read, or are damaged.
    #[error("the audit log cannot be read")]
    Backend {
        #[from]
        /// What went wrong.
        source: BackendError,
    },
    /// There is no checkpoint.
    #[error("the audit log has no checkpoint")]
    NoCheckpoint,
    /// The checkpoint, or the note of what was dropped, is not to be trusted.
    #[error("a signed note of the audit log cannot be trusted")]
    Checkpoint {
        #[from]
        /// What is wrong with it.
        source: CheckpointError,
    },
    /// An entry does not open with this key: it was changed, or the key is not this log's.
    #[error("entry {seq} does not open")]
    Sealed {
        /// Which.
        seq: u64,
    },
}

impl LogReader {
    /// Looks at the log in `folder`.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, BackendError> {
        let folder = folder.into();
        let journal::Scan { segments, gap, .. } = journal::scan(&folder.join(JOURNAL), archived(&folder)?)?;
        if let Some(gap) = gap {
            let (seq, path, offset) = (gap.seq, gap.path.display(), gap.offset);
            return Err(BackendError::Damaged(format!("entry {seq} is missing in {path} at byte {offset}")));
        }
        Ok(Self { folder, segments })
    }

    /// How many entries there are.
    pub fn size(&self) -> u64 {
        let last = self.segments.iter().rev().flat_map(|segment| segment.frames.iter().rev()).find(|frame| frame.whole);
        last.map_or(0, |frame| frame.header.end())
    }

    /// The sealed entries from `from` on: at least one where there is one, at most `most`.
    pub fn read(&self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        if from >= self.size() {
            return Ok(Vec::new());
        }
        match journal::read(&self.segments, from, most)? {
            Some(entries) => Ok(entries),
            None => read_bundle(&self.folder, from, most),
        }
    }

    /// The log's own checkpoint, checked.
    pub fn checkpoint(&self, key: &VerifierKey) -> Result<Checkpoint, ReadError> {
        let note = read_checkpoint(&self.folder)?.ok_or(ReadError::NoCheckpoint)?;
        Ok(Checkpoint::open(&note, key)?)
    }

    /// The log's own checkpoint as it was signed, if there is one. Not checked.
    pub fn checkpoint_note(&self) -> Result<Option<String>, BackendError> {
        read_checkpoint(&self.folder)
    }

    /// What was dropped from it, checked; none where nothing was.
    pub fn dropped(&self, key: &VerifierKey) -> Result<Option<Dropped>, ReadError> {
        let note = read_note(&self.folder, DROPPED)?;
        Ok(note.map(|note| Dropped::open(&note, key)).transpose()?)
    }

    /// The note that says what was dropped, as it was signed, and how many entries it names; none where nothing was. Not
    /// checked.
    pub fn dropped_note(&self) -> Result<Option<(u64, String)>, BackendError> {
        Ok(read_note(&self.folder, DROPPED)?.map(|note| (Dropped::unverified(&note), note)))
    }

    /// The entries from `from` on, opened with the seal key of the log `log`, each with its sequence number.
    pub fn entries<'a>(
        &'a self,
        key: &'a Key,
        log: &'a LogName,
        from: u64,
    ) -> impl Iterator<Item = Result<(u64, Entry), ReadError>> + 'a {
        let mut waiting = Vec::new().into_iter();
        let (mut next, mut ended) = (from, false);
        std::iter::from_fn(move || {
            if ended {
                return None;
            }
            if waiting.len() == 0 {
                match self.read(next, 256) {
                    Ok(entries) => waiting = entries.into_iter(),
                    Err(source) => {
                        ended = true;
                        return Some(Err(source.into()));
                    }
                }
            }
            let Some(sealed) = waiting.next() else {
                ended = true;
                let missing = || BackendError::Damaged(format!("entry {next} is missing")).into();
                return (next < self.size()).then(|| Err(missing()));
            };
            let seq = next;
            next += 1;
            // The next ones may well open: the caller decides whether to go on.
            Some(open_entry(key, log, seq, &sealed).map(|entry| (seq, entry)).map_err(|_| ReadError::Sealed { seq }))
        })
    }
}

impl TileSource for LogReader {
    type Error = BackendError;
    fn tile(&mut self, tile: Tile, width: usize) -> Result<Option<Vec<Hash>>, BackendError> {
        read_tile(&self.folder, tile, width)
    }
}
