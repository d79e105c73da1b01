//! Reviews of access.

use super::{ACCOUNT, PRACTICE, at};
use crate::houses::{House, furnished};
use domain::{
    AccessDecision, AccessItemId, AccessKind, AccessReviewId, AccessReviewState, Quarter, Role, Timestamp, Unusual,
};
use store::{
    Batch, CommitError, Store,
    rows::access_reviews::{self as rows, Decided, EndedRow, ItemRow, Listed, ReviewRow},
};

fn review(n: u8, quarter: &str) -> ReviewRow {
    ReviewRow {
        practice_id: PRACTICE,
        review_id: AccessReviewId::from_bytes([n; 16]),
        quarter: quarter.parse().expect("a quarter"),
        started_at: at(i64::from(n)),
        due_at: at(100),
        state: AccessReviewState::Listing,
        closed_at: None,
        looked_at: None,
    }
}

fn item(n: u8) -> ItemRow {
    ItemRow {
        practice_id: PRACTICE,
        review_id: AccessReviewId::from_bytes([1; 16]),
        item_id: AccessItemId::from_bytes([n; 16]),
        kind: AccessKind::Account,
        subject: [n; 16],
        whose: ACCOUNT,
        role: Role::Therapist,
        last_used_at: (n > 1).then(|| at(3)),
        unusual: if n > 1 { Vec::new() } else { vec![Unusual::Unused, Unusual::RoleChanged] },
        decided: None,
    }
}

pub(crate) async fn a_quarter_has_one_review_and_each_access_in_it_is_decided_once(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let (first, quarter): (_, Quarter) = (review(1, "2026-Q3"), "2026-Q3".parse().expect("a quarter"));
    db.commit(rows::begin(Batch::new(), &first)).await.expect("stored");
    let again = db.commit(rows::begin(Batch::new(), &review(2, "2026-Q3"))).await;
    assert!(matches!(again, Err(CommitError::Duplicate { .. })));
    db.commit(rows::begin(Batch::new(), &review(3, "2026-Q4"))).await.expect("stored");
    assert_eq!(rows::of_quarter(&db, PRACTICE, quarter).await.expect("read"), Some(first.clone()));
    let newest = rows::of_practice(&db, PRACTICE).await.expect("read");
    assert_eq!(newest.iter().map(|row| row.review_id.as_bytes()[0]).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(rows::unfinished(&db).await.expect("read").len(), 2);

    for _ in 0..2 {
        db.commit((1..=3).fold(Batch::new(), |batch, n| rows::add(batch, &item(n)))).await.expect("stored");
    }
    let place = (PRACTICE, first.review_id);
    let none = AccessItemId::from_bytes([0; 16]);
    assert_eq!(rows::items(&db, place, Listed::All, none, 9).await.expect("read"), [item(1), item(2), item(3)]);
    assert_eq!(rows::items(&db, place, Listed::All, item(1).item_id, 1).await.expect("read"), [item(2)]);
    let decided = Decided { decision: AccessDecision::Lapsed, by: None, at: at(50), version: Some(4) };
    let decide = || rows::decide(Batch::new(), &item(2), &decided);
    db.commit(decide()).await.expect("stored");
    assert!(matches!(db.commit(decide()).await, Err(CommitError::Conflict { .. })), "it is decided once");
    assert_eq!(rows::items(&db, place, Listed::Waiting, none, 9).await.expect("read"), [item(1), item(3)]);
    assert_eq!(rows::counts(&db, PRACTICE, first.review_id).await.expect("read"), (2, 3));
    let each = rows::counts_of_practice(&db, PRACTICE).await.expect("read");
    assert_eq!(each, [(first.review_id, (2, 3))]);
    let ended = ItemRow { decided: Some(decided), ..item(2) };
    assert_eq!(rows::item(&db, PRACTICE, first.review_id, item(2).item_id).await.expect("read"), Some(ended));
    let told = async |since| rows::ended_of(&db, PRACTICE, ACCOUNT, since).await.expect("read");
    let lapsed =
        EndedRow { kind: AccessKind::Account, decision: AccessDecision::Lapsed, quarter, count: 1, last_at: at(50) };
    assert_eq!(told(Timestamp::MIN).await, [lapsed]);
    assert!(told(at(51)).await.is_empty());

    let listing = || rows::is_listing(Batch::new(), PRACTICE, first.review_id);
    db.commit(listing()).await.expect("it is being listed");
    db.commit(rows::open(Batch::new(), PRACTICE, first.review_id, at(150), at(60))).await.expect("stored");
    let late = db.commit(rows::add(listing(), &item(4))).await;
    assert!(matches!(late, Err(CommitError::Conflict { .. })), "whoever lists slowly adds nothing to an open review");
    assert_eq!(rows::counts(&db, PRACTICE, first.review_id).await.expect("read"), (2, 3));
    let open = || rows::open(Batch::new(), PRACTICE, first.review_id, at(300), at(61));
    assert!(matches!(db.commit(open()).await, Err(CommitError::Conflict { .. })));
    let opened = rows::by_id(&db, PRACTICE, first.review_id).await.expect("read").expect("there");
    assert_eq!((opened.due_at, opened.looked_at), (at(150), Some(at(60))));
    db.commit(rows::looked(Batch::new(), PRACTICE, first.review_id, at(70))).await.expect("stored");
    let put_off = || rows::put_off(Batch::new(), &opened, at(200), at(80));
    db.commit(put_off()).await.expect("stored");
    assert!(matches!(db.commit(put_off()).await, Err(CommitError::Conflict { .. })), "one of two servers puts it off");
    let close = || rows::close(Batch::new(), PRACTICE, first.review_id, at(201), "a note");
    db.commit(close()).await.expect("stored");
    assert!(matches!(db.commit(close()).await, Err(CommitError::Conflict { .. })));
    let closed = rows::by_id(&db, PRACTICE, first.review_id).await.expect("read").expect("there");
    assert_eq!((closed.due_at, closed.closed_at, closed.looked_at), (at(200), Some(at(201)), Some(at(80))));
    let note = rows::record(&db, PRACTICE, first.review_id).await.expect("read");
    assert_eq!(note.as_deref(), Some("a note"));
    assert_eq!(rows::unfinished(&db).await.expect("read").len(), 1);

    for value in ["21", "30"] {
        db.commit(rows::set(Batch::new(), PRACTICE, ("due_days", value), ACCOUNT, at(5))).await.expect("stored");
    }
    let settings = rows::settings(&db, PRACTICE).await.expect("read");
    assert_eq!(settings, [("due_days".to_owned(), "30".to_owned())]);
}

pub(crate) async fn why_an_account_ended_is_found_however_much_else_ended(house: &mut dyn House) {
    let db = furnished(house, Store::Identity).await;
    let mine = review(1, "2026-Q3");
    let ends = |version| Decided { decision: AccessDecision::Ended, by: None, at: at(50), version };
    let mut batch = rows::begin(Batch::new(), &mine);
    batch = rows::decide(rows::add(batch, &item(1)), &item(1), &ends(Some(7)));
    for n in 0..600_u16 {
        let mut id = [9; 16];
        id[..2].copy_from_slice(&n.to_be_bytes());
        let kind = if n % 2 == 0 { AccessKind::Token } else { AccessKind::CareLink };
        let token = ItemRow { item_id: AccessItemId::from_bytes(id), kind, subject: id, ..item(2) };
        let later = Decided { at: at(60), ..ends(None) };
        batch = rows::decide(rows::add(batch, &token), &token, &later);
    }
    db.commit(batch).await.expect("stored");
    let why = async |version| rows::suspended(&db, PRACTICE, ACCOUNT, version).await.expect("read");
    assert_eq!(why(7).await, Some((AccessDecision::Ended, at(50), mine.quarter)));
    assert_eq!(why(8).await, None, "it was changed since");
    let told = rows::ended_of(&db, PRACTICE, ACCOUNT, Timestamp::MIN).await.expect("read");
    let counts: Vec<_> = told.iter().map(|one| (one.kind, one.count)).collect();
    assert_eq!(counts, [(AccessKind::CareLink, 300), (AccessKind::Token, 300), (AccessKind::Account, 1)]);
}
