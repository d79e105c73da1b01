//! A visit should not have been charged at all: the charge is taken back, before it is in the books and after.

use crate::{
    corrections::{Office, office, states},
    scene::{longer_charge, visit_id},
};
use domain::{
    BookingId, Date, Role,
    billing::{BookingKind, Cents, ChargeState, WithdrawalReason},
};
use identity::{Full, Session};
use phi::{AccessError, billing_branch};
use practice::{
    billing::{
        BillingError, accounts,
        books::{self, NewBooking},
        charges::{self, ChargeView},
        charging::{ChargeError, Withdrawal, correct, look, take_back},
        dashboard, statement,
    },
    record::RecordError,
    voiding::{self, NewVoid, VoidError},
};
use store::rows::billing::bookings;

const WRONG: Withdrawal = Withdrawal { reason: WithdrawalReason::OtherPatient };

impl Office {
    async fn taken_back(&self, seen: u32) -> Result<u32, ChargeError> {
        self.taken_back_by(&self.therapist, seen).await
    }

    async fn taken_back_by(&self, session: &Session<Full>, seen: u32) -> Result<u32, ChargeError> {
        let done = take_back(&self.test.house, session, self.ana, visit_id(0), seen, WRONG, None).await;
        done.map(|withdrawn| withdrawn.sent)
    }

    async fn said_to_be_wrong(&self) -> Result<(), VoidError> {
        let wrong = NewVoid { reason: "Of another patient".parse().expect("fits") };
        voiding::visit(&self.test.house, &self.therapist, self.ana, visit_id(0), &wrong).await
    }

    async fn voided(&self, booking: BookingId) -> Result<BookingId, BillingError> {
        books::void(&self.test.house, &self.billing, self.account().await, booking, None).await
    }

    async fn booked(&self, kind: BookingKind, cents: i64) {
        let new = NewBooking { kind, amount: Cents(cents), day: Date::constant(2026, 5, 14), payer_id: None };
        books::book(&self.test.house, &self.billing, self.account().await, &new, None).await.expect("booked");
    }

    /// What is owed; the books hold, whatever was done.
    async fn balance(&self) -> Option<Cents> {
        let sums = bookings::sums(&self.test.house.stores.billing, billing_branch(self.practice)).await.expect("read");
        assert_eq!(Cents::sum(sums.into_iter().map(|(_, cents)| cents)), Some(Cents(0)));
        let account = accounts::one(&self.test.house, &self.billing, self.account().await).await.expect("read");
        account.aging.balance()
    }

    /// Charges to bill, those taken back that are still in the books, and visits that nobody charged.
    async fn dashboard(&self) -> (u64, u64, u64) {
        let seen = dashboard::dashboard(&self.test.house, &self.billing).await.expect("read");
        (seen.drafts, seen.taken_back, seen.unbilled.iter().map(|line| line.visits).sum())
    }

    async fn refused(&self, charge: &ChargeView) -> [&'static str; 2] {
        let (house, account) = (&self.test.house, self.account().await);
        let asked = charges::ask(house, &self.billing, account, charge.charge_id, charge.version).await;
        let not_asked = charges::void(house, &self.billing, account, charge.charge_id, charge.version).await;
        [asked, not_asked].map(|done| match done {
            Err(BillingError::NotNow(why)) => why,
            other => panic!("{other:?}"),
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_that_was_taken_back_is_not_billed_and_its_visit_may_be_said_to_be_wrong() {
    let office = office().await;
    assert!(matches!(office.taken_back(1).await, Err(ChargeError::NotCharged)));
    office.charged().await;
    assert!(matches!(office.said_to_be_wrong().await, Err(VoidError::Charged)));
    for seen in [0, 2, u32::MAX] {
        assert!(matches!(office.taken_back(seen).await, Err(ChargeError::Stale)), "{seen}");
    }
    assert_eq!(office.dashboard().await, (1, 0, 1));
    assert_eq!(office.taken_back(1).await.ok(), Some(2));
    assert!(matches!(office.taken_back(1).await, Err(ChargeError::Stale)));
    assert!(matches!(office.taken_back(2).await, Err(ChargeError::NotCharged)), "once");
    assert_eq!(office.dashboard().await, (0, 0, 1), "somebody decided that it is not charged");
    let all = office.all().await;
    assert_eq!(states(&all), [ChargeState::Void, ChargeState::Void]);
    assert!(all[0].is_taken_back && all[0].takes_back.is_none() && !all[0].services.is_empty());
    let said = all[1].takes_back.as_ref().expect("said");
    assert_eq!((said.by.account_id, said.at), (office.therapist.account(), office.test.now()));
    assert_eq!(said.reason, WithdrawalReason::OtherPatient);
    assert!(all[1].services.is_empty() && all[1].diagnoses.is_empty() && all[1].price.is_none());
    for charge in &all {
        assert!(matches!(office.bill(charge).await, Err(BillingError::NotNow(_))));
        assert!(office.refused(charge).await[0].contains("took back"), "nothing is asked for it after all");
    }
    // It was right after all; then it was not.
    assert_eq!(office.corrected(2).await.ok(), Some(3));
    assert_eq!(states(&office.all().await)[2..], [ChargeState::Draft]);
    assert!(matches!(office.said_to_be_wrong().await, Err(VoidError::Charged)));
    assert_eq!(office.taken_back(3).await.ok(), Some(4));
    office.said_to_be_wrong().await.expect("said");
    assert!(matches!(office.corrected(4).await, Err(ChargeError::NotHeld)), "what is wrong is not charged");
    assert_eq!(office.dashboard().await, (0, 0, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stated_and_paid_when_it_was_taken_back_comes_out_of_the_books_by_billing_and_nothing_is_deleted() {
    let office = office().await;
    let (house, billing) = (&office.test.house, &office.billing);
    office.charged().await;
    let booking = office.bill(&office.all().await[0]).await.expect("billed");
    let owed = office.balance().await;
    assert!(owed.is_some_and(|cents| cents > Cents(0)));
    let paid = owed.expect("counted").0;
    office.booked(BookingKind::Payment, paid).await;
    assert_eq!(office.balance().await, Some(Cents(0)));
    office.taken_back(1).await.expect("taken back");

    // The therapist has no leave to book: what is in the books waits there, where billing cannot miss it.
    let all = office.all().await;
    assert_eq!(states(&all), [ChargeState::Billed, ChargeState::Draft]);
    assert_eq!([all[0].in_the_books, all[1].in_the_books], [Some(booking), Some(booking)]);
    assert_eq!((office.balance().await, office.dashboard().await), (Some(Cents(0)), (0, 1, 1)));
    let stated = statement::statement(house, billing, office.account().await).await.expect("read");
    let said: Vec<_> = stated.account.taken_back.iter().map(|line| line.charge_id).collect();
    assert_eq!((said, stated.lines().count()), (vec![all[1].charge_id], 2));
    assert!(matches!(office.bill(&all[1]).await, Err(BillingError::NotNow(why)) if why.contains("took back")));
    let lines = dashboard::drafts(house, billing, None, 10).await.expect("read").items;
    assert!(lines.len() == 1 && lines[0].taken_back && !lines[0].is_ready() && !lines[0].no_payer);
    let waits = office.refused(&all[1]).await;
    assert!(waits[1].contains("Void the booking"), "nobody puts it out of sight: {waits:?}");

    office.voided(booking).await.expect("voided");
    assert!(matches!(office.voided(booking).await, Err(BillingError::NotNow(_))));
    let all = office.all().await;
    assert_eq!(states(&all), [ChargeState::Void, ChargeState::Void]);
    assert!(all.iter().all(|one| one.in_the_books.is_none()));
    assert!(dashboard::drafts(house, billing, None, 10).await.expect("read").items.is_empty());
    assert_eq!((office.balance().await, office.dashboard().await), (Some(Cents(-paid)), (0, 0, 1)));
    let stated = statement::statement(house, billing, office.account().await).await.expect("read");
    assert!(stated.account.taken_back.is_empty());
    let kinds: Vec<BookingKind> = stated.account.bookings.iter().map(|one| one.kind).collect();
    assert_eq!(kinds.len(), 3, "all of them stay: {kinds:?}");
    assert!(stated.lines().map(|one| one.kind).eq([BookingKind::Payment]), "what was taken back is not asked for");
    office.booked(BookingKind::Refund, paid).await;
    assert_eq!(office.balance().await, Some(Cents(0)));

    // It took place after all.
    office.corrected(2).await.expect("charged again");
    let last = office.all().await.pop().expect("there");
    office.bill(&last).await.expect("billed");
    assert_eq!(office.balance().await, Some(Cents(3 * 4_000)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_is_taken_back_by_who_treats_and_by_nobody_else() {
    let office = office().await;
    office.charged().await;
    for role in [Role::Therapist, Role::Billing, Role::FrontDesk, Role::Admin, Role::PrivacyOfficer] {
        let other = office.test.session(&office.test.account(office.practice, role).await).await;
        let denied = office.taken_back_by(&other, 1).await;
        assert!(matches!(denied, Err(ChargeError::Record(RecordError::Access(AccessError::Denied)))), "{role}");
    }
    assert_eq!(states(&office.all().await), [ChargeState::Draft]);
    let covering = office.test.account(office.practice, Role::Therapist).await;
    office.test.care_link(&covering, office.ana).await;
    let covering = office.test.session(&covering).await;
    office.taken_back_by(&covering, 1).await.expect("they treat the patient");
    let all = office.all().await;
    assert_eq!(all[1].takes_back.as_ref().map(|taken| taken.by.account_id), Some(covering.account()));
    assert_eq!(all[1].therapist.account_id, office.therapist.account(), "who treated is another matter");
    let seen = look(&office.test.house, &office.therapist, office.ana, visit_id(0)).await.expect("read");
    let taken = seen.taken_back.expect("seen");
    assert_eq!((taken.by.account_id, taken.at, seen.sent), (covering.account(), office.test.now(), 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_what_is_done_to_one_charge_at_one_moment_nothing_is_half_done() {
    for _ in 0..3 {
        // Two at the visit who saw the same.
        let office = office().await;
        office.charged().await;
        let (house, new) = (&office.test.house, longer_charge(0));
        let corrects = correct(house, &office.therapist, office.ana, visit_id(0), 1, &new, None);
        let (back, corrected, twice) = tokio::join!(office.taken_back(1), corrects, office.taken_back(1));
        let done = [back.is_ok(), corrected.is_ok(), twice.is_ok()].iter().filter(|done| **done).count();
        assert_eq!(done, 1, "one is told to look again");
        let live = if corrected.is_ok() { ChargeState::Draft } else { ChargeState::Void };
        assert_eq!(states(&office.all().await), [ChargeState::Void, live]);
    }
    for _ in 0..3 {
        // The therapist takes back what billing bills.
        let office = office().await;
        office.charged().await;
        let first = office.all().await.remove(0);
        let (back, billed) = tokio::join!(office.taken_back(1), office.bill(&first));
        back.expect("taken back");
        let all = office.all().await;
        match billed {
            Ok(booking) => {
                assert_eq!(states(&all), [ChargeState::Billed, ChargeState::Draft]);
                office.voided(booking).await.expect("voided");
            }
            Err(BillingError::Stale | BillingError::NotNow(_)) => {}
            Err(error) => panic!("{error}"),
        }
        assert_eq!(states(&office.all().await), [ChargeState::Void, ChargeState::Void]);
        assert_eq!(office.balance().await, Some(Cents(0)));
    }
    for _ in 0..3 {
        // The therapist takes back what billing takes out of the books.
        let office = office().await;
        office.charged().await;
        let booking = office.bill(&office.all().await[0]).await.expect("billed");
        let (back, voided) = tokio::join!(office.taken_back(1), office.voided(booking));
        back.expect("taken back");
        voided.expect("voided");
        assert_eq!(states(&office.all().await), [ChargeState::Void, ChargeState::Void]);
        assert_eq!(office.balance().await, Some(Cents(0)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_again_under_its_key_is_answered_as_the_first_time_whatever_came_since() {
    let office = office().await;
    let house = &office.test.house;
    let (therapist, ana, visit) = (&office.therapist, office.ana, visit_id(0));
    office.charged().await;
    let new = longer_charge(0);
    let corrects = async || correct(house, therapist, ana, visit, 1, &new, Some("a-1")).await;
    let back = async |why, key| take_back(house, therapist, ana, visit, 2, why, Some(key)).await;
    office.test.clock.advance_seconds(60);
    let corrected = corrects().await.expect("corrected");
    office.test.clock.advance_seconds(60);
    let (taken, twice) = tokio::join!(back(WRONG, "a-2"), back(WRONG, "a-2"));
    let (taken, twice) = (taken.expect("taken back"), twice.expect("of two clicks both are answered"));
    assert_eq!((twice.sent, twice.sent_at), (taken.sent, taken.sent_at));
    assert_eq!((taken.sent, taken.sent_at), (3, office.test.now()));
    office.test.clock.advance_seconds(60);
    assert_eq!(office.corrected(3).await.ok(), Some(4));
    let again = (corrects().await.expect("answered"), back(WRONG, "a-2").await.expect("answered"));
    assert_eq!((again.0.sent, again.0.sent_at), (corrected.sent, corrected.sent_at), "not when the visit was charged");
    assert_eq!((again.1.sent, again.1.sent_at), (taken.sent, taken.sent_at));
    assert_eq!(states(&office.all().await)[3..], [ChargeState::Draft], "and nothing was done");
    let other = Withdrawal { reason: WithdrawalReason::NotHeld };
    assert!(matches!(back(other, "a-2").await, Err(ChargeError::KeyUsed)));
    assert!(matches!(back(WRONG, "a-3").await, Err(ChargeError::Stale)));
}
