//! Legal holds and the accounts of whom they cover.

use crate::{
    accounts::{ADULT, LONG_AGO, approved, hold, listed},
    fixture::{At, Office, beside, is_both_hands},
    on_both,
    till::Till,
};
use domain::{Role, Unobserved};
use practice::{
    merging::{self, NewMerge},
    retention::{Purged, RetentionError, approve, lift, place, plan_accounts, reapply},
};

on_both! {
    a_hold_on_a_patient_keeps_their_account_and_one_that_comes_too_late_is_refused
    a_hold_on_one_record_of_a_person_keeps_the_accounts_of_all
    whoever_lifted_a_hold_does_not_approve_the_destruction_of_the_account_behind_it
    whoever_lifted_a_hold_on_everybody_approves_the_destruction_of_no_account
    whose_record_is_gone_is_held_for_the_sake_of_their_account
}

async fn a_hold_on_a_patient_keeps_their_account_and_one_that_comes_too_late_is_refused(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let patient = office.patient(ADULT).await;
    let account = till.settled(patient, LONG_AGO).await;
    let officer = office.session(&office.officer).await;
    for covers in [Some(patient), None] {
        let plan = approved(&office).await;
        let comes = At::new("judged", || {
            let officer = beside(office.session(&office.officer));
            beside(place(office.house(), &officer, &hold(covers))).expect("held");
        });
        let done = office.purge_seen_by(plan, &comes).await.expect("carried out");
        assert_eq!(done, Purged { destroyed: 0, spared: 1, did_something: true }, "{covers:?}");
        assert_eq!(till.traces(account).await, (4, true, true));
        assert!(office.destroyed().entries().is_empty());
        assert!(!office.test.ledger.entries().iter().any(|entry| entry.action.as_str() == "destroy_billing_account"));
        let other = office.session(&office.test.account(office.practice, Role::PrivacyOfficer).await).await;
        for held in practice::retention::holds(office.house(), &other).await.expect("read") {
            if held.lifted_at.is_none() {
                lift(office.house(), &other, held.hold_id).await.expect("lifted");
            }
        }
    }
    let plan = approved(&office).await;
    let comes = At::new("condemned", || {
        let late = beside(place(office.house(), &officer, &hold(Some(patient))));
        assert!(matches!(late, Err(RetentionError::TooLate)));
        beside(place(office.house(), &officer, &hold(None))).expect("for all others");
    });
    assert_eq!(office.purge_seen_by(plan, &comes).await.expect("carried out").destroyed, 1);
    assert_eq!(till.traces(account).await, (0, false, false));
    // The record itself is there: it can be held as ever.
    place(office.house(), &office.session(&office.officer).await, &hold(Some(patient))).await.expect("held");
}

async fn a_hold_on_one_record_of_a_person_keeps_the_accounts_of_all(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let (stays, twice) = (office.patient(ADULT).await, office.patient(ADULT).await);
    let account = till.settled(twice, LONG_AGO).await;
    let officer = office.session(&office.officer).await;
    // Placed while they were two people; merged while the plan is carried out.
    let plan = approved(&office).await;
    place(office.house(), &office.session(&office.officer).await, &hold(Some(stays))).await.expect("held");
    let officer_now = office.session(&office.officer).await;
    let comes = At::new("judged", || {
        beside(merging::merge(office.house(), &officer_now, twice, &NewMerge { into: stays })).expect("closed");
    });
    let done = office.purge_seen_by(plan, &comes).await.expect("carried out");
    assert_eq!((done.destroyed, done.spared), (0, 1));
    let plan = plan_accounts(office.house(), &officer, &Unobserved).await.expect("planned");
    assert!(listed(&office, plan).await.is_empty(), "what is held is not listed");
    assert_eq!(till.traces(account).await, (4, true, true));
}

async fn whoever_lifted_a_hold_does_not_approve_the_destruction_of_the_account_behind_it(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let patient = office.patient(ADULT).await;
    till.settled(patient, LONG_AGO).await;
    let elsewhere = office.patient(ADULT).await;
    let officer = office.session(&office.officer).await;
    let lifter = office.test.account(office.practice, Role::PrivacyOfficer).await;
    let second = office.session(&lifter).await;
    let unrelated = place(office.house(), &officer, &hold(Some(elsewhere))).await.expect("held");
    lift(office.house(), &second, unrelated).await.expect("lifted");
    let of_the_patient = place(office.house(), &officer, &hold(Some(patient))).await.expect("held");
    let admin = office.session(&office.admin).await;
    lift(office.house(), &admin, of_the_patient).await.expect("lifted");
    let made = plan_accounts(office.house(), &officer, &Unobserved).await.expect("planned");
    assert!(is_both_hands(&approve(office.house(), &admin, made).await), "they lifted the hold");
    approve(office.house(), &second, made).await.expect("what they lifted covered somebody else");
    approve(office.house(), &officer, made).await.expect("the second");
    let by_the_lifter = plan_accounts(office.house(), &admin, &Unobserved).await.expect("planned");
    assert!(is_both_hands(&approve(office.house(), &officer, by_the_lifter).await), "the lifter made it");
    assert!(is_both_hands(&lift(office.house(), &second, unrelated).await), "who approved lifts nothing");
}

async fn whoever_lifted_a_hold_on_everybody_approves_the_destruction_of_no_account(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let (officer, admin) = (office.session(&office.officer).await, office.session(&office.admin).await);
    let of_everybody = place(office.house(), &officer, &hold(None)).await.expect("held");
    lift(office.house(), &admin, of_everybody).await.expect("lifted");
    let of_nothing = plan_accounts(office.house(), &officer, &Unobserved).await.expect("planned");
    approve(office.house(), &admin, of_nothing).await.expect("there is no account that would go");
    till.settled(office.patient(ADULT).await, LONG_AGO).await;
    let made = plan_accounts(office.house(), &officer, &Unobserved).await.expect("planned");
    assert!(is_both_hands(&approve(office.house(), &admin, made).await), "they lifted the hold");
    approve(office.house(), &officer, made).await.expect("they lifted none");
}

async fn whose_record_is_gone_is_held_for_the_sake_of_their_account(office: Office) {
    let till = Till::open(&office.test, office.practice).await;
    let (patient, nobody) = (office.patient(ADULT).await, office.patient(ADULT).await);
    let account = till.settled(patient, LONG_AGO).await;
    let line = |patient| ledger::Destroyed { practice: office.practice, patient, at: office.test.now(), entry: 3 };
    let (stores, keyring) = (&office.house().stores, &office.house().keyring);
    reapply(stores, keyring, &[line(patient), line(nobody)]).await.expect("applied");
    assert_eq!(till.traces(account).await, (4, true, true), "billing keeps longer");
    let officer = office.session(&office.officer).await;
    let plan = approved(&office).await;
    let unknown = place(office.house(), &officer, &hold(Some(nobody))).await;
    assert!(matches!(unknown, Err(RetentionError::Unknown)));
    let officer = office.session(&office.officer).await;
    place(office.house(), &officer, &hold(Some(patient))).await.expect("held");
    assert_eq!(office.purge(plan).await.expect("carried out").spared, 1);
    assert_eq!(till.traces(account).await, (4, true, true));
}
