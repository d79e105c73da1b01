//! Epoch keys: one for each day, destroyed when its time is over, for good.

use crypto::{Key, SystemRng};
use domain::{Clock, FixedClock};
use jiff::SignedDuration;
use practice::keys::epoch::{EpochError, EpochKeys, EpochSettings, EpochState};
use std::{fs, sync::Arc};
use testkit::house::TestHouse;

const DAY: i64 = 24 * 3600;

fn keys(test: &TestHouse) -> (EpochKeys, Arc<FixedClock>) {
    let folder = test.folder.path().join("epochs");
    fs::create_dir_all(&folder).expect("a folder");
    let settings = EpochSettings { keep: SignedDuration::from_hours(48), ..EpochSettings::new(folder) };
    (EpochKeys::new(settings, test.clock.clone(), Arc::new(SystemRng)), test.clock.clone())
}

#[tokio::test]
async fn backups_of_one_day_share_an_epoch_and_the_next_day_has_another() {
    let test = TestHouse::new().await;
    let (epochs, clock) = keys(&test);
    let first = epochs.current().expect("begins");
    clock.advance_seconds(DAY - 1);
    let same = epochs.current().expect("the same");
    assert_eq!(first.dates(), same.dates());
    let part = Key::random(&SystemRng);
    let wrapped = first.wrap(b"backup 1", &SystemRng, &part);
    assert_eq!(same.unwrap(b"backup 1", &wrapped).expect("opens").expose(), part.expose());
    assert!(same.unwrap(b"backup 2", &wrapped).is_err());
    clock.advance_seconds(1);
    let next = epochs.current().expect("begins");
    assert_eq!((first.generation(), next.generation()), (1, 2));
    assert!(next.unwrap(b"backup 1", &wrapped).is_err());
    assert_eq!(next.dates().begins, clock.now());
}

#[tokio::test]
async fn a_key_is_destroyed_at_its_time_and_no_earlier_and_the_destruction_is_recorded() {
    let test = TestHouse::new().await;
    let (epochs, clock) = keys(&test);
    epochs.current().expect("begins");
    clock.advance_seconds(3 * DAY - 1);
    assert!(epochs.destroy_expired(&test.house).await.expect("nothing is due").is_empty());
    assert!(epochs.generation(1).is_ok());
    clock.advance_seconds(1);
    let gone = epochs.destroy_expired(&test.house).await.expect("destroyed");
    assert_eq!(gone.iter().map(|dates| dates.generation).collect::<Vec<_>>(), [1]);
    assert_eq!(gone[0].destroyed, clock.now());
    let entries = test.ledger.entries();
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].action.as_str(), "destroy_epoch_key");
    assert!(!test.folder.path().join("epochs/epoch-000001.key").exists());
    let again = epochs.generation(1);
    assert!(matches!(again, Err(EpochError::Destroyed { generation: 1, at }) if at == clock.now()));
    assert!(epochs.destroy_expired(&test.house).await.expect("nothing is left").is_empty());
    assert_eq!(epochs.current().expect("begins").generation(), 2, "a number is never used again");
    let listed = epochs.list().expect("lists");
    assert!(matches!(listed[..], [EpochState::Destroyed(_), EpochState::Kept(_)]));
}

#[tokio::test]
async fn a_destruction_that_a_crash_interrupted_is_finished_the_next_time() {
    let test = TestHouse::new().await;
    let (epochs, clock) = keys(&test);
    epochs.current().expect("begins");
    let file = test.folder.path().join("epochs/epoch-000001.key");
    let text = fs::read(&file).expect("reads");
    clock.advance_seconds(3 * DAY);
    epochs.destroy_expired(&test.house).await.expect("destroyed");
    // As if the process had died between the tombstone and the removal: once whole, once half overwritten.
    for left in [&text[..], &text[..10]] {
        fs::write(&file, left).expect("written");
        assert!(matches!(epochs.generation(1), Err(EpochError::Destroyed { .. })));
        epochs.destroy_expired(&test.house).await.expect("finished");
        assert!(!file.exists());
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_destroyed() {
    let test = TestHouse::new().await;
    let (epochs, clock) = keys(&test);
    epochs.current().expect("begins");
    clock.advance_seconds(3 * DAY);
    test.ledger.backend().set_failing(true);
    assert!(matches!(epochs.destroy_expired(&test.house).await, Err(EpochError::Unrecorded(_))));
    assert!(epochs.generation(1).is_ok());
}

#[tokio::test]
async fn a_folder_that_is_not_there_and_a_clock_that_went_back_are_refused() {
    let test = TestHouse::new().await;
    let (epochs, clock) = keys(&test);
    epochs.current().expect("begins");
    clock.advance_seconds(-1);
    assert!(matches!(epochs.current(), Err(EpochError::Clock { generation: 1 })));
    clock.advance_seconds(1);
    fs::rename(test.folder.path().join("epochs"), test.folder.path().join("unmounted")).expect("renamed");
    assert!(matches!(epochs.current(), Err(EpochError::Folder { .. })));
    assert!(matches!(epochs.generation(1), Err(EpochError::Folder { .. })));
}

#[tokio::test]
async fn a_damaged_epoch_is_named_and_another_folder_is_told_apart() {
    let test = TestHouse::new().await;
    let (epochs, _) = keys(&test);
    epochs.current().expect("begins");
    assert!(matches!(epochs.generation(2), Err(EpochError::Missing { generation: 2, .. })));
    let file = test.folder.path().join("epochs/epoch-000001.key");
    let text = fs::read_to_string(&file).expect("reads");
    fs::write(&file, text.replace("generation 1", "generation 7")).expect("written");
    assert!(matches!(epochs.current(), Err(EpochError::Damaged { .. })));
}
