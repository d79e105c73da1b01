//! Dropping old segments of a made log, as whoever does it must.
#![allow(dead_code, reason = "each test file takes what it needs")]

use super::sample::{Log, entry, log, runtime, seal_key, signer, verifier_key};
use domain::Timestamp;
use ledger::{
    Dropped, Entry, FileSegments, LogName, LogReader, Old, Recorded, Segments, find_old, inclusion_proof, leaf_hash,
};

/// The moment of the n-th entry of the sample, and some milliseconds.
pub(crate) fn moment(n: u64, milliseconds: i64) -> Timestamp {
    Timestamp::from_millisecond(entry(n).at.as_millisecond() + milliseconds).expect("in range")
}

/// What can go of a log in which everything before a moment is old.
pub(crate) fn old(logged: &Log, older_than: Timestamp) -> Option<Old> {
    let mut segments = FileSegments::new(logged.folder.path());
    find_old(&mut segments, &seal_key(), &verifier_key(), older_than, u64::MAX).expect("found")
}

/// The entry that records a drop.
pub(crate) fn recording(of: &LogName, before: u64) -> Entry {
    let (action, resource, reason) = Dropped::said(of, before, 6).expect("an entry");
    Entry { action, resource, reason, ..entry(9_999) }
}

/// The note of a drop that the log itself records.
pub(crate) fn note(logged: &Log, before: u64) -> String {
    let (opened, runtime) = (logged.open(), runtime());
    let seq = runtime.block_on(opened.handle().append(vec![recording(&log(), before)])).expect("appended")[0].seq();
    opened.close();
    let mut reader = LogReader::open(logged.folder.path()).expect("opens");
    let head = reader.checkpoint(&verifier_key()).expect("signed");
    let checkpoint = reader.checkpoint_note().expect("read").expect("there");
    let leaf = leaf_hash(&reader.read(seq, 1).expect("read")[0]);
    let path = inclusion_proof(seq, head.size, &mut reader).expect("a proof");
    let recorded = Recorded::new(&log(), seq, leaf, &path, checkpoint);
    let (newest, at) = (moment(before - 1, 0), moment(0, 1_000_000));
    Dropped { before, newest, years: 6, at, recorded }.sign(&log(), &signer())
}

/// Drops all segments below a number.
pub(crate) fn drop_before(logged: &Log, before: u64) {
    let note = note(logged, before);
    let mut segments = FileSegments::new(logged.folder.path());
    segments.put_note(&note).expect("noted");
    let left = segments.left(before).expect("listed");
    segments.destroy(&left).expect("destroyed");
    assert!(segments.left(before).expect("listed").is_empty());
}
