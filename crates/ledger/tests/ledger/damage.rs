//! A damaged log is found, the place is named, and the log is not opened.

use super::sample::{copy_folder, filled, seal_key, settings_with, verifier_key};
use domain::SeededRng;
use ledger::{Damage, FileBackend, Ledger, OpenError, VerifyError, verify};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

fn damage(folder: &Path, heads: &[PathBuf]) -> Damage {
    match verify(folder, &verifier_key(), heads) {
        Err(VerifyError::Damaged(damage)) => damage,
        other => panic!("expected damage, got {other:?}"),
    }
}

/// Every file below `folder`, except the lock.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for item in fs::read_dir(folder).expect("list") {
        let path = item.expect("item").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.file_name().is_some_and(|name| name != "lock") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Where each entry of a bundle or journal body begins, from `start` on.
fn offsets(bytes: &[u8], start: usize, count: usize) -> Vec<(usize, usize)> {
    let mut at = start;
    (0..count)
        .map(|_| {
            let len = 2 + usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
            at += len;
            (at - len, len)
        })
        .collect()
}

fn edit(path: &Path, edit: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("read");
    edit(&mut bytes);
    fs::write(path, bytes).expect("write");
}

#[test]
fn a_whole_log_verifies_with_the_public_key_alone() {
    let log = filled(700);
    let report = verify(log.folder.path(), &verifier_key(), std::slice::from_ref(&log.second)).expect("whole");
    assert_eq!((report.entries, report.checkpoint.size, report.torn_bytes), (700, 700, 0));
}

#[test]
fn a_flipped_bit_anywhere_in_any_file_is_found_and_its_file_is_named() {
    let log = filled(600);
    let rng = SeededRng::new(1);
    for path in files(log.folder.path()) {
        let original = fs::read(&path).expect("read");
        let journal = path.starts_with(log.folder.path().join("journal"));
        // Every byte of the small files; of the large ones both ends and a hundred in between.
        let mut places: Vec<usize> = (0..original.len().min(40)).collect();
        places.extend((0..100).map(|_| rng.below(original.len() as u64) as usize));
        places.push(original.len() - 1);
        for place in places {
            let mut changed = original.clone();
            changed[place] ^= 1 << rng.below(8);
            fs::write(&path, &changed).expect("write");
            let damage = damage(log.folder.path(), std::slice::from_ref(&log.second));
            assert!(damage.file == path, "byte {place} of {} named {damage}", path.display());
            if journal && let Some(offset) = damage.offset {
                assert!(offset <= place as u64, "byte {place}: {damage}");
            }
        }
        fs::write(&path, &original).expect("write");
    }
    verify(log.folder.path(), &verifier_key(), &[log.second]).expect("whole again");
}

#[test]
fn a_changed_deleted_or_moved_entry_is_named_by_its_number() {
    let log = filled(600);
    for (file, first) in [("tile/entries/001", 256), ("tile/entries/002.p/88", 512)] {
        let path = log.folder.path().join(file);
        let original = fs::read(&path).expect("read");
        let at = offsets(&original, 0, 88);
        for victim in [0, 41, 86] {
            let (start, len) = at[victim];
            let (next, next_len) = at[victim + 1];

            edit(&path, |bytes| bytes[start + 20] ^= 1);
            let changed = damage(log.folder.path(), &[]);
            assert_eq!((changed.entry, &changed.file), (Some(first + victim as u64), &path), "{changed}");
            fs::write(&path, &original).expect("write");

            edit(&path, |bytes| drop(bytes.drain(start..start + len)));
            let deleted = damage(log.folder.path(), &[]);
            assert_eq!((deleted.entry, &deleted.file), (Some(first + victim as u64), &path), "{deleted}");
            fs::write(&path, &original).expect("write");

            edit(&path, |bytes| {
                let moved: Vec<u8> = bytes.drain(start..start + len).collect();
                bytes.splice(next + next_len - len..next + next_len - len, moved);
            });
            let moved = damage(log.folder.path(), &[]);
            assert_eq!((moved.entry, &moved.file), (Some(first + victim as u64), &path), "{moved}");
            fs::write(&path, &original).expect("write");
        }
    }
}

#[test]
fn a_changed_entry_in_the_journal_is_named_by_its_number_and_stops_the_start() {
    let log = filled(20);
    let path = log.folder.path().join("journal/00000001.log");
    let original = fs::read(&path).expect("read");
    // The sample writes ten entries a batch: the first frame's body begins after its header of 32 bytes.
    let at = offsets(&original, 32, 10);
    edit(&path, |bytes| bytes[at[7].0 + 30] ^= 0x40);
    let changed = damage(log.folder.path(), &[]);
    assert_eq!((changed.entry, changed.offset), (Some(7), Some(at[7].0 as u64)), "{changed}");
    assert!(FileBackend::open(log.folder.path()).is_err_and(|error| error.to_string().contains("entries 0 to 9")));

    fs::write(&path, &original).expect("write");
    edit(&path, |bytes| {
        let (one, two) = (at[3], at[4]);
        let moved: Vec<u8> = bytes.drain(one.0..one.0 + one.1).collect();
        bytes.splice(two.0 + two.1 - one.1..two.0 + two.1 - one.1, moved);
    });
    assert_eq!(damage(log.folder.path(), &[]).entry, Some(3));

    fs::write(&path, &original).expect("write");
    edit(&path, |bytes| drop(bytes.drain(at[5].0..at[5].0 + at[5].1)));
    let deleted = damage(log.folder.path(), &[]);
    assert_eq!((deleted.entry, deleted.file), (Some(5), path), "an entry was deleted");
}

#[test]
fn a_deleted_batch_or_journal_file_or_bundle_or_tile_is_named() {
    let log = filled(600);
    let folder = log.folder.path();
    let last = files(&folder.join("journal")).pop().expect("a journal file");
    let needed = [
        "checkpoint",
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/88",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/002.p/88",
    ];
    for path in needed.iter().map(|name| folder.join(name)).chain([last]) {
        let original = fs::read(&path).expect("read");
        fs::remove_file(&path).expect("remove");
        let damage = damage(folder, std::slice::from_ref(&log.second));
        assert!(
            damage.file == path || path.extension().is_some_and(|end| end == "log"),
            "{}: {damage}",
            path.display()
        );
        fs::write(&path, &original).expect("write");
    }
    let log = filled(20);
    let path = log.folder.path().join("journal/00000001.log");
    edit(&path, |bytes| {
        let second = bytes.windows(4).rposition(|four| four == b"PAL1").expect("a second frame");
        drop(bytes.drain(..second));
    });
    assert_eq!(damage(log.folder.path(), &[]).entry, Some(0), "the first batch was deleted");
}

#[test]
fn a_cut_tail_is_found_by_the_own_checkpoint_and_names_where_the_log_ends() {
    let log = filled(20);
    let path = log.folder.path().join("journal/00000001.log");
    let second = fs::read(&path).expect("read").windows(4).rposition(|four| four == b"PAL1").expect("a second frame");
    edit(&path, |bytes| bytes.truncate(second));
    let cut = damage(log.folder.path(), &[]);
    assert_eq!((cut.entry, cut.offset), (Some(10), Some(second as u64)), "{cut}");
    match Ledger::open(FileBackend::open(log.folder.path()).expect("opens"), settings_with(&[])).err() {
        Some(OpenError::Shorter { signed: 20, log: 10, .. }) => {}
        other => panic!("expected a refusal, got {other:?}"),
    }
    assert_eq!(fs::metadata(&path).expect("there").len(), second as u64, "a refused start changes nothing");
}

#[test]
fn a_whole_older_copy_put_back_is_found_by_the_second_path_alone() {
    let log = filled(300);
    let old = TempDir::new().expect("folder");
    copy_folder(log.folder.path(), old.path());
    log.append(50);
    verify(old.path(), &verifier_key(), &[]).expect("by itself the old copy is whole");
    let cut = damage(old.path(), std::slice::from_ref(&log.second));
    assert_eq!(cut.entry, Some(300), "{cut}");
    let opened = Ledger::open(FileBackend::open(old.path()).expect("opens"), settings_with(&[&log.second]));
    let error = opened.err().expect("refused").to_string();
    assert!(error.contains(&log.second.display().to_string()) && error.contains("350"), "{error}");
}

#[test]
fn a_log_rewritten_without_the_signing_key_does_not_give_the_root_that_was_signed() {
    let (log, forged) = (filled(300), filled(300));
    // The other log is whole but for its signature: entries are sealed with fresh nonces, so its hashes differ.
    fs::copy(log.folder.path().join("checkpoint"), forged.folder.path().join("checkpoint")).expect("copy");
    let rewritten = damage(forged.folder.path(), &[]);
    assert!(rewritten.what.contains("rewritten"), "{rewritten}");
    let opened = Ledger::open(FileBackend::open(forged.folder.path()).expect("opens"), settings_with(&[]));
    assert!(matches!(opened.err(), Some(OpenError::Different { size: 300, .. })));
}

#[test]
fn a_forged_foreign_or_missing_checkpoint_is_refused() {
    let log = filled(30);
    let path = log.folder.path().join("checkpoint");
    let original = fs::read_to_string(&path).expect("read");
    let lines: Vec<&str> = original.lines().collect();
    let signature = lines[4];
    let forgeries = [
        original.replacen("\n30\n", "\n29\n", 1),
        original.replacen("\n30\n", "\n030\n", 1),
        original.replacen("\n30\n", "\n+30\n", 1),
        original.replace("node-1", "node-2"),
        original.replacen("node-1", "node-2", 1),
        format!("{}\n{}\n{}\n\n", lines[0], lines[1], lines[2]),
        format!("{}\n{}\n{}\n", lines[0], lines[1], lines[2]),
        format!("{}\n{}\n{}\nextension\n\n{signature}\n", lines[0], lines[1], lines[2]),
        original.trim_end().to_owned(),
        String::new(),
    ];
    for forgery in &forgeries {
        fs::write(&path, forgery).expect("write");
        assert_eq!(damage(log.folder.path(), &[]).file, path, "{forgery}");
        let opened = Ledger::open(FileBackend::open(log.folder.path()).expect("opens"), settings_with(&[]));
        assert!(matches!(opened.err(), Some(OpenError::Head { .. })), "{forgery}");
    }
    fs::remove_file(&path).expect("remove");
    assert_eq!(damage(log.folder.path(), &[]).file, path);
    let opened = Ledger::open(FileBackend::open(log.folder.path()).expect("opens"), settings_with(&[]));
    assert!(matches!(opened.err(), Some(OpenError::NoCheckpoint { log: 30 })));
    // A further signature by a key that we do not know does not disturb.
    let other = original.trim_end().rsplit_once(' ').expect("a signature").1;
    fs::write(&path, format!("{original}\u{2014} witness.example/w {other}\n")).expect("write");
    verify(log.folder.path(), &verifier_key(), &[]).expect("whole");
}

#[test]
fn a_log_in_any_backend_is_verified_and_its_damage_named() {
    let log = filled(600);
    let prove = |folder: &Path, heads: &[PathBuf]| {
        let mut backend = FileBackend::open(folder).expect("opens");
        ledger::verify_backend(&mut backend, Path::new("the database"), &verifier_key(), heads)
    };
    let report = prove(log.folder.path(), std::slice::from_ref(&log.second)).expect("whole");
    assert_eq!((report.entries, report.checkpoint.size), (600, 600));
    let other = filled(700);
    let error = prove(log.folder.path(), std::slice::from_ref(&other.second)).expect_err("cut").to_string();
    assert!(error.starts_with("entry 600, the database: the log ends here"), "{error}");
    edit(&log.folder.path().join("tile/entries/000"), |bytes| {
        let place = offsets(bytes, 0, 18)[17].0 + 9;
        bytes[place] ^= 1;
    });
    let error = prove(log.folder.path(), &[]).expect_err("changed").to_string();
    assert!(error.starts_with("entry 17, the database: "), "{error}");
    // Without kept hashes the root still tells.
    fs::remove_dir_all(log.folder.path().join("tile/0")).expect("remove");
    assert!(prove(log.folder.path(), &[]).expect_err("changed").to_string().contains("rewritten"));
}

#[test]
fn an_entry_sealed_for_one_place_does_not_open_at_another() {
    let log = filled(20);
    let reader = ledger::LogReader::open(log.folder.path()).expect("opens");
    let sealed = reader.read(0, 20).expect("read");
    let key = seal_key();
    let name = super::sample::log();
    assert!(ledger::open_entry(&key, &name, 0, &sealed[0]).is_ok());
    assert!(ledger::open_entry(&key, &name, 1, &sealed[0]).is_err());
    let other = ledger::LogName::new("practice.example/audit/node-2").expect("a name");
    assert!(ledger::open_entry(&key, &other, 0, &sealed[0]).is_err());
}

#[test]
fn one_log_has_one_writer() {
    let log = filled(1);
    let first = FileBackend::open(log.folder.path()).expect("opens");
    let error = FileBackend::open(log.folder.path()).expect_err("refused").to_string();
    assert!(error.contains("lock"), "{error}");
    drop(first);
    FileBackend::open(log.folder.path()).expect("free again");
}
