//! The audit trail arrives at the distribution's rsyslog over TLS.

use crate::{
    receivers::{officer, outside, stands, syslog, view},
    scene::{append, append_to_other, both_logs, entries, watched},
    world::{Kind, found},
};
use domain::{ChannelId, ChannelState, Clock, PracticeId, Unobserved};
use practice::channels::Sender;
use std::{path::Path, sync::Arc, time::Duration};
use testkit::{collector::Collector, house::TestHouse};

/// A collector, a channel to it, and who sends.
struct Scene {
    house: TestHouse,
    collector: Collector,
    channel: ChannelId,
    sender: Arc<Sender>,
}

async fn scene(folder: &Path, practice: PracticeId, collector: Collector) -> Scene {
    let house = watched(folder).await;
    append_to_other(folder, Vec::new()).await;
    // What was there before the channel is not sent.
    append(folder, entries(practice, house.clock.now(), 1, 5)).await;
    house.clock.advance_seconds(3600);
    let session = officer(&house, practice).await;
    let channel = syslog(&house, &session, collector.address()).await;
    let reached = outside(&collector.ca_file());
    let sender = Sender::new(house.house.clone(), Some(both_logs(folder)), reached, Arc::new(Unobserved));
    Scene { house, collector, channel, sender }
}

impl Scene {
    /// Writes so many more entries of a practice.
    async fn happens(&self, folder: &Path, practice: PracticeId, count: i64) {
        append(folder, entries(practice, self.house.clock.now(), 3, count)).await;
        self.house.clock.advance_seconds(60);
    }

    /// The numbers of the entries that came from the server's log, in the order in which they came, when so many are there.
    async fn came(&self, at_least: usize) -> Vec<u64> {
        for _ in 0..600 {
            if self.collector.came().len() >= at_least {
                break;
            }
            // rsyslog writes what it has read a little later.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.collector.came().iter().map(|line| number(line)).collect()
    }
}

fn number(line: &str) -> u64 {
    let (head, said) = line.split_once('{').expect("a message");
    assert_eq!(head.trim(), "practice.example patella audit");
    let said: serde_json::Value = serde_json::from_str(&format!("{{{said}")).expect("JSON");
    assert_eq!(said["log"], "practice.example/audit");
    said["seq"].as_u64().expect("a number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_entry_arrives_once_and_in_order_after_the_collector_was_away_while_they_were_written() {
    for kind in Kind::all() {
        let Some(mut collector) = Collector::away() else { return };
        collector.comes();
        let (folder, practice) = found(kind).await;
        let folder = folder.path();
        let mut scene = scene(folder, practice, collector).await;
        scene.happens(folder, practice, 300).await;
        // Of another practice: not for this one's collector.
        append(folder, entries(PracticeId::from_bytes([9; 16]), scene.house.clock.now(), 3, 50)).await;
        let round = scene.sender.round().await.expect("sent");
        assert_eq!((round.arrived, round.waiting, round.failing), (300, 0, 0));
        let first: Vec<u64> = (5..305).collect();
        assert_eq!(scene.came(300).await, first);

        scene.collector.goes();
        for _ in 0..4 {
            scene.happens(folder, practice, 400).await;
            scene.house.clock.advance_seconds(60);
            let round = scene.sender.round().await.expect("tried");
            assert_eq!((round.arrived, round.failing), (0, 1));
        }
        let session = officer(&scene.house, practice).await;
        assert_eq!(stands(&scene.house, &session, scene.channel).await, (ChannelState::Fails, 300, 1_600));
        assert_eq!(view(&scene.house, &session, scene.channel).await.why.as_deref(), Some("unreachable"));
        scene.collector.comes();
        scene.house.clock.advance_seconds(61);
        assert_eq!(scene.sender.round().await.expect("sent").arrived, 1_600);
        let all: Vec<u64> = (5..305).chain(355..1_955).collect();
        assert_eq!(scene.came(1_900).await, all, "every one, once, in order");
        let session = officer(&scene.house, practice).await;
        assert_eq!(stands(&scene.house, &session, scene.channel).await, (ChannelState::Works, 1_900, 0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_stops_in_the_middle_loses_nothing_and_gets_one_stretch_again_at_most() {
    let Some(mut collector) = Collector::away() else { return };
    collector.comes();
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    let mut scene = scene(folder, practice, collector).await;
    scene.happens(folder, practice, 6_000).await;
    let (sender, sending) = (scene.sender.clone(), scene.sender.clone());
    let sending = tokio::spawn(async move { sending.round().await.expect("sent") });
    scene.came(500).await;
    scene.collector.goes();
    let before = sending.await.expect("sent");
    scene.collector.comes();
    scene.house.clock.advance_seconds(61);
    let after = sender.round().await.expect("sent");
    assert_eq!((before.arrived + after.arrived, after.waiting), (6_000, 0));
    let mut came = scene.came(6_000).await;
    let repeated = came.len() - 6_000;
    came.sort_unstable();
    came.dedup();
    assert_eq!(came, (5..6_005).collect::<Vec<_>>(), "nothing is lost");
    assert!(repeated <= 256, "{repeated} came twice");
}
