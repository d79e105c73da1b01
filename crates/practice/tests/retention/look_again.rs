//! Between condemnation and the destruction ledger everything is looked at once more.

use crate::{
    archived::with_archive,
    fixture::{At, Office, beside},
    on_both,
};
use domain::{PatientId, PlanId, VisitState};
use futures::FutureExt;
use practice::{
    merging::{self, NewMerge},
    retention::{NewHold, PurgeError, Purged, place, reapply, withdraw},
};
use std::panic::AssertUnwindSafe;
use store::rows::retention::ItemStep;

on_both! {
    a_plan_that_is_taken_back_while_archives_are_made_destroys_nobody
    care_that_was_stored_after_the_judgement_keeps
    a_record_that_is_joined_to_one_that_stays_is_kept
    who_was_registered_twice_stays_whole_where_one_record_does_not_open
    a_restored_plan_that_is_taken_back_lets_go_whom_it_had_condemned
}

const ADULT: &str = "1970-01-01";
const LONG_AGO: &str = "2015-01-01T15:00:00Z";

async fn steps(office: &Office, plan: PlanId) -> Vec<ItemStep> {
    office.items(plan).await.into_iter().map(|item| item.step).collect()
}

/// Why each was spared, as the trail says.
fn spared(office: &Office) -> Vec<(Option<PatientId>, String)> {
    let entries = office.test.ledger.entries().into_iter();
    let entries = entries.filter(|entry| entry.action.as_str() == "spare_record");
    entries.map(|entry| (entry.patient, entry.reason.as_str().to_owned())).collect()
}

async fn a_plan_that_is_taken_back_while_archives_are_made_destroys_nobody(office: Office) {
    let archive = with_archive(office);
    let (one, two) = (archive.patient().await, archive.patient().await);
    let office = &archive.office;
    let plan = office.approved().await;
    office.cool();
    let officer = office.session(&office.officer).await;
    let comes = At::new("archive_named", || beside(withdraw(office.house(), &officer, plan)).expect("taken back"));
    let stopped = office.purge_seen_by(plan, &comes).await;
    assert!(matches!(stopped, Err(PurgeError::NotApproved("withdrawn"))), "{stopped:?}");
    for patient in [one, two] {
        assert!(office.traces(patient).await.1, "the key is there");
    }
    assert_eq!(steps(office, plan).await, [ItemStep::Planned; 2]);
    assert!(office.destroyed().entries().is_empty());
    assert!(archive.files().is_empty(), "nor is an archive left of who goes on");
}

async fn care_that_was_stored_after_the_judgement_keeps(office: Office) {
    for (step, at, state) in [
        ("judged", "2026-05-19T15:00:00Z", VisitState::Held),
        ("condemned", "2027-01-01T15:00:00Z", VisitState::Planned),
        ("archived", "2027-01-01T15:00:00Z", VisitState::Planned),
    ] {
        let patient = office.seen_at(ADULT, LONG_AGO).await;
        let plan = office.approved().await;
        office.cool();
        let comes = At::new(step, || beside(office.visit(patient, at, state)));
        let done = office.purge_seen_by(plan, &comes).await.expect("carried out");
        assert_eq!(done, Purged { destroyed: 0, spared: 1, did_something: true }, "{step}");
        assert!(office.traces(patient).await.1, "{step}: the key is there");
        assert_eq!(spared(&office).pop(), Some((Some(patient), "under_care".to_owned())), "{step}");
    }
    assert!(office.destroyed().entries().is_empty());
}

async fn a_record_that_is_joined_to_one_that_stays_is_kept(office: Office) {
    let (due, comes_still) = (office.seen_at(ADULT, LONG_AGO).await, office.seen_at(ADULT, LONG_AGO).await);
    office.visit(comes_still, "2027-01-01T15:00:00Z", VisitState::Planned).await;
    let plan = office.approved().await;
    office.cool();
    let officer = office.session(&office.officer).await;
    let joins = At::new("judged", || {
        let new = NewMerge { into: comes_still };
        beside(merging::merge(office.house(), &officer, due, &new)).expect("closed");
    });
    let done = office.purge_seen_by(plan, &joins).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 0, spared: 1, did_something: true });
    assert!(office.traces(due).await.1, "the key is there");
    assert_eq!(spared(&office), [(Some(due), "second-record-not-in-plan".to_owned())]);
}

async fn who_was_registered_twice_stays_whole_where_one_record_does_not_open(office: Office) {
    let archive = with_archive(office);
    // The visit of the one is sealed under no key at all.
    let unreadable = archive.office.seen_at(ADULT, LONG_AGO).await;
    let (other, alone) = (archive.patient().await, archive.patient().await);
    let office = &archive.office;
    let officer = office.session(&office.officer).await;
    merging::merge(office.house(), &officer, unreadable, &NewMerge { into: other }).await.expect("closed");
    let plan = office.approved().await;
    office.cool();
    let done = office.purge(plan).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 1, spared: 2, did_something: true });
    assert_eq!((office.traces(other).await.1, office.traces(alone).await.1), (true, false));
    let mut why = spared(office);
    why.sort();
    let mut wanted = [unreadable, other].map(|patient| (Some(patient), "does-not-open".to_owned()));
    wanted.sort();
    assert_eq!(why, wanted);
    assert_eq!(archive.files().len(), 1, "nor is an archive left of who stays");
}

async fn a_restored_plan_that_is_taken_back_lets_go_whom_it_had_condemned(office: Office) {
    let patient = office.seen_at(ADULT, LONG_AGO).await;
    let plan = office.approved().await;
    office.cool();
    let dies = At::new("archived", || panic!("the power fails"));
    assert!(AssertUnwindSafe(office.purge_seen_by(plan, &dies)).catch_unwind().await.is_err());
    // What a backup of that moment brings back.
    reapply(&office.house().stores, &office.house().keyring, &[]).await.expect("applied");
    let officer = office.session(&office.officer).await;
    withdraw(office.house(), &officer, plan).await.expect("taken back");
    let hold = NewHold { patient_id: Some(patient), incident: None, reason: "A claim".parse().expect("fits") };
    assert!(place(office.house(), &officer, &hold).await.is_err(), "condemned yet");
    let ended = office.purge(plan).await;
    assert!(matches!(ended, Err(PurgeError::NotApproved("withdrawn"))), "{ended:?}");
    assert_eq!(steps(&office, plan).await, [ItemStep::Planned]);
    place(office.house(), &officer, &hold).await.expect("held");
    assert!(office.traces(patient).await.1, "the key is there");
}
