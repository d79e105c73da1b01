//! AEAD, key wrapping, key derivation, blind indexes, signatures and the root key, over aws-lc-rs.
//!
//! Everything secret in Patella is sealed, derived, compared or signed through this crate and nowhere else, so that one
//! reading covers it:
//!
//! - [`seal`] and [`open`]: AES-256-GCM with a random 96-bit nonce, always bound to a place ([`Aad`]);
//! - [`wrap`] and [`unwrap_key`]: the same for keys;
//! - [`Key::derive`]: HKDF-SHA256, one branch per label and context;
//! - [`mac`], [`mac_matches`], [`blind_index`]: HMAC-SHA256 over parts that cannot run into each other;
//! - [`Signer`], [`verify_signature`]: Ed25519;
//! - [`seal_to`] and [`open_sealed`]: age files for backups and archives, to public keys;
//! - [`FernetKey`]: opens the tokens of another program, and makes none;
//! - [`RootProvider`]: where the root of all keys comes from;
//! - [`private_file`]: how small secret files are written, read and destroyed;
//! - [`SystemRng`]: the one source of randomness that is fit for keys.
//!
//! Keys are wiped when dropped and have neither `Debug` nor `Clone` nor `Serialize`.

mod aad;
mod fernet;
mod key;
mod mac;
pub mod private_file;
mod random;
mod recipients;
mod root;
mod sealed;
mod signature;
#[cfg(test)]
mod vectors;

pub use aad::Aad;
pub use fernet::{FernetKey, NotAFernetKey, NotOpened};
pub use key::Key;
pub use mac::{Sha256, blind_index, hmac_sha256, mac, mac_matches, same, sha256};
pub use random::SystemRng;
pub use recipients::{
    Identities, IdentityError, NotARecipient, OpenSealedError, Recipient, SealedTo, open_sealed, seal_to,
};
pub use root::{CreateRootError, KeyFile, LoadRootError, PassphraseFile, RootId, RootProvider, TokenError, TokenKey};
pub use sealed::{OpenError, SEAL_OVERHEAD, open, seal, unwrap_key, wrap};
pub use signature::{Signer, verify_signature};

/// Bytes that are wiped when dropped.
pub use zeroize::Zeroizing;
