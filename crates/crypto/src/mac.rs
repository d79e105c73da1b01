//! Hashes, message authentication codes and blind indexes.

use crate::{Key, aad::part_length};
use aws_lc_rs::{constant_time, digest, hmac};

/// SHA-256 of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    hash
}

/// SHA-256 of what comes piece by piece.
#[derive(Clone)]
pub struct Sha256(digest::Context);

impl Sha256 {
    /// Of nothing yet.
    pub fn new() -> Self {
        Self(digest::Context::new(&digest::SHA256))
    }

    /// Takes the next piece.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The hash of all pieces.
    pub fn finish(self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(self.0.finish().as_ref());
        hash
    }
}

impl Default for Sha256 {
    fn default() -> Self {
        Self::new()
    }
}

/// HMAC-SHA256 over `parts`, each preceded by its length (u32, big endian).
pub fn mac(key: &Key, parts: &[&[u8]]) -> [u8; 32] {
    let lengths: Vec<[u8; 4]> = parts.iter().map(|part| part_length(part)).collect();
    hmac_sha256(key.expose(), lengths.iter().zip(parts).flat_map(|(length, part)| [length.as_slice(), part]))
}

/// Whether `candidate` is [`mac`] of `parts`; takes the same time wherever they differ.
pub fn mac_matches(key: &Key, parts: &[&[u8]], candidate: &[u8]) -> bool {
    same(&mac(key, parts), candidate)
}

/// A keyed hash under which a value can be looked up by equality without being read: the same `normalized` value at the
/// same `place` (`table.column`, with the practice in it where practices must not meet) gives the same index.
pub fn blind_index(key: &Key, place: &str, normalized: &[u8]) -> [u8; 32] {
    mac(key, &[b"blind index", place.as_bytes(), normalized])
}

/// Whether two secrets are equal; takes the same time wherever they differ. A difference in length may show.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// HMAC-SHA256 of the pieces one after another, for signatures whose form others have laid down; what is our own is a [`mac`],
/// whose parts cannot run into each other.
pub fn hmac_sha256<'a>(key: &[u8], pieces: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for piece in pieces {
        context.update(piece);
    }
    let mut tag = [0; 32];
    tag.copy_from_slice(context.sign().as_ref());
    tag
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_do_not_run_into_each_other() {
        let key = Key::from_bytes([3; 32]);
        assert_ne!(mac(&key, &[b"ab", b"c"]), mac(&key, &[b"a", b"bc"]));
        assert_ne!(mac(&key, &[b"abc"]), mac(&key, &[b"abc", b""]));
    }

    #[test]
    fn a_mac_matches_only_its_own_key_and_parts_whole() {
        let key = Key::from_bytes([3; 32]);
        let tag = mac(&key, &[b"session", b"1"]);
        assert!(mac_matches(&key, &[b"session", b"1"], &tag));
        assert!(!mac_matches(&key, &[b"session", b"2"], &tag));
        assert!(!mac_matches(&Key::from_bytes([4; 32]), &[b"session", b"1"], &tag));
        assert!(!mac_matches(&key, &[b"session", b"1"], &tag[..31]));
        assert!(!mac_matches(&key, &[b"session", b"1"], b""));
        for i in 0..32 {
            let mut flipped = tag;
            flipped[i] ^= 1;
            assert!(!mac_matches(&key, &[b"session", b"1"], &flipped));
        }
    }

    #[test]
    fn a_blind_index_depends_on_its_place() {
        let key = Key::from_bytes([3; 32]);
        let index = blind_index(&key, "account.email", b"ann@example.org");
        assert_eq!(index, blind_index(&key, "account.email", b"ann@example.org"));
        assert_ne!(index, blind_index(&key, "patient.email", b"ann@example.org"));
        assert_ne!(index, blind_index(&key, "account.email", b"bob@example.org"));
    }

    #[test]
    fn sha256_gives_the_hash_of_fips_180_4s_example() {
        let hash = data_encoding::HEXLOWER.encode(&sha256(b"abc"));
        assert_eq!(hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
