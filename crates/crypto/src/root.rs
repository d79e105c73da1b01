//! Where the root of all keys comes from.
//!
//! Both kinds of file are text, so that they survive printing and typing in. The last line is a SHA-256 sum over the lines
//! above it: a damaged file is told apart from a wrong passphrase.

mod passphrase;

use crate::{
    Key,
    private_file::{self as file, hex_line},
};
use data_encoding::HEXLOWER;
use domain::Rng;
use passphrase::Cost;
use std::{
    io,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

const PLAIN_TITLE: &str = "patella root key 1";
const SEALED_TITLE: &str = "patella root key 1, sealed with a passphrase";

/// Fewest bytes that a passphrase may have. Its strength is its owner's; this only stops the plainly empty.
const SHORTEST_PASSPHRASE: usize = 12;

/// Where the root key is kept. Whoever holds it (and the data) can read everything; without it nothing opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootProvider {
    /// A file that holds the key itself: keep it on another volume than the data, readable by the server alone.
    KeyFile(PathBuf),
    /// A file that holds the key sealed with a passphrase (argon2id, then AES-256-GCM).
    Passphrase {
        /// The file with the sealed key.
        file: PathBuf,
        /// The file with the passphrase: its text without the line break at its end. Never on the volume of `file`.
        passphrase_file: PathBuf,
    },
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

impl RootProvider {
    /// The file that holds the key, plain or sealed.
    pub fn file(&self) -> &Path {
        match self {
            Self::KeyFile(file) | Self::Passphrase { file, .. } => file,
        }
    }

    /// Makes a new root key and its file (mode 0600, on disk before this returns). The file appears whole or not at all,
    /// and never in the place of another.
    pub fn create(&self, rng: &dyn Rng) -> Result<Key, CreateRootError> {
        let path = self.file();
        if path.symlink_metadata().is_ok() {
            return Err(CreateRootError::Exists { path: path.to_owned() });
        }
        let key = Key::random(rng);
        let body = match self {
            Self::KeyFile(_) => {
                let hex = Zeroizing::new(HEXLOWER.encode(key.expose()));
                Zeroizing::new(format!("{PLAIN_TITLE}\nkey {}\n", hex.as_str()))
            }
            Self::Passphrase { passphrase_file, .. } => {
                let passphrase = read_passphrase(passphrase_file).map_err(CreateRootError::from)?;
                if passphrase.len() < SHORTEST_PASSPHRASE {
                    return Err(CreateRootError::PassphraseTooShort { path: passphrase_file.clone() });
                }
                let (salt, sealed) = passphrase::seal_root(&passphrase, Cost::DEFAULT, rng, &key);
                let (salt, sealed) = (HEXLOWER.encode(&salt), HEXLOWER.encode(&sealed));
                let Cost { memory_kib, passes, lanes } = Cost::DEFAULT;
                Zeroizing::new(format!(
                    "{SEALED_TITLE}\nargon2id {memory_kib} {passes} {lanes}\nsalt {salt}\nsealed {sealed}\n"
                ))
            }
        };
        match file::write_new(path, file::with_sum(&body).as_bytes(), rng) {
            Ok(()) => Ok(key),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Err(CreateRootError::Exists { path: path.to_owned() })
            }
            Err(source) => Err(CreateRootError::Write { path: path.to_owned(), source }),
        }
    }

    /// Loads the root key. Takes the time and memory of argon2id (64 MiB, about 0.2 s) when it is sealed.
    pub fn load(&self) -> Result<Key, LoadRootError> {
        let path = self.file();
        let text = match file::read(path) {
            Ok(text) => text,
            Err(file::ReadError::Missing) => return Err(LoadRootError::Missing { path: path.to_owned() }),
            Err(file::ReadError::TooOpen(mode)) => {
                return Err(LoadRootError::TooOpen { path: path.to_owned(), mode });
            }
            Err(file::ReadError::Io(source)) => return Err(LoadRootError::Read { path: path.to_owned(), source }),
        };
        let damaged = |what| LoadRootError::Damaged { path: path.to_owned(), what };
        let body = file::without_sum(&text).map_err(damaged)?;
        let mut lines = body.lines();
        let title = lines.next().unwrap_or_default();
        match self {
            Self::KeyFile(_) if title == PLAIN_TITLE => parse_plain(lines).map_err(damaged),
            Self::KeyFile(_) if title == SEALED_TITLE => Err(damaged("its key is sealed with a passphrase")),
            Self::Passphrase { passphrase_file, .. } if title == SEALED_TITLE => {
                let (cost, salt, sealed) = parse_sealed(lines).map_err(damaged)?;
                let passphrase = read_passphrase(passphrase_file).map_err(LoadRootError::from)?;
                passphrase::open_root(&passphrase, cost, &salt, &sealed)
                    .map_err(|_| LoadRootError::WrongPassphrase { path: path.to_owned() })
            }
            Self::Passphrase { .. } if title == PLAIN_TITLE => Err(damaged("its key is not sealed with a passphrase")),
            _ => Err(damaged("it does not begin as a root key file")),
        }
    }
}

fn parse_plain<'a>(mut lines: impl Iterator<Item = &'a str>) -> Result<Key, &'static str> {
    let key = hex_line::<32>(lines.next().unwrap_or_default(), "key ").ok_or("it has no key of 32 bytes")?;
    Ok(Key::from_bytes(*key))
}

type SealedParts = (Cost, [u8; passphrase::SALT_LEN], [u8; passphrase::SEALED_LEN]);

fn parse_sealed<'a>(mut lines: impl Iterator<Item = &'a str>) -> Result<SealedParts, &'static str> {
    let cost = lines.next().and_then(Cost::parse).ok_or("its argon2id parameters are missing or out of bounds")?;
    let salt = hex_line(lines.next().unwrap_or_default(), "salt ").ok_or("it has no salt")?;
    let sealed = hex_line(lines.next().unwrap_or_default(), "sealed ").ok_or("it has no sealed key")?;
    Ok((cost, *salt, *sealed))
}

/// Why a passphrase file was not read.
struct PassphraseError(PathBuf, file::ReadError);

fn read_passphrase(path: &Path) -> Result<Zeroizing<Vec<u8>>, PassphraseError> {
    let text = file::read(path).map_err(|error| PassphraseError(path.to_owned(), error))?;
    let line = text.strip_suffix(b"\n").unwrap_or(&text);
    Ok(Zeroizing::new(line.strip_suffix(b"\r").unwrap_or(line).to_vec()))
}

impl From<PassphraseError> for CreateRootError {
    fn from(PassphraseError(path, error): PassphraseError) -> Self {
        match error {
            file::ReadError::Missing => Self::Read { path, source: io::ErrorKind::NotFound.into() },
            file::ReadError::TooOpen(mode) => Self::TooOpen { path, mode },
            file::ReadError::Io(source) => Self::Read { path, source },
        }
    }
}

impl From<PassphraseError> for LoadRootError {
    fn from(PassphraseError(path, error): PassphraseError) -> Self {
        match error {
            file::ReadError::Missing => Self::PassphraseMissing { path },
            file::ReadError::TooOpen(mode) => Self::TooOpen { path, mode },
            file::ReadError::Io(source) => Self::Read { path, source },
        }
    }
}
