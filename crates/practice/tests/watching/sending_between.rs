//! What changes between two messages counts for the next one: another server that sends, an agreement that ends, a backup that
//! came back.

use crate::{
    receivers::{address, certificates, in_order, officer, own, refused, sender, signed, stands, view, webhook},
    scene::watched,
    world::{Kind, found},
};
use domain::{ChannelState, Clock, Date, FixedClock, Integration, TaskObserver, Unobserved};
use practice::channels::{self, ChannelError, MOST_CHANNELS, NewChannel, STEPS};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use testkit::receiver::Receiver;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_that_send_at_the_same_time_each_alert_comes_from_one() {
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    let house = watched(folder).await;
    let session = officer(&house, practice).await;
    let mut here = Receiver::away();
    let agreement = own(&house, &session, Integration::Webhook).await;
    let (channel, secret) = webhook(&house, &session, (address(&here), agreement)).await;
    here.comes(&secret);
    let file = certificates(folder, &[&here]);
    let servers = [0; 2].map(|_| sender(&house, &file, Arc::new(Unobserved)));
    let mut all = Vec::new();
    for _ in 0..4 {
        refused(&house, folder, practice, 12).await;
        all = in_order(&house, practice).await;
        while here.came().len() < all.len() {
            let (one, other) = tokio::join!(servers[0].round(), servers[1].round());
            assert_eq!(one.expect("sent").failing + other.expect("sent").failing, 0);
        }
    }
    let came: Vec<String> = here.came().into_iter().map(|one| one.id).collect();
    assert_eq!(came, all, "every one, once, in order");
    let session = officer(&house, practice).await;
    assert_eq!(stands(&house, &session, channel).await, (ChannelState::Works, all.len() as u64, 0));
}

/// Moves time on behind the first message that is stored.
struct Later(Arc<FixedClock>, AtomicBool);

impl TaskObserver for Later {
    fn reached(&self, step: &'static str) {
        if step == STEPS[2] && !self.1.swap(true, Ordering::SeqCst) {
            self.0.advance_seconds(4 * 86_400);
        }
    }
    fn progress(&self, _: u64, _: u64) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_agreement_that_ends_while_messages_are_sent_stops_the_next_one_and_that_is_recorded_once() {
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    let house = watched(folder).await;
    let session = officer(&house, practice).await;
    let mut here = Receiver::away();
    let today = house.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let term = (Date::constant(2020, 1, 1), Some(today.saturating_add(jiff::Span::new().days(2))));
    let agreement = signed(&house, &session, Integration::Webhook, term).await;
    let (channel, secret) = webhook(&house, &session, (address(&here), agreement)).await;
    here.comes(&secret);
    let file = certificates(folder, &[&here]);
    refused(&house, folder, practice, 5).await;
    let all = in_order(&house, practice).await;
    let round = sender(&house, &file, Arc::new(Later(house.clock.clone(), AtomicBool::new(false)))).round().await;
    let round = round.expect("sent");
    assert_eq!((round.arrived, round.waiting, round.failing), (1, all.len() as u64 - 1, 1));
    assert_eq!(here.came().len(), 1, "no other one goes out");
    let session = officer(&house, practice).await;
    assert_eq!(stands(&house, &session, channel).await, (ChannelState::Stopped, 1, all.len() as u64 - 1));
    house.clock.advance_seconds(61);
    let servers = [0; 2].map(|_| sender(&house, &file, Arc::new(Unobserved)));
    let (one, other) = tokio::join!(servers[0].round(), servers[1].round());
    assert_eq!(one.expect("looked").arrived + other.expect("looked").arrived, 0);
    let entries = house.ledger.entries();
    assert_eq!(entries.iter().filter(|entry| entry.action.as_str() == "stop_channel").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_back_with_a_backup_sends_nothing_until_it_is_put_under_an_agreement_again() {
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    let house = watched(folder).await;
    let session = officer(&house, practice).await;
    let mut here = Receiver::away();
    let agreement = own(&house, &session, Integration::Webhook).await;
    let (channel, secret) = webhook(&house, &session, (address(&here), agreement)).await;
    here.comes(&secret);
    let sender = sender(&house, &certificates(folder, &[&here]), Arc::new(Unobserved));
    refused(&house, folder, practice, 3).await;
    let all = in_order(&house, practice).await;
    channels::stop_restored(&house.house.stores.identity, house.clock.now()).await.expect("stopped");
    for _ in 0..2 {
        let round = sender.round().await.expect("looked");
        assert_eq!((round.arrived, round.failing), (0, 1));
        house.clock.advance_seconds(61);
    }
    assert!(here.came().is_empty(), "nothing is sent");
    let session = officer(&house, practice).await;
    let stopped = view(&house, &session, channel).await;
    assert_eq!((stopped.state, stopped.why.as_deref()), (ChannelState::Stopped, Some("restored")));
    channels::renew_channel(&house.house, &session, channel, agreement).await.expect("the same one does");
    assert_eq!(sender.round().await.expect("sent").arrived, all.len() as u64);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_another_time_is_none_to_a_receiver_that_looks_at_its_clock() {
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    let house = watched(folder).await;
    let session = officer(&house, practice).await;
    let mut here = Receiver::away();
    let agreement = own(&house, &session, Integration::Webhook).await;
    let (channel, secret) = webhook(&house, &session, (address(&here), agreement)).await;
    here.comes(&secret);
    let sender = sender(&house, &certificates(folder, &[&here]), Arc::new(Unobserved));
    refused(&house, folder, practice, 1).await;
    here.clock_says(house.clock.now().as_second() + 301);
    assert_eq!(sender.round().await.expect("tried").arrived, 0);
    assert_eq!(view(&house, &session, channel).await.why.as_deref(), Some("status-401"));
    house.clock.advance_seconds(61);
    here.clock_says(house.clock.now().as_second() + 299);
    assert!(sender.round().await.expect("sent").arrived > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_practice_has_so_many_channels_and_no_more() {
    let (folder, practice) = found(Kind::Embedded).await;
    let house = watched(folder.path()).await;
    let session = officer(&house, practice).await;
    let agreement_id = own(&house, &session, Integration::Webhook).await;
    let new = NewChannel { kind: Integration::Webhook, address: "https://a.example/".to_owned(), agreement_id };
    let set = || channels::set_channel(&house.house, &session, &new);
    let mut last = None;
    for _ in 0..MOST_CHANNELS {
        last = Some(set().await.expect("set").channel_id);
    }
    assert!(matches!(set().await, Err(ChannelError::TooMany)));
    channels::end_channel(&house.house, &session, last.expect("set")).await.expect("ended");
    set().await.expect("there is room again");
}
