//! An index that does not fit is thrown away; one that fits is kept, and one process at a time has it.

use super::logs::{Node, all, append, entry, practice, server};
use domain::SeededRng;
use ledger::Entry;
use practice::trail::{AuditIndex, Trail, TrailError, TrailFilter};
use std::fs;

async fn filled(node: &Node, seed: u64, count: i64) -> ledger::Ledger {
    let (ledger, dice) = (node.open(&server()), SeededRng::new(seed));
    let of_one = |n| Entry { practice: Some(practice(1)), ..entry(n, &dice) };
    append(&ledger, (0..count).map(of_one).collect()).await;
    ledger
}

async fn count(index: &AuditIndex) -> usize {
    all(index, practice(1), &TrailFilter::default()).await.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_or_foreign_or_broken_index_is_made_again() {
    let node = Node::new();
    let ledger = filled(&node, 1, 300).await;
    assert_eq!(count(&node.index(Some(&ledger))).await, 300);

    fs::remove_file(node.index_file()).expect("removed");
    assert_eq!(count(&node.index(Some(&ledger))).await, 300, "missing");

    fs::write(node.index_file(), [5; 8192]).expect("written over");
    assert_eq!(count(&node.index(Some(&ledger))).await, 300, "no database of ours");

    let other = Node::new();
    let other_ledger = filled(&other, 2, 400).await;
    assert_eq!(count(&other.index(Some(&other_ledger))).await, 400);
    fs::copy(other.index_file(), node.index_file()).expect("the index of other entries under the same names");
    let index = node.index(Some(&ledger));
    assert_eq!(count(&index).await, 300, "of another ledger");
    drop(index);

    // The same length, and one entry is another.
    let third = Node::new();
    let third_ledger = filled(&third, 3, 300).await;
    fs::copy(node.index_file(), third.index_file()).expect("copied");
    let index = third.index(Some(&third_ledger));
    let dice = SeededRng::new(3);
    let all = all(&index, practice(1), &TrailFilter::default()).await;
    let first = Entry { practice: Some(practice(1)), ..entry(0, &dice) };
    assert_eq!((all.len(), &all[299].entry), (300, &first));
    for ledger in [ledger, other_ledger, third_ledger] {
        ledger.close();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_is_found_damaged_while_it_is_used_is_made_again() {
    let node = Node::new();
    let ledger = filled(&node, 1, 300).await;
    assert_eq!(count(&node.index(Some(&ledger))).await, 300);
    // Opened while it is whole, so that the damage is met only when something is asked.
    let index = node.index(Some(&ledger));
    assert_eq!(index.round().await.expect("opened").indexed, 0);
    let mut file = fs::read(node.index_file()).expect("read");
    file.iter_mut().skip(4096).step_by(64).for_each(|byte| *byte ^= 1);
    fs::write(node.index_file(), file).expect("written");
    let first = index.search(practice(1), &TrailFilter::default(), practice::trail::Position::END, 1).await;
    assert!(matches!(first, Err(TrailError::Store(_))), "{first:?}");
    assert_eq!(count(&index).await, 300, "made again");
    assert!(index.health().is_whole());
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_copy_of_the_index_goes_on_from_where_it_was() {
    let node = Node::new();
    let ledger = filled(&node, 1, 100).await;
    assert_eq!(count(&node.index(Some(&ledger))).await, 100);
    let old = node.folder.path().join("old");
    fs::copy(node.index_file(), &old).expect("copied");
    let dice = SeededRng::new(9);
    append(&ledger, (0..40).map(|n| Entry { practice: Some(practice(1)), ..entry(n, &dice) }).collect()).await;
    assert_eq!(count(&node.index(Some(&ledger))).await, 140);
    fs::copy(&old, node.index_file()).expect("put back");
    let index = node.index(Some(&ledger));
    assert_eq!(index.round().await.expect("indexed").indexed, 40, "and not all of them again");
    assert_eq!(count(&index).await, 140);
    ledger.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_at_a_time_has_the_index() {
    let node = Node::new();
    let ledger = filled(&node, 1, 10).await;
    let index = node.index(Some(&ledger));
    assert_eq!(count(&index).await, 10);
    assert!(matches!(node.place().remove(), Err(TrailError::InUse)));
    let second = node.index(Some(&ledger));
    let refused = second.search(practice(1), &TrailFilter::default(), practice::trail::Position::END, 1).await;
    assert!(matches!(refused, Err(TrailError::InUse)));
    assert!(second.health().failing);
    drop(index);
    node.place().remove().expect("nobody has it now");
    ledger.close();
}
