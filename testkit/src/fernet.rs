//! Fernet tokens, made here so that a test needs no Python. The tests that ask Python's own library are others.

use aws_lc_rs::{
    cipher::{AES_128, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    hmac,
    iv::FixedLength,
};
use crypto::SystemRng;
use data_encoding::BASE64URL;
use domain::Rng;

/// A key of Fernet.
pub struct FernetMaker([u8; 32]);

impl FernetMaker {
    /// The key of these bytes.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// The key as Python prints it.
    pub fn text(&self) -> String {
        BASE64URL.encode(&self.0)
    }

    /// A token with a time of long ago.
    pub fn token(&self, plain: &str) -> String {
        let mut vector = [0; 16];
        SystemRng.fill(&mut vector);
        let key = UnboundCipherKey::new(&AES_128, &self.0[16..]).expect("16 bytes");
        let key = PaddedBlockEncryptingKey::cbc_pkcs7(key).expect("a key");
        let mut sealed = plain.as_bytes().to_vec();
        let context = EncryptionContext::Iv128(FixedLength::from(vector));
        key.less_safe_encrypt(&mut sealed, context).expect("sealed");
        let mut token = vec![0x80];
        token.extend(1_500_000_000_u64.to_be_bytes());
        token.extend(vector);
        token.extend(sealed);
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &self.0[..16]), &token);
        token.extend(tag.as_ref());
        BASE64URL.encode(&token)
    }
}
