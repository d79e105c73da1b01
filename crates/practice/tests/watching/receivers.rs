//! Receivers, and channels that lead to them.

use crate::scene::{append, entries, follower, to_the_end};
use domain::{
    AgreementId, AgreementPlace, AlertId, AssociateName, ChannelId, ChannelState, Date, Integration, PracticeId, Role,
    TaskObserver, Unobserved,
};
use identity::{Full, Session};
use practice::channels::{self, ChannelView, NewAgreement, NewChannel, Outside, Sender};
use std::{fs, path::Path, sync::Arc};
use store::rows::alerts;
use testkit::{house::TestHouse, receiver::Receiver};

/// How receivers on the loopback are reached, which show one of these certificates.
pub(crate) fn outside(ca_file: &Path) -> Outside {
    let loopback = vec!["127.0.0.0/8".parse().expect("a network"), "::1".parse().expect("an address")];
    Outside::new("https://practice.example", Some(ca_file), loopback).expect("certificates")
}

/// A file with the certificates of receivers.
pub(crate) fn certificates(folder: &Path, receivers: &[&Receiver]) -> std::path::PathBuf {
    let all: String = receivers.iter().map(|one| fs::read_to_string(one.ca_file()).expect("read")).collect();
    let file = folder.join("receivers.pem");
    fs::write(&file, all).expect("written");
    file
}

pub(crate) fn sender(house: &TestHouse, ca_file: &Path, observer: Arc<dyn TaskObserver>) -> Arc<Sender> {
    Sender::new(house.house.clone(), None, outside(ca_file), observer)
}

/// A privacy officer who just proved a factor.
pub(crate) async fn officer(house: &TestHouse, practice: PracticeId) -> Session<Full> {
    house.session(&house.account(practice, Role::PrivacyOfficer).await).await
}

/// Says that the practice runs a receiver itself.
pub(crate) async fn own(house: &TestHouse, session: &Session<Full>, integration: Integration) -> AgreementId {
    let new = NewAgreement {
        integration,
        own: true,
        associate: AssociateName::new("Our own").expect("a name"),
        signed_on: None,
        ends_on: None,
        kept_at: None,
    };
    channels::add_agreement(&house.house, session, &new).await.expect("on file")
}

/// Puts an agreement on file that was signed on a day and ends on a day.
pub(crate) async fn signed(
    house: &TestHouse,
    session: &Session<Full>,
    integration: Integration,
    (on, until): (Date, Option<Date>),
) -> AgreementId {
    let new = NewAgreement {
        integration,
        own: false,
        associate: AssociateName::new("Receiver Inc.").expect("a name"),
        signed_on: Some(on),
        ends_on: until,
        kept_at: Some(AgreementPlace::new("Folder 7").expect("a place")),
    };
    channels::add_agreement(&house.house, session, &new).await.expect("on file")
}

/// Sets a webhook; gives what signs.
pub(crate) async fn webhook(
    house: &TestHouse,
    session: &Session<Full>,
    (address, agreement_id): (String, AgreementId),
) -> (ChannelId, String) {
    let new = NewChannel { kind: Integration::Webhook, address, agreement_id };
    let set = channels::set_channel(&house.house, session, &new).await.expect("set");
    (set.channel_id, set.secret.expect("webhooks are signed"))
}

pub(crate) fn address(receiver: &Receiver) -> String {
    format!("https://localhost:{}/alerts", receiver.port())
}

/// Sets a channel to a collector of logs.
pub(crate) async fn syslog(house: &TestHouse, session: &Session<Full>, address: String) -> ChannelId {
    let agreement_id = own(house, session, Integration::Syslog).await;
    let new = NewChannel { kind: Integration::Syslog, address, agreement_id };
    channels::set_channel(&house.house, session, &new).await.expect("set").channel_id
}

/// How it goes with a channel, as its page says.
pub(crate) async fn view(house: &TestHouse, session: &Session<Full>, channel: ChannelId) -> ChannelView {
    let all = channels::channels(&house.house, session).await.expect("read").channels;
    all.into_iter().find(|one| one.channel_id == channel).expect("listed")
}

pub(crate) async fn stands(house: &TestHouse, session: &Session<Full>, channel: ChannelId) -> (ChannelState, u64, u64) {
    let view = view(house, session, channel).await;
    (view.state, view.sent, view.waiting)
}

/// Lets so many people be refused, in the ledger alone, and the watch find it.
pub(crate) async fn refused(house: &TestHouse, folder: &Path, practice: PracticeId, people: u8) {
    use domain::Clock;
    house.clock.advance_seconds(3600);
    append(folder, entries(practice, house.clock.now(), people, i64::from(people) * 30)).await;
    let follower = follower(house, folder, Arc::new(Unobserved));
    to_the_end(&follower).await;
}

/// The ids of all alerts, in the order in which they were stored.
pub(crate) async fn in_order(house: &TestHouse, practice: PracticeId) -> Vec<String> {
    let db = &house.house.stores.identity;
    let mut found: Vec<AlertId> = Vec::new();
    for nth in 1..=alerts::newest(db, practice).await.expect("read") {
        found.push(alerts::by_number(db, practice, nth).await.expect("read").expect("without a gap").alert_id);
    }
    found.iter().map(ToString::to_string).collect()
}
