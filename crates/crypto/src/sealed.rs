//! Sealing and opening with AES-256-GCM.

use crate::{Aad, Key};
use aws_lc_rs::aead::{self, AES_256_GCM, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use domain::Rng;
use zeroize::Zeroizing;

const TAG_LEN: usize = 16;

/// How many bytes longer a sealed value is than the plain one: the nonce before it and the tag after it.
pub const SEAL_OVERHEAD: usize = NONCE_LEN + TAG_LEN;

/// A sealed value did not open: it was changed or cut, or key or place are not its own. Which of these, nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value does not open with this key at this place")]
pub struct OpenError;

/// Seals `plain` to the place `aad`: nonce (12 bytes), ciphertext, tag (16 bytes).
///
/// The nonce is random, so one key may seal at most 2³² values (NIST SP 800-38D, 8.3); keys here belong to one patient,
/// one practice or one log.
pub fn seal(key: &Key, rng: &dyn Rng, aad: &Aad, plain: &[u8]) -> Vec<u8> {
    let mut nonce = [0; NONCE_LEN];
    rng.fill(&mut nonce);
    seal_with_nonce(key, nonce, aad.as_bytes(), plain)
}

/// Opens what [`seal`] made with the same key at the same place. The plain bytes are wiped when dropped.
pub fn open(key: &Key, aad: &Aad, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    open_bytes(key, aad.as_bytes(), sealed)
}

/// Seals `key` under `kek`, the key-encrypting key. See [`seal`].
pub fn wrap(kek: &Key, rng: &dyn Rng, aad: &Aad, key: &Key) -> Vec<u8> {
    seal(kek, rng, aad, key.expose())
}

/// Opens what [`wrap`] made. A sealed value that is not of a key's length is refused as well.
pub fn unwrap_key(kek: &Key, aad: &Aad, wrapped: &[u8]) -> Result<Key, OpenError> {
    let plain = open(kek, aad, wrapped)?;
    let bytes: &[u8; 32] = plain.as_slice().try_into().map_err(|_| OpenError)?;
    Ok(Key::from_bytes(*bytes))
}

/// As [`seal`], with a nonce that must never have been used with this key before: only for test vectors.
pub(crate) fn seal_with_nonce(key: &Key, nonce: [u8; NONCE_LEN], aad: &[u8], plain: &[u8]) -> Vec<u8> {
    let mut sealed = vec![0; plain.len() + SEAL_OVERHEAD];
    sealed[..NONCE_LEN].copy_from_slice(&nonce);
    sealed[NONCE_LEN..NONCE_LEN + plain.len()].copy_from_slice(plain);
    let (body, tag) = sealed[NONCE_LEN..].split_at_mut(plain.len());
    cipher(key)
        .seal_in_place_scatter(Nonce::assume_unique_for_key(nonce), aead::Aad::from(aad), body, &[], tag)
        .expect("a value is shorter than GCM's 64 GiB");
    sealed
}

pub(crate) fn open_bytes(key: &Key, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpenError> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(OpenError)?;
    let (body, tag) = rest.split_last_chunk::<TAG_LEN>().ok_or(OpenError)?;
    let mut plain = Zeroizing::new(vec![0; body.len()]);
    cipher(key)
        .open_separate_gather(Nonce::assume_unique_for_key(*nonce), aead::Aad::from(aad), body, tag, &mut plain)
        .map_err(|_| OpenError)?;
    Ok(plain)
}

fn cipher(key: &Key) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key.expose()).expect("the key has 32 bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::SystemRng;

    fn place(row: u8) -> Aad {
        Aad::new("test").with(b"practice").with(&[row])
    }

    #[test]
    fn what_was_sealed_opens_and_is_longer_by_the_overhead() {
        let key = Key::random(&SystemRng);
        for plain in [b"".as_slice(), b"x", &[7; 1000]] {
            let sealed = seal(&key, &SystemRng, &place(1), plain);
            assert_eq!(sealed.len(), plain.len() + SEAL_OVERHEAD);
            assert_eq!(open(&key, &place(1), &sealed).expect("opens").as_slice(), plain);
        }
    }

    #[test]
    fn sealing_twice_gives_different_bytes() {
        let key = Key::random(&SystemRng);
        assert_ne!(seal(&key, &SystemRng, &place(1), b"x"), seal(&key, &SystemRng, &place(1), b"x"));
    }

    #[test]
    fn swapped_places_and_keys_never_open() {
        let (key, other) = (Key::random(&SystemRng), Key::random(&SystemRng));
        let sealed = seal(&key, &SystemRng, &place(1), b"pain 3");
        assert_eq!(open(&key, &place(2), &sealed).err(), Some(OpenError));
        assert_eq!(open(&other, &place(1), &sealed).err(), Some(OpenError));
        assert!(open(&key, &Aad::new("test").with(b"practice\0\0\0\x01\x01"), &sealed).is_err());
        assert!(open(&key, &Aad::new("testpractice").with(&[1]), &sealed).is_err());
        assert!(open(&key, &place(1).with(b""), &sealed).is_err());
    }

    #[test]
    fn a_flipped_bit_or_a_cut_or_longer_value_never_opens() {
        let key = Key::random(&SystemRng);
        let sealed = seal(&key, &SystemRng, &place(1), b"pain 3");
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&key, &place(1), &flipped).is_err());
        }
        for len in 0..sealed.len() {
            assert!(open(&key, &place(1), &sealed[..len]).is_err());
            assert!(open(&key, &place(1), &sealed[sealed.len() - len..]).is_err());
        }
        assert!(open(&key, &place(1), &[sealed.as_slice(), &[0]].concat()).is_err());
    }

    #[test]
    fn a_wrapped_key_unwraps_only_under_its_key_at_its_place() {
        let (kek, key) = (Key::random(&SystemRng), Key::random(&SystemRng));
        let wrapped = wrap(&kek, &SystemRng, &place(1), &key);
        assert_eq!(unwrap_key(&kek, &place(1), &wrapped).expect("unwraps").expose(), key.expose());
        assert!(unwrap_key(&kek, &place(2), &wrapped).is_err());
        assert!(unwrap_key(&key, &place(1), &wrapped).is_err());
        let short = seal(&kek, &SystemRng, &place(1), &[0; 31]);
        assert!(unwrap_key(&kek, &place(1), &short).is_err());
    }
}
