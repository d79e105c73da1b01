//! Following a log beside its writer: every entry once, in order, and none that could still be taken back.

use super::sample::{copy_folder, entry, filled, log, runtime, seal_key, settings};
use ledger::{FileBackend, Ledger, LogTail, open_entry};
use std::{fs, path::Path};
use tempfile::TempDir;

/// Reads on from `next` to what is durable.
fn follow(tail: &mut LogTail, next: &mut u64, durable: u64) -> Vec<ledger::Entry> {
    let mut entries = Vec::new();
    while *next < durable {
        for sealed in tail.read(*next, durable, 64).expect("read") {
            entries.push(open_entry(&seal_key(), &log(), *next, &sealed).expect("opens"));
            *next += 1;
        }
    }
    entries
}

#[test]
fn every_entry_is_followed_once_over_all_files_bundles_and_restarts() {
    let logged = filled(0);
    let (mut tail, mut next, mut seen) = (LogTail::new(logged.folder.path()), 0, Vec::new());
    assert!(tail.read(0, 0, 10).expect("an empty log").is_empty());
    for round in 0..4 {
        let (ledger, runtime) = (logged.open(), runtime());
        for step in 0..23 {
            let first = round * 230 + step * 10;
            runtime.block_on(ledger.handle().append((first..first + 10).map(entry).collect())).expect("appended");
            if step % 9 == 3 {
                runtime.block_on(ledger.handle().checkpoint()).expect("published");
            }
            // Sometimes it comes late, when the journal was pruned already.
            if step % 5 == 0 {
                seen.extend(follow(&mut tail, &mut next, ledger.handle().status().size));
            }
        }
        ledger.close();
    }
    seen.extend(follow(&mut tail, &mut next, 920));
    assert_eq!(seen, (0..920).map(entry).collect::<Vec<_>>());
    let mut late = LogTail::new(logged.folder.path());
    assert_eq!(follow(&mut late, &mut 0, 920), seen, "whoever comes late finds the same");
}

#[test]
fn what_is_not_durable_for_certain_is_not_read_and_what_comes_in_its_place_is() {
    let folder = TempDir::new().expect("folder");
    let (runtime, copy) = (runtime(), TempDir::new().expect("folder"));
    let append = |to: &Path, entries: Vec<ledger::Entry>| {
        let ledger = Ledger::open(FileBackend::open(to).expect("opens"), settings()).expect("opens");
        runtime.block_on(ledger.handle().append(entries)).expect("appended");
        ledger
    };
    append(folder.path(), (0..10).map(entry).collect()).close();
    copy_folder(folder.path(), copy.path());
    let ledger = append(folder.path(), (10..13).map(entry).collect());
    let mut tail = LogTail::new(folder.path());
    assert_eq!(tail.read(0, 10, 100).expect("read").len(), 10, "three more stand in the journal");
    drop(ledger);

    // The three were never acknowledged, and another takes their place.
    let journal = "journal/00000001.log";
    fs::copy(copy.path().join(journal), folder.path().join(journal)).expect("cut");
    fs::copy(copy.path().join("checkpoint"), folder.path().join("checkpoint")).expect("as before");
    append(folder.path(), vec![entry(99)]).close();
    let mut next = 10;
    assert_eq!(follow(&mut tail, &mut next, 11), [entry(99)]);
}

#[test]
fn a_missing_entry_is_said_and_not_passed_over() {
    let logged = filled(30);
    fs::remove_dir_all(logged.folder.path().join("journal")).expect("taken away");
    let error = LogTail::new(logged.folder.path()).read(0, 30, 100).expect_err("nothing is there");
    assert!(error.to_string().contains("entry 0"), "{error}");
}
