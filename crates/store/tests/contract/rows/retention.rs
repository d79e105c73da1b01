//! Billing accounts of plans, and what there is of an account.

use super::{ACCOUNT, PATIENT, PRACTICE, at, sealed};
use crate::houses::{House, furnished};
use domain::{
    AccountId, BillingAccountId, BookingId, ChargeId, Date, HoldId, OccasionId, PatientId, PlanId,
    billing::{BookingKind, Cents, Postings},
    retention::{AccountActivity, AccountVerdictKind},
};
use phi::{Draft, billing_branch};
use store::{
    Batch, CommitError, Db, Store,
    rows::{
        billing::{
            accounts as billing_accounts,
            bookings::{self, BookingRow},
            charges,
            standing::{self, StandingRow},
        },
        billing_links::claim,
        legal_holds::{self, HoldRow},
        practices::{self, PracticeRow},
        retention::{
            self, PlanKind, PlanRow, PlanState,
            accounts::{self, AccountItemRow, AccountStep},
        },
    },
};

const PLAN: PlanId = PlanId::from_bytes([8; 16]);
const CONFLICT: Result<(), CommitError> = Err(CommitError::Conflict { statement: 0 });

const fn account(n: u8) -> BillingAccountId {
    BillingAccountId::from_bytes([n; 16])
}

fn draft(n: u8) -> Draft {
    Draft {
        branch: billing_branch(PRACTICE),
        account: account(n),
        charge: ChargeId::from_bytes([n; 16]),
        occasion: OccasionId::from_bytes([n; 16]),
        number: 0,
        day: Date::constant(2016, 2, n.cast_signed()),
        therapist: ACCOUNT,
        sheet: sealed([n; 16], "sheet"),
        diagnoses: sealed([n; 16], "diagnoses"),
        taken_back: None,
    }
}

pub(crate) async fn an_account_stands_as_it_was_charged_and_paid_and_goes_as_a_whole(house: &mut dyn House) {
    let db = furnished(house, Store::Billing).await;
    let branch = billing_branch(PRACTICE);
    let standing = async |n| standing::of_account(&db, branch, account(n)).await.expect("read");
    let nothing = StandingRow { activity: AccountActivity::default(), balanced: true, draft: false };
    assert_eq!(standing(1).await, nothing, "nothing is there");
    for n in [1, 2] {
        let batch = billing_accounts::open(Batch::new(), branch, account(n), at(0));
        db.commit(charges::receive(batch, &draft(n), at(n.into()))).await.expect("stored");
    }
    let activity = AccountActivity { day: Some(Date::constant(2016, 2, 1)), at: Some(at(1)) };
    assert_eq!(standing(1).await, StandingRow { activity, balanced: true, draft: true });
    let booking = |n: u8, kind, voids: Option<u8>| BookingRow {
        branch,
        booking_id: BookingId::from_bytes([n; 16]),
        account_id: account(1),
        kind,
        day: Date::constant(2017, 3, n.cast_signed()),
        charge_id: (kind == BookingKind::Charge).then_some(ChargeId::from_bytes([1; 16])),
        voids: voids.map(|n| BookingId::from_bytes([n; 16])),
        payer_id: None,
        booked_by: ACCOUNT,
        booked_at: at(10 + i64::from(n)),
    };
    let row = charges::by_id(&db, branch, account(1), ChargeId::from_bytes([1; 16])).await.expect("read");
    let charge = Postings::of(BookingKind::Charge, Cents(500)).expect("postings");
    let billed = charges::advance(Batch::new(), &row.expect("there"), domain::billing::ChargeState::Billed, None);
    db.commit(bookings::insert(billed, &booking(1, BookingKind::Charge, None), &charge)).await.expect("stored");
    let activity = AccountActivity { day: Some(Date::constant(2017, 3, 1)), at: Some(at(11)) };
    assert_eq!(standing(1).await, StandingRow { activity, balanced: false, draft: false });
    let back = charge.opposite().expect("the opposite");
    db.commit(bookings::insert(Batch::new(), &booking(2, BookingKind::Void, Some(1)), &back)).await.expect("stored");
    assert!(standing(1).await.balanced);
    let goes = standing::count(&db, branch, account(1)).await.expect("read");
    let goes: Vec<_> = goes.into_iter().collect();
    assert_eq!(goes, [("billing_accounts", 1), ("bookings", 2), ("charges", 1), ("postings", 4)]);
    for _ in 0..2 {
        db.commit(standing::remove(Batch::new(), branch, account(1))).await.expect("removed");
        assert!(standing::count(&db, branch, account(1)).await.expect("read").is_empty());
    }
    assert_eq!(standing::count(&db, branch, account(2)).await.expect("read").len(), 2, "the other stays");
    assert!(bookings::sums(&db, branch).await.expect("read").iter().all(|(_, cents)| *cents == Cents(0)));
}

fn plan() -> PlanRow {
    PlanRow {
        practice_id: PRACTICE,
        plan_id: PLAN,
        made_by: None,
        made_at: at(0),
        today: Date::constant(2026, 5, 14),
        rules: "[]".to_owned(),
        cooling_hours: 0,
        state: PlanState::Draft,
        looked_at: 0,
        first: None,
        second: None,
        finished_at: None,
        kind: PlanKind::Billing,
    }
}

fn item(n: u8) -> AccountItemRow {
    AccountItemRow {
        practice_id: PRACTICE,
        plan_id: PLAN,
        account_id: account(n),
        verdict: AccountVerdictKind::Due,
        last_activity: Date::constant(2016, 2, 29),
        kept_until: Date::constant(2026, 2, 28),
        rule: "ten".to_owned(),
        goes: "{}".to_owned(),
        step: AccountStep::Planned,
        changed_at: at(1),
        executed_rule: None,
    }
}

async fn hold(db: &Db, n: u8, patient: Option<PatientId>) {
    let row = HoldRow {
        practice_id: PRACTICE,
        hold_id: HoldId::from_bytes([n; 16]),
        patient_id: patient,
        incident: None,
        reason: sealed([n; 16], "a claim"),
        placed_by: ACCOUNT,
        placed_at: at(2),
        lifted_by: None,
        lifted_at: None,
    };
    db.commit(legal_holds::insert(Batch::new(), &row)).await.expect("held");
}

pub(crate) async fn an_account_of_a_plan_is_condemned_where_nothing_came_and_written_on_where_nothing_began(
    house: &mut dyn House,
) {
    let db = furnished(house, Store::Identity).await;
    let practice = PracticeRow {
        practice_id: PRACTICE,
        name: "Northside".to_owned(),
        timezone: "UTC".to_owned(),
        created_at: at(0),
        bootstrap_open: true,
        demo: true,
    };
    db.commit(practices::insert(Batch::new(), &practice)).await.expect("stored");
    let mut batch = retention::insert_plan(Batch::new(), &plan());
    for n in 1..=4 {
        batch = accounts::insert_item(batch, &item(n));
    }
    db.commit(retention::open_plan(batch, PRACTICE, PLAN, 9)).await.expect("stored");
    let read = retention::plan(&db, PRACTICE, PLAN).await.expect("read").expect("there");
    assert_eq!((read.kind, read.looked_at), (PlanKind::Billing, 9));
    let place = |n: u8| (PRACTICE, PLAN, account(n));
    let condemn = async |n, seen| {
        db.commit(accounts::condemn(Batch::new(), place(n), at(5), "seven", seen)).await.expect("no error");
        accounts::is_condemned(&db, PRACTICE, account(n)).await.expect("read")
    };
    let seen = legal_holds::seen(&db, PRACTICE).await.expect("read");
    assert!(!condemn(1, seen).await, "two people have not approved it");
    let by = |n: u8| AccountId::from_bytes([n; 16]);
    let lifted = accounts::lifted_as_many(Batch::new(), PRACTICE, (by(1), None), 1);
    assert_eq!(db.commit(retention::approve_first(lifted, PRACTICE, PLAN, by(1), at(2))).await, CONFLICT);
    let lifted = accounts::lifted_as_many(Batch::new(), PRACTICE, (by(1), None), 0);
    db.commit(retention::approve_first(lifted, PRACTICE, PLAN, by(1), at(2))).await.expect("approved");
    db.commit(retention::approve_second(Batch::new(), PRACTICE, PLAN, by(2), at(3))).await.expect("approved");
    hold(&db, 1, Some(PATIENT)).await;
    assert!(!condemn(1, seen).await, "a hold came since");
    assert_eq!(legal_holds::in_force(&db, PRACTICE).await, Ok(vec![Some(PATIENT)]));
    assert_eq!(legal_holds::lifted_by(&db, PRACTICE, (by(1), Some(by(2)))).await, Ok(Vec::new()));
    let seen = legal_holds::seen(&db, PRACTICE).await.expect("read");
    assert!(condemn(1, seen).await);

    // Whoever writes spares what waits, and is refused on what is condemned; so is a hold.
    assert_eq!(accounts::is_wanted(&db, PRACTICE, account(2)).await, Ok(true));
    assert!(claim(&db, PRACTICE, account(2)).await.expect("asked"));
    assert_eq!(accounts::is_wanted(&db, PRACTICE, account(2)).await, Ok(false));
    assert!(!condemn(2, seen).await, "it was written on");
    assert!(!claim(&db, PRACTICE, account(1)).await.expect("asked"));
    assert!(claim(&db, PRACTICE, account(9)).await.expect("asked"), "in no plan");
    assert_eq!(db.commit(accounts::not_condemned(Batch::new(), PRACTICE, account(1))).await, CONFLICT);
    assert_eq!(db.commit(accounts::not_condemned(Batch::new(), PRACTICE, account(2))).await, Ok(()));

    let moves = (AccountStep::Condemned, AccountStep::Listed);
    db.commit(accounts::step(Batch::new(), place(1), moves, at(6))).await.expect("listed");
    assert_eq!(db.commit(accounts::step(Batch::new(), place(1), moves, at(6))).await, CONFLICT);
    let none = BillingAccountId::from_bytes([0; 16]);
    let listed = accounts::items(&db, (PRACTICE, PLAN, none), Some(AccountStep::Listed), 10).await.expect("read");
    let expected = AccountItemRow {
        step: AccountStep::Listed,
        changed_at: at(6),
        executed_rule: Some("seven".to_owned()),
        ..item(1)
    };
    assert_eq!(listed, [expected]);
    let behind = accounts::items(&db, place(2), None, 1).await.expect("read");
    assert_eq!(behind, [item(3)]);
    db.commit(accounts::spare(Batch::new(), place(3), at(7))).await.expect("spared");
    db.commit(accounts::spare(Batch::new(), place(1), at(7))).await.expect("nothing happens");
    let due = AccountVerdictKind::Due;
    let counts = vec![(due, AccountStep::Listed, 1), (due, AccountStep::Planned, 1), (due, AccountStep::Spared, 2)];
    assert_eq!(accounts::counts(&db, PRACTICE, PLAN).await, Ok(counts));
    assert_eq!(accounts::is_due(&db, place(4)).await, Ok(true));
    assert_eq!(accounts::is_due(&db, place(9)).await, Ok(false));
    assert_eq!(accounts::any_due(&db, PRACTICE, PLAN).await, Ok(true));
    assert_eq!(db.commit(retention::finish_plan(Batch::new(), PRACTICE, PLAN, at(9))).await, CONFLICT, "under way");
}
