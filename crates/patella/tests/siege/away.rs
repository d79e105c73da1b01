//! The real server, the distribution's rsyslog over TLS, and requests all the while: the collector goes away and comes back.

use crate::{
    client::Client,
    day::{done, founder, id},
    server::{Practice, free},
    setting,
};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::collector::Collector;

/// Requests while the collector is away; with `PATELLA_AWAY_SECONDS` they go on for so long at least.
const REQUESTS: usize = 300;
/// How long what waits may take to arrive: the sender looks again once a minute.
const PATIENCE: Duration = Duration::from_secs(240);

async fn requests(admin: &Client, least: usize, until: Instant) {
    let mut count = 0;
    while count < least || Instant::now() < until {
        assert_eq!(admin.get("/api/v1/accounts").await.status, 200);
        count += 1;
    }
}

/// The numbers of the entries that came, in the order in which they came.
fn came(collector: &Collector) -> Vec<u64> {
    let said = |line: String| {
        let said: Value = serde_json::from_str(&line[line.find('{').expect("a message")..]).expect("JSON");
        said["seq"].as_u64().expect("a number")
    };
    collector.came().into_iter().map(said).collect()
}

/// Waits until nothing waits on the channel.
async fn arrives(admin: &Client, channel: &str) {
    let began = Instant::now();
    loop {
        let listed = admin.read("/api/v1/alerts/channels").await;
        let items = listed["items"].as_array().expect("channels");
        let channel = items.iter().find(|one| one["channel_id"] == channel).expect("ours");
        // The look itself is an entry that waits a moment.
        if channel["state"] == "works" && channel["waiting"].as_u64().expect("a number") <= 2 {
            return;
        }
        assert!(began.elapsed() < PATIENCE, "{channel}");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_entry_of_a_server_at_work_arrives_once_and_in_order_after_the_collector_was_away() {
    let Some(mut collector) = Collector::away() else { return };
    collector.comes();
    let channels = format!("[channels]\nca_file = {:?}\ninternal = [\"127.0.0.1\"]\n", collector.ca_file());
    let practice = Practice::founded(&channels, free());
    let mut server = practice.start();
    let admin = founder(&practice, &server.client()).await;
    let own = json!({ "integration": "syslog", "own": true, "associate": "Our collector" });
    let agreement = id(&done(admin.post("/api/v1/agreements", own).await), "agreement_id");
    let new = json!({ "kind": "syslog", "address": collector.address(), "agreement_id": agreement });
    let channel = id(&done(admin.post("/api/v1/alerts/channels", new).await), "channel_id");
    requests(&admin, 50, Instant::now()).await;
    arrives(&admin, &channel).await;

    collector.goes();
    let away = Duration::from_secs(setting("PATELLA_AWAY_SECONDS").unwrap_or(0));
    let (gone, before) = (Instant::now(), came(&collector).len());
    requests(&admin, REQUESTS, gone + away).await;
    assert_eq!(came(&collector).len(), before, "nobody took anything");
    collector.comes();
    arrives(&admin, &channel).await;
    server.stop_well();

    // Whatever is in the trail between the first that came and the last, and nothing else, in its order.
    let came = came(&collector);
    assert!(came.len() >= REQUESTS + 50, "{}", came.len());
    let (first, last) = (came[0], came[came.len() - 1]);
    let trail = practice.done(&["audit", "list"]);
    let lines = trail.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let by_command = |line: &Value| line["log"].as_str().is_some_and(|log| log.ends_with("/commands"));
    let ours = lines.filter(|line| !by_command(line) && line["entry"]["practice"].is_string());
    let seqs = ours.map(|line| line["seq"].as_u64().expect("a number")).filter(|seq| (first..=last).contains(seq));
    assert_eq!(came, seqs.collect::<Vec<_>>(), "every one, once, in order");
}
