//! Tiles: runs of up to 256 hashes at every eighth height of the tree, and where C2SP tlog-tiles puts them.

use crate::Hash;
use std::fmt;

/// Hashes in a full tile, and entries in a full bundle.
pub(crate) const WIDTH: usize = 256;

/// Which tile: its level (0 holds leaf hashes; each hash at a level above stands for a full tile below) and its index
/// within the level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    /// The level, 0 to 7: a log of 2⁶⁴ entries has no more.
    pub level: u8,
    /// The index within the level.
    pub index: u64,
}

impl Tile {
    /// How many hashes this tile has in a tree of `size` leaves (0 when it does not exist yet).
    pub fn width(self, size: u64) -> usize {
        let hashes = size.checked_shr(8 * u32::from(self.level)).unwrap_or(0);
        let before = self.index.saturating_mul(WIDTH as u64);
        hashes.saturating_sub(before).min(WIDTH as u64) as usize
    }

    /// The path below the log's prefix, for example `tile/0/x001/x234/067.p/5`.
    pub fn path(self, width: usize) -> String {
        format!("tile/{}/{}", self.level, index_path(self.index, width))
    }
}

/// The path of a bundle of entries below the log's prefix.
pub(crate) fn bundle_path(index: u64, width: usize) -> String {
    format!("tile/entries/{}", index_path(index, width))
}

/// The index in groups of three digits, all but the last marked with an `x`, and the width of a tile that is not full.
fn index_path(index: u64, width: usize) -> impl fmt::Display {
    let digits = format!("{index:03}");
    let digits = format!("{}{digits}", "0".repeat((3 - digits.len() % 3) % 3));
    let groups = digits.len() / 3;
    let mut path = String::new();
    for group in 0..groups {
        let last = group + 1 == groups;
        path.push_str(if last { "" } else { "x" });
        path.push_str(&digits[group * 3..group * 3 + 3]);
        path.push_str(if last { "" } else { "/" });
    }
    if width < WIDTH {
        path.push_str(&format!(".p/{width}"));
    }
    path
}

/// The bytes of a tile: its hashes one after another.
pub(crate) fn encode(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The first `width` hashes of a tile's bytes; none when there are fewer, or half a one.
pub(crate) fn decode(bytes: &[u8], width: usize) -> Option<Vec<Hash>> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    (rest.is_empty() && hashes.len() >= width).then(|| hashes[..width].iter().copied().map(Hash).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_the_specification() {
        assert_eq!(Tile { level: 0, index: 1_234_067 }.path(256), "tile/0/x001/x234/067");
        assert_eq!(Tile { level: 2, index: 0 }.path(1), "tile/2/000.p/1");
        assert_eq!(bundle_path(999, 256), "tile/entries/999");
        assert_eq!(bundle_path(1000, 7), "tile/entries/x001/000.p/7");
    }

    #[test]
    fn a_tree_of_70_000_has_the_tiles_of_the_specifications_example() {
        let width = |level, index| Tile { level, index }.width(70_000);
        assert_eq!((width(0, 272), width(0, 273), width(0, 274)), (256, 112, 0));
        assert_eq!((width(1, 0), width(1, 1), width(1, 2)), (256, 17, 0));
        assert_eq!((width(2, 0), width(2, 1), width(3, 0)), (1, 0, 0));
    }
}
