//! The 256-bit key and the branches that grow from it.

use crate::aad::push_part;
use aws_lc_rs::hkdf;
use domain::Rng;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A 256-bit secret key. Wiped when dropped; neither printed, cloned nor serialized.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; 32]);

impl Key {
    /// A new random key. Give it [`crate::SystemRng`] for anything that protects real data.
    pub fn random(rng: &dyn Rng) -> Self {
        let mut key = Self([0; 32]);
        rng.fill(&mut key.0);
        key
    }

    /// The key with these bytes. The caller wipes its own copy.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The branch of this key for one label and context (HKDF-SHA256, RFC 5869, without salt: the key is uniform).
    /// Different labels or contexts give keys that tell nothing of each other; nor of this one.
    pub fn derive(&self, label: &'static str, context: &[&[u8]]) -> Self {
        let mut info = Vec::with_capacity(64);
        push_part(&mut info, label.as_bytes());
        for part in context {
            push_part(&mut info, part);
        }
        let mut key = Self([0; 32]);
        hkdf_sha256(&[], &self.0, &info, &mut key.0).expect("32 bytes are within HKDF's limit");
        key
    }

    /// The bytes, for handing to a cipher or to a database that encrypts its own pages.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// HKDF-SHA256, extract and expand. Fails when `out` is longer than 255 × 32 bytes.
pub(crate) fn hkdf_sha256(
    salt: &[u8],
    secret: &[u8],
    info: &[u8],
    out: &mut [u8],
) -> Result<(), aws_lc_rs::error::Unspecified> {
    struct Length(usize);
    impl hkdf::KeyType for Length {
        fn len(&self) -> usize {
            self.0
        }
    }
    hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(secret).expand(&[info], Length(out.len()))?.fill(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRng;

    #[test]
    fn a_branch_depends_on_key_label_and_every_part_of_the_context() {
        let root = Key::from_bytes([1; 32]);
        let branch = root.derive("a", &[b"bc", b"d"]);
        assert_eq!(branch.expose(), root.derive("a", &[b"bc", b"d"]).expose());
        for other in [
            root.derive("b", &[b"bc", b"d"]),
            root.derive("a", &[b"b", b"cd"]),
            root.derive("a", &[b"bcd"]),
            root.derive("a", &[]),
            Key::from_bytes([2; 32]).derive("a", &[b"bc", b"d"]),
        ] {
            assert_ne!(branch.expose(), other.expose());
        }
    }

    #[test]
    fn two_random_keys_differ() {
        assert_ne!(Key::random(&SystemRng).expose(), Key::random(&SystemRng).expose());
    }
}
