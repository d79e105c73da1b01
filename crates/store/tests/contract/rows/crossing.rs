//! Visits that are charged, and charges on their way to the billing store.

use super::{ACCOUNT, PATIENT, PRACTICE, at, sealed};
use crate::houses::{House, furnished};
use domain::{VisitId, VisitState};
use phi::{RowId, Sealed};
use store::{
    Batch, CommitError, Store,
    rows::{
        billing_outbox::{self, CrossingRow, Given},
        patients,
        visits::{self, VisitRow},
        voided::VoidRow,
    },
};

pub(super) fn visit(n: u8, state: VisitState) -> VisitRow {
    VisitRow {
        practice_id: PRACTICE,
        patient_id: PATIENT,
        visit_id: VisitId::from_bytes([n; 16]),
        therapist_id: ACCOUNT,
        starts_at: at(n.into()),
        state,
        minutes: sealed([n; 16], "45"),
        clinic: None,
        remark: None,
        recorded_by: ACCOUNT,
        recorded_at: at(0),
        changed_at: at(0),
        version: 1,
        voided: None,
    }
}

pub(super) fn wrong(n: u8) -> VoidRow<phi::fields::visits::WrongBecause> {
    VoidRow { at: at(9), by: ACCOUNT, reason: sealed([n; 16], "another patient's") }
}

pub(super) fn crossing(n: u8, seconds: i64) -> CrossingRow {
    CrossingRow {
        practice_id: PRACTICE,
        visit_id: VisitId::from_bytes([n; 16]),
        number: 0,
        crossing: sealed([n; 16], "crossing"),
        created_at: at(seconds),
    }
}

pub(crate) async fn a_visit_is_charged_once_and_its_charge_waits_until_it_is_taken_away(house: &mut dyn House) {
    let db = furnished(house, Store::Clinical).await;
    let patient = super::clinical::patient(PATIENT.as_bytes()[0], "Ana");
    db.commit(patients::insert(Batch::new(), &patient)).await.expect("stored");
    for row in [
        visit(1, VisitState::Held),
        visit(2, VisitState::Held),
        visit(3, VisitState::Planned),
        visit(4, VisitState::Held),
    ] {
        db.commit(visits::insert(Batch::new(), &row)).await.expect("stored");
    }
    assert_eq!(billing_outbox::not_charged(&db, PRACTICE).await, Ok(vec![(ACCOUNT, 3, at(1))]));
    for (n, seconds) in [(2, 5), (1, 6)] {
        let charged = db.commit(billing_outbox::charge(Batch::new(), PATIENT, 1, &crossing(n, seconds))).await;
        assert_eq!(charged, Ok(()));
    }
    let conflict = Err(CommitError::Conflict { statement: 0 });
    for (n, version) in [(1, 1), (1, 2), (3, 1), (4, 2), (9, 1)] {
        let refused = db.commit(billing_outbox::charge(Batch::new(), PATIENT, version, &crossing(n, 7))).await;
        assert_eq!(refused, conflict, "visit {n} at version {version}");
    }
    let of = |n: u8| VisitId::from_bytes([n; 16]);
    let given = Given { charged_at: at(6), corrections: 0, taken_back: None };
    assert_eq!(billing_outbox::given(&db, PRACTICE, PATIENT, of(1)).await, Ok(Some(given)));
    assert_eq!(billing_outbox::given(&db, PRACTICE, PATIENT, of(3)).await, Ok(None));
    assert_eq!(billing_outbox::charged(&db, PRACTICE, PATIENT).await, Ok(vec![of(1), of(2)]));
    assert_eq!(billing_outbox::count(&db, PRACTICE).await, Ok(2));
    assert_eq!(billing_outbox::not_charged(&db, PRACTICE).await, Ok(vec![(ACCOUNT, 1, at(4))]));
    // To be charged is a change: who saw the visit before it changes nothing of it. And it is not said to be wrong.
    let charged = visits::by_id(&db, PRACTICE, PATIENT, of(1)).await.expect("read").expect("there");
    assert_eq!(charged.version, 2);
    assert_eq!(db.commit(visits::update(Batch::new(), &visit(1, VisitState::Planned), 1)).await, conflict);
    assert_eq!(db.commit(visits::void(Batch::new(), &charged, &wrong(1))).await, conflict);
    // What is said to be wrong is not charged.
    db.commit(visits::void(Batch::new(), &visit(4, VisitState::Held), &wrong(4))).await.expect("said");
    let refused = db.commit(billing_outbox::charge(Batch::new(), PATIENT, 2, &crossing(4, 7))).await;
    assert_eq!(refused, conflict);
    assert_eq!(billing_outbox::not_charged(&db, PRACTICE).await, Ok(vec![]));
    let first = billing_outbox::page(&db, None, 1).await.expect("read");
    assert_eq!((first[0].visit_id, first[0].crossing.as_bytes()), (of(2), &b"crossing"[..]));
    let next = billing_outbox::page(&db, Some(first[0].place()), 10).await.expect("read");
    assert_eq!(next.iter().map(|row| row.visit_id).collect::<Vec<_>>(), [of(1)]);
    db.commit(billing_outbox::remove(Batch::new(), &first[0])).await.expect("removed");
    assert_eq!(billing_outbox::count(&db, PRACTICE).await, Ok(1));
    let again = db.commit(billing_outbox::charge(Batch::new(), PATIENT, 2, &crossing(2, 8))).await;
    assert_eq!(again, conflict, "charged once, even when its charge has arrived");
    // To be charged keeps it held on its day, whoever saw it then.
    let changed = |state, starts_at| {
        db.commit(visits::update(Batch::new(), &VisitRow { version: 3, starts_at, ..visit(1, state) }, 2))
    };
    let (began, day) = (visit(1, VisitState::Held).starts_at, 86_400);
    let moved = domain::Timestamp::from_second(began.as_second() + day).expect("a moment");
    assert_eq!(changed(VisitState::NoShow, began).await, conflict);
    assert_eq!(changed(VisitState::Held, moved).await, conflict);
    assert_eq!(changed(VisitState::Held, at(2)).await, Ok(()));
}

pub(crate) async fn a_correction_is_sent_where_the_last_one_was_seen_and_waits_behind_it(house: &mut dyn House) {
    let db = furnished(house, Store::Clinical).await;
    let patient = super::clinical::patient(PATIENT.as_bytes()[0], "Ana");
    db.commit(patients::insert(Batch::new(), &patient)).await.expect("stored");
    for row in [visit(1, VisitState::Held), visit(2, VisitState::Held)] {
        db.commit(visits::insert(Batch::new(), &row)).await.expect("stored");
    }
    db.commit(billing_outbox::charge(Batch::new(), PATIENT, 1, &crossing(1, 5))).await.expect("charged");
    let correction = |n: u8, number: u32| CrossingRow {
        number,
        crossing: Sealed::stored(RowId::versioned([n; 16], number.into()), b"correction".to_vec()),
        ..crossing(n, 5)
    };
    let corrected = async |n, version, number| {
        db.commit(billing_outbox::correct(Batch::new(), PATIENT, version, &correction(n, number))).await
    };
    let conflict = Err(CommitError::Conflict { statement: 0 });
    assert_eq!(corrected(1, 2, 2).await, conflict, "the first one is missing");
    assert_eq!(corrected(1, 1, 1).await, conflict, "the visit changed since");
    assert_eq!(corrected(1, 2, 1).await, Ok(()));
    assert_eq!(corrected(1, 3, 1).await, conflict, "it was sent");
    assert_eq!(corrected(1, 3, 2).await, Ok(()));
    assert_eq!(corrected(2, 1, 1).await, conflict, "it was not charged");
    let given = billing_outbox::given(&db, PRACTICE, PATIENT, VisitId::from_bytes([1; 16])).await;
    assert_eq!(given, Ok(Some(Given { charged_at: at(5), corrections: 2, taken_back: None })));
    let (mut after, mut numbers) = (None, Vec::new());
    while let Some(row) = billing_outbox::page(&db, after, 1).await.expect("read").pop() {
        after = Some(row.place());
        assert!(row.crossing.row() == RowId::versioned([1; 16], row.number.into()));
        numbers.push(row.number);
    }
    assert_eq!(numbers, [0, 1, 2]);
    db.commit(billing_outbox::remove(Batch::new(), &correction(1, 1))).await.expect("removed");
    let left = billing_outbox::page(&db, None, 10).await.expect("read");
    assert_eq!(left.iter().map(|row| row.number).collect::<Vec<_>>(), [0, 2]);
}
