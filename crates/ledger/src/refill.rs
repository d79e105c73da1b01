//! Bringing a log back, or over to another backend, from its sealed entries and its last checkpoint.

use crate::{
    Backend, BackendError, Checkpoint, CheckpointError, Dropped, Hash, Leaf, Publication, Tile, Tree, VerifierKey,
    leaf_hash,
};

/// How many bytes of entries are appended with one sync.
const AT_ONCE: usize = 1024 * 1024;
/// How many entries that are there already are read at once.
const READ_AT_ONCE: usize = 256;

/// Why a log was not brought back.
#[derive(Debug, thiserror::Error)]
pub enum RefillError {
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The checkpoint is not to be trusted.
    #[error("its checkpoint cannot be trusted")]
    Checkpoint(#[from] CheckpointError),
    /// The note of what was dropped is not to be trusted.
    #[error("the note of the entries that were dropped from it cannot be trusted")]
    Note(#[source] CheckpointError),
    /// An entry is missing of which the note does not say that it was dropped.
    #[error("entry {seq} is missing, and nothing says that it was dropped")]
    Missing {
        /// Which one.
        seq: u64,
    },
    /// The backend holds another log, or more than is brought.
    #[error("there is another log already, which differs at entry {seq}")]
    Other {
        /// The first entry that differs.
        seq: u64,
    },
    /// The checkpoint covers more entries than there are.
    #[error("it has {entries} entries, but its checkpoint covers {signed}")]
    Shorter {
        /// How many there are.
        entries: u64,
        /// How many are signed.
        signed: u64,
    },
    /// The entries do not give the checkpoint's root.
    #[error("its first {size} entries do not give the root of its checkpoint")]
    Different {
        /// How many the checkpoint covers.
        size: u64,
    },
}

/// Tiles with their hashes.
type Tiles = Vec<(Tile, Vec<Hash>)>;

/// A log that is being brought back. Entries that are there already, because an earlier try was cut short, are held against
/// those that are brought.
pub struct Refill {
    backend: Box<dyn Backend>,
    checkpoint: Checkpoint,
    note: String,
    there: u64,
    dropped: u64,
    known: std::collections::VecDeque<Vec<u8>>,
    tree: Tree,
    /// Full tiles up to the checkpoint.
    tiles: Tiles,
    /// What stood at the right edge, and the root, when the tree had the checkpoint's size.
    at_head: Option<(Hash, Tiles)>,
    waiting: Vec<Leaf>,
    waiting_bytes: usize,
}

impl Refill {
    /// Begins with the log's last checkpoint, and the note of what was dropped from it, where anything was. Both must carry
    /// the true signature of `key`.
    pub fn begin(
        backend: impl Backend + 'static,
        note: String,
        dropped: Option<&str>,
        key: &VerifierKey,
    ) -> Result<Self, RefillError> {
        let checkpoint = Checkpoint::open(&note, key)?;
        let mut backend: Box<dyn Backend> = Box::new(backend);
        let before = match dropped {
            Some(dropped) => {
                let before = Dropped::open(dropped, key).map_err(RefillError::Note)?.before;
                backend.begin_dropped(dropped)?;
                before
            }
            None => 0,
        };
        let there = backend.size()?;
        let mut refill = Self {
            backend,
            checkpoint,
            note,
            there,
            dropped: before,
            known: Default::default(),
            tree: Tree::new(),
            tiles: Vec::new(),
            at_head: None,
            waiting: Vec::new(),
            waiting_bytes: 0,
        };
        refill.look();
        Ok(refill)
    }

    /// Takes the hash of the next entry, which was dropped.
    pub fn push_dropped(&mut self, hash: Hash) -> Result<(), RefillError> {
        if self.tree.size() >= self.dropped {
            return Err(RefillError::Missing { seq: self.tree.size() });
        }
        self.take(hash, &[])
    }

    /// Takes the next entry.
    pub fn push(&mut self, sealed: &[u8]) -> Result<(), RefillError> {
        self.take(leaf_hash(sealed), sealed)
    }

    fn take(&mut self, hash: Hash, sealed: &[u8]) -> Result<(), RefillError> {
        let seq = self.tree.size();
        let unsigned = seq >= self.checkpoint.size;
        let tiles = &mut self.tiles;
        self.tree.push(hash, |tile, hashes| {
            if !unsigned {
                tiles.push((tile, hashes));
            }
        });
        self.look();
        if seq < self.there.min(self.dropped) {
            // Only its hash is there, which the checkpoint's root will vouch for.
            return Ok(());
        }
        if seq < self.there {
            if self.known.is_empty() {
                self.known = self.backend.read(seq, READ_AT_ONCE)?.into();
            }
            return if self.known.pop_front().is_some_and(|known| known == sealed) {
                Ok(())
            } else {
                Err(RefillError::Other { seq })
            };
        }
        self.waiting_bytes += sealed.len().max(hash.0.len());
        self.waiting.push(Leaf { hash, sealed: sealed.to_vec() });
        if self.waiting_bytes >= AT_ONCE { self.flush() } else { Ok(()) }
    }

    /// Makes the rest durable and publishes the checkpoint. Says how many entries the log has.
    pub fn finish(mut self) -> Result<u64, RefillError> {
        self.flush()?;
        let entries = self.tree.size();
        if entries < self.there {
            return Err(RefillError::Other { seq: entries });
        }
        let size = self.checkpoint.size;
        let (root, edge) = self.at_head.take().ok_or(RefillError::Shorter { entries, signed: size })?;
        if root != self.checkpoint.root {
            return Err(RefillError::Different { size });
        }
        self.tiles.extend(edge);
        let publication = Publication { published: 0, size, tiles: &self.tiles, checkpoint: &self.note };
        self.backend.publish(&publication)?;
        Ok(entries)
    }

    fn look(&mut self) {
        if self.tree.size() == self.checkpoint.size {
            let edge = self.tree.partial_tiles().map(|(tile, hashes)| (tile, hashes.to_vec())).collect();
            self.at_head = Some((self.tree.root(), edge));
        }
    }

    fn flush(&mut self) -> Result<(), RefillError> {
        if !self.waiting.is_empty() {
            let first = self.tree.size() - self.waiting.len() as u64;
            self.backend.append(first, &self.waiting)?;
            self.waiting.clear();
            self.waiting_bytes = 0;
        }
        Ok(())
    }
}
