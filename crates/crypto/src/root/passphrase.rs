//! A root key under a passphrase: argon2id (RFC 9106) makes the key that seals it.

use crate::{Aad, Key, OpenError, SEAL_OVERHEAD, unwrap_key, wrap};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use domain::Rng;
use zeroize::Zeroize;

pub(super) const SALT_LEN: usize = 16;
pub(super) const SEALED_LEN: usize = 32 + SEAL_OVERHEAD;

/// What argon2id is told to spend.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    /// Memory in KiB.
    pub(super) memory_kib: u32,
    /// Passes over the memory.
    pub(super) passes: u32,
    /// Lanes.
    pub(super) lanes: u32,
}

impl Cost {
    /// The second recommended option of RFC 9106, section 4 (64 MiB, 3 passes), with one lane: we compute on one thread.
    pub(super) const DEFAULT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };

    /// Reads the line that says it. Bounded on both sides: a forged file shall neither weaken the passphrase's
    /// stretching nor make the server swallow all memory or time.
    pub(super) fn parse(line: &str) -> Option<Self> {
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
pub(super) fn seal_root(passphrase: &[u8], cost: Cost, rng: &dyn Rng, root: &Key) -> ([u8; SALT_LEN], Vec<u8>) {
    let mut salt = [0; SALT_LEN];
    rng.fill(&mut salt);
    let kek = stretch(passphrase, cost, &salt);
    (salt, wrap(&kek, rng, &place(cost, &salt), root))
}

/// Opens what [`seal_root`] made.
pub(super) fn open_root(passphrase: &[u8], cost: Cost, salt: &[u8], sealed: &[u8]) -> Result<Key, OpenError> {
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
