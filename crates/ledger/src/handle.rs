//! The ledger as others see it: append, and get receipts.

use crate::{
    Backend, BackendError, Checkpoint, Entry, LedgerStatus, LogName, OpenError, VerifierKey, open, sign_text,
    writer::{Append, Message, Writer},
};
use crypto::{Key, Signer};
use domain::{Clock, Rng};
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::JoinHandle,
    time::Duration,
};
use tokio::sync::{Semaphore, oneshot};

/// How a ledger is run.
pub struct Settings {
    /// The log's name; each node has its own.
    pub log: LogName,
    /// Seals the entries: the branch `audit seal` of the root, with the log's name as context.
    pub seal: Key,
    /// Signs the checkpoints: the branch `audit sign` of the root, with the log's name as context.
    pub signer: Arc<Signer>,
    /// Files on other machines or volumes that also receive each checkpoint, and are held against the log at the start.
    pub second_paths: Vec<PathBuf>,
    /// At most one checkpoint in this time, while there are new entries.
    pub checkpoint_every: Duration,
    /// Most requests that may wait; further ones wait before the queue.
    pub queue: usize,
    /// How many of the newest entries are read and hashed again at the start. Older ones are taken from the tiles, which
    /// must give the checkpoint's root; [`crate::verify`] reads all.
    pub check_at_open: u64,
    /// Tells since when something is broken.
    pub clock: Arc<dyn Clock>,
    /// Gives the nonces.
    pub rng: Arc<dyn Rng>,
}

impl Settings {
    /// The usual settings: a checkpoint every second, 4,096 waiting requests, a million entries checked at the start.
    pub fn new(log: LogName, seal: Key, signer: Signer, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        Self {
            log,
            seal,
            signer: Arc::new(signer),
            second_paths: Vec::new(),
            checkpoint_every: Duration::from_secs(1),
            queue: 4096,
            check_at_open: 1_000_000,
            clock,
            rng,
        }
    }

    /// What others need to verify this log.
    pub fn verifier_key(&self) -> VerifierKey {
        VerifierKey::new(self.log.clone(), self.signer.public())
    }
}

/// Proof that an entry is durable. Made by the ledger alone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Receipt {
    log: LogName,
    seq: u64,
}

impl Receipt {
    pub(crate) const fn new(log: LogName, seq: u64) -> Self {
        Self { log, seq }
    }

    /// The log of the node that wrote it.
    pub const fn log(&self) -> &LogName {
        &self.log
    }

    /// The entry's sequence number there, from 0.
    pub const fn seq(&self) -> u64 {
        self.seq
    }
}

/// Why something was not recorded.
#[derive(Debug, Clone, thiserror::Error)]
pub enum LedgerError {
    /// The ledger cannot write now. Nothing that was to be recorded may happen; it may work again later by itself.
    #[error("the audit ledger cannot be written")]
    Unavailable(#[source] Arc<BackendError>),
    /// The ledger was closed.
    #[error("the audit ledger is closed")]
    Closed,
}

/// An open ledger. Owns the writer thread; closing or dropping it writes the last checkpoint.
pub struct Ledger {
    handle: LedgerHandle,
    thread: Option<JoinHandle<()>>,
}

impl Ledger {
    /// Opens the log in `backend`, new or not: holds it against its last checkpoint and those at the second paths, and
    /// starts the writer. Refuses a log that is shorter than, or different from, what any of them says.
    pub fn open(backend: impl Backend + 'static, settings: Settings) -> Result<Self, OpenError> {
        let (sender, receiver) = mpsc::channel();
        let permits = Arc::new(Semaphore::new(settings.queue.max(1)));
        let mut backend: Box<dyn Backend> = Box::new(backend);
        let opened = open::check(backend.as_mut(), &settings)?;
        let status = Arc::new(Mutex::new(LedgerStatus {
            size: opened.tree.size(),
            checkpoint_size: opened.published,
            broken_since: None,
            places: Vec::new(),
        }));
        let (signer, key) = (Arc::clone(&settings.signer), settings.verifier_key());
        let mut writer = Writer::new(backend, settings, opened, Arc::clone(&status));
        writer.publish_at_open()?;
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || writer.run(&receiver))
            .map_err(|source| OpenError::Thread { source })?;
        Ok(Self { handle: LedgerHandle { sender, permits, status, signer, key }, thread: Some(thread) })
    }

    /// A handle to append with.
    pub fn handle(&self) -> LedgerHandle {
        self.handle.clone()
    }

    /// Writes what is waiting and a last checkpoint, and stops the writer. Handles that are left answer
    /// [`LedgerError::Closed`].
    pub fn close(mut self) {
        self.stop();
    }

    fn stop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // An error means that the writer has ended already.
            let _ = self.handle.sender.send(Message::Close);
            if thread.join().is_err() {
                tracing::error!("the ledger's writer ended by a panic");
            }
        }
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Appends to a ledger from anywhere.
#[derive(Clone)]
pub struct LedgerHandle {
    sender: mpsc::Sender<Message>,
    permits: Arc<Semaphore>,
    status: Arc<Mutex<LedgerStatus>>,
    signer: Arc<Signer>,
    key: VerifierKey,
}

impl LedgerHandle {
    /// Appends entries, all or none, next to each other. Returns only when they are durable; on an error, none of them may
    /// be relied upon. A caller that stops waiting does not take its entries back.
    pub async fn append(&self, entries: Vec<Entry>) -> Result<Vec<Receipt>, LedgerError> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let encoded = entries.iter().map(Entry::encode).collect();
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| LedgerError::Closed)?;
        let (reply, answer) = oneshot::channel();
        let message = Message::Append(Append { encoded, reply, _permit: permit });
        self.sender.send(message).map_err(|_| LedgerError::Closed)?;
        answer.await.map_err(|_| LedgerError::Closed)?
    }

    /// Makes a checkpoint over all that is durable now and writes it everywhere. Fails when the log itself did not take it;
    /// second paths report through [`LedgerHandle::status`].
    pub async fn checkpoint(&self) -> Result<Checkpoint, LedgerError> {
        let (reply, answer) = oneshot::channel();
        self.sender.send(Message::Checkpoint(reply)).map_err(|_| LedgerError::Closed)?;
        answer.await.map_err(|_| LedgerError::Closed)?
    }

    /// Signs a text of a kind with the log's key, as a note that is no checkpoint ([`sign_text`]). The key stays here.
    pub fn sign(&self, kind: &str, text: &str) -> String {
        sign_text(kind, text, self.key.name(), &self.signer)
    }

    /// What verifies this log, and what was signed with its key.
    pub const fn verifier(&self) -> &VerifierKey {
        &self.key
    }

    /// How the ledger is doing.
    pub fn status(&self) -> LedgerStatus {
        self.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
