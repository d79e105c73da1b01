//! Old segments go, their hashes stay: the log is as whole as before, and a segment that went otherwise is missed.

use super::{
    dropping_sample::{drop_before, moment, note, old, recording},
    sample::{entry, filled, log, runtime, seal_key, settings, settings_with, signer, verifier_key},
};
use crypto::{Key, Signer};
use domain::SeededRng;
use ledger::{
    BackendError, Damage, Dropped, Entry, FileBackend, FileSegments, FindError, Ledger, LogName, LogReader, LogTail,
    OpenError, Refill, RefillError, Segments, VerifierKey, VerifyError, consistency_proof, find_old, inclusion_proof,
    leaf_hash, open_entry, verify, verify_consistency, verify_inclusion,
};
use std::{fs, path::Path};
use tempfile::TempDir;

fn damage(folder: &Path) -> Damage {
    match verify(folder, &verifier_key(), &[]) {
        Err(VerifyError::Damaged(damage)) => damage,
        other => panic!("expected damage, got {other:?}"),
    }
}

#[test]
fn whole_segments_are_old_and_one_with_a_single_younger_entry_is_not() {
    let logged = filled(1000);
    let before = |older_than| old(&logged, older_than).map(|old| (old.before, old.newest));
    assert_eq!(before(moment(0, 0)), None);
    assert_eq!(before(moment(255, 0)), None, "the last entry of the segment is not older");
    assert_eq!(before(moment(255, 1)), Some((256, entry(255).at)));
    assert_eq!(before(moment(511, 0)), Some((256, entry(255).at)));
    assert_eq!(before(moment(511, 1)), Some((512, entry(511).at)));
    // The journal still has a part of what comes behind: that is kept twice.
    assert_eq!(before(moment(5000, 0)), Some((512, entry(511).at)));
    let journal = filled(768);
    assert_eq!(old(&journal, moment(5000, 0)), old(&journal, moment(511, 1)), "the segment with the end stays");

    // A clock that went wrong once: one entry among old ones is young, and what stands behind it stays too.
    let strange = filled(300);
    let (opened, runtime) = (strange.open(), runtime());
    let young = Entry { at: moment(0, 1_000_000), ..entry(300) };
    runtime.block_on(opened.handle().append(vec![young])).expect("appended");
    opened.close();
    strange.append(600);
    assert_eq!(old(&strange, moment(5000, 0)).map(|old| old.before), Some(256));
    let limited = |below| {
        let mut segments = FileSegments::new(logged.folder.path());
        find_old(&mut segments, &seal_key(), &verifier_key(), moment(5000, 0), below).expect("found")
    };
    assert_eq!((limited(255), limited(700).map(|old| old.before)), (None, Some(512)), "what must stay stays");
}

#[test]
fn what_is_damaged_is_not_dropped_since_it_may_be_evidence() {
    let logged = filled(1000);
    let path = logged.folder.path().join("tile/entries/001");
    let mut bytes = fs::read(&path).expect("read");
    bytes[2000] ^= 1;
    fs::write(&path, bytes).expect("write");
    let mut segments = FileSegments::new(logged.folder.path());
    let found = find_old(&mut segments, &seal_key(), &verifier_key(), moment(5000, 0), u64::MAX);
    match found {
        Err(FindError::Damaged { seq }) => assert!((256..512).contains(&seq), "{seq}"),
        other => panic!("expected damage, got {other:?}"),
    }
}

#[test]
fn a_log_whose_old_segments_were_dropped_is_whole_and_goes_on() {
    let logged = filled(1000);
    let folder = logged.folder.path();
    drop_before(&logged, 512);
    assert!(!folder.join("tile/entries/000").exists() && !folder.join("tile/entries/001").exists());
    let report = verify(folder, &verifier_key(), std::slice::from_ref(&logged.second)).expect("whole");
    let dropped = report.dropped.expect("it says so");
    assert_eq!((report.entries, dropped.before, dropped.years, dropped.newest), (1001, 512, 6, entry(511).at));
    assert_eq!(dropped.recorded.entry, 1000);
    let reader = LogReader::open(folder).expect("opens");
    assert!(
        dropped.is_said_by(&log(), &reader.entries(&seal_key(), &log(), 1000).next().expect("it").expect("opens").1)
    );

    // However much of it is read at a start, and however often; and dropping more later.
    for check_at_open in [1_000_000, 400, 0] {
        let mut settings = settings_with(&[&logged.second]);
        settings.check_at_open = check_at_open;
        let ledger = Ledger::open(FileBackend::open(folder).expect("opens"), settings).expect("opens");
        runtime().block_on(ledger.handle().append((0..90).map(entry).collect())).expect("appended");
        ledger.close();
    }
    assert_eq!(old(&logged, moment(5000, 0)).map(|old| old.before), Some(768), "only what is there can go");
    drop_before(&logged, 768);
    let report = verify(folder, &verifier_key(), std::slice::from_ref(&logged.second)).expect("whole");
    assert_eq!((report.entries, report.dropped.map(|dropped| dropped.before)), (1272, Some(768)));

    let reader = LogReader::open(folder).expect("opens");
    for seq in [0, 511, 767] {
        assert!(matches!(reader.read(seq, 1), Err(BackendError::Dropped { before: 768 })), "{seq}");
        assert!(matches!(LogTail::new(folder).read(seq, 1272, 9), Err(BackendError::Dropped { before: 768 })));
    }
    let sealed = LogTail::new(folder).read(768, 1272, 10).expect("read");
    assert_eq!(open_entry(&seal_key(), &log(), 768, &sealed[0]).expect("opens"), entry(768));
}

#[test]
fn a_segment_that_went_without_the_note_is_missed_and_named() {
    let logged = filled(1000);
    let folder = logged.folder.path();
    let (first, second) = (folder.join("tile/entries/000"), folder.join("tile/entries/001"));
    let kept = (fs::read(&first).expect("read"), fs::read(&second).expect("read"));
    fs::remove_file(&first).expect("removed");
    let missing = damage(folder);
    assert_eq!((missing.entry, &missing.file), (Some(0), &first), "{missing}");
    assert!(matches!(LogReader::open(folder).expect("opens").read(0, 1), Ok(read) if read.is_empty()));
    fs::write(&first, &kept.0).expect("written");

    // The note names the first segment alone.
    drop_before(&logged, 256);
    fs::remove_file(&second).expect("removed");
    let missing = damage(folder);
    assert_eq!((missing.entry, &missing.file), (Some(256), &second), "{missing}");
    fs::write(&second, &kept.1).expect("written");
    verify(folder, &verifier_key(), &[]).expect("whole again");

    // Without its note the same log lacks a segment.
    let path = folder.join("dropped");
    let note = fs::read_to_string(&path).expect("there");
    fs::remove_file(&path).expect("removed");
    assert_eq!(damage(folder).file, first);
    fs::write(&path, &note).expect("written");
    verify(folder, &verifier_key(), &[]).expect("whole again");
}

#[test]
fn a_note_that_was_changed_or_that_another_signed_says_nothing() {
    let logged = filled(1000);
    let folder = logged.folder.path();
    let signed = note(&logged, 512);
    let refused = |note: &str| {
        fs::write(folder.join("dropped"), note).expect("written");
        let found = damage(folder);
        assert_eq!(found.file, folder.join("dropped"), "{found}");
        let opened = Ledger::open(FileBackend::open(folder).expect("opens"), settings());
        assert!(matches!(opened.err(), Some(OpenError::Dropped { .. })));
    };
    refused(&signed.replace("\"before\": 512", "\"before\": 768"));
    refused("");
    let other = Signer::from_seed(&Key::from_bytes([77; 32]));
    let said = Dropped::open(&signed, &verifier_key()).expect("true");
    refused(&said.sign(&log(), &other));
    // Signed with the right key, but the audit trail does not say it.
    let mut unsaid = said.clone();
    unsaid.recorded.entry -= 1;
    refused(&unsaid.sign(&log(), &signer()));
    let mut crooked = said.clone();
    crooked.before = 300;
    refused(&crooked.sign(&log(), &signer()));
    // Of another log: nothing of it is this one's.
    let name = LogName::new("practice.example/audit/node-2").expect("a name");
    refused(&said.sign(&name, &signer()));
    let key = VerifierKey::new(name, signer().public());
    assert!(!said.recorded.is_proven(&key));
    assert!(said.recorded.is_proven(&verifier_key()));
    // The very entry, and no other, is what records it.
    assert!(said.is_said_by(&log(), &recording(&log(), 512)));
    assert!(!said.is_said_by(&log(), &recording(&log(), 768)));
    assert!(!said.is_said_by(&LogName::new("other").expect("a name"), &recording(&log(), 512)));
    assert!(!said.is_said_by(&log(), &entry(512)));

    fs::write(folder.join("dropped"), &signed).expect("written");
    verify(folder, &verifier_key(), &[]).expect("whole");
}

#[test]
fn a_flipped_bit_in_anything_that_remains_is_found() {
    let logged = filled(600);
    let folder = logged.folder.path();
    drop_before(&logged, 512);
    let rng = SeededRng::new(4);
    let remaining = [
        "dropped",
        "checkpoint",
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/89",
        "tile/1/000.p/2",
        "tile/entries/002.p/89",
    ];
    for name in remaining {
        let path = folder.join(name);
        let original = fs::read(&path).expect(name);
        for _ in 0..60 {
            let mut changed = original.clone();
            let place = rng.below(original.len() as u64) as usize;
            changed[place] ^= 1 << rng.below(8);
            fs::write(&path, &changed).expect("write");
            let found = damage(folder);
            assert!(found.file == path, "byte {place} of {name} named {found}");
        }
        fs::remove_file(&path).expect("removed");
        damage(folder);
        fs::write(&path, &original).expect("write");
    }
    verify(folder, &verifier_key(), &[logged.second]).expect("whole again");
}

#[test]
fn proofs_of_what_is_kept_and_of_what_went_hold_as_before() {
    let logged = filled(700);
    let folder = logged.folder.path();
    let mut reader = LogReader::open(folder).expect("opens");
    let old_head = reader.checkpoint(&verifier_key()).expect("signed");
    let leaves: Vec<_> = (0..700).map(|seq| leaf_hash(&reader.read(seq, 1).expect("read")[0])).collect();
    let certificate = inclusion_proof(100, 700, &mut reader).expect("a proof");
    drop_before(&logged, 512);
    logged.append(50);
    let mut reader = LogReader::open(folder).expect("opens");
    let head = reader.checkpoint(&verifier_key()).expect("signed");
    for (seq, leaf) in (0..).zip(&leaves) {
        let proof = inclusion_proof(seq, head.size, &mut reader).expect("a proof");
        assert!(verify_inclusion(leaf, seq, &head, &proof), "{seq}");
    }
    assert!(verify_inclusion(&leaves[100], 100, &old_head, &certificate), "proofs that were handed out");
    let proof = consistency_proof(old_head.size, head.size, &mut reader).expect("a proof");
    assert!(verify_consistency(&old_head, &head, &proof));
}

#[test]
fn a_log_whose_old_segments_were_dropped_is_brought_back_as_it_is() {
    let logged = filled(1000);
    drop_before(&logged, 512);
    let mut reader = LogReader::open(logged.folder.path()).expect("opens");
    let head = reader.checkpoint_note().expect("read").expect("there");
    let (before, note) = reader.dropped_note().expect("read").expect("there");
    let hashes: Vec<_> = (0..before)
        .map(|seq| {
            let place = ledger::Tile { level: 0, index: seq / 256 };
            ledger::TileSource::tile(&mut reader, place, 256).expect("read").expect("there")[seq as usize % 256]
        })
        .collect();
    let to = TempDir::new().expect("folder");
    let refill = |kept: u64, note: Option<&str>| -> Result<u64, RefillError> {
        let backend = FileBackend::open(to.path()).expect("opens");
        let mut refill = Refill::begin(backend, head.clone(), note, &verifier_key())?;
        for hash in &hashes {
            refill.push_dropped(*hash)?;
        }
        for seq in before..kept {
            refill.push(&reader.read(seq, 1).expect("read")[0])?;
        }
        refill.finish()
    };
    assert!(matches!(refill(1001, None), Err(RefillError::Missing { seq: 0 })), "nothing says that it was dropped");
    // Cut short, and again.
    assert!(matches!(refill(700, Some(&note)), Err(RefillError::Shorter { entries: 700, .. })));
    assert_eq!(refill(1001, Some(&note)).expect("brought back"), 1001);
    let report = verify(to.path(), &verifier_key(), std::slice::from_ref(&logged.second)).expect("whole");
    assert_eq!((report.entries, report.dropped.map(|dropped| dropped.before)), (1001, Some(512)));
    let ledger = Ledger::open(FileBackend::open(to.path()).expect("opens"), settings()).expect("opens");
    runtime().block_on(ledger.handle().append(vec![entry(1)])).expect("appended");
    ledger.close();
    verify(to.path(), &verifier_key(), &[]).expect("whole");
}

#[test]
fn a_log_that_is_seldom_written_to_does_not_keep_its_oldest_entries_in_the_journal() {
    let folder = TempDir::new().expect("folder");
    let append = |entries: std::ops::Range<u64>| {
        let ledger = Ledger::open(FileBackend::open(folder.path()).expect("opens"), settings()).expect("opens");
        for n in entries {
            runtime().block_on(ledger.handle().append(vec![entry(n)])).expect("appended");
        }
        ledger.close();
    };
    let kept_once = || FileSegments::new(folder.path()).kept_once().expect("read");
    append(0..200);
    append(200..300);
    assert_eq!(kept_once(), 0);
    append(300..310);
    assert_eq!(kept_once(), 0, "the last bundle that the first file begins is not full yet");
    append(310..520);
    assert_eq!(kept_once(), 300);
    verify(folder.path(), &verifier_key(), &[]).expect("whole");
    let reader = LogReader::open(folder.path()).expect("opens");
    let (key, name) = (seal_key(), log());
    let entries: Vec<_> = reader.entries(&key, &name, 0).map(|entry| entry.expect("opens").1).collect();
    assert_eq!(entries, (0..520).map(entry).collect::<Vec<_>>());
}
