//! A charge that is taken back: at the visit, on its way, and in the billing store.

use super::{
    ACCOUNT, PATIENT, PRACTICE, at,
    billing::{BILLED, BRANCH, draft},
    crossing::{crossing, visit, wrong},
};
use crate::houses::{House, furnished};
use domain::{
    ChargeId, OccasionId, Timestamp, VisitId, VisitState,
    billing::{ChargeState, TakenBack, WithdrawalReason},
};
use phi::{Draft, RowId, Sealed};
use store::{
    Batch, CommitError, Store,
    rows::{
        billing::{accounts, charges},
        billing_outbox::{self, CrossingRow, Given},
        patients, visits,
    },
};

pub(crate) async fn a_charge_is_taken_back_once_and_leaves_nothing_to_bill(house: &mut dyn House) {
    let db = furnished(house, Store::Clinical).await;
    let patient = super::clinical::patient(PATIENT.as_bytes()[0], "Ana");
    db.commit(patients::insert(Batch::new(), &patient)).await.expect("stored");
    db.commit(visits::insert(Batch::new(), &visit(1, VisitState::Held))).await.expect("stored");
    let next = |number: u32| CrossingRow {
        number,
        crossing: Sealed::stored(RowId::versioned([1; 16], number.into()), b"nothing".to_vec()),
        ..crossing(1, 6)
    };
    let taken_back = async |version, number| {
        db.commit(billing_outbox::take_back(Batch::new(), PATIENT, version, ACCOUNT, &next(number))).await
    };
    let of = || VisitId::from_bytes([1; 16]);
    let given = async || billing_outbox::given(&db, PRACTICE, PATIENT, of()).await.expect("read").expect("charged");
    let row = async || visits::by_id(&db, PRACTICE, PATIENT, of()).await.expect("read").expect("there");
    let conflict = Err(CommitError::Conflict { statement: 0 });
    assert_eq!(taken_back(1, 1).await, conflict, "it was not charged");
    db.commit(billing_outbox::charge(Batch::new(), PATIENT, 1, &crossing(1, 5))).await.expect("charged");
    assert_eq!(taken_back(1, 1).await, conflict, "the visit changed since");
    assert_eq!(taken_back(2, 2).await, conflict, "not the next number");
    assert_eq!(taken_back(2, 1).await, Ok(()));
    assert_eq!(taken_back(3, 2).await, conflict, "it was taken back");
    assert_eq!(given().await, Given { charged_at: at(5), corrections: 1, taken_back: Some((ACCOUNT, at(6))) });
    assert_eq!(billing_outbox::charged(&db, PRACTICE, PATIENT).await, Ok(vec![]));
    assert_eq!(billing_outbox::not_charged(&db, PRACTICE).await, Ok(vec![]), "somebody decided so");
    let mut planned = row().await;
    (planned.state, planned.version, planned.changed_at) = (VisitState::Planned, 4, at(7));
    db.commit(visits::update(Batch::new(), &planned, 3)).await.expect("it did not take place");
    let again = db.commit(billing_outbox::correct(Batch::new(), PATIENT, 4, &next(2))).await;
    assert_eq!(again, conflict, "nor is it charged");
    (planned.state, planned.version) = (VisitState::Held, 5);
    db.commit(visits::update(Batch::new(), &planned, 4)).await.expect("it did after all");
    let forgotten = billing_outbox::not_charged(&db, PRACTICE).await.expect("read");
    assert_eq!(
        forgotten.iter().map(|(_, visits, _)| *visits).collect::<Vec<_>>(),
        [1],
        "that was decided of another one"
    );
    db.commit(billing_outbox::correct(Batch::new(), PATIENT, 5, &next(2))).await.expect("charged again");
    assert!(given().await.stands());
    assert_eq!(billing_outbox::not_charged(&db, PRACTICE).await, Ok(vec![]));
    assert_eq!(db.commit(visits::void(Batch::new(), &row().await, &wrong(1))).await, conflict);
    assert_eq!(taken_back(6, 3).await, Ok(()));
    db.commit(visits::void(Batch::new(), &row().await, &wrong(1))).await.expect("said");
    let again = db.commit(billing_outbox::correct(Batch::new(), PATIENT, 8, &next(4))).await;
    assert_eq!(again, conflict, "what is wrong is not charged");
    assert_eq!(billing_outbox::count(&db, PRACTICE).await, Ok(4));
}

pub(crate) async fn what_is_in_the_books_and_taken_back_waits_for_billing(house: &mut dyn House) {
    use ChargeState::{Billed, Draft as Waiting, Void};
    const NOTHING: Option<TakenBack> =
        Some(TakenBack { by: ACCOUNT, at: Timestamp::UNIX_EPOCH, because: WithdrawalReason::OtherPatient });
    let db = furnished(house, Store::Billing).await;
    let occasion = OccasionId::from_bytes([9; 16]);
    let arrives = async |n: u8, number: u64, taken_back: Option<TakenBack>| {
        let batch = accounts::open(Batch::new(), BRANCH, BILLED, at(1));
        let draft = Draft { occasion, number, taken_back, ..draft(n) };
        db.commit(charges::receive(batch, &draft, at(2))).await.expect("arrived");
    };
    let of = async |n: u8| {
        let id = ChargeId::from_bytes([n; 16]);
        charges::by_id(&db, BRANCH, BILLED, id).await.expect("read").expect("there")
    };
    let states = async |n: u8| {
        let all = charges::of_occasion(&db, &of(n).await).await.expect("read");
        all.iter().map(|row| (row.state, row.taken_back.is_some())).collect::<Vec<_>>()
    };
    let waiting = async || charges::taken_back(&db, BRANCH, BILLED, 10).await.expect("read").len();
    // Nothing is in the books: both are over, and nothing is asked for what takes a charge back.
    arrives(1, 0, None).await;
    arrives(2, 1, NOTHING).await;
    assert_eq!(states(1).await, [(Void, false), (Void, true)]);
    assert_eq!(of(2).await.taken_back, NOTHING);
    let asked = db.commit(charges::restore(Batch::new(), &of(2).await)).await;
    assert_eq!(asked, Err(CommitError::Conflict { statement: 0 }));
    // Charged again, billed, taken back: it waits until the booking is voided, whenever it comes again.
    arrives(3, 2, None).await;
    db.commit(charges::advance(Batch::new(), &of(3).await, Billed, None)).await.expect("billed");
    for _ in 0..2 {
        arrives(4, 3, NOTHING).await;
        assert_eq!(states(1).await[2..], [(Billed, false), (Waiting, true)]);
    }
    // A correction that it overtook changes nothing.
    arrives(6, 5, NOTHING).await;
    arrives(5, 4, None).await;
    assert_eq!(states(1).await[2..], [(Billed, false), (Void, true), (Void, false), (Waiting, true)]);
    assert_eq!((waiting().await, charges::count_taken_back(&db, BRANCH).await), (1, Ok(1)));
    db.commit(charges::reopen(Batch::new(), &of(3).await)).await.expect("taken out");
    assert_eq!(states(1).await[2..], [(Void, false), (Void, true), (Void, false), (Void, true)]);
    arrives(7, 6, None).await;
    assert_eq!(states(1).await[6..], [(Waiting, false)]);
    assert_eq!((waiting().await, charges::count_taken_back(&db, BRANCH).await), (0, Ok(0)));

    // One that overtakes the first charge waits for it: without it, the charge may be one that has no occasion.
    let occasion = OccasionId::from_bytes([8; 16]);
    let arrives = async |n: u8, number: u64, taken_back: Option<TakenBack>| {
        let draft = Draft { occasion, number, taken_back, ..draft(n) };
        db.commit(charges::receive(Batch::new(), &draft, at(2))).await.expect("arrived");
    };
    arrives(11, 1, NOTHING).await;
    assert_eq!((states(11).await, waiting().await), (vec![(Waiting, true)], 1));
    arrives(10, 0, None).await;
    assert_eq!((states(11).await, waiting().await), (vec![(Void, false), (Void, true)], 0));
}
