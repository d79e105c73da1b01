//! Several servers over the same stores: one watches, and another takes over when it does not.

use crate::{
    scene::{append, append_to_other, damaged, entries, follower, log, stored, to_the_end, wanted},
    world::{Kind, found, open},
};
use domain::{Clock, Unobserved};
use practice::watch::Follower;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_one_watches_and_the_other_takes_over_from_it() {
    let (folder, practice) = found(Kind::Embedded).await;
    let (folder, house) = (folder.path().to_owned(), open(folder.path()).await);
    append(&folder, Vec::new()).await;
    let watcher = || follower(&house, &folder, Arc::new(Unobserved));
    let (one, other) = (watcher(), watcher());
    one.round().await.expect("begun");
    let all = entries(practice, house.clock.now(), 40, 5_000);
    append(&folder, all[..1_000].to_vec()).await;
    to_the_end(&one).await;
    // The other knows nothing of it yet, looks from where the first stands, and both go on at once.
    append(&folder, all[1_000..3_000].to_vec()).await;
    let (first, second) = (one.round().await.expect("watched"), other.round().await.expect("watched"));
    assert!(first.looked_at > 0 && second.looked_at == 0, "{first:?} {second:?}");
    append(&folder, all[3_000..].to_vec()).await;
    let went = other.round().await.expect("watched");
    let stands_by = one.round().await.expect("watched");
    assert!(went.looked_at > 0 && stands_by.standing_by, "{went:?} {stands_by:?}");
    // The other stops; the first waits a while, and then goes on itself.
    append(&folder, entries(practice, house.clock.now(), 3, 30)).await;
    drop(other);
    assert!(one.round().await.expect("watched").standing_by);
    house.clock.advance_seconds(6);
    to_the_end(&one).await;
    assert!(stored(&house.house.stores.identity, practice).await.is_superset(&wanted(&all)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_lay_in_the_log_before_the_watch_began_is_learned_from_and_not_told() {
    let (folder, practice) = found(Kind::Embedded).await;
    let (folder, house) = (folder.path().to_owned(), open(folder.path()).await);
    let now = house.clock.now();
    append(&folder, entries(practice, now, 40, 1_000)).await;
    let watcher = follower(&house, &folder, Arc::new(Unobserved));
    to_the_end(&watcher).await;
    to_the_end(&watcher).await;
    let db = &house.house.stores.identity;
    assert!(stored(db, practice).await.is_empty());
    house.clock.advance_seconds(3600);
    append(&folder, entries(practice, house.clock.now(), 3, 100)).await;
    to_the_end(&watcher).await;
    assert_eq!(stored(db, practice).await.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_entry_that_cannot_be_read_keeps_back_its_own_log_alone_and_for_as_long_only() {
    let (folder, practice) = found(Kind::Embedded).await;
    let (folder, house) = (folder.path().to_owned(), open(folder.path()).await);
    append(&folder, Vec::new()).await;
    append_to_other(&folder, Vec::new()).await;
    let (bad, db) = (Arc::new(AtomicU64::new(600)), &house.house.stores.identity);
    let over = |logs| Arc::new(Follower::new(house.house.clone(), logs, Arc::new(Unobserved)));
    let watcher = over(damaged(&folder, log(), bad.clone()));
    watcher.round().await.expect("begun");
    let (here, there) = (entries(practice, house.clock.now(), 3, 900), entries(practice, house.clock.now(), 5, 100));
    append(&folder, here.clone()).await;
    append_to_other(&folder, there).await;
    let round = watcher.round().await.expect("the other log is watched");
    // Up to the bundle in which the damage is, and all of the other.
    assert_eq!((round.looked_at, round.behind, round.unreadable), (512 + 100, 0, 1));
    let before = stored(db, practice).await.len();
    assert!(before >= 5, "{before}");
    let again = watcher.round().await.expect("watched");
    assert_eq!((again.looked_at, again.unreadable), (0, 1));
    // A server that starts meanwhile learns from what can be read, and watches on from there.
    let started = over(damaged(&folder, log(), bad.clone()));
    assert_eq!(started.round().await.expect("learned").unreadable, 1);
    append_to_other(&folder, entries(practice, house.clock.now(), 1, 40)).await;
    assert_eq!(started.round().await.expect("watched").looked_at, 40);
    // Mended, it is watched from where it stood.
    bad.store(u64::MAX / 2, Ordering::SeqCst);
    house.clock.advance_seconds(6);
    let mut looked_at = 0;
    for _ in 0..3 {
        looked_at += watcher.round().await.expect("watched").looked_at;
    }
    house.clock.advance_seconds(6);
    looked_at += watcher.round().await.expect("watched").looked_at;
    assert_eq!(looked_at, 900 - 512);
}
