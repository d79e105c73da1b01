//! The Merkle tree, as far as it must be held to grow it: its right edge.

use crate::{Hash, Tile, node_hash, tile::WIDTH};

/// A growing RFC 6962 tree. Holds only the tiles at its right edge that are not full, at most 255 hashes a level: 40 KB for
/// ten million leaves.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    size: u64,
    /// The unfinished tile of each level.
    edge: Vec<Vec<Hash>>,
}

impl Tree {
    /// The tree without leaves.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many leaves it has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf. Hands each tile that became full to `full`.
    pub fn push(&mut self, leaf: Hash, mut full: impl FnMut(Tile, Vec<Hash>)) {
        self.size += 1;
        let mut hash = leaf;
        for level in 0..8 {
            if self.edge.len() == level {
                self.edge.push(Vec::with_capacity(WIDTH));
            }
            self.edge[level].push(hash);
            if self.edge[level].len() < WIDTH {
                break;
            }
            let hashes = std::mem::replace(&mut self.edge[level], Vec::with_capacity(WIDTH));
            hash = perfect_root(&hashes);
            let index = (self.size >> (8 * (level + 1))) - 1;
            full(Tile { level: level as u8, index }, hashes);
        }
    }

    /// The root.
    pub fn root(&self) -> Hash {
        // The perfect subtrees get larger from the right to the left and from the low levels to the high ones: joining
        // them from the right gives the tree of RFC 6962.
        let mut root: Option<Hash> = None;
        for hashes in &self.edge {
            for subtree in perfect_subtrees(hashes).iter().rev() {
                root = Some(root.map_or(*subtree, |right| node_hash(subtree, &right)));
            }
        }
        root.unwrap_or_else(Hash::of_nothing)
    }

    /// The tiles at the right edge that are not full.
    pub fn partial_tiles(&self) -> impl Iterator<Item = (Tile, &[Hash])> {
        self.edge.iter().enumerate().filter(|(_, hashes)| !hashes.is_empty()).map(|(level, hashes)| {
            (Tile { level: level as u8, index: self.size >> (8 * (level + 1)) }, hashes.as_slice())
        })
    }

    /// The tree of `size` leaves, from the tiles at its right edge; `None` when one is not to be had.
    pub(crate) fn restore<E>(
        size: u64,
        mut tile: impl FnMut(Tile, usize) -> Result<Option<Vec<Hash>>, E>,
    ) -> Result<Option<Self>, E> {
        let mut edge = Vec::new();
        for level in 0..8 {
            let hashes = size >> (8 * level);
            if hashes == 0 {
                break;
            }
            let width = (hashes % WIDTH as u64) as usize;
            let place = Tile { level: level as u8, index: hashes / WIDTH as u64 };
            match if width == 0 { Some(Vec::new()) } else { tile(place, width)? } {
                Some(hashes) if hashes.len() == width => edge.push(hashes),
                _ => return Ok(None),
            }
        }
        Ok(Some(Self { size, edge }))
    }
}

/// The roots of the perfect trees, largest first, that a row of up to 256 hashes falls into.
fn perfect_subtrees(mut hashes: &[Hash]) -> Vec<Hash> {
    let mut roots = Vec::with_capacity(8);
    while !hashes.is_empty() {
        let (left, right) = hashes.split_at(1 << hashes.len().ilog2());
        roots.push(perfect_root(left));
        hashes = right;
    }
    roots
}

/// The root of a perfect tree over a row of hashes, whose number is a power of two.
pub(crate) fn perfect_root(row: &[Hash]) -> Hash {
    let mut row = row.to_vec();
    while row.len() > 1 {
        row = row.as_chunks::<2>().0.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    row[0]
}
