//! Proving a log's directory whole with the public key alone, or naming the first place that is not.
//!
//! The entries lead: each is hashed and grown into a tree, and everything else in the directory must agree with that: the
//! hash tiles, the bundles, the journal where it overlaps them, and the root of every checkpoint. The checkpoints are read
//! first, so that a log may be verified while it is written to.

mod files;

use crate::{
    Backend, BackendError, Checkpoint, CheckpointError, Dropped, Hash, SEGMENT, Tile, Tree, VerifierKey,
    file::{CHECKPOINT, DROPPED, JOURNAL, archived, journal, read_if_there, read_note},
    leaf_hash,
    note::notes_in,
    tile::WIDTH,
    tree::perfect_root,
};
use files::{CHANGED, Entries, check_bundle_files, check_tile_files};
use std::{
    fmt,
    path::{Path, PathBuf},
};

/// What was proven.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The log's own checkpoint: the entries below its size are proven.
    pub checkpoint: Checkpoint,
    /// How many entries there are; those from the largest checkpoint on are not signed yet.
    pub entries: u64,
    /// What was dropped: of those entries the hashes are proven, and nothing else is there.
    pub dropped: Option<Dropped>,
    /// How many bytes of a batch stand at the end that was never finished, nor acknowledged (a crash, or a write going on).
    pub torn_bytes: u64,
}

/// The first place where a log is not whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// What is wrong there.
    pub what: String,
    /// The first entry concerned, where one can be named.
    pub entry: Option<u64>,
    /// The file.
    pub file: PathBuf,
    /// The byte in the file, where one can be named.
    pub offset: Option<u64>,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(entry) = self.entry {
            write!(f, "entry {entry}, ")?;
        }
        write!(f, "{}", self.file.display())?;
        if let Some(offset) = self.offset {
            write!(f, " at byte {offset}")?;
        }
        write!(f, ": {}", self.what)
    }
}

/// Why a log was not proven whole.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// It is damaged.
    #[error("{0}")]
    Damaged(Damage),
    /// It cannot be read.
    #[error("the audit log cannot be read")]
    Unreadable {
        #[from]
        /// What went wrong.
        source: BackendError,
    },
}

impl VerifyError {
    fn at(what: impl Into<String>, entry: impl Into<Option<u64>>, file: &Path, offset: impl Into<Option<u64>>) -> Self {
        Self::Damaged(Damage { what: what.into(), entry: entry.into(), file: file.to_owned(), offset: offset.into() })
    }
}

/// Proves the log in `folder` whole against its own checkpoint and those in the files `heads`: second paths, and heads that were
/// kept elsewhere, one after another in a file, those of other logs among them. Reads every
/// file of it; takes the time of reading and hashing it once.
pub fn verify(folder: &Path, key: &VerifierKey, heads: &[PathBuf]) -> Result<Report, VerifyError> {
    let own_path = folder.join(CHECKPOINT);
    let own = read_head(&own_path, key)?;
    let mut all = vec![(own.clone(), own_path)];
    for path in heads {
        all.extend(read_heads(path, key)?);
    }
    all.sort_by_key(|(head, _)| head.size);
    let dropped = open_dropped(read_note(folder, DROPPED)?, &folder.join(DROPPED), key)?;
    let journal::Scan { segments, gap, .. } = journal::scan(&folder.join(JOURNAL), archived(folder)?)?;
    let journal_end = end_of(&segments);
    let mut log = Verification {
        folder,
        key,
        own: &own,
        dropped: dropped.as_ref().map_or(0, |dropped| dropped.before),
        journal_end,
        entries: Entries::new(folder, segments),
        tree: Tree::new(),
        heads: Heads { heads: all, agreed: 0 },
    };
    log.heads.agree(&log.tree)?;
    while log.bundle()? {}
    let total = log.tree.size();
    // Only now: an entry that was changed is said before the end that is missing behind it.
    if let Some(gap) = gap.filter(|gap| gap.seq <= total) {
        return Err(VerifyError::at("the next batch is missing or out of order", gap.seq, &gap.path, gap.offset));
    }
    let torn_bytes = log.entries.check_tail(total)?;
    log.heads.all_agreed(total, || log.entries.end())?;
    for (tile, hashes) in log.tree.partial_tiles() {
        let required = tile.width(own.size);
        check_tile_files(folder, tile, hashes, required, &|| log.grown())?;
    }
    Ok(Report { checkpoint: own, entries: total, dropped, torn_bytes })
}

/// Proves a log in any backend whole against its own checkpoint and those in the files `heads`: reads every entry, holds its
/// hash against the one that the backend keeps, where it keeps hashes, and the root against every checkpoint. `name` stands
/// for the file in what is said of damage.
pub fn verify_backend(
    backend: &mut dyn Backend,
    name: &Path,
    key: &VerifierKey,
    heads: &[PathBuf],
) -> Result<Report, VerifyError> {
    let Some(own) = backend.checkpoint()? else {
        return Err(VerifyError::at("the checkpoint is missing", None, name, None));
    };
    let own = open_head(&own, name, key)?;
    let mut all = vec![(own.clone(), name.to_owned())];
    for path in heads {
        all.extend(read_heads(path, key)?);
    }
    let dropped = open_dropped(backend.dropped()?, name, key)?;
    let before = dropped.as_ref().map_or(0, |dropped| dropped.before);
    all.sort_by_key(|(head, _)| head.size);
    let (mut heads, mut tree) = (Heads { heads: all, agreed: 0 }, Tree::new());
    heads.agree(&tree)?;
    let size = backend.size()?;
    while tree.size() < size {
        let first = tree.size();
        if first < before {
            let hashes = backend.tile(Tile { level: 0, index: first / SEGMENT }, WIDTH)?;
            for hash in hashes.ok_or_else(|| VerifyError::at(NO_HASHES, first, name, None))? {
                tree.push(hash, |_, _| {});
                heads.agree(&tree)?;
            }
            continue;
        }
        let entries = backend.read(first, WIDTH - (first % WIDTH as u64) as usize)?;
        if entries.is_empty() {
            return Err(VerifyError::at("the entry is missing", first, name, None));
        }
        let place = Tile { level: 0, index: first / WIDTH as u64 };
        let hashes = backend.tile(place, place.width(first + entries.len() as u64))?;
        for sealed in &entries {
            let (seq, hash) = (tree.size(), leaf_hash(sealed));
            let kept = hashes.as_ref().and_then(|hashes| hashes.get((seq % WIDTH as u64) as usize));
            if kept.is_some_and(|kept| *kept != hash) {
                return Err(VerifyError::at(CHANGED, seq, name, None));
            }
            tree.push(hash, |_, _| {});
            heads.agree(&tree)?;
        }
    }
    heads.all_agreed(tree.size(), || (name.to_owned(), None))?;
    Ok(Report { checkpoint: own, entries: tree.size(), dropped, torn_bytes: 0 })
}

/// Up to which entry the journal goes.
fn end_of(segments: &[journal::Segment]) -> Option<u64> {
    segments.iter().rev().find_map(journal::Segment::end)
}

/// What is said of dropped entries whose tile is not there in full.
const NO_HASHES: &str = "the entries were dropped, and their hashes are missing";

fn open_dropped(note: Option<String>, path: &Path, key: &VerifierKey) -> Result<Option<Dropped>, VerifyError> {
    let opened = note.map(|note| Dropped::open(&note, key)).transpose();
    opened.map_err(|error| {
        VerifyError::at(format!("the note of what was dropped cannot be trusted: {error}"), None, path, None)
    })
}

fn read_head(path: &Path, key: &VerifierKey) -> Result<Checkpoint, VerifyError> {
    let Some(bytes) = read_if_there(path)? else {
        return Err(VerifyError::at("the checkpoint is missing", None, path, None));
    };
    open_head(&String::from_utf8_lossy(&bytes), path, key)
}

/// The heads of the log in a file, of which it must hold one at least.
fn read_heads(path: &Path, key: &VerifierKey) -> Result<Vec<(Checkpoint, PathBuf)>, VerifyError> {
    let missing = || VerifyError::at("the checkpoint is missing", None, path, None);
    let bytes = read_if_there(path)?.ok_or_else(missing)?;
    let text = String::from_utf8_lossy(&bytes);
    let (mut heads, mut other) = (Vec::new(), None);
    for note in notes_in(&text) {
        match Checkpoint::open(note, key) {
            Ok(head) => heads.push((head, path.to_owned())),
            Err(CheckpointError::OtherLog) => other = Some(CheckpointError::OtherLog),
            Err(error) => return Err(untrusted(error, path)),
        }
    }
    match other {
        _ if !heads.is_empty() => Ok(heads),
        Some(error) => Err(untrusted(error, path)),
        None => Err(missing()),
    }
}

fn untrusted(error: CheckpointError, path: &Path) -> VerifyError {
    VerifyError::at(format!("the checkpoint cannot be trusted: {error}"), None, path, None)
}

fn open_head(note: &str, path: &Path, key: &VerifierKey) -> Result<Checkpoint, VerifyError> {
    Checkpoint::open(note, key).map_err(|error| untrusted(error, path))
}

/// The checkpoints that a log is held against, as its tree grows.
struct Heads {
    /// By size.
    heads: Vec<(Checkpoint, PathBuf)>,
    /// How many of them agreed.
    agreed: usize,
}

impl Heads {
    /// Holds the tree against every head of its size.
    fn agree(&mut self, tree: &Tree) -> Result<(), VerifyError> {
        while let Some((head, path)) = self.heads.get(self.agreed).filter(|(head, _)| head.size == tree.size()) {
            if head.root != tree.root() {
                let since = self.agreed.checked_sub(1).map_or(0, |last| self.heads[last].0.size);
                let what = format!(
                    "the entries from {since} up to {} do not give its root: the log was rewritten there",
                    head.size
                );
                return Err(VerifyError::at(what, since, path, None));
            }
            self.agreed += 1;
        }
        Ok(())
    }

    /// Refuses a log that ends before a head does.
    fn all_agreed(&self, total: u64, end: impl Fn() -> (PathBuf, Option<u64>)) -> Result<(), VerifyError> {
        let Some((head, path)) = self.heads.get(self.agreed) else { return Ok(()) };
        let what =
            format!("the log ends here, but {} covers {} entries: its end was cut off", path.display(), head.size);
        let (file, offset) = end();
        Err(VerifyError::at(what, total, &file, offset))
    }
}

/// A verification under way.
struct Verification<'a> {
    folder: &'a Path,
    key: &'a VerifierKey,
    own: &'a Checkpoint,
    /// How many entries were dropped.
    dropped: u64,
    /// Up to which entry the journal went when this began.
    journal_end: Option<u64>,
    entries: Entries<'a>,
    tree: Tree,
    heads: Heads,
}

impl Verification<'_> {
    /// Takes the entries of the next bundle. False at the end of the log.
    fn bundle(&mut self) -> Result<bool, VerifyError> {
        let index = self.tree.size() / WIDTH as u64;
        if (index + 1) * SEGMENT <= self.dropped {
            self.entries.pass_over((index + 1) * SEGMENT)?;
            return self.dropped_bundle(index);
        }
        let entries = self.entries.bundle(index)?;
        let place = Tile { level: 0, index };
        let tile = self.leaf_tile(place)?;
        let mut hashes = Vec::with_capacity(entries.len());
        for (i, entry) in entries.iter().enumerate() {
            let (hash, seq) = (leaf_hash(&entry.sealed), index * WIDTH as u64 + i as u64);
            if let Some((expected, path)) = tile.as_ref().and_then(|(hashes, path)| Some((hashes.get(i)?, path)))
                && *expected != hash
            {
                return Err(self.disagreement(place, seq, (&entry.file, entry.offset), (path, i as u64 * 32)));
            }
            hashes.push(hash);
            let (mut full, size) = (Vec::new(), self.own.size);
            self.tree.push(hash, |tile, hashes| full.push((tile, hashes)));
            self.heads.agree(&self.tree)?;
            for (tile, hashes) in full {
                check_tile_files(self.folder, tile, &hashes, tile.width(size), &|| self.grown())?;
            }
        }
        if let Some((file, what)) = self.entries.broken() {
            let seq = index * WIDTH as u64 + entries.len() as u64;
            return Err(VerifyError::at(what, seq, &file.0, file.1));
        }
        check_bundle_files(self.folder, index, &entries, self.own.size, &|| self.grown())?;
        Ok(entries.len() == WIDTH)
    }

    /// Takes the hashes of a bundle that was dropped: they are all that counts of it, should a part still lie there.
    fn dropped_bundle(&mut self, index: u64) -> Result<bool, VerifyError> {
        let (place, first) = (Tile { level: 0, index }, index * SEGMENT);
        let path = self.folder.join(place.path(WIDTH));
        let hashes = read_if_there(&path)?.and_then(|bytes| crate::tile::decode(&bytes, WIDTH));
        let hashes = hashes.ok_or_else(|| VerifyError::at(NO_HASHES, first, &path, None))?;
        if !self.above_holds(place).unwrap_or(true) {
            let above = Tile { level: 1, index: index / SEGMENT };
            let wrong =
                if self.is_borne_out(above) { path } else { self.folder.join(above.path(above.width(self.own.size))) };
            let what = "the hashes of entries that were dropped, and those above them, do not agree";
            return Err(VerifyError::at(what, first, &wrong, None));
        }
        for hash in hashes {
            let (mut full, size) = (Vec::new(), self.own.size);
            self.tree.push(hash, |tile, hashes| full.push((tile, hashes)));
            self.heads.agree(&self.tree)?;
            for (tile, hashes) in full {
                check_tile_files(self.folder, tile, &hashes, tile.width(size), &|| self.grown())?;
            }
        }
        Ok(true)
    }

    /// Whether what stands above a tile says the same: the tile there, or the root where there is none.
    fn is_borne_out(&self, place: Tile) -> bool {
        if place.width(self.own.size) < WIDTH { self.edge_holds() } else { self.above_holds(place).unwrap_or(false) }
    }

    /// Whether a full tile gives the hash above it; none when one of the two is not to be had.
    fn above_holds(&self, place: Tile) -> Option<bool> {
        let above = Tile { level: place.level + 1, index: place.index / WIDTH as u64 };
        let above = crate::file::read_tile(self.folder, above, (place.index % WIDTH as u64) as usize + 1).ok()??;
        let hashes = crate::file::read_tile(self.folder, place, WIDTH).ok()??;
        Some(above.last() == Some(&perfect_root(&hashes)))
    }

    /// The leaf hashes of a bundle as the tiles say, with the tile's path.
    fn leaf_tile(&self, place: Tile) -> Result<Option<(Vec<Hash>, PathBuf)>, VerifyError> {
        let mut paths = vec![self.folder.join(place.path(WIDTH))];
        paths.extend(crate::file::partials(self.folder, &place.path(WIDTH))?.into_iter().rev().map(|(_, path)| path));
        for path in paths {
            if let Some(bytes) = read_if_there(&path)? {
                let hashes = bytes.as_chunks::<32>().0.iter().copied().map(Hash).collect();
                return Ok(Some((hashes, path)));
            }
        }
        Ok(None)
    }

    /// An entry and its hash do not agree: says which of the two was changed, where the tile above can tell.
    fn disagreement(&self, place: Tile, seq: u64, entry: (&Path, u64), hash: (&Path, u64)) -> VerifyError {
        if self.is_borne_out(place) {
            VerifyError::at(CHANGED, seq, entry.0, entry.1)
        } else {
            let what = format!("the hash does not belong to the entry in {} at byte {}", entry.0.display(), entry.1);
            VerifyError::at(what, seq, hash.0, hash.1)
        }
    }

    /// Whether the log went on since this began. Tiles are written before the checkpoint that covers them and after the
    /// journal, so a longer journal tells of it first.
    fn grown(&self) -> bool {
        let published =
            || read_head(&self.folder.join(CHECKPOINT), self.key).is_ok_and(|head| head.size > self.own.size);
        let written = || {
            let archived = archived(self.folder)?;
            journal::scan(&self.folder.join(JOURNAL), archived).map(|scan| end_of(&scan.segments) > self.journal_end)
        };
        published() || written().is_ok_and(|longer| longer)
    }

    /// Whether the tiles at the right edge give the root of the log's own checkpoint.
    fn edge_holds(&self) -> bool {
        let tree = Tree::restore(self.own.size, |tile, width| crate::file::read_tile(self.folder, tile, width));
        matches!(tree, Ok(Some(tree)) if tree.root() == self.own.root)
    }
}
