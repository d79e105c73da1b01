//! The index keeps up with all logs, loses nothing, and says when something is missing.

use super::logs::{Node, all, append, clock, commands, entry, practice, server};
use domain::SeededRng;
use ledger::{BackendError, Entry, LogName};
use practice::trail::{AuditIndex, Logs, Position, Trail, TrailFilter};
use std::{
    collections::BTreeSet,
    fs, io,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use testkit::logs::ReadThrough;

/// Entries of one practice.
fn entries(from: i64, count: i64) -> Vec<Entry> {
    let dice = SeededRng::new(from.unsigned_abs());
    let of_one = |n| Entry { practice: Some(practice(1)), ..entry(n, &dice) };
    (from..from + count).map(of_one).collect()
}

async fn found(index: &AuditIndex) -> BTreeSet<(String, u64)> {
    let found = all(index, practice(1), &TrailFilter::default()).await;
    let places: BTreeSet<_> = found.iter().map(|found| (found.log.as_str().to_owned(), found.seq)).collect();
    assert_eq!(places.len(), found.len(), "each once");
    places
}

fn wanted(server_has: u64, commands_have: u64) -> BTreeSet<(String, u64)> {
    let of = |log: LogName, count: u64| (0..count).map(move |seq| (log.as_str().to_owned(), seq));
    of(server(), server_has).chain(of(commands(), commands_have)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_durable_when_somebody_asks_is_found_whoever_wrote_it() {
    let node = Node::new();
    let ledger = node.open(&server());
    let index = node.index(Some(&ledger));
    assert_eq!(found(&index).await, wanted(0, 0));
    for n in 0..12 {
        append(&ledger, entries(n * 100, 90)).await;
        if n % 3 == 0 {
            ledger.handle().checkpoint().await.expect("published");
        }
        assert_eq!(found(&index).await, wanted(90 * (n as u64 + 1), 0));
    }
    // Another process, which closes its log at its end.
    let other = node.open(&commands());
    append(&other, entries(10_000, 5)).await;
    other.close();
    assert_eq!(found(&index).await, wanted(1080, 5));
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_made_again_is_the_same_as_one_that_followed() {
    let node = Node::new();
    let (ledger, other) = (node.open(&server()), node.open(&commands()));
    let followed = node.index(Some(&ledger));
    for n in 0..9 {
        append(&ledger, entries(n * 200, 130)).await;
        append(&other, entries(n * 200 + 7, 40)).await;
        other.handle().checkpoint().await.expect("published");
        found(&followed).await;
    }
    let before = all(&followed, practice(1), &TrailFilter::default()).await;
    let (from, to) = (before[before.len() - 1].entry.at, domain::Timestamp::MAX);
    let counted = followed.activity(practice(1), from, to).await.expect("read");
    drop(followed);
    ledger.close();
    other.close();
    node.place().in_haste().remove().expect("removed");
    assert!(!node.index_file().exists());
    let again = node.index(None);
    assert_eq!(all(&again, practice(1), &TrailFilter::default()).await, before);
    assert_eq!(again.activity(practice(1), from, to).await.expect("read"), counted);
    assert_eq!(before.len(), 9 * 170);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_killed_server_had_recorded_and_not_indexed_is_indexed_at_the_next_start() {
    let node = Node::new();
    let ledger = node.open(&server());
    append(&ledger, entries(0, 50)).await;
    let index = node.index(Some(&ledger));
    assert_eq!(found(&index).await, wanted(50, 0));
    // Durable in the ledger, and the server dies before the index hears of it.
    append(&ledger, entries(100, 1_700)).await;
    drop(index);
    ledger.close();
    let ledger = node.open(&server());
    let index = node.index(Some(&ledger));
    let round = index.round().await.expect("indexed");
    assert!(round.indexed > 0 && round.behind > 0, "a long way in several steps: {round:?}");
    drop(index);
    // And dies again half way.
    let index = node.index(Some(&ledger));
    assert_eq!(found(&index).await, wanted(1_750, 0));
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_does_not_open_is_counted_and_hides_no_other() {
    let node = Node::new();
    let ledger = node.open(&server());
    append(&ledger, entries(0, 600)).await;
    ledger.close();
    let bundle = node.log_folder(&server()).join("tile/entries/000");
    let mut bytes = fs::read(&bundle).expect("the first 256 entries");
    bytes[40] ^= 1;
    fs::write(&bundle, bytes).expect("changed");
    let ledger = node.open(&server());
    let index = node.index(Some(&ledger));
    let (mut before, mut count) = (Some(Position::END), 0);
    while let Some(position) = before {
        let page = index.search(practice(1), &TrailFilter::default(), position, 200).await.expect("searched");
        assert_eq!((page.health.unreadable, page.health.behind, page.health.failing), (1, 0, false));
        assert!(!page.health.is_whole());
        count += page.entries.len();
        before = page.next;
    }
    assert_eq!(count, 599);
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_that_cannot_be_read_is_said_and_keeps_nothing_else_back() {
    let node = Node::new();
    let (ledger, other) = (node.open(&server()), node.open(&commands()));
    append(&ledger, entries(0, 20)).await;
    append(&other, entries(50, 3)).await;
    other.close();
    let failing = Arc::new(AtomicBool::new(true));
    let told = failing.clone();
    let logs = ReadThrough::new(node.logs(Some(&ledger)), move |logs, (log, from, most)| {
        if told.load(Ordering::SeqCst) && *log == commands() {
            let source = io::ErrorKind::PermissionDenied.into();
            return Err(BackendError::Io { what: "it was told to fail".to_owned(), source });
        }
        logs.read(log, from, most)
    });
    let index = AuditIndex::new(node.place(), logs, clock());
    let page = index.search(practice(1), &TrailFilter::default(), Position::END, 100).await.expect("it goes on");
    assert_eq!((page.entries.len(), page.health.failing, page.health.behind), (20, true, 3));
    assert_eq!(index.health(), page.health);
    failing.store(false, Ordering::SeqCst);
    assert_eq!(found(&index).await, wanted(20, 3));
    assert!(index.health().is_whole(), "it recovers by itself");
    ledger.close();
}
