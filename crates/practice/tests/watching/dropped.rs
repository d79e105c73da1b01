//! A log whose oldest entries were dropped is watched on.

use crate::{
    scene::{append, append_small, drop_before, entries, follower, stored, to_the_end},
    world::{Kind, found, open},
};
use domain::{Clock, Unobserved};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_starts_after_old_entries_were_dropped_watches_on_and_tells_nothing_twice() {
    let (folder, practice) = found(Kind::Embedded).await;
    let (folder, house) = (folder.path().to_owned(), open(folder.path()).await);
    append(&folder, Vec::new()).await;
    let watcher = || follower(&house, &folder, Arc::new(Unobserved));
    let first = watcher();
    first.round().await.expect("begun");
    let all = entries(practice, house.clock.now(), 5, 900);
    append_small(&folder, all.clone()).await;
    to_the_end(&first).await;
    let db = &house.house.stores.identity;
    let told = stored(db, practice).await;
    assert_eq!(told.len(), 5);
    drop_before(&folder, 512, all[511].at).await;
    to_the_end(&first).await;
    // It learns what is usual from what is still there.
    let again = watcher();
    to_the_end(&again).await;
    assert_eq!(stored(db, practice).await, told);
    house.clock.advance_seconds(3600);
    append(&folder, entries(practice, house.clock.now(), 3, 100)).await;
    to_the_end(&again).await;
    assert_eq!(stored(db, practice).await.len(), told.len() + 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_watch_that_was_behind_goes_on_at_the_first_entry_that_is_kept() {
    let (folder, practice) = found(Kind::Embedded).await;
    let (folder, house) = (folder.path().to_owned(), open(folder.path()).await);
    append(&folder, Vec::new()).await;
    let watcher = || follower(&house, &folder, Arc::new(Unobserved));
    watcher().round().await.expect("begun");
    let all = entries(practice, house.clock.now(), 3, 1_200);
    append_small(&folder, all.clone()).await;
    drop_before(&folder, 768, all[767].at).await;
    let late = watcher();
    to_the_end(&late).await;
    let round = late.round().await.expect("watched");
    assert_eq!((round.behind, round.unreadable), (0, 0));
    append(&folder, entries(practice, house.clock.now(), 3, 100)).await;
    to_the_end(&late).await;
    assert_eq!(stored(&house.house.stores.identity, practice).await.len(), 3);
}
