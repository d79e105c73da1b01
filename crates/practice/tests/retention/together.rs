//! Records of somebody who was registered twice are judged, held and destroyed as one; those of two people are not.

use crate::{
    fixture::{At, Office, beside},
    on_both,
};
use domain::{PatientId, PlanId, TaskObserver, VisitState, retention::VerdictKind};
use practice::{
    merging::{self, NewMerge},
    retention::{NewHold, Purged, place},
};
use std::sync::atomic::{AtomicUsize, Ordering};
use store::{
    Batch, CommitError,
    rows::retention::{self, ItemStep},
};

on_both! {
    a_hold_on_a_record_that_was_parted_neither_keeps_the_other_nor_stops_the_run
    a_hold_on_one_of_three_records_that_comes_after_the_judgement_keeps_all
    nobody_stays_condemned_where_more_go_together_than_are_read_at_once
    the_birth_dates_of_all_records_count
    a_second_record_that_is_not_in_the_plan_keeps_the_first
}

const ADULT: &str = "1970-01-01";
const LONG_AGO: &str = "2015-01-01T15:00:00Z";

fn hold(patient: PatientId) -> NewHold {
    NewHold { patient_id: Some(patient), incident: None, reason: "A claim came in".parse().expect("fits") }
}

async fn merge(office: &Office, twice: PatientId, stays: PatientId) {
    let officer = office.session(&office.officer).await;
    merging::merge(office.house(), &officer, twice, &NewMerge { into: stays }).await.expect("closed");
}

async fn steps(office: &Office, plan: PlanId, step: ItemStep) -> Vec<PatientId> {
    office.items(plan).await.into_iter().filter(|item| item.step == step).map(|item| item.patient_id).collect()
}

/// Does not wait for ever: a run that judges the same people again and again fails.
#[derive(Default)]
struct Ends(AtomicUsize);

impl TaskObserver for Ends {
    fn reached(&self, step: &'static str) {
        if step == "judged" {
            assert!(self.0.fetch_add(1, Ordering::Relaxed) < 5, "the run does not end");
        }
    }
    fn progress(&self, _: u64, _: u64) {}
}

async fn a_hold_on_a_record_that_was_parted_neither_keeps_the_other_nor_stops_the_run(office: Office) {
    let (due, other) = (office.seen_at(ADULT, LONG_AGO).await, office.seen_at(ADULT, LONG_AGO).await);
    merge(&office, due, other).await;
    let officer = office.session(&office.officer).await;
    merging::part(office.house(), &officer, due).await.expect("two people after all");
    place(office.house(), &officer, &hold(other)).await.expect("held");
    let plan = office.approved().await;
    office.cool();
    let done = office.purge_seen_by(plan, &Ends::default()).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 1, spared: 0, did_something: true });
    assert_eq!(office.survivors().await, [other]);
}

async fn a_hold_on_one_of_three_records_that_comes_after_the_judgement_keeps_all(office: Office) {
    let [stays, one, two] =
        [office.seen_at(ADULT, LONG_AGO).await, office.patient(ADULT).await, office.patient(ADULT).await];
    merge(&office, one, stays).await;
    merge(&office, two, stays).await;
    let plan = office.approved().await;
    office.cool();
    let officer = office.session(&office.officer).await;
    let comes = At::new("judged", || {
        beside(place(office.house(), &officer, &hold(two))).expect("held");
    });
    let done = office.purge_seen_by(plan, &comes).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 0, spared: 3, did_something: true });
    assert_eq!(office.survivors().await.len(), 3);
    let entries = office.test.ledger.entries();
    let spared =
        entries.iter().filter(|entry| entry.action.as_str() == "spare_record" && entry.reason.as_str() == "hold");
    assert_eq!(spared.count(), 3, "each stands in the trail");
}

async fn nobody_stays_condemned_where_more_go_together_than_are_read_at_once(office: Office) {
    let mut patients = Vec::new();
    for _ in 0..103 {
        patients.push(office.seen_at(ADULT, LONG_AGO).await);
    }
    patients.sort();
    merge(&office, patients[0], patients[102]).await;
    let plan = office.approved().await;
    office.cool();
    let early = retention::finish_plan(Batch::new(), office.practice, plan, office.test.now());
    let early = office.house().stores.identity.commit(early).await;
    assert!(matches!(early, Err(CommitError::Conflict { .. })), "somebody of it still waits");
    let done = office.purge(plan).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 103, spared: 0, did_something: true });
    assert_eq!(steps(&office, plan, ItemStep::Condemned).await, []);
    assert!(office.survivors().await.is_empty());
}

/// The one says that they were a child then; and that may be right.
async fn the_birth_dates_of_all_records_count(office: Office) {
    let (adult, child) = (office.seen_at(ADULT, LONG_AGO).await, office.patient("2005-01-01").await);
    let alone = office.seen_at(ADULT, LONG_AGO).await;
    merge(&office, adult, child).await;
    let plan = office.approved().await;
    let due: Vec<_> = office.items(plan).await.into_iter().map(|item| (item.patient_id, item.verdict)).collect();
    assert_eq!(due, [(alone, VerdictKind::Due)]);
    office.cool();
    assert_eq!(office.purge(plan).await.expect("carried out").destroyed, 1);
    let mut kept = [adult, child];
    kept.sort();
    assert_eq!(office.survivors().await, kept);
}

async fn a_second_record_that_is_not_in_the_plan_keeps_the_first(office: Office) {
    let (seen, later) = (office.seen_at(ADULT, LONG_AGO).await, office.patient(ADULT).await);
    let plan = office.approved().await;
    office.cool();
    merge(&office, later, seen).await;
    let done = office.purge(plan).await.expect("carried out");
    assert_eq!(done, Purged { destroyed: 0, spared: 1, did_something: true });
    let next = office.approved().await;
    office.cool();
    assert_eq!(office.purge(next).await.expect("carried out").destroyed, 2, "both are in the next one");
    // Who is there again is held again: nothing of what was carried out stands in the way.
    let back = office.seen_at(ADULT, LONG_AGO).await;
    office.visit(back, "2025-01-01T15:00:00Z", VisitState::Held).await;
    place(office.house(), &office.session(&office.officer).await, &hold(back)).await.expect("held");
}
