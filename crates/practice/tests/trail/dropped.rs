//! A log whose old segments were dropped: the index says so, and is the same however it came to be.

use super::logs::{Node, all, append, entry, practice, server, settings};
use domain::{SeededRng, Timestamp};
use ledger::{BackendError, Entry};
use practice::trail::{Head, Logs, OldDropped, Position, Trail, TrailEntry, TrailError, TrailFilter};
use testkit::dropping;

const COUNT: i64 = 1000;

async fn filled(node: &Node) -> Vec<Entry> {
    let dice = SeededRng::new(5);
    let entries: Vec<Entry> = (0..COUNT).map(|n| entry(n * 1000, &dice)).collect();
    dropping::append(&node.log_folder(&server()), settings(&server()), entries.clone()).await.expect("appended");
    entries
}

async fn drop_before(node: &Node, before: u64, entries: &[Entry]) -> Timestamp {
    let newest = entries[before as usize - 1].at;
    let folder = node.log_folder(&server());
    dropping::drop_before(&folder, || settings(&server()), before, newest).await.expect("dropped");
    newest
}

async fn found(trail: &dyn Trail) -> Vec<TrailEntry> {
    all(trail, practice(1), &TrailFilter::default()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_dropped_goes_from_the_index_and_one_that_is_made_again_is_the_same() {
    let node = Node::new();
    let entries = filled(&node).await;
    let index = node.index(None);
    let before = found(&index).await;
    assert_eq!(index.health().dropped, None);
    assert!(before.iter().any(|found| found.seq < 512));

    let newest = drop_before(&node, 512, &entries).await;
    let after = found(&index).await;
    let kept: Vec<_> = before.iter().filter(|found| found.seq >= 512).cloned().collect();
    assert_eq!(after, kept, "exactly those that were dropped are not found any more");
    assert_eq!(index.health().dropped, Some(OldDropped { until: newest, years: 6 }));
    assert!(index.health().is_whole(), "that is as it should be");

    // Patients and exports are told the same, and what is kept is proved.
    let heads: Vec<Head> = index.heads().await.expect("heads");
    let last = after.last().expect("some");
    let proved = index.prove(heads.clone(), vec![(server(), last.seq)]).await.expect("proved");
    let head = &heads[0].checkpoint;
    assert!(ledger::verify_inclusion(&proved[0].leaf, last.seq, head, proved[0].path.as_deref().expect("a path")));
    let gone = index.prove(heads, vec![(server(), 3)]).await;
    assert!(matches!(gone, Err(TrailError::DroppedMeanwhile)), "{gone:?}");
    assert_eq!(index.read(vec![(server(), 3)]).await.expect("read"), [None]);
    drop(index);

    // A server that starts with it, and one that lost its index.
    let started = node.index(None);
    assert_eq!(found(&started).await, after);
    drop(started);
    node.place().remove().expect("removed");
    let again = node.index(None);
    assert_eq!(found(&again).await, after);
    assert_eq!(again.health().dropped, Some(OldDropped { until: newest, years: 6 }));

    // And it goes on.
    let ledger = node.open(&server());
    append(&ledger, vec![Entry { practice: Some(practice(1)), ..entry(5_000_000, &SeededRng::new(6)) }]).await;
    ledger.close();
    assert_eq!(found(&again).await.len(), after.len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_was_behind_goes_on_at_the_first_entry_that_is_kept() {
    let node = Node::new();
    let dice = SeededRng::new(5);
    let folder = node.log_folder(&server());
    let some = |from: i64, to: i64| -> Vec<Entry> { (from..to).map(|n| entry(n * 1000, &dice)).collect() };
    let mut entries = some(0, 100);
    dropping::append(&folder, settings(&server()), entries.clone()).await.expect("appended");
    let index = node.index(None);
    found(&index).await;
    drop(index);
    entries.extend(some(100, COUNT));
    dropping::append(&folder, settings(&server()), entries[100..].to_vec()).await.expect("appended");
    drop_before(&node, 512, &entries).await;
    let index = node.index(None);
    let here = found(&index).await;
    assert_eq!(here.last().map(|found| found.seq >= 512), Some(true));
    let wanted = entries[512..].iter().filter(|entry| entry.practice == Some(practice(1))).count();
    assert_eq!((here.len(), index.health().behind), (wanted, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_note_that_nobody_signed_is_an_error_and_no_gap() {
    let node = Node::new();
    let entries = filled(&node).await;
    drop_before(&node, 512, &entries).await;
    let note = node.log_folder(&server()).join("dropped");
    let said = std::fs::read_to_string(&note).expect("there");
    std::fs::write(&note, said.replace("\"before\": 512", "\"before\": 768")).expect("written");
    let mut logs = node.logs(None);
    for seq in [0, 600] {
        let read = logs.read(&server(), seq, 1);
        assert!(matches!(read, Err(BackendError::Damaged(_))), "{read:?}");
    }
    std::fs::remove_file(&note).expect("removed");
    let read = logs.read(&server(), 0, 1);
    assert!(matches!(read, Err(BackendError::Damaged(_))), "{read:?}");
    std::fs::write(&note, said).expect("written");
    assert!(matches!(logs.read(&server(), 0, 1), Err(BackendError::Dropped { before: 512 })));
    let index = node.index(None);
    let page = index.search(practice(1), &TrailFilter::default(), Position::END, 7).await.expect("searched");
    assert!(page.health.is_whole());
}
