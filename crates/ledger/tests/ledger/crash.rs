//! Torn writes, full disks and failing files: nothing acknowledged is lost, nothing unacknowledged is believed.

use super::sample::{copy_folder, entry, filled, log, runtime, seal_key, settings, settings_with, verifier_key};
use domain::SeededRng;
use ledger::{
    Backend, BackendError, FileBackend, Hash, Leaf, Ledger, LedgerError, LogReader, Publication, Tile, verify,
};
use std::{
    collections::BTreeSet,
    fs, io,
    path::Path,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tempfile::TempDir;

fn entries(folder: &Path) -> Vec<ledger::Entry> {
    let reader = LogReader::open(folder).expect("opens");
    reader.entries(&seal_key(), &log(), 0).map(|entry| entry.expect("opens").1).collect()
}

/// A log of ten signed entries and a further batch of three that no checkpoint covers, as a crash leaves it.
fn crashed() -> (TempDir, usize, Vec<u8>) {
    let (folder, runtime) = (TempDir::new().expect("folder"), runtime());
    let ledger = Ledger::open(FileBackend::open(folder.path()).expect("opens"), settings()).expect("opens");
    runtime.block_on(ledger.handle().append((0..10).map(entry).collect())).expect("appended");
    runtime.block_on(ledger.handle().checkpoint()).expect("published");
    let journal = "journal/00000001.log";
    let before = fs::metadata(folder.path().join(journal)).expect("there").len() as usize;
    runtime.block_on(ledger.handle().append((10..13).map(entry).collect())).expect("appended");
    let copy = TempDir::new().expect("folder");
    copy_folder(folder.path(), copy.path());
    let bytes = fs::read(copy.path().join(journal)).expect("read");
    (copy, before, bytes)
}

#[test]
fn a_tail_torn_at_any_byte_of_the_last_batch_is_recovered() {
    let (crashed, before, bytes) = crashed();
    let runtime = runtime();
    for cut in before..=bytes.len() {
        let whole = cut == bytes.len();
        fs::write(crashed.path().join("journal/00000001.log"), &bytes[..cut]).expect("write");
        let report = verify(crashed.path(), &verifier_key(), &[]).expect("a torn tail is no damage");
        assert_eq!((report.entries, report.torn_bytes), if whole { (13, 0) } else { (10, (cut - before) as u64) });
        // Opening, appending and closing are tried at a few of them: each syncs a dozen times.
        if cut % 97 == 0 || cut < before + 2 || cut + 2 > bytes.len() {
            let folder = TempDir::new().expect("folder");
            copy_folder(crashed.path(), folder.path());
            let ledger = Ledger::open(FileBackend::open(folder.path()).expect("opens"), settings()).expect("opens");
            let seq = runtime.block_on(ledger.handle().append(vec![entry(99)])).expect("appended")[0].seq();
            ledger.close();
            let kept = if whole { 13 } else { 10 };
            assert_eq!(seq, kept);
            assert_eq!(entries(folder.path()), (0..kept).chain([99]).map(entry).collect::<Vec<_>>());
            verify(folder.path(), &verifier_key(), &[]).expect("whole");
        } else {
            let mut backend = FileBackend::open(crashed.path()).expect("opens");
            assert_eq!(backend.size().expect("size"), if whole { 13 } else { 10 });
        }
    }
}

#[test]
fn a_last_batch_of_zeros_or_of_half_written_blocks_is_recovered_as_after_a_power_cut() {
    let (crashed, before, bytes) = crashed();
    let journal = crashed.path().join("journal/00000001.log");
    for zeros_from in [before, before + 32, before + 600] {
        let mut torn = bytes.clone();
        torn[zeros_from..].fill(0);
        fs::write(&journal, &torn).expect("write");
        let mut backend = FileBackend::open(crashed.path()).expect("opens");
        assert_eq!(backend.size().expect("size"), 10, "zeros from {zeros_from}");
    }
}

#[test]
fn a_changed_length_in_the_middle_is_no_torn_tail() {
    let (crashed, _, bytes) = crashed();
    let journal = crashed.path().join("journal/00000001.log");
    for place in 0..32 {
        let mut changed = bytes.clone();
        changed[place] ^= 0x80;
        fs::write(&journal, &changed).expect("write");
        assert!(FileBackend::open(crashed.path()).is_err(), "byte {place} of the first header");
        assert!(verify(crashed.path(), &verifier_key(), &[]).is_err());
    }
}

#[test]
fn what_a_checkpoint_published_before_a_crash_lacks_is_published_again() {
    let log = filled(300);
    let folder = log.folder.path();
    fs::remove_dir_all(folder.join("tile/0/001.p")).expect("remove");
    fs::remove_dir_all(folder.join("tile/entries/001.p")).expect("remove");
    assert!(verify(folder, &verifier_key(), &[]).is_err());
    log.open().close();
    verify(folder, &verifier_key(), &[log.second]).expect("whole again");
}

#[test]
fn concurrent_appends_each_get_a_distinct_receipt_and_are_all_there_after_reopening() {
    let (folder, runtime) = (TempDir::new().expect("folder"), runtime());
    let ledger = Ledger::open(FileBackend::open(folder.path()).expect("opens"), settings()).expect("opens");
    let tasks: Vec<_> = (0..400)
        .map(|n| {
            let handle = ledger.handle();
            runtime.spawn(async move { (n, handle.append(vec![entry(n)]).await.expect("appended")[0].seq()) })
        })
        .collect();
    let placed: Vec<(u64, u64)> = tasks.into_iter().map(|task| runtime.block_on(task).expect("runs")).collect();
    assert_eq!(placed.iter().map(|(_, seq)| *seq).collect::<BTreeSet<_>>(), (0..400).collect());
    ledger.close();
    let found = entries(folder.path());
    assert_eq!(found.len(), 400);
    for (n, seq) in placed {
        assert_eq!(found[seq as usize], entry(n));
    }
    verify(folder.path(), &verifier_key(), &[]).expect("whole");
}

#[test]
fn a_log_is_read_and_verified_while_it_is_written_to() {
    let (folder, runtime) = (TempDir::new().expect("folder"), runtime());
    let mut settings = settings();
    settings.checkpoint_every = std::time::Duration::from_millis(1);
    let backend = FileBackend::open_with_segments(folder.path(), 20_000).expect("opens");
    let ledger = Ledger::open(backend, settings).expect("opens");
    let (handle, stop) = (ledger.handle(), Arc::new(AtomicBool::new(false)));
    let writer = runtime.spawn({
        let stop = Arc::clone(&stop);
        async move {
            let mut written = 0;
            while written < 2000 || !stop.load(Ordering::SeqCst) {
                handle.append((written..written + 20).map(entry).collect()).await.expect("appended");
                written += 20;
            }
            written
        }
    });
    for _ in 0..40 {
        let report = verify(folder.path(), &verifier_key(), &[]).expect("whole at every moment");
        let found = entries(folder.path());
        assert!(found.len() as u64 >= report.entries);
        assert!(found.into_iter().zip(0..).all(|(found, n)| found == entry(n)));
    }
    stop.store(true, Ordering::SeqCst);
    let written = runtime.block_on(writer).expect("runs");
    ledger.close();
    assert_eq!(verify(folder.path(), &verifier_key(), &[]).expect("whole").entries, written);
}

#[test]
fn journal_files_that_come_back_after_they_were_done_with_do_no_harm() {
    let (log, kept) = (filled(100), TempDir::new().expect("folder"));
    copy_folder(&log.folder.path().join("journal"), kept.path());
    log.append(700);
    copy_folder(kept.path(), &log.folder.path().join("journal"));
    verify(log.folder.path(), &verifier_key(), &[]).expect("whole");
    log.append(1);
    assert_eq!(entries(log.folder.path()), (0..801).map(entry).collect::<Vec<_>>());
    assert!(!log.folder.path().join("journal/00000001.log").exists(), "they are removed again");
}

/// A directory whose appends and publications fail while the switch is on.
struct Faulty {
    inner: FileBackend,
    failing: Arc<AtomicBool>,
}

impl Faulty {
    fn fail(&self) -> Result<(), BackendError> {
        if !self.failing.load(Ordering::SeqCst) {
            return Ok(());
        }
        Err(BackendError::Io { what: "the test's disk".to_owned(), source: io::ErrorKind::StorageFull.into() })
    }
}

impl Backend for Faulty {
    fn size(&mut self) -> Result<u64, BackendError> {
        self.inner.size()
    }
    fn append(&mut self, first: u64, leaves: &[Leaf]) -> Result<(), BackendError> {
        self.fail()?;
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
        self.fail()?;
        self.inner.publish(publication)
    }
}

#[test]
fn a_disk_that_fails_now_and_then_loses_nothing_that_was_acknowledged() {
    let (folder, runtime, rng) = (TempDir::new().expect("folder"), runtime(), SeededRng::new(3));
    let failing = Arc::new(AtomicBool::new(false));
    let inner = FileBackend::open_with_segments(folder.path(), 10_000).expect("opens");
    let backend = Faulty { inner, failing: Arc::clone(&failing) };
    let ledger = Ledger::open(backend, settings()).expect("opens");
    let mut acknowledged = Vec::new();
    for n in 0..300 {
        failing.store(rng.below(3) == 0, Ordering::SeqCst);
        match runtime.block_on(ledger.handle().append(vec![entry(n)])) {
            Ok(_) => acknowledged.push(entry(n)),
            Err(error) => assert!(matches!(error, LedgerError::Unavailable(_))),
        }
        if rng.below(10) == 0 {
            let _ = runtime.block_on(ledger.handle().checkpoint());
        }
    }
    failing.store(false, Ordering::SeqCst);
    ledger.close();
    assert!(acknowledged.len() < 300);
    assert_eq!(entries(folder.path()), acknowledged);
    verify(folder.path(), &verifier_key(), &[]).expect("whole");
}

#[test]
fn a_second_path_that_fails_is_reported_and_does_not_hold_up_appends() {
    let (folder, runtime) = (TempDir::new().expect("folder"), runtime());
    let elsewhere = TempDir::new().expect("folder");
    let gone = elsewhere.path().join("unplugged/head");
    let ledger =
        Ledger::open(FileBackend::open(folder.path()).expect("opens"), settings_with(&[&gone])).expect("opens");
    runtime.block_on(ledger.handle().append(vec![entry(1)])).expect("appended");
    runtime.block_on(ledger.handle().checkpoint()).expect("the log itself took it");
    let status = ledger.handle().status();
    assert!(status.is_ready() && status.places[0].failing_since.is_none());
    assert!(status.places[1].path.as_ref() == Some(&gone) && status.places[1].failing_since.is_some());
    assert_eq!((status.places[1].witnessed_size, status.unwitnessed_since()), (0, status.places[1].failing_since));
    fs::create_dir(gone.parent().expect("a folder")).expect("plug in");
    runtime.block_on(ledger.handle().checkpoint()).expect("published");
    let status = ledger.handle().status();
    assert!(status.places[1].failing_since.is_none());
    assert_eq!((status.places[1].witnessed_size, status.unwitnessed_since()), (1, None));
    verify(folder.path(), &verifier_key(), &[gone]).expect("whole");
}

/// A file system of 256 KiB that is unmounted at the end.
struct Small(TempDir);

impl Small {
    fn mount() -> Option<Self> {
        let folder = TempDir::new().expect("folder");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"]).arg(folder.path()).output();
        mount.is_ok_and(|output| output.status.success()).then_some(Self(folder))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}

#[test]
fn a_full_file_system_fails_closed_and_recovers_when_there_is_space() {
    let Some(small) = Small::mount() else {
        eprintln!("SKIPPED: this machine does not let the tests mount a small file system");
        return;
    };
    let (folder, runtime) = (small.0.path().join("audit"), runtime());
    let ledger = Ledger::open(FileBackend::open(&folder).expect("opens"), settings()).expect("opens");
    let handle = ledger.handle();
    let append = |n| runtime.block_on(handle.append(vec![entry(n)]));
    append(0).expect("appended");
    let ballast = small.0.path().join("ballast");
    let mut acknowledged = vec![entry(0)];
    for round in 1..4 {
        // Fill up: the last write of the ballast is cut short by the end of the space.
        let _ = fs::write(&ballast, vec![1; 512 * 1024]);
        let mut refused = 0;
        for n in 0..40 {
            match append(round * 1000 + n) {
                Ok(_) => acknowledged.push(entry(round * 1000 + n)),
                Err(LedgerError::Unavailable(_)) => refused += 1,
                Err(LedgerError::Closed) => panic!("the writer must live on"),
            }
        }
        assert!(refused > 0 && !handle.status().is_ready());
        assert!(runtime.block_on(handle.checkpoint()).is_err());
        assert!(handle.status().places[0].failing_since.is_some());
        fs::remove_file(&ballast).expect("make room");
        append(round).expect("recovered");
        acknowledged.push(entry(round));
        assert!(handle.status().is_ready());
        runtime.block_on(handle.checkpoint()).expect("published");
    }
    ledger.close();
    assert_eq!(entries(&folder), acknowledged);
    verify(&folder, &verifier_key(), &[]).expect("whole");
}

#[test]
fn a_large_log_is_opened_from_its_tiles_and_still_held_against_every_head() {
    let log = filled(1100);
    let open = |folder: &Path, second: &[&std::path::PathBuf]| {
        let mut settings = settings_with(second);
        settings.check_at_open = 10;
        Ledger::open(FileBackend::open(folder).expect("opens"), settings)
    };
    let old = TempDir::new().expect("folder");
    let old_head = old.path().join("head");
    let ledger = open(log.folder.path(), &[&log.second]).expect("opens");
    fs::copy(&log.second, &old_head).expect("copy");
    runtime().block_on(ledger.handle().append((0..300).map(entry).collect())).expect("appended");
    ledger.close();
    verify(log.folder.path(), &verifier_key(), &[log.second.clone(), old_head.clone()]).expect("whole");
    open(log.folder.path(), &[&log.second, &old_head]).expect("agrees with old and new heads").close();
    // A head of another log with the same name and key, of a size below the part that is read again.
    let other = filled(1100);
    assert!(open(log.folder.path(), &[&other.second]).is_err());
    // Without tiles everything is read again.
    fs::remove_dir_all(log.folder.path().join("tile/0")).expect("remove");
    open(log.folder.path(), &[&log.second, &old_head]).expect("opens from the entries").close();
}
