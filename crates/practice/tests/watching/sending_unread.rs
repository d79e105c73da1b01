//! What a collector did not read has not arrived, however it ends the connection.

use crate::{
    listener::{Listener, Manner},
    receivers::{officer, outside, stands, syslog, view},
    scene::{append, both_logs, entries, watched},
    world::{Kind, found},
};
use domain::{ChannelState, Clock, Unobserved};
use practice::channels::Sender;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_collector_leaves_unread_is_sent_again_whatever_it_says_before_it_goes() {
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    let house = watched(folder).await;
    let collector = Listener::new(Manner::Closes).await;
    let session = officer(&house, practice).await;
    let channel = syslog(&house, &session, collector.address()).await;
    append(folder, entries(practice, house.clock.now(), 3, 256)).await;
    let reached = outside(&collector.ca_file());
    let sender = Sender::new(house.house.clone(), Some(both_logs(folder)), reached, Arc::new(Unobserved));
    for manner in [Manner::Closes, Manner::NotifiesAndCloses, Manner::ClosesUnread] {
        collector.is_told(manner);
        let round = sender.round().await.expect("tried");
        assert_eq!((round.arrived, round.waiting, round.failing), (0, 256, 1), "{manner:?}");
        assert_eq!(view(&house, &session, channel).await.why.as_deref(), Some("cut-off"), "{manner:?}");
        house.clock.advance_seconds(61);
    }
    collector.is_told(Manner::Reads);
    assert_eq!(sender.round().await.expect("sent").arrived, 256);
    let numbers: Vec<u64> = collector.came().into_iter().map(|(_, number)| number).collect();
    assert_eq!(numbers, (0..256).collect::<Vec<_>>(), "every one, once, in order");
    assert_eq!(stands(&house, &session, channel).await, (ChannelState::Works, 256, 0));
}
