//! Two people, fresh factors, and no hand that both holds and destroys.

use crate::{
    fixture::{Office, is_both_hands},
    on_both,
};
use domain::{Role, Unobserved};
use practice::retention::{NewHold, RetentionError, approve, holds, lift, place, plan, plan_details, withdraw};

on_both! {
    two_different_people_approve_in_person
    who_asks_for_destruction_lifts_no_hold_and_who_lifted_one_asks_for_none
    nobody_else_plans_or_sees_plans
    a_cooling_off_time_past_the_end_of_the_calendar_is_never_over
}

async fn two_different_people_approve_in_person(office: Office) {
    office.seen_at("1970-01-01", "2015-01-01T15:00:00Z").await;
    let officer = office.session(&office.officer).await;
    let made = plan(office.house(), &officer, &Unobserved).await.expect("planned");
    approve(office.house(), &officer, made).await.expect("the first");
    let twice = approve(office.house(), &officer, made).await;
    assert!(matches!(twice, Err(RetentionError::SamePerson)));
    assert!(office.purge(made).await.expect_err("one is not enough").to_string().contains("two different people"));
    let admin = office.session(&office.admin).await;
    office.test.clock.advance_seconds(3600);
    let stale = approve(office.house(), &admin, made).await;
    assert!(matches!(stale, Err(RetentionError::NotInPerson(_))), "the factor was proven an hour ago");
    let fresh = office.session(&office.admin).await;
    let row = approve(office.house(), &fresh, made).await.expect("the second");
    assert_eq!(row.state.word(), "approved");
    withdraw(office.house(), &fresh, made).await.expect("taken back");
    office.cool();
    assert!(office.purge(made).await.expect_err("it was taken back").to_string().contains("withdrawn"));
    let actions: Vec<String> =
        office.test.ledger.entries().iter().map(|entry| entry.action.as_str().to_owned()).collect();
    assert_eq!(actions.iter().filter(|action| *action == "approve_retention_plan").count(), 3);
}

async fn who_asks_for_destruction_lifts_no_hold_and_who_lifted_one_asks_for_none(office: Office) {
    let patient = office.seen_at("1970-01-01", "2015-01-01T15:00:00Z").await;
    let other = office.test.account(office.practice, Role::PrivacyOfficer).await;
    let officer = office.session(&office.officer).await;
    let hold =
        |reason: &str| NewHold { patient_id: Some(patient), incident: None, reason: reason.parse().expect("fits") };
    let first = place(office.house(), &officer, &hold("A claim")).await.expect("held");
    let made = plan(office.house(), &officer, &Unobserved).await.expect("planned");
    assert!(is_both_hands(&lift(office.house(), &officer, first).await));
    let second = office.session(&other).await;
    lift(office.house(), &second, first).await.expect("lifted by somebody else");
    withdraw(office.house(), &officer, made).await.expect("taken back");
    let made = plan(office.house(), &officer, &Unobserved).await.expect("planned");
    assert_eq!(office.items(made).await[0].verdict.word(), "due");
    assert!(is_both_hands(&approve(office.house(), &second, made).await), "they lifted the hold");
    approve(office.house(), &officer, made).await.expect("the first");
    let listed = holds(office.house(), &officer).await.expect("read");
    assert_eq!((listed.len(), listed[0].reason.as_str(), listed[0].lifted_by.is_some()), (1, "A claim", true));
    let unknown = NewHold { patient_id: Some(domain::PatientId::random(&crypto::SystemRng)), ..hold("Nobody") };
    assert!(matches!(place(office.house(), &officer, &unknown).await, Err(RetentionError::Unknown)));
}

async fn nobody_else_plans_or_sees_plans(office: Office) {
    let officer = office.session(&office.officer).await;
    let made = plan(office.house(), &officer, &Unobserved).await.expect("planned");
    for role in [Role::Therapist, Role::FrontDesk, Role::Billing, Role::Operator, Role::Researcher] {
        let session = office.session(&office.test.account(office.practice, role).await).await;
        assert!(matches!(plan(office.house(), &session, &Unobserved).await, Err(RetentionError::Access(_))), "{role}");
        let details = plan_details(office.house(), &session, made).await;
        assert!(matches!(details, Err(RetentionError::Access(_))), "{role}");
    }
    let elsewhere = office.test.practice().await;
    let stranger = office.session(&office.test.account(elsewhere, Role::PrivacyOfficer).await).await;
    assert!(matches!(plan_details(office.house(), &stranger, made).await, Err(RetentionError::Unknown)));
}

async fn a_cooling_off_time_past_the_end_of_the_calendar_is_never_over(mut office: Office) {
    let house = std::sync::Arc::get_mut(&mut office.test.house).expect("nobody else has it yet");
    house.retention.cooling_hours = u32::MAX;
    office.seen_at("1970-01-01", "2015-01-01T15:00:00Z").await;
    let plan = office.approved().await;
    let officer = office.session(&office.officer).await;
    let details = plan_details(office.house(), &officer, plan).await.expect("read");
    assert_eq!(details.plan.not_before, Some(domain::Timestamp::MAX));
    assert!(matches!(office.purge(plan).await, Err(practice::retention::PurgeError::Cooling(_))));
}
