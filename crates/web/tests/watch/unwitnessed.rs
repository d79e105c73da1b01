//! That the head of the audit trail does not arrive elsewhere is told.

use super::scene::{HOUR, Scene, only};
use domain::{Timestamp, Unobserved};
use ledger::{LedgerStatus, PlaceStatus};
use practice::watch::tell_unwitnessed;

fn status(failing_since: Option<Timestamp>, witnessed_size: u64) -> LedgerStatus {
    let place = |path: Option<&str>, failing_since, witnessed_size| PlaceStatus {
        path: path.map(Into::into),
        failing_since,
        witnessed_size,
    };
    let places = vec![place(None, None, 9), place(Some("/mnt/witness/checkpoint"), failing_since, witnessed_size)];
    LedgerStatus { size: 9, checkpoint_size: 9, broken_since: None, places }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_does_not_arrive_for_an_hour_while_the_trail_grew_is_told_once() {
    let scene = Scene::new().await;
    let since = scene.site.now();
    let tell =
        async |status: LedgerStatus| tell_unwitnessed(&scene.site.house, &status, &Unobserved).await.expect("told");
    scene.site.clock.advance_seconds(HOUR - 1);
    assert_eq!(tell(status(Some(since), 4)).await, 0, "an hour is not over");
    scene.site.clock.advance_seconds(1);
    assert_eq!(tell(status(None, 9)).await, 0, "it arrived");
    assert_eq!(tell(status(Some(since), 9)).await, 0, "nothing came since");
    assert_eq!(tell(LedgerStatus { places: Vec::new(), ..status(None, 0) }).await, 0, "there is no such place");
    assert_eq!((tell(status(Some(since), 4)).await, tell(status(Some(since), 4)).await), (1, 0), "once");
    assert_eq!(scene.found(None).await, only(&["head_unwitnessed"]));
    let told = scene.site.ledger.entries().into_iter().find(|entry| entry.action.as_str() == "tell_unwitnessed");
    assert_eq!(told.map(|entry| entry.reason.as_str().to_owned()).as_deref(), Some("not-witnessed"));
    scene.set("witness_minutes", "30").await;
    let again = scene.site.now();
    scene.site.clock.advance_seconds(HOUR / 2);
    assert_eq!(tell(status(Some(again), 4)).await, 0, "of one moment with the last");
    let again = scene.site.now();
    scene.site.clock.advance_seconds(HOUR / 2);
    assert_eq!(tell(status(Some(again), 4)).await, 1, "it arrived in between, and fails again");
    assert_eq!(scene.alerts().await.len(), 2);
}
