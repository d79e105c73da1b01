//! Appending: receipts, batches, failure and recovery, through the handle.

use super::sample::{entry, runtime, settings};
use ledger::{
    Backend, BackendError, Hash, Leaf, Ledger, LedgerError, Publication, Tile,
    memory::{MemoryBackend, MemoryLedger},
};
use std::{
    collections::HashSet,
    sync::{
        Arc, Barrier,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
};

#[test]
fn a_receipt_names_the_place_of_its_entry() {
    let ledger = MemoryLedger::open();
    let receipts = runtime().block_on(ledger.handle().append(vec![entry(1), entry(2)])).expect("appended");
    assert_eq!(receipts.iter().map(|r| r.seq()).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(receipts[0].log().as_str(), "memory.example/audit");
    assert_eq!(ledger.entries(), [entry(1), entry(2)]);
}

#[test]
fn nothing_is_acknowledged_while_the_store_fails_and_it_recovers_by_itself() {
    let (ledger, runtime) = (MemoryLedger::open(), runtime());
    let handle = ledger.handle();
    runtime.block_on(handle.append(vec![entry(1)])).expect("appended");
    ledger.backend().set_failing(true);
    for n in 2..5 {
        let outcome = runtime.block_on(handle.append(vec![entry(n)]));
        assert!(matches!(outcome, Err(LedgerError::Unavailable(_))));
        assert!(!handle.status().is_ready());
    }
    assert!(runtime.block_on(handle.checkpoint()).is_err());
    ledger.backend().set_failing(false);
    let receipts = runtime.block_on(handle.append(vec![entry(9)])).expect("appended");
    assert_eq!(receipts[0].seq(), 1);
    assert!(handle.status().is_ready());
    assert_eq!(ledger.entries(), [entry(1), entry(9)]);
}

#[test]
fn a_closed_ledger_takes_nothing_more() {
    let (backend, runtime) = (MemoryBackend::new(), runtime());
    let ledger = Ledger::open(backend.clone(), settings()).expect("opens");
    let handle = ledger.handle();
    runtime.block_on(handle.append(vec![entry(1)])).expect("appended");
    ledger.close();
    assert!(matches!(runtime.block_on(handle.append(vec![entry(2)])), Err(LedgerError::Closed)));
    assert_eq!(backend.size(), 1);
}

#[test]
fn an_empty_append_is_no_entry() {
    let ledger = MemoryLedger::open();
    assert!(runtime().block_on(ledger.handle().append(Vec::new())).expect("fine").is_empty());
    assert_eq!(ledger.backend().size(), 0);
}

/// Waits in its first append until it is let go, so that others queue up behind it.
struct Gated {
    inner: MemoryBackend,
    first: Option<(mpsc::Sender<()>, Arc<Barrier>)>,
    syncs: Arc<AtomicU64>,
}

impl Backend for Gated {
    fn size(&mut self) -> Result<u64, BackendError> {
        Backend::size(&mut self.inner)
    }
    fn append(&mut self, first: u64, leaves: &[Leaf]) -> Result<(), BackendError> {
        if let Some((entered, gate)) = self.first.take() {
            entered.send(()).expect("the test listens");
            gate.wait();
        }
        self.syncs.fetch_add(1, Ordering::SeqCst);
        self.inner.append(first, leaves)
    }
    fn read(&mut self, from: u64, most: usize) -> Result<Vec<Vec<u8>>, BackendError> {
        self.inner.read(from, most)
    }
    fn checkpoint(&mut self) -> Result<Option<String>, BackendError> {
        self.inner.checkpoint()
    }
    fn tile(&mut self, tile: Tile, width: usize) -> Result<Option<Vec<Hash>>, BackendError> {
        self.inner.tile(tile, width)
    }
    fn publish(&mut self, publication: &Publication<'_>) -> Result<(), BackendError> {
        self.inner.publish(publication)
    }
}

#[test]
fn many_requests_that_wait_together_share_one_sync_and_each_gets_its_own_receipt() {
    let (entered, waiting) = mpsc::channel();
    let (gate, syncs) = (Arc::new(Barrier::new(2)), Arc::new(AtomicU64::new(0)));
    let backend = MemoryBackend::new();
    let gated = Gated { inner: backend.clone(), first: Some((entered, Arc::clone(&gate))), syncs: Arc::clone(&syncs) };
    let ledger = Ledger::open(gated, settings()).expect("opens");
    let runtime = runtime();
    let append = |n| {
        let handle = ledger.handle();
        runtime.spawn(async move { handle.append(vec![entry(n)]).await.expect("appended")[0].seq() })
    };
    let mut tasks = vec![append(0)];
    waiting.recv().expect("the writer is in its first append");
    // On one thread each future runs up to its wait for the answer: all are in the queue when the last has run.
    let handle = ledger.handle();
    let rest: Vec<_> = (1..=200)
        .map(|n| {
            Box::pin({
                let handle = handle.clone();
                async move { handle.append(vec![entry(n)]).await.expect("appended")[0].seq() }
            })
        })
        .collect();
    let mut rest = rest;
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    for future in &mut rest {
        assert!(future.as_mut().poll(&mut context).is_pending());
    }
    gate.wait();
    tasks.extend(rest.into_iter().map(|future| runtime.spawn(future)));
    let seqs: HashSet<u64> = tasks.into_iter().map(|task| runtime.block_on(task).expect("runs")).collect();
    assert_eq!(seqs, (0..=200).collect());
    assert_eq!(syncs.load(Ordering::SeqCst), 2, "one sync for the first, one for the 200 behind it");
}
