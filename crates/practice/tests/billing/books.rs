//! Billing staff price charges, keep the books, and see what there is to do.

use crate::scene::{therapist, visit_id, visits};
use domain::{
    BillingAccountId, BookingId, ChargeId, Date, PatientId, PracticeId, Role, SeededRng, VisitState,
    billing::{
        Aging, BookAccount, BookingKind, Cents, ChargeSheet, ChargeState, CptCode, Diagnoses, DiagnosisCode, FeeWords,
        Minutes, PayerName, Service, UnitRule,
    },
};
use identity::{Full, Session};
use phi::billing_branch;
use practice::billing::{
    BillingError, accounts,
    books::{self, NewBooking},
    charges,
    charging::{NewCharge, charge},
    csv::Bookings,
    dashboard,
    schedule::{self, Fee, NewPayer},
    statement,
};
use std::{collections::HashMap, sync::Arc};
use store::rows::billing::{bookings, charges as rows};
use testkit::house::TestHouse;

const TODAY: Date = Date::constant(2026, 5, 14);

struct Office {
    test: TestHouse,
    practice: PracticeId,
    patients: Vec<PatientId>,
    therapist: Session<Full>,
    billing: Arc<Session<Full>>,
}

fn code(text: &str) -> CptCode {
    CptCode::new(text).expect("a code")
}

fn fee(text: &str, from: Date, cents: i64) -> Fee {
    Fee { code: code(text), valid_from: from, fee: Cents(cents), words: FeeWords::new("Exercise").expect("words") }
}

/// A practice with two patients, `held` visits and a fee for exercise.
async fn office(held: u32) -> Office {
    let test = TestHouse::new().await;
    let practice = test.practice().await;
    let patients = vec![test.patient(practice, "Ana", "Ro").await, test.patient(practice, "Ben", "Li").await];
    let session = therapist(&test, practice, &patients).await;
    visits(&test.house, &session, &patients, 0..held, VisitState::Held).await;
    let billing = Arc::new(test.session(&test.account(practice, Role::Billing).await).await);
    let office = Office { test, practice, patients, therapist: session, billing };
    let since = fee("97110", Date::constant(2026, 1, 1), 4_000);
    schedule::set_fee(&office.test.house, &office.billing, &since).await.expect("set");
    office
}

impl Office {
    /// Charges the visit of this number for exercise and manual therapy of so many minutes.
    async fn charged(&self, number: u32, minutes: &[(&str, u16)]) -> (BillingAccountId, ChargeId) {
        let service = |(text, minutes): &(&str, u16)| Service {
            code: code(text),
            minutes: Some(Minutes::new(*minutes).expect("minutes")),
            modifiers: vec![],
        };
        let new = NewCharge {
            services: ChargeSheet::new(minutes.iter().map(service).collect()).expect("a sheet"),
            diagnoses: Diagnoses::new(vec![DiagnosisCode::new("M25.561").expect("a code")]).expect("codes"),
        };
        let house = &self.test.house;
        let known: Vec<ChargeId> = self.drafts().await.into_iter().map(|(_, charge)| charge).collect();
        let patient = self.patients[number as usize % self.patients.len()];
        charge(house, &self.therapist, patient, visit_id(number), &new, None).await.expect("charged");
        self.drafts().await.into_iter().find(|(_, charge)| !known.contains(charge)).expect("a draft")
    }

    /// The books as they are taken out.
    async fn table(&self, session: Arc<Session<Full>>) -> Result<String, BillingError> {
        let mut bookings = Bookings::begin(self.test.house.clone(), session).await?;
        let mut table = String::new();
        while let Some(piece) = bookings.next().await? {
            table.push_str(&piece);
        }
        Ok(table)
    }

    async fn drafts(&self) -> Vec<(BillingAccountId, ChargeId)> {
        let db = &self.test.house.stores.billing;
        let drafts = rows::drafts(db, billing_branch(self.practice), None, 10_000).await.expect("read");
        drafts.into_iter().map(|(account, charge, _)| (account, charge)).collect()
    }

    async fn billed(&self, account: BillingAccountId, charge: ChargeId) -> Result<BookingId, BillingError> {
        let view = charges::one(&self.test.house, &self.billing, account, charge).await.expect("read");
        charges::bill(&self.test.house, &self.billing, account, charge, view.version).await
    }

    async fn booked(
        &self,
        account: BillingAccountId,
        kind: BookingKind,
        amount: i64,
        day: Date,
    ) -> Result<BookingId, BillingError> {
        let new = NewBooking { kind, amount: Cents(amount), day, payer_id: None };
        books::book(&self.test.house, &self.billing, account, &new, None).await
    }

    async fn sums(&self) -> HashMap<BookAccount, Cents> {
        let db = &self.test.house.stores.billing;
        bookings::sums(db, billing_branch(self.practice)).await.expect("read").into_iter().collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_charge_is_priced_under_the_payers_rule_and_the_way_there_is_kept() {
    let office = office(2).await;
    let (house, billing) = (&*office.test.house, &office.billing);
    let (account, charge) = office.charged(0, &[("97110", 33), ("97140", 7)]).await;
    let lacking = office.billed(account, charge).await;
    assert!(matches!(lacking, Err(BillingError::NoFee(codes)) if codes == [code("97140")]));
    let drafts = dashboard::drafts(house, billing, None, 50).await.expect("read").items;
    assert_eq!(drafts[0].no_fee, [code("97140")]);
    schedule::set_fee(house, billing, &fee("97140", Date::constant(2026, 5, 14), 5_000)).await.expect("set");
    schedule::set_fee(house, billing, &fee("97110", Date::constant(2026, 5, 15), 9_900)).await.expect("set");
    let own = charges::one(house, billing, account, charge).await.expect("read").price.expect("a price");
    assert_eq!((own.total, own.calculation.rule), (Cents(2 * 4_000), UnitRule::Ama), "a patient pays by the code set");

    let medicare = NewPayer { name: PayerName::new("Medicare").expect("a name"), unit_rule: UnitRule::Cms };
    let payer = schedule::add_payer(house, billing, &medicare, None).await.expect("added");
    accounts::set_payer(house, billing, account, Some(payer), 1).await.expect("set");
    assert!(matches!(accounts::set_payer(house, billing, account, None, 1).await, Err(BillingError::Stale)));
    office.billed(account, charge).await.expect("billed");
    let view = charges::one(house, billing, account, charge).await.expect("read");
    let price = view.price.expect("a price");
    assert_eq!((price.total, view.state), (Cents(2 * 4_000 + 5_000), ChargeState::Billed));
    assert_eq!(price.calculation.lines.iter().map(|line| line.units).collect::<Vec<_>>(), [2, 1]);
    assert_eq!(price.calculation.allowed_units, Some(3));
    // What was billed stays as it was, whoever pays now.
    accounts::set_payer(house, billing, account, None, 2).await.expect("set");
    let later = charges::one(house, billing, account, charge).await.expect("read").price.expect("a price");
    assert!(later == price);
    let twice = charges::bill(house, billing, account, charge, view.version).await;
    assert!(matches!(twice, Err(BillingError::NotNow(_))));
    let stale = charges::bill(house, billing, account, charge, 1).await;
    assert!(matches!(stale, Err(BillingError::Stale)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_wrong_is_voided_and_stays() {
    let office = office(2).await;
    let (house, billing) = (&*office.test.house, &office.billing);
    let (account, charge) = office.charged(0, &[("97110", 30)]).await;
    let booking = office.billed(account, charge).await.expect("billed");
    let void = books::void(house, billing, account, booking, None).await.expect("voided");
    assert!(matches!(
        books::void(house, billing, account, booking, None).await,
        Err(BillingError::NotNow(_) | BillingError::Stale)
    ));
    assert!(matches!(books::void(house, billing, account, void, None).await, Err(BillingError::NotNow(_))));
    let view = accounts::one(house, billing, account).await.expect("read");
    assert_eq!(view.bookings.len(), 2);
    let one = |id: BookingId| view.bookings.iter().find(|one| one.booking_id == id).expect("there");
    assert!(one(booking).voided && one(void).voids == Some(booking) && !one(void).voided);
    assert_eq!((view.aging, view.charges[0].state), (Aging::default(), ChargeState::Draft));
    // A charge whose booking was voided can be billed again, or not asked for at all.
    let again = office.billed(account, charge).await.expect("billed");
    books::void(house, billing, account, again, None).await.expect("voided");
    let version = charges::one(house, billing, account, charge).await.expect("read").version;
    charges::void(house, billing, account, charge, version).await.expect("voided");
    assert!(matches!(office.billed(account, charge).await, Err(BillingError::NotNow(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_that_does_not_fit_is_refused_and_one_sent_twice_is_one() {
    let office = office(1).await;
    let (house, billing) = (&*office.test.house, &office.billing);
    let (account, _) = office.charged(0, &[("97110", 30)]).await;
    let ahead = Date::constant(2026, 5, 15);
    for (kind, amount, day, field) in [
        (BookingKind::Payment, 0, TODAY, "amount"),
        (BookingKind::Payment, -1, TODAY, "amount"),
        (BookingKind::Payment, i64::MAX, TODAY, "amount"),
        (BookingKind::Payment, 100, ahead, "day"),
        (BookingKind::Charge, 100, TODAY, "kind"),
        (BookingKind::Void, 100, TODAY, "kind"),
    ] {
        let refused = office.booked(account, kind, amount, day).await;
        assert!(matches!(refused, Err(BillingError::Invalid { field: found, .. }) if found == field), "{field}");
    }
    let new = NewBooking { kind: BookingKind::Payment, amount: Cents(500), day: TODAY, payer_id: None };
    let key = Some("a key of the caller's");
    let booking = books::book(house, billing, account, &new, key).await.expect("booked");
    assert!(matches!(books::book(house, billing, account, &new, key).await, Ok(id) if id == booking));
    for other in [NewBooking { kind: BookingKind::Refund, ..new.clone() }, NewBooking { amount: Cents(501), ..new }] {
        assert!(matches!(books::book(house, billing, account, &other, key).await, Err(BillingError::KeyUsed)));
    }
    let view = accounts::one(house, billing, account).await.expect("read");
    assert_eq!((view.bookings.len(), view.aging.credit), (1, Cents(500)));
    // A void sent again under its key is the same void; without it, it is a second one and refused.
    let void = books::void(house, billing, account, booking, key).await.expect("voided");
    assert!(matches!(books::void(house, billing, account, booking, key).await, Ok(id) if id == void));
    let second = books::void(house, billing, account, booking, None).await;
    assert!(matches!(second, Err(BillingError::NotNow(_))));
    let nobody = BillingAccountId::random(&crypto::SystemRng);
    assert!(office.booked(nobody, BookingKind::Payment, 100, TODAY).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_books_sum_to_zero_at_every_moment_of_a_random_month_with_voids() {
    let office = office(60).await;
    let (house, billing) = (&*office.test.house, &office.billing);
    let rng = SeededRng::new(20_260_514);
    let (mut number, mut voided) = (0, 0);
    let mut open: Vec<(BillingAccountId, BookingId)> = Vec::new();
    for day in 1..=31_i8 {
        let at = Date::constant(2026, 4, 1).checked_add(jiff::Span::new().days(i64::from(day))).expect("a day");
        for _ in 0..6 {
            let account = open.first().map(|(account, _)| *account);
            let amount = 1 + i64::try_from(rng.below(9_000)).expect("small");
            match (rng.below(6), account) {
                (0..=1, _) | (_, None) if number < 60 => {
                    let minutes = u16::try_from(8 + rng.below(60)).expect("small");
                    let (account, charge) = office.charged(number, &[("97110", minutes)]).await;
                    number += 1;
                    open.push((account, office.billed(account, charge).await.expect("billed")));
                }
                (2, Some(account)) => {
                    open.push((
                        account,
                        office.booked(account, BookingKind::Payment, amount, at).await.expect("booked"),
                    ));
                }
                (3, Some(account)) => {
                    let booking = office.booked(account, BookingKind::Adjustment, amount, at).await;
                    open.push((account, booking.expect("booked")));
                }
                (4, Some(account)) => {
                    open.push((
                        account,
                        office.booked(account, BookingKind::Refund, amount, at).await.expect("booked"),
                    ));
                }
                (_, Some(_)) => {
                    let which = usize::try_from(rng.below(open.len() as u64)).expect("small");
                    let (account, booking) = open.swap_remove(which);
                    books::void(house, billing, account, booking, None).await.expect("voided");
                    voided += 1;
                }
                (_, None) => {}
            }
            let sums = office.sums().await;
            assert_eq!(Cents::sum(sums.values().copied()), Some(Cents(0)), "{sums:?}");
            let seen = dashboard::dashboard(house, billing).await.expect("read").aging.balance().expect("counted");
            assert_eq!(sums.get(&BookAccount::Receivable).copied().unwrap_or_default(), seen);
        }
    }
    assert!(voided > 10 && number > 20, "{voided} voids, {number} charges");
    // Every account by itself, and the table for other programs, come to the same.
    let listed = accounts::list(house, billing, None, 100).await.expect("read");
    let owed = Cents::sum(listed.items.iter().map(|line| line.aging.balance().expect("counted")));
    assert_eq!(owed, office.sums().await.get(&BookAccount::Receivable).copied());
    let table = office.table(office.billing.clone()).await.expect("read");
    let cents = table.lines().skip(1).map(|line| line.split(',').nth(7).expect("a column").parse().expect("cents"));
    assert_eq!(Cents::sum(cents.map(Cents)), owed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_overview_says_what_there_is_to_do_and_opens_no_account() {
    let office = office(5).await;
    let (house, billing) = (&*office.test.house, &office.billing);
    let (account, charge) = office.charged(0, &[("97110", 30)]).await;
    office.charged(1, &[("97110", 5)]).await;
    office.billed(account, charge).await.expect("billed");
    let before = office.test.ledger.entries().len();
    let seen = dashboard::dashboard(house, billing).await.expect("read");
    let entries = office.test.ledger.entries();
    assert_eq!(entries.len(), before + 1, "one entry, about the practice");
    assert_eq!(entries.last().and_then(|entry| entry.patient), None);
    assert_eq!(seen.unbilled.iter().map(|line| line.visits).collect::<Vec<_>>(), [3]);
    assert_eq!((seen.drafts, seen.on_their_way, seen.aging.current), (1, 0, Cents(8_000)));
    assert_eq!(seen.by_payer.len(), 1);
    let drafts = dashboard::drafts(house, billing, None, 50).await.expect("read").items;
    assert!(drafts.len() == 1 && drafts[0].no_unit && drafts[0].no_fee.is_empty() && drafts[0].no_payer);
    accounts::set_payer(house, billing, drafts[0].account_id, None, 1).await.expect("set");
    let drafts = dashboard::drafts(house, billing, None, 50).await.expect("read").items;
    assert!(!drafts[0].no_payer && !drafts[0].is_ready(), "somebody said that the patient pays");
    let named = |entry: &ledger::Entry| entry.patient.is_some();
    assert!(!office.test.ledger.entries()[before..].iter().any(named), "and no name was opened on the way");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_names_whoever_owes_and_no_diagnosis_and_its_opening_is_recorded() {
    let office = office(2).await;
    let (house, billing) = (&*office.test.house, &office.billing);
    let (account, charge) = office.charged(0, &[("97110", 30)]).await;
    office.billed(account, charge).await.expect("billed");
    let payment = office.booked(account, BookingKind::Payment, 3_000, TODAY).await.expect("booked");
    let made = statement::statement(house, billing, account).await.expect("made");
    let recorded = office.test.ledger.entries();
    assert_eq!(recorded.last().and_then(|entry| entry.patient), Some(office.patients[0]));
    assert_eq!(made.balance(), Some(Cents(5_000)));
    let text = String::from_utf8_lossy(&made.pdf()).into_owned();
    for wanted in ["%PDF-1.4", "Ana Ro", "Northside", "$80.00", "-$30.00", "$50.00"] {
        assert!(text.contains(wanted), "{wanted}");
    }
    assert!(!text.contains("M25") && !text.contains("97110"));
    let receipt = made.receipt(payment).expect("a receipt");
    assert!(String::from_utf8_lossy(&receipt).contains("$30.00"));
    books::void(house, billing, account, payment, None).await.expect("voided");
    let later = statement::statement(house, billing, account).await.expect("made");
    assert!(later.receipt(payment).is_none() && later.balance() == Some(Cents(8_000)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_billing_comes_to_the_books() {
    let office = office(1).await;
    let house = &*office.test.house;
    let (account, charge) = office.charged(0, &[("97110", 30)]).await;
    for role in [Role::Admin, Role::Therapist, Role::FrontDesk, Role::PrivacyOfficer, Role::Operator] {
        let session = Arc::new(office.test.session(&office.test.account(office.practice, role).await).await);
        assert!(dashboard::dashboard(house, &session).await.is_err(), "{role}");
        assert!(dashboard::drafts(house, &session, None, 1).await.is_err(), "{role}");
        assert!(accounts::list(house, &session, None, 1).await.is_err(), "{role}");
        assert!(accounts::one(house, &session, account).await.is_err(), "{role}");
        assert!(charges::one(house, &session, account, charge).await.is_err(), "{role}");
        assert!(office.table(session.clone()).await.is_err(), "{role}");
        assert!(schedule::fees(house, &session).await.is_err(), "{role}");
        assert!(schedule::payers(house, &session).await.is_err(), "{role}");
        assert!(schedule::set_fee(house, &session, &fee("97110", TODAY, 1)).await.is_err(), "{role}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mistyped_fee_is_replaced_until_a_charge_may_have_been_billed_with_it() {
    let office = office(6).await;
    let (house, billing) = (&*office.test.house, &office.billing);
    let set = async |day: Date, cents: i64| schedule::set_fee(house, billing, &fee("97110", day, cents)).await;
    let all = async || {
        let all = schedule::fees(house, billing).await.expect("read");
        all.iter().map(|fee| (fee.valid_from, fee.fee.0)).collect::<Vec<_>>()
    };
    let (since, from) = (Date::constant(2026, 1, 1), Date::constant(2026, 5, 1));
    set(since, 400).await.expect("replaced");
    set(since, 4_100).await.expect("replaced");
    assert_eq!(all().await, [(since, 4_100)]);
    // The visits are of today: from the fourteenth of May on.
    let (account, charge) = office.charged(0, &[("97110", 15)]).await;
    office.billed(account, charge).await.expect("billed");
    let refused = set(since, 4_000).await;
    assert!(matches!(refused, Err(BillingError::Invalid { field: "valid_from", .. })), "{refused:?}");
    set(since, 4_100).await.expect("the same is nothing new");

    // A fee that came after the booking was not billed with; the one before it was.
    office.test.clock.advance_seconds(60);
    set(from, 9_900).await.expect("set");
    set(from, 4_200).await.expect("replaced");
    assert!(set(since, 4_000).await.is_err(), "a later fee does not make it unused");
    let (account, charge) = office.charged(2, &[("97110", 15)]).await;
    office.test.clock.advance_seconds(60);
    office.billed(account, charge).await.expect("billed");
    assert!(set(from, 4_300).await.is_err());
    set(Date::constant(2026, 5, 15), 4_400).await.expect("set");
    set(Date::constant(2026, 5, 15), 4_500).await.expect("no visit of its days was billed");
    assert_eq!(all().await, [(Date::constant(2026, 5, 15), 4_500), (from, 4_200), (since, 4_100)]);
}
