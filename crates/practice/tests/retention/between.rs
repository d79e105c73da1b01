//! What comes between the second approval and the last step: a hold, somebody who takes the plan back, an approver who leaves, a
//! restore. And what two requests come to that arrive at once.

use crate::{
    fixture::{At, Office, beside},
    on_both,
};
use domain::{PatientId, PlanId, Role, Unobserved, VisitMinutes, VisitState};
use futures::FutureExt;
use practice::{
    retention::{NewHold, PurgeError, RetentionError, approve, lift, place, plan, reapply, withdraw},
    visits::{VisitDetails, VisitError, book, change},
};
use std::panic::AssertUnwindSafe;
use store::{
    Batch, CommitError,
    rows::{
        accounts::{self, AccountState},
        legal_holds,
        retention::{self, ItemStep},
    },
};

on_both! {
    a_hold_that_comes_after_the_last_judgement_still_keeps
    whoever_is_condemned_is_held_no_more_and_whoever_holds_is_told
    a_plan_that_is_taken_back_goes_no_further
    who_was_listed_before_a_plan_was_taken_back_is_destroyed_to_the_end
    an_approval_counts_as_long_as_whoever_gave_it_may_approve
    of_two_requests_at_once_one_hand_does_one_thing
    what_is_asked_for_in_a_session_that_was_ended_meanwhile_is_not_done
    a_refused_approval_stands_in_the_trail_as_refused
    plans_of_a_restored_backup_wait_for_approval_again
    nobody_moves_the_last_visit_back_alone
}

const LONG_AGO: &str = "2015-01-01T15:00:00Z";

fn hold(patient: Option<PatientId>) -> NewHold {
    NewHold { patient_id: patient, incident: None, reason: "A claim came in".parse().expect("fits") }
}

async fn steps(office: &Office, plan: PlanId) -> Vec<ItemStep> {
    office.items(plan).await.into_iter().map(|item| item.step).collect()
}

async fn a_hold_that_comes_after_the_last_judgement_still_keeps(office: Office) {
    for everybody in [false, true] {
        let patient = office.seen_at("1970-01-01", LONG_AGO).await;
        let plan = office.approved().await;
        office.cool();
        let officer = office.session(&office.officer).await;
        let covers = if everybody { None } else { Some(patient) };
        let comes = At::new("judged", || {
            beside(place(office.house(), &officer, &hold(covers))).expect("held");
        });
        let done = office.purge_seen_by(plan, &comes).await.expect("carried out");
        assert_eq!((done.destroyed, done.spared), (0, 1), "everybody: {everybody}");
        assert!(office.traces(patient).await.1, "the key is there");
        let item = office.items(plan).await.into_iter().find(|item| item.patient_id == patient).expect("there");
        assert_eq!(item.step, ItemStep::Spared);
        assert!(office.destroyed().entries().is_empty());
        let actions = office.test.ledger.entries();
        assert!(!actions.iter().any(|entry| entry.action.as_str() == "destroy_record"), "nor does the trail say so");
    }
}

async fn whoever_is_condemned_is_held_no_more_and_whoever_holds_is_told(office: Office) {
    let patient = office.seen_at("1970-01-01", LONG_AGO).await;
    let plan = office.approved().await;
    office.cool();
    let officer = office.session(&office.officer).await;
    let comes = At::new("condemned", || {
        let late = beside(place(office.house(), &officer, &hold(Some(patient))));
        assert!(matches!(late, Err(RetentionError::TooLate)));
        beside(place(office.house(), &officer, &hold(None))).expect("for all others");
    });
    assert_eq!(office.purge_seen_by(plan, &comes).await.expect("carried out").destroyed, 1);
    assert_eq!(office.traces(patient).await, (0, false));
}

async fn a_plan_that_is_taken_back_goes_no_further(office: Office) {
    let patient = office.seen_at("1970-01-01", LONG_AGO).await;
    let plan = office.approved().await;
    office.cool();
    let officer = office.session(&office.officer).await;
    let comes = At::new("judged", || beside(withdraw(office.house(), &officer, plan)).expect("taken back"));
    let stopped = office.purge_seen_by(plan, &comes).await;
    assert!(matches!(stopped, Err(PurgeError::NotApproved("withdrawn"))), "{stopped:?}");
    assert!(office.traces(patient).await.1, "the key is there");
    assert_eq!(steps(&office, plan).await, [ItemStep::Planned]);
}

async fn who_was_listed_before_a_plan_was_taken_back_is_destroyed_to_the_end(office: Office) {
    let patient = office.seen_at("1970-01-01", LONG_AGO).await;
    let plan = office.approved().await;
    office.cool();
    let dies = At::new("listed", || panic!("the power fails"));
    let died = AssertUnwindSafe(office.purge_seen_by(plan, &dies)).catch_unwind().await;
    assert!(died.is_err());
    assert_eq!(steps(&office, plan).await, [ItemStep::Listed]);
    let officer = office.session(&office.officer).await;
    withdraw(office.house(), &officer, plan).await.expect("taken back");
    let ended = office.purge(plan).await;
    assert!(matches!(ended, Err(PurgeError::NotApproved("withdrawn"))), "{ended:?}");
    assert_eq!(office.traces(patient).await, (0, false), "nothing is half done");
    assert_eq!(steps(&office, plan).await, [ItemStep::Certified]);
    let recorded = office.test.ledger.entries().len();
    assert!(office.purge(plan).await.is_err());
    assert_eq!(office.test.ledger.entries().len(), recorded, "there is nothing more to do");
}

/// Shuts an account, as an administrator does.
async fn shut(office: &Office, person: &testkit::house::Person) {
    let row = accounts::by_id(&office.house().stores.identity, office.practice, person.account()).await;
    let row = row.expect("read").expect("there");
    let (role, version) = (row.role, row.version);
    let batch = accounts::set_role_and_state(
        Batch::new(),
        office.practice,
        person.account(),
        role,
        AccountState::Disabled,
        version,
    );
    office.house().stores.identity.commit(batch).await.expect("shut");
}

async fn an_approval_counts_as_long_as_whoever_gave_it_may_approve(office: Office) {
    let patient = office.seen_at("1970-01-01", LONG_AGO).await;
    let leaving = office.test.account(office.practice, Role::PrivacyOfficer).await;
    let (officer, admin) = (office.session(&office.officer).await, office.session(&office.admin).await);
    let made = plan(office.house(), &officer, &Unobserved).await.expect("planned");
    approve(office.house(), &office.session(&leaving).await, made).await.expect("the first");
    shut(&office, &leaving).await;
    let row = approve(office.house(), &admin, made).await.expect("in their place");
    assert_eq!((row.state.word(), row.first.map(|(who, _)| who)), ("open", Some(office.admin.account())));
    let row = approve(office.house(), &officer, made).await.expect("the second");
    assert_eq!(row.state.word(), "approved");
    office.cool();
    shut(&office, &office.officer).await;
    let refused = office.purge(made).await;
    assert!(matches!(refused, Err(PurgeError::Approver)), "{refused:?}");
    assert!(office.traces(patient).await.1, "the key is there");
}

/// Both look, both find nothing in the way, both store: the store lets one through.
async fn of_two_requests_at_once_one_hand_does_one_thing(office: Office) {
    let patient = office.seen_at("1970-01-01", LONG_AGO).await;
    let other = office.test.account(office.practice, Role::PrivacyOfficer).await;
    let (officer, me) = (office.session(&office.officer).await, office.session(&other).await);
    let (identity, practice, now) = (&office.house().stores.identity, office.practice, office.test.now());
    let first = place(office.house(), &officer, &hold(Some(patient))).await.expect("held");
    let second = place(office.house(), &officer, &hold(Some(patient))).await.expect("held");
    lift(office.house(), &me, first).await.expect("lifted");
    lift(office.house(), &me, second).await.expect("lifted");
    let third = place(office.house(), &officer, &hold(None)).await.expect("held");
    let admin = office.session(&office.admin).await;
    lift(office.house(), &admin, third).await.expect("lifted");
    let made = plan(office.house(), &officer, &Unobserved).await.expect("planned");
    for account in [other.account(), office.admin.account()] {
        let approval = retention::approve_first(Batch::new(), practice, made, account, now);
        assert!(matches!(identity.commit(approval).await, Err(CommitError::Conflict { .. })), "they lifted a hold");
    }
    let fourth = place(office.house(), &office.session(&other).await, &hold(Some(patient))).await.expect("held");
    let lifting = legal_holds::lift(Batch::new(), practice, fourth, office.officer.account(), now);
    assert!(matches!(identity.commit(lifting).await, Err(CommitError::Conflict { .. })), "they made a plan");
}

async fn what_is_asked_for_in_a_session_that_was_ended_meanwhile_is_not_done(office: Office) {
    let patient = office.seen_at("1970-01-01", LONG_AGO).await;
    let officer = office.session(&office.officer).await;
    let placed = place(office.house(), &officer, &hold(Some(patient))).await.expect("held");
    let made = plan(office.house(), &officer, &Unobserved).await.expect("planned");
    let (admin, same) = (office.ended_session(&office.admin).await, office.ended_session(&office.officer).await);
    assert!(approve(office.house(), &admin, made).await.is_err());
    assert!(lift(office.house(), &admin, placed).await.is_err());
    assert!(withdraw(office.house(), &same, made).await.is_err());
    let row = retention::plan(&office.house().stores.identity, office.practice, made).await;
    let row = row.expect("read").expect("there");
    assert_eq!((row.state.word(), row.first), ("open", None));
    assert!(legal_holds::covers(&office.house().stores.identity, office.practice, patient).await.expect("read"));
}

async fn a_refused_approval_stands_in_the_trail_as_refused(office: Office) {
    office.seen_at("1970-01-01", LONG_AGO).await;
    let officer = office.session(&office.officer).await;
    let made = plan(office.house(), &officer, &Unobserved).await.expect("planned");
    approve(office.house(), &officer, made).await.expect("the first");
    assert!(matches!(approve(office.house(), &officer, made).await, Err(RetentionError::SamePerson)));
    let entries = office.test.ledger.entries();
    let approvals = entries.iter().filter(|entry| entry.action.as_str() == "approve_retention_plan");
    let said: Vec<(ledger::Outcome, &str)> = approvals.map(|entry| (entry.outcome, entry.reason.as_str())).collect();
    assert_eq!(said, [(ledger::Outcome::Allowed, "own-account"), (ledger::Outcome::Denied, "same-person")]);
}

/// A hold that was placed after the backup is not in it.
async fn plans_of_a_restored_backup_wait_for_approval_again(office: Office) {
    let patient = office.seen_at("1970-01-01", LONG_AGO).await;
    let made = office.approved().await;
    office.cool();
    reapply(&office.house().stores, &office.house().keyring, &[]).await.expect("applied");
    let refused = office.purge(made).await;
    assert!(matches!(refused, Err(PurgeError::NotApproved("open"))), "{refused:?}");
    assert!(office.traces(patient).await.1, "the key is there");
    let (officer, admin) = (office.session(&office.officer).await, office.session(&office.admin).await);
    approve(office.house(), &officer, made).await.expect("the first");
    approve(office.house(), &admin, made).await.expect("the second");
    office.cool();
    assert_eq!(office.purge(made).await.expect("carried out").destroyed, 1);
}

/// Otherwise the front desk alone could have the record of somebody who was there last month seem to be due.
async fn nobody_moves_the_last_visit_back_alone(office: Office) {
    let therapist = office.test.account(office.practice, Role::Therapist).await;
    let patient = office.patient("1970-01-01").await;
    let clerk = office.session(&office.clerk).await;
    let details = |at: &str, state| VisitDetails {
        therapist_id: therapist.account(),
        starts_at: at.parse().expect("a moment"),
        minutes: VisitMinutes::new(45).expect("minutes"),
        state,
        clinic: None,
        remark: None,
    };
    let (held, late) = (details("2026-05-12T15:00:00Z", VisitState::Held), "2026-05-12T16:00:00Z");
    let visit = book(office.house(), &clerk, patient, &held, None).await.expect("booked");
    let moved = details("2026-05-11T15:00:00Z", VisitState::Held);
    let visit = change(office.house(), &clerk, patient, visit.visit_id, visit.version, &moved).await;
    let visit = visit.expect("two days later a slip can be corrected");
    let visit = change(office.house(), &clerk, patient, visit.visit_id, visit.version, &held).await.expect("and back");
    office.test.clock.advance_seconds(10 * 24 * 3600);
    let clerk = office.session(&office.clerk).await;
    for (field, changed) in [
        ("starts_at", details(LONG_AGO, VisitState::Held)),
        ("state", details("2026-05-12T15:00:00Z", VisitState::NoShow)),
    ] {
        let refused = change(office.house(), &clerk, patient, visit.visit_id, visit.version, &changed).await;
        assert!(matches!(refused, Err(VisitError::Invalid { field: named, .. }) if named == field), "{field}");
    }
    let same_day = details(late, VisitState::Held);
    change(office.house(), &clerk, patient, visit.visit_id, visit.version, &same_day).await.expect("on its day");
}
