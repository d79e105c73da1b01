//! A root key under a passphrase: argon2id (RFC 9106) makes the key that seals it.

use super::{
    CreateRootError, LoadRootError, PASSPHRASE_TITLE, RootProvider, SHORTEST_PASSPHRASE, nothing_there, read, write,
};
use crate::{
    Aad, Key, OpenError, SEAL_OVERHEAD,
    private_file::{self, ReadError, hex_line},
    unwrap_key, wrap,
};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use data_encoding::HEXLOWER;
use domain::Rng;
use std::{
    io,
    path::{Path, PathBuf},
};
use zeroize::{Zeroize, Zeroizing};

const SALT_LEN: usize = 16;
const SEALED_LEN: usize = 32 + SEAL_OVERHEAD;

/// A file that holds the key sealed with a passphrase (argon2id, then AES-256-GCM).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassphraseFile {
    /// The file with the sealed key.
    pub file: PathBuf,
    /// The file with the passphrase: its text without the line break at its end. Never on the volume of `file`.
    pub passphrase_file: PathBuf,
}

impl RootProvider for PassphraseFile {
    fn file(&self) -> &Path {
        &self.file
    }

    fn with_file(&self, file: PathBuf) -> Box<dyn RootProvider> {
        Box::new(Self { file, passphrase_file: self.passphrase_file.clone() })
    }

    fn words(&self) -> String {
        format!("{} and the passphrase in {}", self.file.display(), self.passphrase_file.display())
    }

    fn create(&self, rng: &dyn Rng) -> Result<Key, CreateRootError> {
        nothing_there(&self.file)?;
        let path = || self.passphrase_file.clone();
        let passphrase = self.passphrase().map_err(|error| match error {
            ReadError::Missing => CreateRootError::Read { path: path(), source: io::ErrorKind::NotFound.into() },
            ReadError::TooOpen(mode) => CreateRootError::TooOpen { path: path(), mode },
            ReadError::Io(source) => CreateRootError::Read { path: path(), source },
        })?;
        if passphrase.len() < SHORTEST_PASSPHRASE {
            return Err(CreateRootError::PassphraseTooShort { path: path() });
        }
        let key = Key::random(rng);
        let (salt, sealed) = seal_root(&passphrase, Cost::DEFAULT, rng, &key);
        let (salt, sealed) = (HEXLOWER.encode(&salt), HEXLOWER.encode(&sealed));
        let Cost { memory_kib, passes, lanes } = Cost::DEFAULT;
        let body =
            format!("{PASSPHRASE_TITLE}\nargon2id {memory_kib} {passes} {lanes}\nsalt {salt}\nsealed {sealed}\n");
        write(&self.file, &body, rng)?;
        Ok(key)
    }

    fn load(&self) -> Result<Key, LoadRootError> {
        let lines = read(&self.file, PASSPHRASE_TITLE)?;
        let damaged = |what| LoadRootError::Damaged { path: self.file.clone(), what };
        let mut lines = lines.lines();
        let mut next = || lines.next().unwrap_or_default();
        let cost = Cost::parse(next()).ok_or(damaged("its argon2id parameters are missing or out of bounds"))?;
        let salt = hex_line::<SALT_LEN>(next(), "salt ").ok_or(damaged("it has no salt"))?;
        let sealed = hex_line::<SEALED_LEN>(next(), "sealed ").ok_or(damaged("it has no sealed key"))?;
        let path = || self.passphrase_file.clone();
        let passphrase = self.passphrase().map_err(|error| match error {
            ReadError::Missing => LoadRootError::PassphraseMissing { path: path() },
            ReadError::TooOpen(mode) => LoadRootError::TooOpen { path: path(), mode },
            ReadError::Io(source) => LoadRootError::Read { path: path(), source },
        })?;
        open_root(&passphrase, cost, &*salt, &*sealed)
            .map_err(|_| LoadRootError::WrongPassphrase { path: self.file.clone() })
    }
}

impl PassphraseFile {
    fn passphrase(&self) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        private_file::first_line(&self.passphrase_file)
    }
}

/// What argon2id is told to spend.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Cost {
    /// Memory in KiB.
    memory_kib: u32,
    /// Passes over the memory.
    passes: u32,
    /// Lanes.
    lanes: u32,
}

impl Cost {
    /// The second recommended option of RFC 9106, section 4 (64 MiB, 3 passes), with one lane: we compute on one thread.
    const DEFAULT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// Reads the line that says it. Bounded on both sides: a forged file shall neither weaken the passphrase's
    /// stretching nor make the server swallow all memory or time.
    fn parse(line: &str) -> Option<Self> {
        let mut numbers = line.strip_prefix("argon2id ")?.split(' ').map(|word| word.parse::<u32>().ok());
        let mut next = || numbers.next().flatten();
        let cost = Self { memory_kib: next()?, passes: next()?, lanes: next()? };
        let within = (19 * 1024..=1024 * 1024).contains(&cost.memory_kib)
            && (2..=16).contains(&cost.passes)
            && (1..=4).contains(&cost.lanes);
        (within && numbers.next().is_none()).then_some(cost)
    }
}

/// Seals `root` under the passphrase; returns the salt and the sealed key.
fn seal_root(passphrase: &[u8], cost: Cost, rng: &dyn Rng, root: &Key) -> ([u8; SALT_LEN], Vec<u8>) {
    let mut salt = [0; SALT_LEN];
    rng.fill(&mut salt);
    let kek = stretch(passphrase, cost, &salt);
    (salt, wrap(&kek, rng, &place(cost, &salt), root))
}

/// Opens what [`seal_root`] made.
fn open_root(passphrase: &[u8], cost: Cost, salt: &[u8], sealed: &[u8]) -> Result<Key, OpenError> {
    unwrap_key(&stretch(passphrase, cost, salt), &place(cost, salt), sealed)
}

fn stretch(passphrase: &[u8], cost: Cost, salt: &[u8]) -> Key {
    let params =
        Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).expect("the cost is within argon2id's bounds");
    let mut memory = vec![Block::default(); params.block_count()];
    let mut bytes = [0; 32];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into_with_memory(passphrase, salt, &mut bytes, &mut memory)
        .expect("passphrase and salt are within argon2id's bounds");
    // The last block gives the key away.
    memory.zeroize();
    let key = Key::from_bytes(bytes);
    bytes.zeroize();
    key
}

fn place(cost: Cost, salt: &[u8]) -> Aad {
    Aad::new("root key")
        .with(&cost.memory_kib.to_be_bytes())
        .with(&cost.passes.to_be_bytes())
        .with(&cost.lanes.to_be_bytes())
        .with(salt)
}
