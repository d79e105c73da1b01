//! Where the entries are kept.

use crate::{Hash, Tile};
use std::{error::Error, io};

/// A sealed entry and its hash in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaf {
    /// [`crate::leaf_hash`] of the sealed bytes.
    pub hash: Hash,
    /// The sealed entry.
    pub sealed: Vec<u8>,
}

/// What a checkpoint makes public.
#[derive(Debug)]
pub struct Publication<'a> {
    /// How many entries the last publication covered. Their full tiles and bundles are there already.
    pub published: u64,
    /// How many entries this one covers.
    pub size: u64,
    /// The tiles that are new: those that became full since the last publication, then those at the right edge.
    pub tiles: &'a [(Tile, Vec<Hash>)],
    /// The signed checkpoint.
    pub checkpoint: &'a str,
}

/// Why a backend did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// The system refused: no space, no permission, a failing disk.
    #[error("{what}")]
    Io {
        /// What was tried, on which file.
        what: String,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// What is stored is not as it was written.
    #[error("the log is damaged: {0}")]
    Damaged(String),
    /// The entry is not there any more, as the log's note says ([`crate::Dropped`]).
    #[error("the entries below {before} were dropped when their time was over")]
    Dropped {
        /// The first number that was not.
        before: u64,
    },
    /// Any other reason, for example a database's.
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
}

/// Keeps the sealed entries of one log, in order. Called from one thread, and may block.
///
/// Only one writer may have a log open; a backend makes sure of that (a lock on the directory, or in the database).
pub trait Backend: Send {
    /// How many entries are durable. Asked when the log is opened and after a failed [`Backend::append`], whose outcome a
    /// database may not know: it looks again.
    fn size(&mut self) -> Result<u64, BackendError>;

    /// Appends entries at the sequence numbers from `first` on, which is the present size. Returns only when all of them are
    /// durable; on an error none may be, and the next call (at the same `first`) starts from there.
    fn append(&mut self, first: u64, leaves: &[Leaf]) -> Result<(), BackendError>;

    /// The sealed entries from `from` on: at least one where there is one, at most `most`.
    fn read(&mut self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError>;

    /// The note that says which entries were dropped ([`crate::Dropped`]); none where none were. Not checked.
    fn dropped(&mut self) -> Result<Option<String>, BackendError> {
        Ok(None)
    }

    /// Keeps the note of a log that is brought back, durably, before anything else of it. Where only hashes are to be had of
    /// entries, those are appended as leaves that are empty, unless [`Backend::size`] counts them already.
    fn begin_dropped(&mut self, note: &str) -> Result<(), BackendError> {
        let _ = note;
        Err(BackendError::Damaged("this place keeps whole logs only".to_owned()))
    }

    /// The last published checkpoint; none in a new log.
    fn checkpoint(&mut self) -> Result<Option<String>, BackendError>;

    /// The first `width` hashes of a tile, if it is kept; it is computed from the entries otherwise.
    fn tile(&mut self, tile: Tile, width: usize) -> Result<Option<Vec<Hash>>, BackendError>;

    /// Makes tiles, entries and last the checkpoint public, durably. May be repeated after an error.
    fn publish(&mut self, publication: &Publication<'_>) -> Result<(), BackendError>;
}
