//! The boundary cohort: exactly who is due, exactly who survives, and what is left of the others.

use crate::{fixture::Office, on_both};
use domain::{PatientId, Role, VisitState, retention::VerdictKind};
use phi::AccessError;
use practice::{
    patients,
    record::RecordError,
    retention::{NewHold, Purged, certificate, certificate_pdf, place, plan_unattended, reapply, verify_certificate},
};
use std::collections::{BTreeMap, BTreeSet};
use store::rows::retention::ItemStep;

on_both! {
    exactly_those_whose_time_is_over_go_and_the_second_run_does_nothing
    whoever_came_back_or_is_held_at_the_moment_of_execution_is_spared
    who_was_destroyed_is_gone_for_who_would_have_been_let_in_and_not_there_for_others
    a_restored_patient_who_was_destroyed_is_destroyed_again_and_gets_no_new_key
}

const ADULT: &str = "1970-01-01";

/// The house stands at 9 o'clock on 14 May 2026 in New York; the usual rule keeps seven years.
async fn exactly_those_whose_time_is_over_go_and_the_second_run_does_nothing(office: Office) {
    let day_before = office.seen_at(ADULT, "2019-05-13T15:00:00Z").await;
    let on_the_day = office.seen_at(ADULT, "2019-05-14T15:00:00Z").await;
    let day_after = office.seen_at(ADULT, "2019-05-15T15:00:00Z").await;
    // Already the 14th in London, still the 13th in the practice.
    let late_evening = office.seen_at(ADULT, "2019-05-14T03:30:00Z").await;
    let child = office.seen_at("2012-01-01", "2018-01-01T15:00:00Z").await;
    let leap = office.seen_at("1980-02-29", "2016-02-29T15:00:00Z").await;
    let never = office.patient(ADULT).await;
    let missed = office.patient(ADULT).await;
    office.visit(missed, "2015-01-01T15:00:00Z", VisitState::NoShow).await;
    let planned = office.seen_at(ADULT, "2015-01-01T15:00:00Z").await;
    office.visit(planned, "2026-05-20T15:00:00Z", VisitState::Planned).await;
    let held = office.seen_at(ADULT, "2015-01-01T15:00:00Z").await;
    let officer = office.session(&office.officer).await;
    let hold = NewHold { patient_id: Some(held), incident: None, reason: "A claim is open".parse().expect("fits") };
    place(office.house(), &officer, &hold).await.expect("held");

    let plan = office.approved().await;
    let listed: BTreeMap<PatientId, VerdictKind> =
        office.items(plan).await.iter().map(|item| (item.patient_id, item.verdict)).collect();
    let due = [day_before, late_evening, leap];
    let expected: BTreeMap<PatientId, VerdictKind> = (due.iter().map(|patient| (*patient, VerdictKind::Due)))
        .chain([(never, VerdictKind::NoVisit), (missed, VerdictKind::NoVisit), (held, VerdictKind::Hold)])
        .collect();
    assert_eq!(listed, expected);
    let goes = office.items(plan).await.into_iter().find(|item| item.patient_id == day_before).expect("there");
    assert_eq!(goes.goes, r#"{"patients":1,"visits":1}"#);

    let early = office.purge(plan).await.expect_err("the cooling-off time is not over");
    assert!(early.to_string().contains("rests until"), "{early}");
    assert_eq!(office.survivors().await.len(), 10);
    office.cool();
    // Three days later those of 14 and 15 May are due too, but they are not in the plan.
    let done = office.purge(plan).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 3, spared: 0, did_something: true });
    let mut survivors = [on_the_day, day_after, child, never, missed, planned, held];
    survivors.sort();
    assert_eq!(office.survivors().await, survivors);
    for patient in due {
        assert_eq!(office.traces(patient).await, (0, false), "no row and no key");
    }

    let recorded = office.test.ledger.entries().len();
    assert_eq!(office.purge(plan).await.expect("nothing to do"), Purged::default());
    assert_eq!(office.test.ledger.entries().len(), recorded, "the second run does nothing");
    assert_eq!(office.destroyed().entries().len(), 3);
    let again = plan_unattended(office.house(), office.practice, &domain::Unobserved).await.expect("planned");
    let later: BTreeSet<PatientId> =
        office.items(again).await.iter().filter(|i| i.verdict == VerdictKind::Due).map(|i| i.patient_id).collect();
    assert_eq!(later, BTreeSet::from([on_the_day, day_after]), "their day has come by now");

    let (_, key) = office.signing();
    let note = certificate(office.house(), &office.session(&office.officer).await, leap).await.expect("there");
    let said = verify_certificate(&note, &key).expect("genuine by the public key alone");
    assert_eq!((said.patient, said.rule.as_str(), said.approved_by.len()), (leap, "usual", 2));
    assert!(said.audit.is_some(), "with its place in the audit trail");
    let forged = note.replacen("usual", "casual", 1);
    assert!(verify_certificate(&forged, &key).is_err());
    assert!(certificate_pdf(&note).expect("a sheet").starts_with(b"%PDF-1.4"));
    for word in ["Ada", "Canary", "2016-02-29", "1980"] {
        assert!(!note.contains(word), "no health data: {word}");
    }
}

async fn whoever_came_back_or_is_held_at_the_moment_of_execution_is_spared(office: Office) {
    let back = office.seen_at(ADULT, "2015-01-01T15:00:00Z").await;
    let booked = office.seen_at(ADULT, "2015-01-01T15:00:00Z").await;
    let held = office.seen_at(ADULT, "2015-01-01T15:00:00Z").await;
    let gone = office.seen_at(ADULT, "2015-01-01T15:00:00Z").await;
    let plan = office.approved().await;
    assert_eq!(office.items(plan).await.len(), 4);
    office.cool();
    office.visit(back, "2026-05-17T12:00:00Z", VisitState::Held).await;
    office.visit(booked, "2026-06-01T12:00:00Z", VisitState::Planned).await;
    let hold = NewHold { patient_id: Some(held), incident: None, reason: "A claim came in".parse().expect("fits") };
    place(office.house(), &office.session(&office.officer).await, &hold).await.expect("held");
    let done = office.purge(plan).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 1, spared: 3, did_something: true });
    let mut survivors = [back, booked, held];
    survivors.sort();
    assert_eq!(office.survivors().await, survivors);
    assert_eq!(office.traces(gone).await, (0, false));
    let spared = office.items(plan).await.into_iter().filter(|item| item.step == ItemStep::Spared).count();
    assert_eq!(spared, 3);
    let hold_all = NewHold { patient_id: None, incident: None, reason: "An incident".parse().expect("fits") };
    place(office.house(), &office.session(&office.officer).await, &hold_all).await.expect("held");
    let next = plan_unattended(office.house(), office.practice, &domain::Unobserved).await.expect("planned");
    assert!(office.items(next).await.iter().all(|item| item.verdict == VerdictKind::Hold), "it covers everybody");
}

async fn who_was_destroyed_is_gone_for_who_would_have_been_let_in_and_not_there_for_others(office: Office) {
    let patient = office.seen_at(ADULT, "2015-01-01T15:00:00Z").await;
    let account = office.test.patient_account(office.practice, patient).await;
    let stranger = office.test.practice().await;
    let stranger = office.test.account(stranger, Role::FrontDesk).await;
    let therapist = office.test.account(office.practice, Role::Therapist).await;
    let plan = office.approved().await;
    office.cool();
    assert_eq!(office.purge(plan).await.expect("carried out").destroyed, 1);
    let read = async |person| {
        let session = office.session(person).await;
        match patients::read(office.house(), &session, patient).await {
            Err(RecordError::Access(error)) => error,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("a destroyed record was read"),
        }
    };
    assert!(matches!(read(&office.clerk).await, AccessError::Gone));
    assert!(matches!(read(&office.admin).await, AccessError::Gone));
    assert!(matches!(read(&stranger).await, AccessError::Denied));
    assert!(matches!(read(&therapist).await, AccessError::Denied));
    assert!(matches!(read(&office.officer).await, AccessError::Denied));
    let row = store::rows::accounts::by_id(&office.house().stores.identity, office.practice, account.account()).await;
    assert!(row.expect("read").is_none(), "the patient's account went too");
}

async fn a_restored_patient_who_was_destroyed_is_destroyed_again_and_gets_no_new_key(office: Office) {
    let destroyed = office.seen_at(ADULT, "2015-01-01T15:00:00Z").await;
    let other = office.seen_at(ADULT, "2025-01-01T15:00:00Z").await;
    // As a backup of the day before brings them back: the line is in the destruction ledger, the record is whole.
    let line = ledger::Destroyed { practice: office.practice, patient: destroyed, at: office.test.now(), entry: 3 };
    office.destroyed().add(&[line]).expect("written");
    let entries = office.destroyed().entries().to_vec();
    let stores = &office.house().stores;
    assert_eq!(reapply(stores, &office.house().keyring, &entries).await.expect("applied"), 1);
    assert_eq!(office.traces(destroyed).await, (0, false));
    assert_eq!(office.survivors().await, [other]);
    let session = office.session(&office.clerk).await;
    let read = patients::read(office.house(), &session, destroyed).await;
    assert!(matches!(read, Err(RecordError::Access(AccessError::Gone))));
    assert_eq!(
        reapply(stores, &office.house().keyring, &entries).await.expect("applied"),
        0,
        "the second time there is nothing to do"
    );
    let keys = store::rows::keys::Keys::new(stores.keys.clone());
    let key = phi::WrappedKey { version: 2, wrapped_by: 1, wrapped: vec![1; 60] };
    let rotated = phi::KeyStore::add_patient_key(&keys, office.practice, destroyed, key, office.test.now()).await;
    assert!(rotated.is_err(), "a rotation that was under way brings nobody back");
}
