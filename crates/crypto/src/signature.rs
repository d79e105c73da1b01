//! Ed25519 signatures.

use crate::Key;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

/// Signs with Ed25519 (RFC 8032). The same seed always gives the same key pair.
pub struct Signer {
    pair: Ed25519KeyPair,
    public: [u8; 32],
}

impl Signer {
    /// The key pair that grows from a 32-byte seed.
    pub fn from_seed(seed: &Key) -> Self {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.expose()).expect("the seed has 32 bytes");
        let mut public = [0; 32];
        public.copy_from_slice(pair.public_key().as_ref());
        Self { pair, public }
    }

    /// The signature of `message`.
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        let mut signature = [0; 64];
        signature.copy_from_slice(self.pair.sign(message).as_ref());
        signature
    }

    /// The public key with which anyone can check.
    pub const fn public(&self) -> [u8; 32] {
        self.public
    }
}

/// Whether `signature` over `message` was made by the owner of `public`.
pub fn verify_signature(public: &[u8; 32], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public).verify(message, signature).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_accepted_for_its_message_and_key_only() {
        let (signer, other) =
            (Signer::from_seed(&Key::from_bytes([5; 32])), Signer::from_seed(&Key::from_bytes([6; 32])));
        let signature = signer.sign(b"tree");
        assert!(verify_signature(&signer.public(), b"tree", &signature));
        assert!(!verify_signature(&signer.public(), b"free", &signature));
        assert!(!verify_signature(&other.public(), b"tree", &signature));
        assert!(!verify_signature(&signer.public(), b"tree", &signature[..63]));
        assert!(!verify_signature(&signer.public(), b"tree", &[0; 64]));
    }

    #[test]
    fn the_seed_of_rfc_8032s_first_test_gives_its_public_key_and_signature() {
        let hex = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).expect("hex");
        let seed = hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
        let signer = Signer::from_seed(&Key::from_bytes(seed.try_into().expect("32 bytes")));
        assert_eq!(signer.public().as_slice(), hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"));
        assert_eq!(
            signer.sign(b"").as_slice(),
            hex(
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
            )
        );
    }
}
