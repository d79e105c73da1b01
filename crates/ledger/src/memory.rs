//! A ledger in memory that can be made to fail: for the tests of other rooms. Nothing in it survives the process, so no
//! server uses it.

use crate::{
    Backend, BackendError, Entry, Hash, Leaf, Ledger, LedgerHandle, LogName, Publication, Settings, Tile, TileSource,
    Tree, leaf_hash, open_entry,
};
use crypto::{Key, Signer, SystemRng};
use domain::{Clock, FixedClock, Timestamp};
use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Keeps entries in memory. A clone sees the same entries. For tests.
#[derive(Debug, Clone, Default)]
pub struct MemoryBackend(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    sealed: Vec<Vec<u8>>,
    checkpoint: Option<String>,
    failing: bool,
    appends: u64,
}

impl MemoryBackend {
    /// An empty log.
    pub fn new() -> Self {
        Self::default()
    }

    /// From now on, lets every write fail as on a full disk (`true`) or succeed (`false`).
    pub fn set_failing(&self, failing: bool) {
        self.state().failing = failing;
    }

    /// How many entries it holds.
    pub fn size(&self) -> u64 {
        self.state().sealed.len() as u64
    }

    /// How often it was asked to make a batch durable.
    pub fn appends(&self) -> u64 {
        self.state().appends
    }

    /// The sealed entries.
    pub fn sealed(&self) -> Vec<Vec<u8>> {
        self.state().sealed.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writable(&self) -> Result<MutexGuard<'_, State>, BackendError> {
        let state = self.state();
        if state.failing {
            let source = io::ErrorKind::StorageFull.into();
            return Err(BackendError::Io { what: "memory was told to fail".to_owned(), source });
        }
        Ok(state)
    }
}

impl Backend for MemoryBackend {
    fn size(&mut self) -> Result<u64, BackendError> {
        Ok(self.state().sealed.len() as u64)
    }

    fn append(&mut self, first: u64, leaves: &[Leaf]) -> Result<(), BackendError> {
        self.state().appends += 1;
        let mut state = self.writable()?;
        if first != state.sealed.len() as u64 {
            return Err(BackendError::Damaged(format!("entry {first} is not the next")));
        }
        state.sealed.extend(leaves.iter().map(|leaf| leaf.sealed.clone()));
        Ok(())
    }

    fn read(&mut self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        Ok(self.state().sealed.iter().skip(from as usize).take(most).cloned().collect())
    }

    fn checkpoint(&mut self) -> Result<Option<String>, BackendError> {
        Ok(self.state().checkpoint.clone())
    }

    fn tile(&mut self, _: Tile, _: usize) -> Result<Option<Vec<Hash>>, BackendError> {
        Ok(None)
    }

    fn publish(&mut self, publication: &Publication<'_>) -> Result<(), BackendError> {
        self.writable()?.checkpoint = Some(publication.checkpoint.to_owned());
        Ok(())
    }
}

/// An open ledger in memory whose entries can be read back. For tests.
pub struct MemoryLedger {
    ledger: Ledger,
    backend: MemoryBackend,
    log: LogName,
    seal: Key,
    sign: Key,
}

impl MemoryLedger {
    /// A new, empty ledger, with keys of its own and a clock that stands still.
    pub fn open() -> Self {
        let backend = MemoryBackend::new();
        let log = LogName::new("memory.example/audit").expect("a valid name");
        let seal = Key::random(&SystemRng);
        let clock: Arc<dyn Clock> = Arc::new(FixedClock::new(Timestamp::UNIX_EPOCH));
        let sign = Key::random(&SystemRng);
        let signer = Signer::from_seed(&sign);
        let settings = Settings::new(log.clone(), Key::from_bytes(*seal.expose()), signer, clock, Arc::new(SystemRng));
        let ledger = Ledger::open(backend.clone(), settings).expect("an empty log opens");
        Self { ledger, backend, log, seal, sign }
    }

    /// Its name and the key that signs its checkpoints.
    pub fn signing(&self) -> (LogName, Signer) {
        (self.log.clone(), Signer::from_seed(&self.sign))
    }

    /// A handle to append with.
    pub fn handle(&self) -> LedgerHandle {
        self.ledger.handle()
    }

    /// The storage behind it: [`MemoryBackend::set_failing`] makes appends fail.
    pub const fn backend(&self) -> &MemoryBackend {
        &self.backend
    }

    /// All entries so far, opened.
    pub fn entries(&self) -> Vec<Entry> {
        self.reader().entries()
    }

    /// Reads the entries back, now and later.
    pub fn reader(&self) -> MemoryReader {
        let seal = Key::from_bytes(*self.seal.expose());
        MemoryReader { backend: self.backend.clone(), log: self.log.clone(), seal }
    }
}

/// Reads a [`MemoryLedger`] back. For tests.
pub struct MemoryReader {
    backend: MemoryBackend,
    log: LogName,
    seal: Key,
}

impl MemoryReader {
    /// All entries so far, opened.
    pub fn entries(&self) -> Vec<Entry> {
        (0..)
            .zip(self.backend.sealed())
            .map(|(seq, sealed)| open_entry(&self.seal, &self.log, seq, &sealed).expect("opens with its own key"))
            .collect()
    }

    /// Another reader of the same ledger.
    pub fn again(&self) -> Self {
        let seal = Key::from_bytes(*self.seal.expose());
        Self { backend: self.backend.clone(), log: self.log.clone(), seal }
    }

    /// The newest checkpoint as it was signed.
    pub fn checkpoint_note(&self) -> Option<String> {
        self.backend.state().checkpoint.clone()
    }

    /// A sealed entry.
    pub fn sealed(&self, entry: u64) -> Option<Vec<u8>> {
        self.backend.state().sealed.get(usize::try_from(entry).ok()?).cloned()
    }
}

impl TileSource for MemoryReader {
    type Error = BackendError;
    fn tile(&mut self, tile: Tile, width: usize) -> Result<Option<Vec<Hash>>, BackendError> {
        let leaves: Vec<Hash> = self.backend.sealed().iter().map(|sealed| leaf_hash(sealed)).collect();
        let mut tree = Tree::new();
        let mut tiles = std::collections::HashMap::new();
        for leaf in leaves {
            tree.push(leaf, |tile, hashes| {
                tiles.insert(tile, hashes);
            });
        }
        for (partial, hashes) in tree.partial_tiles() {
            tiles.insert(partial, hashes.to_vec());
        }
        Ok(tiles.remove(&tile).filter(|hashes| hashes.len() >= width).map(|mut hashes| {
            hashes.truncate(width);
            hashes
        }))
    }
}
