//! Proofs that an entry is in the log, and that a later log continues an earlier one (RFC 6962, sections 2.1.1 and 2.1.2).
//!
//! Sizes and roots always come from signed checkpoints: a root alone does not say how many leaves it has.

use crate::{Backend, BackendError, Checkpoint, Hash, Tile, node_hash, tile::WIDTH, tree::perfect_root};
use std::collections::HashMap;

/// Where the hashes for a proof come from: for example [`crate::LogReader`].
pub trait TileSource {
    /// What reading fails with.
    type Error;
    /// The first `width` hashes of a tile; `None` when it does not have them.
    fn tile(&mut self, tile: Tile, width: usize) -> Result<Option<Vec<Hash>>, Self::Error>;
}

/// The hashes that a backend keeps.
pub struct BackendTiles<'a>(pub &'a mut dyn Backend);

impl TileSource for BackendTiles<'_> {
    type Error = BackendError;
    fn tile(&mut self, tile: Tile, width: usize) -> Result<Option<Vec<Hash>>, BackendError> {
        self.0.tile(tile, width)
    }
}

/// Why no proof was made.
#[derive(Debug, thiserror::Error)]
pub enum ProofError<E: std::error::Error + 'static> {
    /// The entry, or the earlier log, lies beyond the log.
    #[error("the log has only {size} entries")]
    Beyond {
        /// How many entries the log has.
        size: u64,
    },
    /// A tile is missing.
    #[error("the tile {} is missing", tile.path(*width))]
    Missing {
        /// Which.
        tile: Tile,
        /// How many of its hashes are needed.
        width: usize,
    },
    /// Reading a tile failed.
    #[error("a tile cannot be read")]
    Source(#[source] E),
}

/// Proves that the entry `index` is in the log of `size` entries: the hashes beside its path to the root, from below.
pub fn inclusion_proof<S: TileSource<Error: std::error::Error>>(
    index: u64,
    size: u64,
    source: &mut S,
) -> Result<Vec<Hash>, ProofError<S::Error>> {
    if index >= size {
        return Err(ProofError::Beyond { size });
    }
    let mut hashes = Hashes { source, size, tiles: HashMap::new() };
    let (mut proof, mut from, mut to) = (Vec::new(), 0, size);
    while to - from > 1 {
        let middle = from + split(to - from);
        if index < middle {
            proof.push(hashes.root(middle, to)?);
            to = middle;
        } else {
            proof.push(hashes.root(from, middle)?);
            from = middle;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Proves that the log of `new` entries continues the log of `old` entries. Empty when `old` is 0 or `new`.
pub fn consistency_proof<S: TileSource<Error: std::error::Error>>(
    old: u64,
    new: u64,
    source: &mut S,
) -> Result<Vec<Hash>, ProofError<S::Error>> {
    if old > new {
        return Err(ProofError::Beyond { size: new });
    }
    let mut proof = Vec::new();
    if old == 0 || old == new {
        return Ok(proof);
    }
    let mut hashes = Hashes { source, size: new, tiles: HashMap::new() };
    // The old tree's right end is followed down; `whole` while the part in hand is the old tree itself, whose root the
    // verifier has.
    let (mut from, mut to, mut whole) = (0, new, true);
    while old < to {
        let middle = from + split(to - from);
        if old <= middle {
            proof.push(hashes.root(middle, to)?);
            to = middle;
        } else {
            proof.push(hashes.root(from, middle)?);
            from = middle;
            whole = false;
        }
    }
    if !whole {
        proof.push(hashes.root(from, to)?);
    }
    proof.reverse();
    Ok(proof)
}

/// Whether `proof` shows that a leaf with this hash is entry `index` of the log at `checkpoint` (the walk of RFC 9162, section
/// 2.1.3.2, which serves RFC 6962's proofs).
pub fn verify_inclusion(leaf: &Hash, index: u64, checkpoint: &Checkpoint, proof: &[Hash]) -> bool {
    if index >= checkpoint.size {
        return false;
    }
    let (mut place, mut last, mut root) = (index, checkpoint.size - 1, *leaf);
    for hash in proof {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            root = node_hash(hash, &root);
            let skip = place.trailing_zeros();
            (place, last) = (up(place, skip), up(last, skip));
        } else {
            root = node_hash(&root, hash);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && root == checkpoint.root
}

/// Whether `proof` shows that the log at `new` continues the log at `old` (the walk of RFC 9162, section 2.1.4.2).
pub fn verify_consistency(old: &Checkpoint, new: &Checkpoint, proof: &[Hash]) -> bool {
    if old.size > new.size {
        return false;
    }
    if old.size == new.size {
        return proof.is_empty() && old.root == new.root;
    }
    if old.size == 0 {
        return proof.is_empty() && old.root == Hash::of_nothing();
    }
    // Where the old tree is perfect, its root is the first hash, and is not sent.
    let (first, rest) = if old.size.is_power_of_two() {
        (old.root, proof)
    } else {
        match proof.split_first() {
            Some((first, rest)) => (*first, rest),
            None => return false,
        }
    };
    let skip = (old.size - 1).trailing_ones();
    let (mut place, mut last) = (up(old.size - 1, skip), up(new.size - 1, skip));
    let (mut old_root, mut new_root) = (first, first);
    for hash in rest {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            old_root = node_hash(hash, &old_root);
            new_root = node_hash(hash, &new_root);
            let skip = place.trailing_zeros();
            (place, last) = (up(place, skip), up(last, skip));
        } else {
            new_root = node_hash(&new_root, hash);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    last == 0 && old_root == old.root && new_root == new.root
}

/// `number` some levels up; 0 when there are no bits left.
fn up(number: u64, levels: u32) -> u64 {
    number.checked_shr(levels).unwrap_or(0)
}

/// The largest power of two smaller than `leaves`, which is at least 2.
const fn split(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// Hashes of parts of a log, from its tiles.
struct Hashes<'a, S> {
    source: &'a mut S,
    size: u64,
    tiles: HashMap<Tile, Vec<Hash>>,
}

impl<S: TileSource<Error: std::error::Error>> Hashes<'_, S> {
    /// The root of the leaves from `from` to `to`, a part that the tree's own splitting gives.
    fn root(&mut self, from: u64, to: u64) -> Result<Hash, ProofError<S::Error>> {
        let leaves = to - from;
        if leaves.is_power_of_two() {
            return self.perfect(from, leaves.ilog2());
        }
        let middle = from + split(leaves);
        Ok(node_hash(&self.root(from, middle)?, &self.root(middle, to)?))
    }

    /// The root of the perfect tree of 2^`height` leaves from `from` on.
    fn perfect(&mut self, from: u64, height: u32) -> Result<Hash, ProofError<S::Error>> {
        let (level, within) = ((height / 8) as u8, height % 8);
        let first = from >> (8 * u32::from(level));
        let tile = Tile { level, index: first / WIDTH as u64 };
        if !self.tiles.contains_key(&tile) {
            let width = tile.width(self.size);
            let hashes = self.source.tile(tile, width).map_err(ProofError::Source)?;
            self.tiles.insert(tile, hashes.ok_or(ProofError::Missing { tile, width })?);
        }
        let start = (first % WIDTH as u64) as usize;
        let row = self.tiles[&tile].get(start..start + (1 << within));
        row.map(perfect_root).ok_or(ProofError::Missing { tile, width: tile.width(self.size) })
    }
}
