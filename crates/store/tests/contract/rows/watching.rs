//! Alerts, and what a practice set for them.

use super::{ACCOUNT, PRACTICE, at, sealed};
use crate::houses::{House, furnished};
use domain::{AlertAnswer, AlertId, AlertRule, LoginSessionId, PracticeId, Timestamp};
use store::{
    Batch, CommitError, Store,
    rows::{
        alerts::{self, AlertRow, Listed, ReviewRow},
        watching::{self, SettingRow, WATCH},
    },
};

fn row(n: u8, answer: AlertAnswer) -> AlertRow {
    AlertRow {
        practice_id: PRACTICE,
        alert_id: AlertId::from_bytes([n; 16]),
        rule: AlertRule::Denials,
        answer,
        who: (n > 1).then_some(ACCOUNT),
        happened_at: at(i64::from(n / 2)),
        found_at: at(10),
        compared: "{}".to_owned(),
        login_session_id: (n > 2).then_some(LoginSessionId::from_bytes([n; 16])),
        session_ended_at: None,
    }
}

pub(crate) async fn alerts_are_stored_once_listed_newest_first_and_reviewed_once(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    for n in 1..=4 {
        let answer = if n == 4 { AlertAnswer::Note } else { AlertAnswer::Alert };
        for _ in 0..2 {
            let entries = [("practice.example/audit", 7), ("practice.example/audit", u64::from(n))];
            db.commit(alerts::insert(Batch::new(), &row(n, answer), &entries)).await.expect("stored");
        }
    }
    let end = (Timestamp::MAX, AlertId::from_bytes([0xff; 16]));
    let list = async |listed, before, most| {
        let found = alerts::list(&db, PRACTICE, listed, before, most).await.expect("read");
        found.iter().map(|found| found.alert.alert_id.as_bytes()[0]).collect::<Vec<_>>()
    };
    // Of those of one moment, the higher id first.
    assert_eq!(list(Listed::All, end, 9).await, [4, 3, 2, 1]);
    assert_eq!(list(Listed::Open, end, 9).await, [3, 2, 1], "a note waits for nobody");
    assert_eq!(list(Listed::Open, end, 2).await, [3, 2]);
    assert_eq!(list(Listed::All, (at(1), AlertId::from_bytes([3; 16])), 9).await, [2, 1]);
    let entries = alerts::entries(&db, PRACTICE, AlertId::from_bytes([3; 16])).await.expect("read");
    assert_eq!(entries, [("practice.example/audit".to_owned(), 7), ("practice.example/audit".to_owned(), 3)]);
    let review = ReviewRow {
        practice_id: PRACTICE,
        alert_id: AlertId::from_bytes([3; 16]),
        reviewed_by: ACCOUNT,
        reviewed_at: at(20),
        words: sealed([3; 16], "words"),
    };
    db.commit(alerts::review(Batch::new(), &review)).await.expect("stored");
    assert!(matches!(db.commit(alerts::review(Batch::new(), &review)).await, Err(CommitError::Duplicate { .. })));
    assert_eq!(list(Listed::Open, end, 9).await, [2, 1]);
    assert_eq!(list(Listed::Reviewed, end, 9).await, [3]);
    let found = alerts::by_id(&db, PRACTICE, AlertId::from_bytes([3; 16])).await.expect("read").expect("there");
    assert_eq!(found.alert, row(3, AlertAnswer::Alert));
    let read = found.review.expect("reviewed");
    assert_eq!((read.reviewed_by, read.reviewed_at, read.words.as_bytes()), (ACCOUNT, at(20), b"words".as_slice()));
    let to_end = async || {
        let found = alerts::to_end(&db, at(10)).await.expect("read");
        found.iter().map(|one| (one.alert_id.as_bytes()[0], one.account_id)).collect::<Vec<_>>()
    };
    assert_eq!(to_end().await, [(3, ACCOUNT), (4, ACCOUNT)]);
    let ended = || alerts::session_ended(Batch::new(), PRACTICE, AlertId::from_bytes([3; 16]), at(30));
    db.commit(ended()).await.expect("stored");
    assert!(matches!(db.commit(ended()).await, Err(CommitError::Conflict { .. })), "an end is told once");
    assert_eq!(to_end().await, [(4, ACCOUNT)]);
    assert!(alerts::to_end(&db, at(11)).await.expect("read").is_empty());
    let found = alerts::by_id(&db, PRACTICE, AlertId::from_bytes([3; 16])).await.expect("read").expect("there");
    assert_eq!(found.alert.session_ended_at, Some(at(30)));
    let other = PracticeId::from_bytes([9; 16]);
    assert!(alerts::by_id(&db, other, AlertId::from_bytes([3; 16])).await.expect("read").is_none());
}

pub(crate) async fn settings_of_the_watch_change_and_its_place_moves_on_only_from_where_it_is(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let set = |value: &str, seconds| SettingRow {
        practice_id: PRACTICE,
        name: "denials_count".to_owned(),
        value: value.to_owned(),
        changed_by: ACCOUNT,
        changed_at: at(seconds),
    };
    for (value, seconds) in [("7", 1), ("9", 2)] {
        db.commit(watching::set(Batch::new(), &set(value, seconds))).await.expect("stored");
    }
    assert_eq!(watching::settings(&db, PRACTICE).await.expect("read"), [set("9", 2)]);
    let begin = |at| watching::begin(Batch::new(), WATCH, "practice.example/audit", at);
    let move_on = |from, to| watching::move_on(Batch::new(), WATCH, "practice.example/audit", from, to);
    db.commit(begin(3)).await.expect("begun");
    assert!(matches!(db.commit(begin(5)).await, Err(CommitError::Duplicate { .. })));
    db.commit(move_on(3, 8)).await.expect("moved");
    assert!(matches!(db.commit(move_on(3, 9)).await, Err(CommitError::Conflict { .. })));
    assert_eq!(watching::logs(&db, WATCH).await.expect("read"), [("practice.example/audit".to_owned(), 8)]);
    // Another reader is where it is.
    db.commit(watching::begin(Batch::new(), "a channel", "practice.example/audit", 5)).await.expect("begun");
    assert_eq!(watching::logs(&db, WATCH).await.expect("read"), [("practice.example/audit".to_owned(), 8)]);
    assert_eq!(watching::logs(&db, "a channel").await.expect("read"), [("practice.example/audit".to_owned(), 5)]);
}
