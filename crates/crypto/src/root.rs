//! Where the root of all keys comes from.
//!
//! Each provider has one file: text, so that it survives printing and typing in, with a sum in its last line, so that a
//! damaged file is told apart from a wrong passphrase or token. Whoever holds what a provider needs (and the data) can
//! read everything; without it nothing opens.

mod key_file;
mod passphrase;
mod token;

pub use key_file::KeyFile;
pub use passphrase::PassphraseFile;
pub use token::{TokenError, TokenKey};

use crate::{Key, private_file::ReadError};
use domain::Rng;
use std::{
    io,
    path::{Path, PathBuf},
};

const PLAIN_TITLE: &str = "patella root key 1";
const PASSPHRASE_TITLE: &str = "patella root key 1, sealed with a passphrase";
const TOKEN_TITLE: &str = "patella root key 1, sealed by a PKCS#11 token";

/// Fewest bytes that a passphrase may have. Its strength is its owner's; this only stops the plainly empty.
const SHORTEST_PASSPHRASE: usize = 12;

/// Where the root key is kept.
pub trait RootProvider: Send + Sync {
    /// The file that holds the key, plain or sealed.
    fn file(&self) -> &Path;
    /// The same provider with another file.
    fn with_file(&self, file: PathBuf) -> Box<dyn RootProvider>;
    /// What to keep offline, in words.
    fn words(&self) -> String;
    /// Makes a new root key and its file (mode 0600, on disk before this returns). The file appears whole or not at all,
    /// and never in the place of another.
    fn create(&self, rng: &dyn Rng) -> Result<Key, CreateRootError>;
    /// Loads the root key. May take a fraction of a second and 64 MiB (argon2id), or wait for a device: not for the
    /// threads that answer requests.
    fn load(&self) -> Result<Key, LoadRootError>;
}

/// Which root: tells two apart, and nothing about either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootId([u8; 16]);

impl RootId {
    /// Of this root.
    pub fn of(root: &Key) -> Self {
        let branch = root.derive("root id", &[]);
        let mut id = [0; 16];
        id.copy_from_slice(&branch.expose()[..16]);
        Self(id)
    }
    /// As it was stored.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
    /// To be stored.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

/// Why no root key was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateRootError {
    /// There is a file already: a root key is never overwritten, for everything under it would be lost.
    #[error("{path} exists already; a root key is never overwritten")]
    Exists {
        /// The file that is there.
        path: PathBuf,
    },
    /// The passphrase is not usable.
    #[error("the passphrase in {path} is shorter than {SHORTEST_PASSPHRASE} bytes")]
    PassphraseTooShort {
        /// The passphrase file.
        path: PathBuf,
    },
    /// A file may be read by others than its owner.
    #[error("{path} may be read by others than its owner (mode {mode:04o}); it must be 0600 or 0400")]
    TooOpen {
        /// The passphrase file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Reading the passphrase failed.
    #[error("the passphrase file {path} cannot be read")]
    Read {
        /// The passphrase file.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
    /// The token did not make or seal it.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Writing failed; nothing is left at the path.
    #[error("the root key cannot be written to {path}")]
    Write {
        /// The file that was to be made.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
}

/// Why the root key was not loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadRootError {
    /// There is no such file.
    #[error("there is no root key file at {path}")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// There is no passphrase file.
    #[error("there is no passphrase file at {path}")]
    PassphraseMissing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file may be read by others than its owner.
    #[error("{path} may be read by others than its owner (mode {mode:04o}); it must be 0600 or 0400")]
    TooOpen {
        /// The key file or the passphrase file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not a root key file of this kind, or it was cut or changed.
    #[error("the root key file {path} is damaged: {what}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The file is whole, but the passphrase is not the one that it was sealed with.
    #[error("the passphrase does not open the root key file {path}")]
    WrongPassphrase {
        /// The file with the sealed key.
        path: PathBuf,
    },
    /// The token did not open it.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// Reading failed.
    #[error("{path} cannot be read")]
    Read {
        /// The file.
        path: PathBuf,
        #[source]
        /// What the system said.
        source: io::Error,
    },
}

impl LoadRootError {
    /// Whether the provider was not reached, so that the same call may succeed later: a volume that is not mounted, a
    /// token that is not there. A wrong passphrase, PIN or key and a damaged file stay wrong.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Missing { .. } | Self::PassphraseMissing { .. } | Self::Read { .. } => true,
            Self::Token(error) => error.is_unreachable(),
            Self::TooOpen { .. } | Self::Damaged { .. } | Self::WrongPassphrase { .. } => false,
        }
    }

    fn reading(path: &Path, error: ReadError) -> Self {
        let path = path.to_owned();
        match error {
            ReadError::Missing => Self::Missing { path },
            ReadError::TooOpen(mode) => Self::TooOpen { path, mode },
            ReadError::Io(source) => Self::Read { path, source },
        }
    }
}

/// Refuses to make a key where there is a file.
fn nothing_there(path: &Path) -> Result<(), CreateRootError> {
    match path.symlink_metadata() {
        Ok(_) => Err(CreateRootError::Exists { path: path.to_owned() }),
        Err(_) => Ok(()),
    }
}

/// Writes a new file with its sum.
fn write(path: &Path, body: &str, rng: &dyn Rng) -> Result<(), CreateRootError> {
    use crate::private_file::{with_sum, write_new};
    write_new(path, with_sum(body).as_bytes(), rng).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => CreateRootError::Exists { path: path.to_owned() },
        _ => CreateRootError::Write { path: path.to_owned(), source },
    })
}

/// The lines below the title of a root key file of the kind that `title` says.
fn read(path: &Path, title: &str) -> Result<crate::Zeroizing<String>, LoadRootError> {
    use crate::private_file;
    let text = private_file::read(path).map_err(|error| LoadRootError::reading(path, error))?;
    let damaged = |what| LoadRootError::Damaged { path: path.to_owned(), what };
    let body = private_file::without_sum(&text).map_err(damaged)?;
    let (found, rest) = body.split_once('\n').unwrap_or_default();
    match found {
        _ if found == title => Ok(crate::Zeroizing::new(rest.to_owned())),
        PLAIN_TITLE => Err(damaged("its key is not sealed")),
        PASSPHRASE_TITLE => Err(damaged("its key is sealed with a passphrase")),
        TOKEN_TITLE => Err(damaged("its key is sealed by a PKCS#11 token")),
        _ => Err(damaged("it does not begin as a root key file")),
    }
}
