//! The secrets that a caller presents: random, shown once, stored as SHA-256 only.

use data_encoding::BASE64URL_NOPAD;
use domain::{Invalid, Rng};
use zeroize::{Zeroize, Zeroizing};

/// Random bytes in each secret: 256 bits, so that a plain hash is enough to store.
const BYTES: usize = 32;
/// Characters of those bytes in base64url without padding.
const CHARS: usize = 43;

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Zeroize)]
        #[zeroize(drop)]
        pub struct $name([u8; BYTES]);

        impl $name {
            pub(crate) fn random(rng: &dyn Rng) -> Self {
                let mut secret = Self([0; BYTES]);
                rng.fill(&mut secret.0);
                secret
            }
            /// Reads what the caller presented. The length is checked before anything else is looked at.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                const WRONG: Invalid = Invalid::new($what);
                if text.len() != $prefix.len() + CHARS { return Err(WRONG); }
                let body = text.strip_prefix($prefix).ok_or(WRONG)?;
                let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(body.as_bytes()).map_err(|_| WRONG)?);
                let mut secret = Self([0; BYTES]);
                if bytes.len() != BYTES { return Err(WRONG); }
                secret.0.copy_from_slice(&bytes);
                Ok(secret)
            }
            /// The text to hand out, once.
            pub fn text(&self) -> Zeroizing<String> {
                let body = Zeroizing::new(BASE64URL_NOPAD.encode(&self.0));
                Zeroizing::new([$prefix, body.as_str()].concat())
            }
            /// SHA-256 of the random bytes: the key to look the row up by, and all that is stored of the secret.
            pub fn hash(&self) -> [u8; 32] {
                crypto::sha256(&self.0)
            }
        }
    )*};
}

secrets! {
    /// What the session cookie holds. Neither `Debug` nor `Clone`; wiped on drop.
    SessionToken, "", "is not a session token";
    /// What an API caller presents as bearer token: `pat_` and 43 characters, so that secret scanners know it.
    ApiTokenSecret, "pat_", "is not an API token";
    /// What the link of an invitation holds.
    InvitationSecret, "", "is not an invitation";
}
