//! A ledger in memory that can be made to fail: for the tests of other rooms. Nothing in it survives the process, so no
//! server uses it.

use crate::{
    Backend, BackendError, Entry, Hash, Leaf, Ledger, LedgerHandle, LogName, Publication, Settings, Tile, VerifierKey,
    open_entry,
};
use crypto::{Key, Signer, SystemRng};
use domain::{Clock, FixedClock, Timestamp};
use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Keeps entries in memory. A clone sees the same entries. For tests.
#[derive(Debug, Clone, Default)]
pub struct MemoryBackend(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    sealed: Vec<Vec<u8>>,
    tiles: HashMap<Tile, Vec<Hash>>,
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

    fn tile(&mut self, tile: Tile, width: usize) -> Result<Option<Vec<Hash>>, BackendError> {
        Ok(self.state().tiles.get(&tile).and_then(|hashes| hashes.get(..width)).map(<[Hash]>::to_vec))
    }

    fn publish(&mut self, publication: &Publication<'_>) -> Result<(), BackendError> {
        let mut state = self.writable()?;
        state.tiles.extend(publication.tiles.iter().cloned());
        state.checkpoint = Some(publication.checkpoint.to_owned());
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
    verifier: VerifierKey,
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
        let verifier = settings.verifier_key();
        let ledger = Ledger::open(backend.clone(), settings).expect("an empty log opens");
        Self { ledger, backend, log, seal, sign, verifier }
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
        MemoryReader { backend: self.backend.clone(), log: self.log.clone(), seal, verifier: self.verifier.clone() }
    }
}

/// Reads a [`MemoryLedger`] back. For tests.
pub struct MemoryReader {
    backend: MemoryBackend,
    log: LogName,
    seal: Key,
    verifier: VerifierKey,
}

impl MemoryReader {
    /// The log's name.
    pub const fn log(&self) -> &LogName {
        &self.log
    }

    /// What opens its entries.
    pub fn seal(&self) -> Key {
        Key::from_bytes(*self.seal.expose())
    }

    /// What its checkpoints are verified with.
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Where the entries are.
    pub fn backend(&self) -> MemoryBackend {
        self.backend.clone()
    }

    /// All entries so far, opened.
    pub fn entries(&self) -> Vec<Entry> {
        (0..)
            .zip(self.backend.sealed())
            .map(|(seq, sealed)| open_entry(&self.seal, &self.log, seq, &sealed).expect("opens with its own key"))
            .collect()
    }
}
