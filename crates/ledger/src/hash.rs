//! The hashes of RFC 6962, section 2.1.

use std::fmt;

/// A SHA-256 hash of the tree.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The root of the tree without leaves: the hash of nothing.
    pub fn of_nothing() -> Self {
        Self(crypto::sha256(&[]))
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::BASE64.encode(&self.0))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The hash of a leaf: SHA-256 of 0x00 and the sealed entry.
pub fn leaf_hash(sealed: &[u8]) -> Hash {
    let mut bytes = Vec::with_capacity(1 + sealed.len());
    bytes.push(0);
    bytes.extend_from_slice(sealed);
    Hash(crypto::sha256(&bytes))
}

/// The hash of an inner node: SHA-256 of 0x01, the left hash and the right hash.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut bytes = [1; 65];
    bytes[1..33].copy_from_slice(&left.0);
    bytes[33..].copy_from_slice(&right.0);
    Hash(crypto::sha256(&bytes))
}
