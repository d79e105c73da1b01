//! Alerts, and what a practice set for them.

use super::{ACCOUNT, PRACTICE, at, sealed};
use crate::houses::{House, furnished};
use domain::{AccountId, AlertAnswer, AlertId, AlertRule, LoginSessionId, PracticeId, Timestamp};
use store::{
    Batch, CommitError, Store,
    rows::{
        alerts::{self, AlertRow, Listed, ReviewRow},
        export_holds::{self, HoldRow},
        watching::{self, SettingRow, WATCH},
    },
};

/// Somebody else.
const OTHER: AccountId = AccountId::from_bytes([9; 16]);

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
        answered_at: None,
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
    let other = PracticeId::from_bytes([9; 16]);
    assert!(alerts::by_id(&db, other, AlertId::from_bytes([3; 16])).await.expect("read").is_none());
}

pub(crate) async fn what_follows_from_an_alert_is_done_once_and_exports_are_held_once(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let answers = [
        (2, AlertAnswer::EndSession),
        (3, AlertAnswer::AskFactor),
        (4, AlertAnswer::HoldExports),
        (5, AlertAnswer::Alert),
    ];
    for (n, answer) in answers {
        db.commit(alerts::insert(Batch::new(), &row(n, answer), &[])).await.expect("stored");
    }
    let to_do = async |since| {
        let found = alerts::to_do(&db, since).await.expect("read");
        found.iter().map(|one| (one.alert_id.as_bytes()[0], one.answer, one.account_id)).collect::<Vec<_>>()
    };
    let (asks, holds) = ((3, AlertAnswer::AskFactor, ACCOUNT), (4, AlertAnswer::HoldExports, ACCOUNT));
    assert_eq!(to_do(at(10)).await, [asks, holds], "in no session nothing is done, and of an alert alone nothing");
    assert_eq!(to_do(at(11)).await, [holds], "a session ends by itself, an account does not");
    let id = |n| AlertId::from_bytes([n; 16]);
    let answered = || alerts::answered(Batch::new(), PRACTICE, id(3), at(30));
    db.commit(answered()).await.expect("stored");
    assert!(matches!(db.commit(answered()).await, Err(CommitError::Conflict { .. })), "it is done once");
    assert_eq!(to_do(at(10)).await, [holds]);
    let found = alerts::by_id(&db, PRACTICE, id(3)).await.expect("read").expect("there");
    assert_eq!(found.alert.answered_at, Some(at(30)));

    let hold = |n, when| HoldRow {
        practice_id: PRACTICE,
        alert_id: id(n),
        account_id: ACCOUNT,
        held_at: at(when),
        lifted: None,
    };
    let in_force = async || export_holds::in_force(&db, PRACTICE, ACCOUNT).await.expect("read");
    assert_eq!(in_force().await, None);
    db.commit(export_holds::hold(Batch::new(), &hold(4, 40))).await.expect("stored");
    let twice = db.commit(export_holds::hold(Batch::new(), &hold(2, 41))).await;
    assert!(matches!(twice, Err(CommitError::Duplicate { .. })), "at most one of an account is in force");
    assert_eq!(in_force().await, Some(hold(4, 40)));
    assert_eq!(export_holds::in_force(&db, PRACTICE, OTHER).await.expect("read"), None);
    let lift = || export_holds::lift(Batch::new(), PRACTICE, id(4), OTHER, at(50));
    db.commit(lift()).await.expect("lifted");
    assert!(matches!(db.commit(lift()).await, Err(CommitError::Conflict { .. })), "once");
    let lifted = HoldRow { lifted: Some((OTHER, at(50))), ..hold(4, 40) };
    assert_eq!((in_force().await, export_holds::of_alert(&db, PRACTICE, id(4)).await), (None, Ok(Some(lifted))));
    db.commit(export_holds::hold(Batch::new(), &hold(2, 60))).await.expect("held again");
    let when = async |moment| export_holds::at(&db, PRACTICE, ACCOUNT, at(moment)).await.expect("read");
    assert_eq!((when(39).await, when(45).await, when(60).await), (None, Some(lifted), Some(hold(2, 60))));
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
