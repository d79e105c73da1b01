//! Channels, how far each has come, and agreements.

use super::{ACCOUNT, PRACTICE, at, bytes, sealed};
use crate::houses::{House, furnished};
use domain::{AgreementId, AlertAnswer, AlertId, AlertRule, ChannelId, ChannelState, Date, Integration, PracticeId};
use store::{
    Batch, CommitError, Db, Store,
    rows::{
        agreements::{self, AgreementRow},
        alerts::{self, AlertRow},
        channels::{self, Arrived, ChannelRow, Health, Holder},
        watching,
    },
};

const CHANNEL: ChannelId = ChannelId::from_bytes([7; 16]);
const AGREEMENT: AgreementId = AgreementId::from_bytes([8; 16]);

fn row() -> ChannelRow {
    ChannelRow {
        practice_id: PRACTICE,
        channel_id: CHANNEL,
        kind: Integration::Webhook,
        target: sealed([7; 16], "target"),
        agreement_id: AGREEMENT,
        set_by: ACCOUNT,
        set_at: at(1),
        ended_at: None,
        health: Health::new(at(1)),
    }
}

fn is_conflict(result: Result<(), CommitError>) -> bool {
    matches!(result, Err(CommitError::Conflict { .. }))
}

async fn health(db: &Db) -> Health {
    channels::by_id(db, PRACTICE, CHANNEL).await.expect("read").expect("there").health
}

pub(crate) async fn one_server_at_a_time_sends_on_a_channel_and_what_arrived_is_stored_with_its_place(
    house: &mut dyn House,
) {
    let db = furnished(house, Store::Identity).await;
    let reader = CHANNEL.to_string();
    let set = watching::begin(channels::insert(Batch::new(), &row()), &reader, "alerts", 1);
    db.commit(set).await.expect("stored");
    let open = channels::open(&db).await.expect("read");
    assert_eq!((open.len(), open[0].channel_id, open[0].kind), (1, CHANNEL, Integration::Webhook));
    assert_eq!((open[0].agreement_id, open[0].set_by, open[0].set_at), (AGREEMENT, ACCOUNT, at(1)));
    assert_eq!(bytes(Some(&open[0].target)), Some(b"target".as_slice()));
    assert_eq!(open[0].health, Health::new(at(1)));

    let one = Holder { practice: PRACTICE, channel: CHANNEL, server: [1; 16] };
    let other = Holder { server: [2; 16], ..one };
    let take = |holder, now, until| channels::take(Batch::new(), holder, at(now), at(until));
    db.commit(take(&one, 10, 70)).await.expect("taken");
    db.commit(take(&one, 11, 71)).await.expect("it has it already");
    assert!(is_conflict(db.commit(take(&other, 12, 72)).await), "another server waits");
    let one_arrived = Arrived { messages: 1, waiting: 4, stuck: None };
    let arrived = |holder, moved| channels::arrived(moved, holder, &one_arrived, at(13));
    let move_on = |from| watching::move_on(Batch::new(), &reader, "alerts", from, from + 1);
    assert!(is_conflict(db.commit(arrived(&other, move_on(1))).await), "who does not hold it stores nothing");
    assert_eq!(watching::logs(&db, &reader).await.expect("read"), [("alerts".to_owned(), 1)]);
    db.commit(arrived(&one, move_on(1))).await.expect("stored");
    assert_eq!(watching::logs(&db, &reader).await.expect("read"), [("alerts".to_owned(), 2)]);
    let works = Health {
        state: ChannelState::Works,
        since: at(13),
        sent: 1,
        sent_at: Some(at(13)),
        waiting: 4,
        ..Health::new(at(1))
    };
    assert_eq!(health(&db).await, works);

    // It let go of it, so another may.
    db.commit(take(&other, 14, 74)).await.expect("taken");
    for (now, try_at) in [(15, 20), (21, 31)] {
        assert!(is_conflict(db.commit(take(&other, 14, 74)).await) == (now > 15), "not before it is to be tried again");
        let said = (ChannelState::Fails, "unreachable");
        let batch = channels::take(Batch::new(), &other, at(now), at(now + 60));
        let failed = channels::failed(batch, &other, said, (at(now), at(try_at)), 5);
        db.commit(failed).await.expect("stored");
    }
    let why = Some("unreachable".to_owned());
    let fails =
        Health { state: ChannelState::Fails, since: at(15), why, failures: 2, try_at: at(31), waiting: 5, ..works };
    assert_eq!(health(&db).await, fails, "since it first failed");
    // What is passed over says nothing about the receiver.
    db.commit(take(&one, 32, 92)).await.expect("taken");
    let none = Arrived { messages: 0, waiting: 3, stuck: None };
    db.commit(channels::arrived(Batch::new(), &one, &none, at(33))).await.expect("stored");
    assert_eq!((health(&db).await.state, health(&db).await.waiting), (ChannelState::Fails, 3));
    // Of what arrived while a part waits that cannot be sent, both is stored: since it first failed.
    let in_part = Arrived { messages: 2, waiting: 9, stuck: Some("log-damaged") };
    db.commit(channels::arrived(take(&one, 34, 94), &one, &in_part, at(34))).await.expect("stored");
    let told = health(&db).await;
    assert_eq!((told.state, told.since, told.why.as_deref()), (ChannelState::Fails, at(15), Some("log-damaged")));
    assert_eq!((told.sent, told.sent_at, told.waiting, told.failures), (3, Some(at(34)), 9, 0));
    // Let go of, with what it failed for or without.
    db.commit(channels::let_go(take(&one, 35, 95), &one, false, at(35))).await.expect("let go");
    assert_eq!((health(&db).await.state, health(&db).await.waiting), (ChannelState::Fails, 0));
    db.commit(channels::let_go(take(&other, 36, 96), &other, true, at(36))).await.expect("let go");
    let told = health(&db).await;
    assert_eq!((told.state, told.since, told.why), (ChannelState::Works, at(36), None));
    assert!(is_conflict(db.commit(channels::let_go(Batch::new(), &one, true, at(37))).await), "another has it");
    db.commit(channels::stop_all(take(&other, 37, 97), "restored", at(38))).await.expect("stopped");
    let told = health(&db).await;
    assert!(told.is_stopped_for("restored") && !told.is_stopped_for("agreement-ended") && told.since == at(38));
    db.commit(take(&one, 38, 98)).await.expect("nobody has it after that");

    let new = AgreementId::from_bytes([9; 16]);
    db.commit(channels::renew(Batch::new(), PRACTICE, CHANNEL, new, at(40))).await.expect("renewed");
    let renewed = channels::of_practice(&db, PRACTICE).await.expect("read").remove(0);
    assert_eq!((renewed.agreement_id, renewed.health.state, renewed.health.why), (new, ChannelState::New, None));
    assert_eq!(renewed.health.try_at, at(40));
    db.commit(channels::end(Batch::new(), PRACTICE, CHANNEL, ACCOUNT, at(50))).await.expect("ended");
    assert!(is_conflict(db.commit(channels::end(Batch::new(), PRACTICE, CHANNEL, ACCOUNT, at(51))).await));
    assert!(is_conflict(db.commit(channels::renew(Batch::new(), PRACTICE, CHANNEL, new, at(51))).await));
    assert!(is_conflict(db.commit(take(&one, 200, 260)).await), "nobody sends on what was ended");
    assert!(channels::open(&db).await.expect("read").is_empty());
    let ended = channels::by_id(&db, PRACTICE, CHANNEL).await.expect("read").expect("there");
    assert_eq!(ended.ended_at, Some(at(50)));

    // Alerts are numbered in the order in which they are stored, in each practice, and keep their number.
    assert_eq!(alerts::newest(&db, PRACTICE).await.expect("read"), 0);
    for n in [5_u8, 3, 5, 9] {
        let alert = AlertRow {
            practice_id: PRACTICE,
            alert_id: AlertId::from_bytes([n; 16]),
            rule: AlertRule::Denials,
            answer: AlertAnswer::Alert,
            who: None,
            happened_at: at(1),
            found_at: at(1),
            compared: "{}".to_owned(),
            login_session_id: None,
            answered_at: None,
        };
        let elsewhere = AlertRow { practice_id: PracticeId::from_bytes([9; 16]), ..alert.clone() };
        let batch = alerts::insert(Batch::new(), &alert, &[("practice.example/audit", 1)]);
        db.commit(alerts::insert(batch, &elsewhere, &[])).await.expect("stored");
    }
    assert_eq!(alerts::newest(&db, PRACTICE).await.expect("read"), 3);
    let mut order = Vec::new();
    for nth in 1..=4 {
        let found = alerts::by_number(&db, PRACTICE, nth).await.expect("read");
        order.extend(found.map(|alert| alert.alert_id.as_bytes()[0]));
    }
    assert_eq!(order, [5, 3, 9]);
}

pub(crate) async fn agreements_are_put_on_file_and_ended_once(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let (signed, last) = (Date::constant(2026, 5, 1), Date::constant(2026, 5, 31));
    let row = AgreementRow {
        practice_id: PRACTICE,
        agreement_id: AGREEMENT,
        integration: Integration::Syslog,
        own: false,
        associate: sealed([8; 16], "associate"),
        kept_at: Some(sealed([8; 16], "kept")),
        signed_on: signed,
        ends_on: Some(last),
        added_by: ACCOUNT,
        added_at: at(1),
        ended_by: None,
        ended_at: None,
    };
    db.commit(agreements::insert(Batch::new(), &row)).await.expect("stored");
    let read = agreements::all(&db, PRACTICE).await.expect("read").remove(0);
    assert_eq!((read.agreement_id, read.integration, read.own), (AGREEMENT, Integration::Syslog, false));
    assert_eq!((read.signed_on, read.ends_on, read.added_by, read.added_at), (signed, Some(last), ACCOUNT, at(1)));
    assert_eq!(read.associate.as_bytes(), b"associate");
    assert_eq!(bytes(read.kept_at.as_ref()), Some(b"kept".as_slice()));
    let day = |month, day| Date::constant(2026, month, day);
    let in_force = |day| read.in_force(day);
    assert_eq!([day(4, 30), day(5, 1), day(5, 31), day(6, 1)].map(in_force), [false, true, true, false]);
    db.commit(agreements::end(Batch::new(), PRACTICE, AGREEMENT, ACCOUNT, at(2))).await.expect("ended");
    assert!(is_conflict(db.commit(agreements::end(Batch::new(), PRACTICE, AGREEMENT, ACCOUNT, at(3))).await));
    let ended = agreements::by_id(&db, PRACTICE, AGREEMENT).await.expect("read").expect("there");
    assert_eq!((ended.ended_by, ended.ended_at, ended.in_force(day(5, 2))), (Some(ACCOUNT), Some(at(2)), false));
    let other = PracticeId::from_bytes([9; 16]);
    assert!(agreements::by_id(&db, other, AGREEMENT).await.expect("read").is_none());
}
