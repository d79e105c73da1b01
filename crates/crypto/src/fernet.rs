//! Fernet tokens, to be read and never made: what records that come from elsewhere are sealed with.
//!
//! The format is that of <https://github.com/fernet/spec/blob/master/Spec.md>: a version (0x80), 8 bytes of time, 16 bytes
//! of initialization vector, AES-128-CBC with PKCS #7, HMAC-SHA256 over all before it, the whole in base64url. The cipher
//! and the code are the library's.

use crate::Zeroizing;
use aws_lc_rs::{
    cipher::{AES_128, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey},
    hmac,
    iv::FixedLength,
};
use data_encoding::{BASE64URL, BASE64URL_NOPAD};

const VERSION: u8 = 0x80;
const TIME: usize = 1;
const VECTOR: usize = 9;
const CIPHERTEXT: usize = 25;
const TAG: usize = 32;

/// A key of Fernet: 16 bytes that sign and 16 that encrypt. Wiped when dropped.
pub struct FernetKey(Zeroizing<[u8; 32]>);

/// The text is no key of Fernet.
#[derive(Debug, thiserror::Error)]
#[error("is no Fernet key (32 bytes in base64url)")]
pub struct NotAFernetKey;

/// The token does not open with this key: made with another, changed, or no token at all. Which of these is not told apart.
#[derive(Debug, thiserror::Error)]
#[error("the token does not open with this key")]
pub struct NotOpened;

fn decode(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    BASE64URL.decode(text).or_else(|_| BASE64URL_NOPAD.decode(text)).ok().map(Zeroizing::new)
}

impl FernetKey {
    /// A key as `Fernet.generate_key()` prints it.
    pub fn new(text: &str) -> Result<Self, NotAFernetKey> {
        let bytes = decode(text.trim().as_bytes()).ok_or(NotAFernetKey)?;
        let key = <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| NotAFernetKey)?;
        Ok(Self(Zeroizing::new(key)))
    }

    /// Opens a token, of whatever age: the code over all of it is checked before anything is decrypted.
    pub fn open(&self, token: &[u8]) -> Result<Zeroizing<Vec<u8>>, NotOpened> {
        let token = decode(token.trim_ascii()).ok_or(NotOpened)?;
        let blocks = token.len().checked_sub(CIPHERTEXT + TAG).ok_or(NotOpened)?;
        if token[0] != VERSION || blocks == 0 || blocks % 16 != 0 {
            return Err(NotOpened);
        }
        let (signed, tag) = token.split_at(token.len() - TAG);
        let signing = hmac::Key::new(hmac::HMAC_SHA256, &self.0[..16]);
        hmac::verify(&signing, signed, tag).map_err(|_| NotOpened)?;
        let vector: [u8; 16] = signed[VECTOR..CIPHERTEXT].try_into().map_err(|_| NotOpened)?;
        let key = UnboundCipherKey::new(&AES_128, &self.0[16..]).map_err(|_| NotOpened)?;
        let key = PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(|_| NotOpened)?;
        let mut buffer = Zeroizing::new(signed[CIPHERTEXT..].to_vec());
        let context = DecryptionContext::Iv128(FixedLength::from(vector));
        let opened = key.decrypt(&mut buffer, context).map_err(|_| NotOpened)?.len();
        buffer.truncate(opened);
        Ok(buffer)
    }
}

const _: () = assert!(VECTOR == TIME + 8 && CIPHERTEXT == VECTOR + 16, "the fields follow each other");

#[cfg(test)]
mod tests {
    use super::*;

    // The specification's own vector: generate.json and verify.json.
    const KEY: &str = "cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=";
    const TOKEN: &[u8] =
        b"gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA==";

    #[test]
    fn the_vector_of_the_specification_opens() {
        let opened = FernetKey::new(KEY).expect("a key").open(TOKEN).expect("opens");
        assert_eq!(opened.as_slice(), b"hello");
    }

    #[test]
    fn a_token_in_which_any_bit_has_changed_does_not_open() {
        let key = FernetKey::new(KEY).expect("a key");
        let bytes = BASE64URL.decode(TOKEN).expect("base64");
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(key.open(BASE64URL.encode(&changed).as_bytes()).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn another_key_and_what_is_no_token_are_refused() {
        let other = FernetKey::new("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").expect("a key");
        assert!(other.open(TOKEN).is_err());
        let key = FernetKey::new(KEY).expect("a key");
        for nothing in [&b""[..], b"gAAA", b"not base64!", &TOKEN[..40]] {
            assert!(key.open(nothing).is_err());
        }
        assert!(FernetKey::new("short").is_err());
    }
}
