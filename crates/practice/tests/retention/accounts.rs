//! Billing accounts are kept by rules of their own, and go by plans of their own.

use crate::{
    fixture::{At, Office, beside},
    on_both,
    till::Till,
};
use domain::{
    BillingAccountId, BookingId, PatientId, PlanId, Timestamp, Unobserved,
    billing::{BookingKind, Cents, Postings},
};
use phi::{AccessError, as_subject};
use practice::{
    billing::{BillingError, accounts as billing_accounts, books, charges, charging::ChargeError},
    record::RecordError,
    retention::{
        NewHold, PurgeError, Purged, approve, certificate_pdf, place, plan, plan_account_items, plan_accounts,
        plan_details, plan_items, reapply, verify_account_certificate, verify_certificate, withdraw,
    },
};
use std::collections::BTreeMap;
use store::{
    Batch,
    rows::{billing::bookings, destroyed, retention::accounts::AccountStep},
};

on_both! {
    of_a_boundary_cohort_exactly_those_are_due_whose_time_is_over
    whole_accounts_go_with_key_rows_and_link_and_the_books_still_sum_to_zero
    activity_between_plan_and_execution_spares_an_account
    nothing_is_written_on_a_condemned_account_and_nothing_is_lost
    what_had_been_begun_before_there_was_a_plan_is_found_once_more
    an_account_to_which_a_charge_is_on_its_way_is_kept_until_it_has_come
    a_plan_of_accounts_that_is_taken_back_goes_no_further
    a_restored_account_that_was_destroyed_is_destroyed_again
    whom_billing_knows_no_more_is_destroyed_like_anybody
    who_somebody_was_goes_when_record_and_account_are_both_gone
    neither_rows_nor_entries_put_an_account_beside_a_patient
}

pub(crate) const ADULT: &str = "1970-01-01";
pub(crate) const LONG_AGO: &str = "2010-03-01T15:00:00Z";

pub(crate) fn hold(patient: Option<PatientId>) -> NewHold {
    NewHold { patient_id: patient, incident: None, reason: "A claim came in".parse().expect("fits") }
}

/// A plan of accounts by the officer, approved by both, whose cooling-off time is over.
pub(crate) async fn approved(office: &Office) -> PlanId {
    let officer = office.session(&office.officer).await;
    let made = plan_accounts(office.house(), &officer, &Unobserved).await.expect("planned");
    approve(office.house(), &officer, made).await.expect("the first");
    approve(office.house(), &office.session(&office.admin).await, made).await.expect("the second");
    office.cool();
    made
}

/// The accounts of a plan: why they are in it, and how far they have come.
pub(crate) async fn listed(office: &Office, plan: PlanId) -> BTreeMap<BillingAccountId, (&'static str, &'static str)> {
    let officer = office.session(&office.officer).await;
    let (items, next) = plan_account_items(office.house(), &officer, plan, None, 500).await.expect("read");
    assert!(next.is_none());
    items.into_iter().map(|item| (item.account_id, (item.verdict, item.step))).collect()
}

/// The office's day is 2026-05-14, in New York.
async fn of_a_boundary_cohort_exactly_those_are_due_whose_time_is_over(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let mut due = Vec::new();
    let mut kept = Vec::new();
    for (at, is_due) in [
        ("2016-05-12T15:00:00Z", true),
        ("2016-05-13T15:00:00Z", true),
        // The evening before in New York, though not in Greenwich.
        ("2016-05-14T03:30:00Z", true),
        ("2016-05-14T15:00:00Z", false),
        ("2016-05-15T15:00:00Z", false),
        // Until the last day of February.
        ("2016-02-29T15:00:00Z", true),
        ("2026-05-14T10:00:00Z", false),
    ] {
        let account = till.settled(office.patient(ADULT).await, at).await;
        if is_due { due.push(account) } else { kept.push(account) }
    }
    // Paid back on the very day ten years ago: the booking counts, not the charge.
    let booked = till.settled(office.patient(ADULT).await, "2013-01-01T15:00:00Z").await;
    till.booked(booked, BookingKind::Payment, 1, "2016-05-14T15:00:00Z").await;
    till.booked(booked, BookingKind::Refund, 1, "2016-05-14T15:00:00Z").await;
    kept.push(booked);
    let (unbilled, _) = till.drafted(office.patient(ADULT).await, "2012-01-01T15:00:00Z").await;
    let (owing, charge) = till.drafted(office.patient(ADULT).await, "2011-01-01T15:00:00Z").await;
    till.billed(owing, charge, "2011-01-02T15:00:00Z").await;
    till.booked(owing, BookingKind::Payment, 7_999, "2011-01-03T15:00:00Z").await;
    let held = office.patient(ADULT).await;
    let held_account = till.settled(held, "2010-01-01T15:00:00Z").await;
    let officer = office.session(&office.officer).await;
    place(office.house(), &officer, &hold(Some(held))).await.expect("held");

    let plan = approved(&office).await;
    let mut expected: BTreeMap<_, _> = due.iter().map(|account| (*account, ("due", "planned"))).collect();
    expected.extend([(unbilled, ("draft", "listing")), (owing, ("balance", "listing"))]);
    assert_eq!(listed(&office, plan).await, expected);
    let details = plan_details(office.house(), &officer, plan).await.expect("read");
    let looked_at = due.len() + kept.len() + 3;
    assert_eq!((details.plan.kind, details.plan.looked_at), ("billing", looked_at as u64));
    let done = office.purge(plan).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: due.len() as u64, spared: 0, did_something: true });
    let mut survivors = [kept, vec![unbilled, owing, held_account]].concat();
    survivors.sort();
    assert_eq!(till.there().await, survivors);
    assert_eq!(office.purge(plan).await.expect("nothing to do"), Purged::default());
    assert_eq!(till.there().await, survivors);
}

async fn whole_accounts_go_with_key_rows_and_link_and_the_books_still_sum_to_zero(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let gone = till.settled(office.patient(ADULT).await, LONG_AGO).await;
    let stays = till.settled(office.patient(ADULT).await, "2025-03-01T15:00:00Z").await;
    assert_eq!(till.traces(gone).await, (4, true, true));
    let plan = approved(&office).await;
    let officer = office.session(&office.officer).await;
    let (items, _) = plan_account_items(office.house(), &officer, plan, None, 10).await.expect("read");
    assert_eq!(items[0].goes["bookings"], 2, "the charge and the payment: {}", items[0].goes);
    assert_eq!(office.purge(plan).await.expect("carried out").destroyed, 1);
    assert_eq!(till.traces(gone).await, (0, false, false));
    assert_eq!(till.traces(stays).await, (4, true, true));
    assert_eq!(till.sum().await, Cents(0));

    let line = office.destroyed().entries().to_vec();
    assert_eq!(line.len(), 1);
    assert_eq!((line[0].practice, line[0].patient), (till.branch(), as_subject(gone)));
    let stores = &office.house().stores;
    let note = destroyed::certificate(&stores.keys, till.branch(), as_subject(gone)).await.expect("read");
    let note = note.expect("issued").certificate;
    let (_, key) = office.signing();
    let said = verify_account_certificate(&note, &key).expect("genuine by the public key alone");
    assert_eq!((said.billing_account, said.rule.as_str(), said.plan), (gone, "us-false-claims", plan));
    assert_eq!((said.approved_by.len(), said.audit.is_some()), (2, true));
    assert!(note.contains("billing account") && !note.contains("M25"), "{note}");
    assert!(verify_account_certificate(&note.replacen("us-false", "is-false", 1), &key).is_err());
    assert!(verify_certificate(&note, &key).is_err(), "it is not taken for a record's");
    assert!(certificate_pdf(&note).expect("a sheet").starts_with(b"%PDF-1.4"));

    // Billing is told that it is gone, and whoever never knew it that there is no such thing.
    let one = billing_accounts::one(office.house(), &till.biller().await, gone).await;
    assert!(matches!(one, Err(BillingError::Record(RecordError::Access(AccessError::Gone)))));
    let clerk = office.session(&office.clerk).await;
    let one = billing_accounts::one(office.house(), &clerk, gone).await;
    assert!(matches!(one, Err(BillingError::Record(RecordError::Access(AccessError::Denied)))));
}

async fn activity_between_plan_and_execution_spares_an_account(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let patient = office.patient(ADULT).await;
    let [charged, paid, voided, gone] = [
        till.settled(patient, "2010-03-01T15:00:00Z").await,
        till.settled(office.patient(ADULT).await, "2010-03-02T15:00:00Z").await,
        till.settled(office.patient(ADULT).await, "2010-03-03T15:00:00Z").await,
        till.settled(office.patient(ADULT).await, "2010-03-04T15:00:00Z").await,
    ];
    let plan = approved(&office).await;
    let now = office.test.now().to_string();
    assert_eq!(till.drafted(patient, &now).await.0, charged, "the account that the patient has");
    till.booked(paid, BookingKind::Payment, 100, &now).await;
    let biller = till.biller().await;
    let seen = billing_accounts::one(office.house(), &biller, voided).await.expect("read");
    let payment = seen.bookings.iter().find(|one| one.owed < Cents(0)).expect("there").booking_id;
    books::void(office.house(), &biller, voided, payment, None).await.expect("voided");
    let done = office.purge(plan).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 1, spared: 3, did_something: true });
    let mut survivors = [charged, paid, voided];
    survivors.sort();
    assert_eq!(till.there().await, survivors);
    assert_eq!(till.traces(gone).await, (0, false, false));
}

async fn nothing_is_written_on_a_condemned_account_and_nothing_is_lost(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let patient = office.patient(ADULT).await;
    let account = till.settled(patient, LONG_AGO).await;
    let plan = approved(&office).await;
    let now = office.test.now();
    let biller = till.biller().await;
    let seen = billing_accounts::one(office.house(), &biller, account).await.expect("read");
    let charge = seen.charges[0].charge_id;
    let day = domain::Timezone::new("America/New_York").expect("known").day_of(now);
    let comes = At::new("condemned", || {
        let refused = |result: Result<(), BillingError>| {
            assert!(
                matches!(result, Err(BillingError::Record(RecordError::Access(AccessError::Ending)))),
                "{result:?}"
            );
        };
        let new = books::NewBooking { kind: BookingKind::Payment, amount: Cents(1), day, payer_id: None };
        refused(beside(books::book(office.house(), &biller, account, &new, None)).map(drop));
        let booking = seen.bookings[0].booking_id;
        refused(beside(books::void(office.house(), &biller, account, booking, None)).map(drop));
        refused(beside(charges::bill(office.house(), &biller, account, charge, 2)).map(drop));
        refused(beside(charges::void(office.house(), &biller, account, charge, 2)));
        refused(beside(charges::ask(office.house(), &biller, account, charge, 2)));
        refused(beside(billing_accounts::set_payer(office.house(), &biller, account, None, 1)));
        let late = beside(till.try_to_charge(patient, &now.to_string()));
        assert!(matches!(late, Err(ChargeError::Record(RecordError::Access(AccessError::Ending)))), "{late:?}");
    });
    assert_eq!(office.purge_seen_by(plan, &comes).await.expect("carried out").destroyed, 1);
    assert_eq!(till.traces(account).await, (0, false, false));
    let waits = store::rows::billing_outbox::count(&office.house().stores.clinical, office.practice).await;
    assert_eq!(waits.expect("read"), 0, "what was refused is not on its way");
    // The same patient is charged again: a new account.
    let (new, _) = till.drafted(patient, &now.to_string()).await;
    assert_ne!(new, account);
    assert_eq!(till.there().await, [new]);
}

async fn what_had_been_begun_before_there_was_a_plan_is_found_once_more(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let account = till.settled(office.patient(ADULT).await, LONG_AGO).await;
    let plan = approved(&office).await;
    let billing = &office.house().stores.billing;
    // As by somebody who was let in before, and whose write comes only now.
    let row = bookings::BookingRow {
        branch: till.branch(),
        booking_id: BookingId::from_bytes([1; 16]),
        account_id: account,
        kind: BookingKind::Payment,
        day: domain::Date::constant(2026, 5, 17),
        charge_id: None,
        voids: None,
        payer_id: None,
        booked_by: office.admin.account(),
        booked_at: office.test.now(),
    };
    let postings = Postings::of(BookingKind::Payment, Cents(100)).expect("postings");
    let comes = At::new("condemned", || {
        beside(billing.commit(bookings::insert(Batch::new(), &row, &postings))).expect("stored");
    });
    let done = office.purge_seen_by(plan, &comes).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 0, spared: 1, did_something: true });
    assert_eq!(till.traces(account).await, (4, true, true));
    assert!(office.destroyed().entries().is_empty());
    till.booked(account, BookingKind::Refund, 100, &office.test.now().to_string()).await;
}

async fn an_account_to_which_a_charge_is_on_its_way_is_kept_until_it_has_come(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let (patient, later) = (office.patient(ADULT).await, office.patient(ADULT).await);
    let [waits, comes] = [till.settled(patient, LONG_AGO).await, till.settled(later, "2010-03-02T15:00:00Z").await];
    // It was sent long ago, and nobody has carried it since.
    till.sent(patient, "2010-03-03T15:00:00Z").await;
    // What had been begun before there was a plan: its crossing is stored only later.
    let crossing = till.crossing(later, "2010-03-04T15:00:00Z").await;
    for step in ["begun", "condemned"] {
        let plan = approved(&office).await;
        assert_eq!(listed(&office, plan).await, BTreeMap::from([(comes, ("due", "planned"))]), "{step}");
        let stored = At::new(step, || {
            beside(office.house().stores.clinical.commit(billing_outbox_send(&crossing))).expect("stored");
        });
        let done = office.purge_seen_by(plan, &stored).await.expect("carried out");
        assert_eq!(done, Purged { destroyed: 0, spared: 1, did_something: true }, "{step}");
        let take = store::rows::billing_outbox::remove(Batch::new(), &crossing);
        office.house().stores.clinical.commit(take).await.expect("taken away");
    }
    for account in [waits, comes] {
        assert_eq!(till.traces(account).await, (4, true, true));
    }
    assert!(office.destroyed().entries().is_empty());
    // It comes, long after it was sent: from then on ten years run.
    practice::billing::courier::deliver(office.house(), &Unobserved).await.expect("carried");
    let plan = approved(&office).await;
    assert_eq!(listed(&office, plan).await, BTreeMap::from([(comes, ("due", "planned"))]));
}

/// As a transaction stores it that began before.
fn billing_outbox_send(row: &store::rows::billing_outbox::CrossingRow) -> Batch {
    const SQL: &str = "INSERT INTO billing_outbox (practice_id, visit_id, number, crossing, created_at) \
                       VALUES ($1, $2, $3, $4, $5)";
    let (visit, number) = (row.visit_id.into(), row.number.into());
    Batch::new()
        .run(SQL, &[row.practice_id.into(), visit, number, row.crossing.as_bytes().into(), row.created_at.into()])
}

async fn a_plan_of_accounts_that_is_taken_back_goes_no_further(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let account = till.settled(office.patient(ADULT).await, LONG_AGO).await;
    let plan = approved(&office).await;
    let comes = At::new("judged", || {
        let officer = beside(office.session(&office.officer));
        beside(withdraw(office.house(), &officer, plan)).expect("taken back");
    });
    let stopped = office.purge_seen_by(plan, &comes).await;
    assert!(matches!(stopped, Err(PurgeError::NotApproved("withdrawn"))), "{stopped:?}");
    assert_eq!(till.traces(account).await, (4, true, true));
    till.booked(account, BookingKind::Payment, 1, &office.test.now().to_string()).await;
    let plan = approved(&office).await;
    assert!(listed(&office, plan).await.is_empty(), "it has just been paid on");
}

async fn a_restored_account_that_was_destroyed_is_destroyed_again(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let patient = office.patient(ADULT).await;
    let account = till.settled(patient, LONG_AGO).await;
    let stays = till.settled(office.patient(ADULT).await, "2010-03-02T15:00:00Z").await;
    // As a backup of the day before brings it back: the line is in the destruction ledger, and everything is there.
    let (practice, subject) = (till.branch(), as_subject(account));
    let line = ledger::Destroyed { practice, patient: subject, at: Timestamp::UNIX_EPOCH, entry: 3 };
    office.destroyed().add(&[line]).expect("written");
    let (stores, keyring) = (&office.house().stores, &office.house().keyring);
    let entries = office.destroyed().entries().to_vec();
    assert_eq!(reapply(stores, keyring, &entries).await.expect("applied"), 1);
    assert_eq!(till.traces(account).await, (0, false, false));
    assert_eq!(till.traces(stays).await, (4, true, true));
    assert_eq!(till.sum().await, Cents(0));
    assert_eq!(reapply(stores, keyring, &entries).await.expect("applied"), 0, "the second time there is nothing to do");
    let one = billing_accounts::one(office.house(), &till.biller().await, account).await;
    assert!(matches!(one, Err(BillingError::Record(RecordError::Access(AccessError::Gone)))));
    // Whoever was behind it is charged on a new account.
    assert_ne!(till.drafted(patient, "2026-05-14T12:30:00Z").await.0, account);
}

async fn whom_billing_knows_no_more_is_destroyed_like_anybody(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let patient = office.patient(ADULT).await;
    let account = till.settled(patient, LONG_AGO).await;
    let plan = approved(&office).await;
    assert_eq!(office.purge(plan).await.expect("carried out").destroyed, 1);
    assert_eq!(till.traces(account).await, (0, false, false));
    let plan = office.approved().await;
    let officer = office.session(&office.officer).await;
    let (items, _) = plan_items(office.house(), &officer, plan, None, 10).await.expect("read");
    assert_eq!(items.iter().map(|item| item.verdict).collect::<Vec<_>>(), ["due"], "nothing of billing keeps them");
    office.cool();
    assert_eq!(office.purge(plan).await.expect("carried out").destroyed, 1);
    assert_eq!(office.traces(patient).await, (0, false));
}

async fn who_somebody_was_goes_when_record_and_account_are_both_gone(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let patient = office.patient(ADULT).await;
    let account = till.settled(patient, LONG_AGO).await;
    let records = office.approved().await;
    office.cool();
    assert_eq!(office.purge(records).await.expect("carried out").destroyed, 1);
    assert_eq!(office.traces(patient).await, (0, false));
    let kept = billing_accounts::one(office.house(), &till.biller().await, account).await.expect("read");
    assert_eq!(kept.contact.map(|contact| contact.name).as_deref(), Some("Ada Canary"), "billing keeps longer");
    let plan = approved(&office).await;
    assert_eq!(office.purge(plan).await.expect("carried out").destroyed, 1);
    assert_eq!(till.traces(account).await, (0, false, false));
    let links = office.house().stores.identity.rows("SELECT 1 FROM billing_links", &[]).await.expect("read");
    assert!(links.is_empty(), "and what was kept beside the link");
}

async fn neither_rows_nor_entries_put_an_account_beside_a_patient(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let (patient, held) = (office.patient(ADULT).await, office.patient(ADULT).await);
    let account = till.settled(patient, "2010-03-01T15:00:00Z").await;
    let held_account = till.settled(held, "2010-03-02T15:00:00Z").await;
    let officer = office.session(&office.officer).await;
    place(office.house(), &officer, &hold(Some(held))).await.expect("held");
    let seen = office.test.ledger.entries().len();
    let accounts = approved(&office).await;
    assert_eq!(listed(&office, accounts).await.into_keys().collect::<Vec<_>>(), [account], "no row says who is held");
    office.purge(accounts).await.expect("carried out");
    let records = plan(office.house(), &office.session(&office.officer).await, &Unobserved).await.expect("planned");
    let identity = &office.house().stores.identity;
    for (of, named) in [(accounts, "retention_items"), (records, "billing_retention_items")] {
        let sql: &'static str = format!("SELECT 1 FROM {named} WHERE plan_id = $1").leak();
        assert!(identity.rows(sql, &[of.into()]).await.expect("read").is_empty(), "a plan is of one kind");
    }
    let entries = office.test.ledger.entries();
    for entry in &entries[seen..] {
        let text = format!("{entry:?}");
        assert!(!text.contains(&account.to_string()) && !text.contains(&held_account.to_string()), "{text}");
        if entry.action.as_str().contains("billing") {
            assert_ne!(entry.patient, Some(patient), "nothing was opened of whoever goes: {text}");
        }
    }
    let destroyed = entries.iter().filter(|entry| entry.action.as_str() == "destroy_billing_account");
    assert_eq!(destroyed.map(|entry| entry.resource.id().to_owned()).collect::<Vec<_>>(), [accounts.to_string()]);
    assert_eq!(AccountStep::ALL.len(), 10, "a new step wants its transitions in BILLING_PURGE_STEPS");
}
