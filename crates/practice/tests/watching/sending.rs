//! What waits on channels arrives: once, in order, and on each channel by itself.

use crate::{
    receivers::{
        address, certificates, in_order, officer, outside, own, refused, sender, signed, stands, view, webhook,
    },
    scene::watched,
    world::{Kind, found},
};
use domain::{ChannelState, Clock, Date, Integration, Unobserved};
use practice::channels::{self, ChannelError, NewChannel, Outside, Sender};
use std::{collections::BTreeSet, net::TcpListener, sync::Arc, time::Duration};
use testkit::receiver::{Came, Receiver};

fn ids(came: &[Came]) -> Vec<String> {
    came.iter().map(|one| one.id.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_alert_arrives_once_and_in_order_after_the_receiver_was_away_and_none_waits_for_it() {
    for kind in Kind::all() {
        let (folder, practice) = found(kind).await;
        let folder = folder.path();
        let house = watched(folder).await;
        let session = officer(&house, practice).await;
        let (mut away, mut here) = (Receiver::away(), Receiver::away());
        let agreement = own(&house, &session, Integration::Webhook).await;
        let (slow, secret) = webhook(&house, &session, (address(&away), agreement)).await;
        let (quick, other_secret) = webhook(&house, &session, (address(&here), agreement)).await;
        here.comes(&other_secret);
        let sender = sender(&house, &certificates(folder, &[&away, &here]), Arc::new(Unobserved));
        assert_eq!(stands(&house, &session, slow).await, (ChannelState::New, 0, 0));

        refused(&house, folder, practice, 5).await;
        let all = in_order(&house, practice).await;
        assert!(all.len() >= 5, "{all:?}");
        let count = all.len() as u64;
        let round = sender.round().await.expect("sent");
        assert_eq!((round.arrived, round.failing), (count, 1));
        assert_eq!(ids(&here.came()), all, "the other channel waits for nobody");
        assert_eq!(stands(&house, &session, slow).await, (ChannelState::Fails, 0, count));
        assert_eq!(view(&house, &session, slow).await.why.as_deref(), Some("unreachable"));
        // It is not tried again at once.
        assert_eq!(sender.round().await.expect("sent").arrived, 0);

        refused(&house, folder, practice, 7).await;
        let all = in_order(&house, practice).await;
        let more = all.len() as u64 - count;
        assert!(more >= 7);
        assert_eq!(sender.round().await.expect("sent").arrived, more);
        away.comes(&secret);
        house.clock.advance_seconds(61);
        let round = sender.round().await.expect("sent");
        assert_eq!((round.arrived, round.waiting, round.failing), (all.len() as u64, 0, 0));
        let came = away.came();
        assert_eq!(ids(&came), all, "every one, once, in order");
        assert_eq!(ids(&here.came()), all);
        assert!(came.iter().all(|one| one.fits), "Python finds the signature right");
        assert_eq!(stands(&house, &session, slow).await, (ChannelState::Works, all.len() as u64, 0));
        assert_eq!(stands(&house, &session, quick).await, (ChannelState::Works, all.len() as u64, 0));
        assert_eq!(sender.round().await.expect("sent").arrived, 0, "nothing comes twice");

        // Nothing but these; no patient, no account, no name.
        let body: serde_json::Value = serde_json::from_str(&came[0].body).expect("JSON");
        let keys =
            |value: &serde_json::Value| value.as_object().expect("an object").keys().cloned().collect::<BTreeSet<_>>();
        assert_eq!(keys(&body), ["data", "timestamp", "type"].map(str::to_owned).into());
        let wanted = ["alert_id", "answer", "found_at", "happened_at", "link", "rule"];
        assert_eq!(keys(&body["data"]), wanted.map(str::to_owned).into());
        assert_eq!(body["data"]["link"], format!("https://practice.example/alerts/{}", came[0].id));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_never_answers_holds_back_no_other_channel() {
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    let house = watched(folder).await;
    let session = officer(&house, practice).await;
    // Takes connections and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent_at = format!("https://localhost:{}/", silent.local_addr().expect("an address").port());
    let mut here = Receiver::away();
    let agreement = own(&house, &session, Integration::Webhook).await;
    webhook(&house, &session, (silent_at, agreement)).await;
    let (_, secret) = webhook(&house, &session, (address(&here), agreement)).await;
    here.comes(&secret);
    refused(&house, folder, practice, 3).await;
    let all = in_order(&house, practice).await;
    let sender = sender(&house, &certificates(folder, &[&here]), Arc::new(Unobserved));
    let following = tokio::spawn(sender.follow());
    while here.came().len() < all.len() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    refused(&house, folder, practice, 4).await;
    let all = in_order(&house, practice).await;
    while here.came().len() < all.len() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ids(&here.came()), all);
    following.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_inside_is_reached_and_no_redirect_is_followed() {
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    let house = watched(folder).await;
    let session = officer(&house, practice).await;
    let mut here = Receiver::away();
    let agreement = own(&house, &session, Integration::Webhook).await;
    let (by_name, secret) = webhook(&house, &session, (address(&here), agreement)).await;
    let by_number = format!("https://127.0.0.1:{}/", here.port());
    let (by_number, _) = webhook(&house, &session, (by_number, agreement)).await;
    here.comes(&secret);
    let file = certificates(folder, &[&here]);
    refused(&house, folder, practice, 3).await;
    let closed = Outside::new("https://practice.example", Some(&file), Vec::new()).expect("certificates");
    let closed = Sender::new(house.house.clone(), None, closed, Arc::new(Unobserved));
    assert_eq!(closed.round().await.expect("tried").failing, 2);
    for channel in [by_name, by_number] {
        assert_eq!(view(&house, &session, channel).await.why.as_deref(), Some("internal-address"));
    }
    assert!(here.came().is_empty(), "nothing was said to it");
    let session = officer(&house, practice).await;
    channels::end_channel(&house.house, &session, by_name).await.expect("ended");
    channels::end_channel(&house.house, &session, by_number).await.expect("ended");
    let elsewhere = format!("https://localhost:{}/elsewhere", here.port());
    let (elsewhere, _) = webhook(&house, &session, (elsewhere, agreement)).await;
    refused(&house, folder, practice, 2).await;
    let open = Sender::new(house.house.clone(), None, outside(&file), Arc::new(Unobserved));
    assert_eq!(open.round().await.expect("tried").arrived, 0);
    assert_eq!(view(&house, &session, elsewhere).await.why.as_deref(), Some("redirected"));
    assert_eq!(here.came().len(), 1, "asked once, and not where it led to");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_an_agreement_in_force_nothing_is_set_and_what_sends_stops_where_it_stands() {
    let (folder, practice) = found(Kind::Embedded).await;
    let folder = folder.path();
    let house = watched(folder).await;
    let session = officer(&house, practice).await;
    let mut here = Receiver::away();
    let today = house.clock.now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let (signed_on, last) = (Date::constant(2020, 1, 1), today.saturating_add(jiff::Span::new().days(2)));
    let of_logs = own(&house, &session, Integration::Syslog).await;
    let ended = signed(&house, &session, Integration::Webhook, (signed_on, None)).await;
    channels::end_agreement(&house.house, &session, ended).await.expect("ended");
    for agreement_id in [of_logs, ended, domain::AgreementId::from_bytes([1; 16])] {
        let new = NewChannel { kind: Integration::Webhook, address: address(&here), agreement_id };
        let refused = channels::set_channel(&house.house, &session, &new).await;
        assert!(matches!(refused, Err(ChannelError::NoAgreement)));
    }
    let agreement = signed(&house, &session, Integration::Webhook, (signed_on, Some(last))).await;
    let (channel, secret) = webhook(&house, &session, (address(&here), agreement)).await;
    here.comes(&secret);
    let sender = sender(&house, &certificates(folder, &[&here]), Arc::new(Unobserved));
    refused(&house, folder, practice, 3).await;
    sender.round().await.expect("sent");
    let before = in_order(&house, practice).await;
    assert_eq!(ids(&here.came()), before);

    house.clock.advance_seconds(4 * 86_400);
    refused(&house, folder, practice, 4).await;
    let all = in_order(&house, practice).await;
    for _ in 0..2 {
        let round = sender.round().await.expect("looked");
        assert_eq!((round.arrived, round.failing), (0, 1));
        house.clock.advance_seconds(61);
    }
    assert_eq!(ids(&here.came()), before, "nothing is sent without one");
    let waits = (all.len() - before.len()) as u64;
    let session = officer(&house, practice).await;
    let stopped = view(&house, &session, channel).await;
    assert_eq!((stopped.state, stopped.waiting, stopped.agreement_in_force), (ChannelState::Stopped, waits, false));
    let entries = house.ledger.entries();
    let told: Vec<_> = entries.iter().filter(|entry| entry.action.as_str() == "stop_channel").collect();
    assert_eq!(told.len(), 1, "it is recorded once");
    assert_eq!((told[0].practice, told[0].reason.as_str()), (Some(practice), "agreement-ended"));

    let again = own(&house, &session, Integration::Webhook).await;
    channels::renew_channel(&house.house, &session, channel, again).await.expect("renewed");
    assert_eq!(sender.round().await.expect("sent").arrived, waits);
    assert_eq!(ids(&here.came()), all, "it goes on where it stood");
}
