//! The one thread that writes: takes what waits, makes it durable with one sync, answers all.

use crate::{
    Backend, BackendError, Checkpoint, Hash, Leaf, LedgerError, LedgerStatus, OpenError, PlaceStatus, Publication,
    Receipt, Settings, Tile, Tree,
    entry::seal_entry,
    leaf_hash,
    open::{Opened, read_all},
    second_path,
};
use crypto::Zeroizing;
use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// Most bytes of entries that one batch takes, unless a single request has more: about what a disk writes in a few
/// milliseconds, so that nobody waits long for the others.
const BATCH_BYTES: usize = 1024 * 1024;

/// What the writer is told.
pub(crate) enum Message {
    Append(Append),
    Checkpoint(oneshot::Sender<Result<Checkpoint, LedgerError>>),
    Close,
}

/// A request to append.
pub(crate) struct Append {
    pub(crate) encoded: Vec<Zeroizing<Vec<u8>>>,
    pub(crate) reply: oneshot::Sender<Result<Vec<Receipt>, LedgerError>>,
    /// Given back when the request is answered: this bounds the queue.
    pub(crate) _permit: OwnedSemaphorePermit,
}

pub(crate) struct Writer {
    backend: Box<dyn Backend>,
    settings: Settings,
    tree: Tree,
    /// Tiles that became full since the last publication.
    full: Vec<(Tile, Vec<Hash>)>,
    published: u64,
    /// The log's own place has not taken the last checkpoint.
    own_owed: bool,
    /// A second path has not.
    second_owed: bool,
    /// The last append failed: ask the backend where it stands before the next.
    uncertain: bool,
    next_checkpoint: Instant,
    status: Arc<Mutex<LedgerStatus>>,
}

impl Writer {
    pub(crate) fn new(
        backend: Box<dyn Backend>,
        settings: Settings,
        opened: Opened,
        status: Arc<Mutex<LedgerStatus>>,
    ) -> Self {
        let places = std::iter::once(None).chain(settings.second_paths.iter().cloned().map(Some));
        lock(&status).places =
            places.map(|path| PlaceStatus { path, failing_since: None, witnessed_size: 0 }).collect();
        Self {
            backend,
            settings,
            tree: opened.tree,
            full: opened.full,
            published: opened.published,
            own_owed: true,
            second_owed: true,
            uncertain: false,
            next_checkpoint: Instant::now(),
            status,
        }
    }

    /// Publishes what a crash left unpublished, and gives a new second path its first checkpoint. Only a new log must
    /// succeed in this: a log without a checkpoint could not be told from one whose checkpoint was taken away.
    pub(crate) fn publish_at_open(&mut self) -> Result<(), OpenError> {
        let new = self.tree.size() == 0;
        match self.publish() {
            Err(source) if new => Err(OpenError::Backend { source }),
            _ => Ok(()),
        }
    }

    pub(crate) fn run(mut self, messages: &Receiver<Message>) {
        let mut ended = false;
        while !ended {
            let first = if self.owed() {
                let wait = self.next_checkpoint.saturating_duration_since(Instant::now());
                match messages.recv_timeout(wait) {
                    Ok(message) => Some(message),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => Some(Message::Close),
                }
            } else {
                Some(messages.recv().unwrap_or(Message::Close))
            };
            // Whoever is about to append on this core does so first, and shares the sync. Where cores are free, or nobody
            // else has anything to do, this returns at once.
            std::thread::yield_now();
            let mut batch = Vec::new();
            let mut wanted = Vec::new();
            let mut bytes = 0;
            let mut next = first;
            while let Some(message) = next {
                match message {
                    Message::Append(append) => {
                        bytes += append.encoded.iter().map(|entry| entry.len()).sum::<usize>();
                        batch.push(append);
                    }
                    Message::Checkpoint(reply) => wanted.push(reply),
                    Message::Close => ended = true,
                }
                if ended || bytes >= BATCH_BYTES {
                    break;
                }
                next = messages.try_recv().ok();
            }
            self.append(batch);
            let due = self.owed() && Instant::now() >= self.next_checkpoint;
            if due || ended || !wanted.is_empty() {
                let outcome = self.publish().map_err(|error| LedgerError::Unavailable(Arc::new(error)));
                for reply in wanted {
                    // Nobody may be waiting any more.
                    let _ = reply.send(outcome.clone());
                }
            }
        }
    }

    fn append(&mut self, batch: Vec<Append>) {
        if batch.is_empty() {
            return;
        }
        match self.make_durable(&batch) {
            Ok(mut seq) => {
                self.broken(false);
                for append in batch {
                    let receipts = append.encoded.iter().map(|_| {
                        seq += 1;
                        Receipt::new(self.settings.log.clone(), seq - 1)
                    });
                    let _ = append.reply.send(Ok(receipts.collect()));
                }
            }
            Err(error) => {
                self.uncertain = true;
                self.broken(true);
                metrics::counter!("patella_ledger_append_failures_total").increment(1);
                let error = Arc::new(error);
                tracing::error!(error = &*error as &dyn std::error::Error, "audit entries could not be written");
                for append in batch {
                    let _ = append.reply.send(Err(LedgerError::Unavailable(Arc::clone(&error))));
                }
            }
        }
    }

    /// Seals and writes the batch; returns its first sequence number.
    fn make_durable(&mut self, batch: &[Append]) -> Result<u64, BackendError> {
        if self.uncertain {
            self.catch_up()?;
        }
        let first = self.tree.size();
        let leaves: Vec<Leaf> = (first..)
            .zip(batch.iter().flat_map(|append| &append.encoded))
            .map(|(seq, encoded)| {
                let Settings { seal, rng, log, .. } = &self.settings;
                let sealed = seal_entry(seal, rng.as_ref(), log, seq, encoded);
                Leaf { hash: leaf_hash(&sealed), sealed }
            })
            .collect();
        self.backend.append(first, &leaves)?;
        for leaf in &leaves {
            self.tree.push(leaf.hash, |tile, hashes| self.full.push((tile, hashes)));
        }
        metrics::counter!("patella_ledger_entries_total").increment(leaves.len() as u64);
        metrics::counter!("patella_ledger_batches_total").increment(1);
        Ok(first)
    }

    /// After a failure: takes up entries that became durable although nobody was told so.
    fn catch_up(&mut self) -> Result<(), BackendError> {
        let (size, known) = (self.backend.size()?, self.tree.size());
        if size < known {
            return Err(BackendError::Damaged(format!("it ends at entry {size}, but {known} entries were durable")));
        }
        let mut tree = self.tree.clone();
        let mut full = Vec::new();
        read_all(self.backend.as_mut(), known, size, |_, sealed| {
            tree.push(leaf_hash(sealed), |tile, hashes| full.push((tile, hashes)));
            Ok(())
        })?;
        self.tree = tree;
        self.full.append(&mut full);
        self.uncertain = false;
        Ok(())
    }

    /// A checkpoint is to be written somewhere.
    fn owed(&self) -> bool {
        self.published < self.tree.size() || self.own_owed || self.second_owed
    }

    /// Signs a checkpoint over all that is durable and writes it wherever it is not yet.
    fn publish(&mut self) -> Result<Checkpoint, BackendError> {
        self.next_checkpoint = Instant::now() + self.settings.checkpoint_every.max(Duration::from_millis(1));
        let checkpoint = Checkpoint { size: self.tree.size(), root: self.tree.root() };
        let note = checkpoint.sign(&self.settings.log, &self.settings.signer);
        let new = self.published < checkpoint.size;
        let outcome = if new || self.own_owed { self.publish_in_log(&checkpoint, &note) } else { Ok(()) };
        if new || self.second_owed {
            self.second_owed = false;
            for (path, place) in self.settings.second_paths.iter().zip(1..) {
                let witnessed = second_path::witness(path, &note);
                self.second_owed |= witnessed.is_err();
                self.place(place, checkpoint.size, witnessed.as_ref().err());
            }
        }
        outcome.map(|()| checkpoint)
    }

    fn publish_in_log(&mut self, checkpoint: &Checkpoint, note: &str) -> Result<(), BackendError> {
        let edge = self.tree.partial_tiles().map(|(tile, hashes)| (tile, hashes.to_vec()));
        let tiles: Vec<_> = self.full.iter().cloned().chain(edge).collect();
        let publication =
            Publication { published: self.published, size: checkpoint.size, tiles: &tiles, checkpoint: note };
        let outcome = self.backend.publish(&publication);
        self.own_owed = outcome.is_err();
        self.place(0, checkpoint.size, outcome.as_ref().err());
        outcome?;
        self.full.clear();
        self.published = checkpoint.size;
        lock(&self.status).checkpoint_size = self.published;
        metrics::counter!("patella_ledger_checkpoints_total").increment(1);
        Ok(())
    }

    /// Notes how a place took a checkpoint. The first failure of a row is logged, the rest only counted.
    fn place(&self, index: usize, size: u64, error: Option<&BackendError>) {
        let mut status = lock(&self.status);
        let place = &mut status.places[index];
        let name = place.path.as_ref().map_or_else(|| "log".to_owned(), |path| path.display().to_string());
        match error {
            None => (place.failing_since, place.witnessed_size) = (None, size),
            Some(error) => {
                if place.failing_since.is_none() {
                    place.failing_since = Some(self.settings.clock.now());
                    tracing::error!(error = error as &dyn std::error::Error, place = %name, "a checkpoint could not be written");
                }
                metrics::counter!("patella_ledger_checkpoint_failures_total", "place" => name.clone()).increment(1);
            }
        }
        let behind = size.saturating_sub(place.witnessed_size);
        metrics::gauge!("patella_ledger_unwitnessed_entries", "place" => name).set(behind as f64);
    }

    fn broken(&self, broken: bool) {
        let mut status = lock(&self.status);
        status.size = self.tree.size();
        match (broken, status.broken_since) {
            (true, None) => status.broken_since = Some(self.settings.clock.now()),
            (false, _) => status.broken_since = None,
            (true, Some(_)) => {}
        }
    }
}

fn lock(status: &Mutex<LedgerStatus>) -> MutexGuard<'_, LedgerStatus> {
    status.lock().unwrap_or_else(PoisonError::into_inner)
}
