//! What is checked before a log is written to.

use crate::{
    Backend, BackendError, Checkpoint, CheckpointError, Dropped, Hash, Settings, Tile, Tree, VerifierKey, leaf_hash,
    second_path, tile,
};
use std::{fmt, io, path::PathBuf};

/// How many entries are asked for at once.
const READ_AT_ONCE: usize = 256;

/// Whose checkpoint it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// The log's own.
    Own,
    /// The one at a second path.
    SecondPath(PathBuf),
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own => f.write_str("the log's own checkpoint"),
            Self::SecondPath(path) => write!(f, "the checkpoint at {}", path.display()),
        }
    }
}

/// Why a log was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The backend failed, or found its files damaged.
    #[error("the audit log cannot be opened")]
    Backend {
        #[from]
        /// What it said.
        source: BackendError,
    },
    /// Entries are missing at the end.
    #[error("the audit log was cut: it has {log} entries, but {head} covers {signed}")]
    Shorter {
        /// Which checkpoint says so.
        head: Head,
        /// How many entries that covers.
        signed: u64,
        /// How many there are.
        log: u64,
    },
    /// The entries are not those that were signed.
    #[error("the audit log was changed: its first {size} entries do not give the root of {head}")]
    Different {
        /// Which checkpoint says so.
        head: Head,
        /// How many entries that covers.
        size: u64,
    },
    /// A checkpoint cannot be trusted.
    #[error("{head} cannot be trusted")]
    Head {
        /// Which one.
        head: Head,
        #[source]
        /// What is wrong with it.
        source: CheckpointError,
    },
    /// The note that says what was dropped is not to be trusted.
    #[error("the note of the entries that were dropped from the audit log cannot be trusted")]
    Dropped {
        #[source]
        /// What is wrong with it.
        source: CheckpointError,
    },
    /// The log has entries, but its own checkpoint is gone.
    #[error("the audit log has {log} entries but no checkpoint of its own: it was taken away")]
    NoCheckpoint {
        /// How many entries there are.
        log: u64,
    },
    /// The writer thread did not start.
    #[error("the audit log's writer cannot be started")]
    Thread {
        #[source]
        /// What the system said.
        source: io::Error,
    },
}

/// A log that agrees with all its checkpoints.
pub(crate) struct Opened {
    pub(crate) tree: Tree,
    /// Full tiles beyond the last publication.
    pub(crate) full: Vec<(Tile, Vec<Hash>)>,
    pub(crate) published: u64,
}

/// Holds the log against its checkpoints.
pub(crate) fn check(backend: &mut dyn Backend, settings: &Settings) -> Result<Opened, OpenError> {
    let size = backend.size()?;
    let key = settings.verifier_key();
    let own = backend.checkpoint()?.map(|note| open_head(&note, &key, Head::Own)).transpose()?;
    let mut heads: Vec<(Checkpoint, Head)> = own.iter().cloned().map(|own| (own, Head::Own)).collect();
    for path in &settings.second_paths {
        let head = Head::SecondPath(path.clone());
        match second_path::read(path)? {
            Some(note) => heads.push((open_head(&note, &key, head.clone())?, head)),
            None if size > 0 => {
                tracing::warn!(path = %path.display(), "a second path has no checkpoint of this log yet");
            }
            None => {}
        }
    }
    for (checkpoint, head) in &heads {
        if checkpoint.size > size {
            return Err(OpenError::Shorter { head: head.clone(), signed: checkpoint.size, log: size });
        }
    }
    if own.is_none() && size > 0 {
        return Err(OpenError::NoCheckpoint { log: size });
    }
    let published = own.map_or(0, |own| own.size);

    let dropped = backend.dropped()?.map(|note| Dropped::open(&note, &key)).transpose();
    let dropped = dropped.map_err(|source| OpenError::Dropped { source })?.map_or(0, |dropped| dropped.before);

    heads.sort_by_key(|(checkpoint, _)| checkpoint.size);
    // Of what was dropped the tiles are all that there is.
    let start = size.saturating_sub(settings.check_at_open).max(dropped).min(published);
    let (mut tree, old) = match from_tiles(backend, &heads, start)? {
        Some((tree, roots)) => {
            for (root, (checkpoint, head)) in roots.iter().zip(&heads) {
                agree(*root, checkpoint, head)?;
            }
            (tree, roots.len())
        }
        None if dropped > 0 => {
            let what = format!("the hashes of the {dropped} entries that were dropped are not whole");
            return Err(BackendError::Damaged(what).into());
        }
        None => (Tree::new(), 0),
    };
    let mut heads = heads.into_iter().skip(old).peekable();
    let mut full = Vec::new();
    let mut agree_here = |tree: &Tree| {
        while let Some((checkpoint, head)) = heads.next_if(|(checkpoint, _)| checkpoint.size == tree.size()) {
            agree(tree.root(), &checkpoint, &head)?;
        }
        Ok::<(), OpenError>(())
    };
    agree_here(&tree)?;
    let mut refused = None;
    let from = tree.size();
    let read = read_all(backend, from, size, |_, sealed| {
        tree.push(leaf_hash(sealed), |tile, hashes| full.push((tile, hashes)));
        if tree.size() <= published {
            full.clear();
        }
        agree_here(&tree).map_err(|error| {
            refused = Some(error);
            BackendError::Damaged("it does not agree with a checkpoint".to_owned())
        })
    });
    match refused {
        Some(error) => Err(error),
        None => {
            read?;
            Ok(Opened { tree, full, published })
        }
    }
}

/// The tree of the first `start` entries (rounded down to full bundles) from the tiles, and the roots at the heads below
/// that; `None` when a tile that this needs is not there. Nothing is trusted before the entries that follow have led to the
/// root of a checkpoint.
fn from_tiles(
    backend: &mut dyn Backend,
    heads: &[(Checkpoint, Head)],
    start: u64,
) -> Result<Option<(Tree, Vec<Hash>)>, BackendError> {
    let mut restore = |size| Tree::restore(size, |tile, width| backend.tile(tile, width));
    let Some(tree) = restore(start - start % tile::WIDTH as u64)? else { return Ok(None) };
    let mut roots = Vec::new();
    for (checkpoint, _) in heads.iter().take_while(|(checkpoint, _)| checkpoint.size < tree.size()) {
        let Some(old) = restore(checkpoint.size)? else { return Ok(None) };
        roots.push(old.root());
    }
    Ok(Some((tree, roots)))
}

fn agree(root: Hash, checkpoint: &Checkpoint, head: &Head) -> Result<(), OpenError> {
    if root == checkpoint.root {
        Ok(())
    } else {
        Err(OpenError::Different { head: head.clone(), size: checkpoint.size })
    }
}

fn open_head(note: &str, key: &VerifierKey, head: Head) -> Result<Checkpoint, OpenError> {
    Checkpoint::open(note, key).map_err(|source| OpenError::Head { head, source })
}

/// Hands the sealed entries from `from` up to `to` to `each`, in order.
pub(crate) fn read_all(
    backend: &mut dyn Backend,
    from: u64,
    to: u64,
    mut each: impl FnMut(u64, &[u8]) -> Result<(), BackendError>,
) -> Result<(), BackendError> {
    let mut seq = from;
    while seq < to {
        let most = usize::try_from(to - seq).unwrap_or(usize::MAX).min(READ_AT_ONCE);
        let entries = backend.read(seq, most)?;
        if entries.is_empty() {
            return Err(BackendError::Damaged(format!("entry {seq} is missing")));
        }
        for sealed in entries {
            each(seq, &sealed)?;
            seq += 1;
        }
    }
    Ok(())
}
