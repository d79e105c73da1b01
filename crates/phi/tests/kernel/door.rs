//! Who gets in, and that nobody does without a record.

use crate::support::world;
use domain::{PatientId, PermissionName, PersonName, Role};
use ledger::{Outcome, Resource, Word};
use phi::{
    AccessError, Grant, LogExercise, PracticePermission, Purpose, ReadAudit, ReadExercise, ReadIdentity, ReadNotes,
    RowId, WriteIdentity, fields::patients,
};

fn purpose() -> Purpose {
    Purpose::treatment(Resource::whole(Word::new("program")))
}

#[tokio::test]
async fn a_therapist_opens_a_patient_of_their_care_team_and_the_ledger_says_so() {
    let world = world().await;
    let practice = world.practice().await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let patient = PatientId::random(&*world.rng);
    let registered = world.guard.register(&desk, patient, purpose()).await.unwrap();
    let row = RowId::new(*patient.as_bytes());
    let name = registered.seal::<patients::GivenName>(row, &PersonName::new("Ana").unwrap());

    let therapist = world.sign_in(practice, Role::Therapist, None).await;
    world.teams.assign(therapist.account(), patient, "2026-05-01T00:00:00Z".parse().unwrap(), None);
    let grant: Grant<'_, ReadExercise> = world.guard.authorize(&therapist, patient, purpose()).await.unwrap();
    assert_eq!(grant.open(&name).unwrap().expose().as_str(), "Ana");

    let entry = world.ledger.entries().pop().unwrap();
    assert_eq!(entry.actor, Some(therapist.account()));
    assert_eq!(entry.patient, Some(patient));
    assert_eq!(entry.permission, Some(PermissionName::ReadExercise));
    assert_eq!(entry.outcome, Outcome::Allowed);
    assert_eq!(entry.reason.as_str(), "care-team-therapist");
}

#[tokio::test]
async fn another_therapists_patient_is_denied_like_one_that_does_not_exist_and_both_are_recorded() {
    let world = world().await;
    let practice = world.practice().await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let patient = PatientId::random(&*world.rng);
    world.guard.register(&desk, patient, purpose()).await.unwrap();
    let therapist = world.sign_in(practice, Role::Therapist, None).await;
    for subject in [patient, PatientId::random(&*world.rng)] {
        let denied = world.guard.authorize::<ReadExercise>(&therapist, subject, purpose()).await;
        assert!(matches!(denied, Err(AccessError::Denied)));
        let entry = world.ledger.entries().pop().unwrap();
        assert_eq!((entry.patient, entry.outcome), (Some(subject), Outcome::Denied));
    }
}

#[tokio::test]
async fn an_ended_care_link_stops_at_the_next_request() {
    let world = world().await;
    let practice = world.practice().await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let patient = PatientId::random(&*world.rng);
    world.guard.register(&desk, patient, purpose()).await.unwrap();
    let therapist = world.sign_in(practice, Role::Therapist, None).await;
    let (from, until) = ("2026-05-01T00:00:00Z".parse().unwrap(), "2026-05-14T12:00:01Z".parse().unwrap());
    world.teams.assign(therapist.account(), patient, from, Some(until));
    assert!(world.guard.authorize::<ReadNotes>(&therapist, patient, purpose()).await.is_ok());
    world.clock.advance_seconds(1);
    assert!(matches!(
        world.guard.authorize::<ReadNotes>(&therapist, patient, purpose()).await,
        Err(AccessError::Denied)
    ));
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_opened() {
    let world = world().await;
    let practice = world.practice().await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let patient = PatientId::random(&*world.rng);
    world.guard.register(&desk, patient, purpose()).await.unwrap();
    world.ledger.backend().set_failing(true);
    let refused = world.guard.authorize::<ReadIdentity>(&desk, patient, purpose()).await;
    assert!(matches!(refused, Err(AccessError::Unrecorded(_))));
    let other = PatientId::random(&*world.rng);
    assert!(matches!(world.guard.register(&desk, other, purpose()).await, Err(AccessError::Unrecorded(_))));
    world.ledger.backend().set_failing(false);
    assert!(world.guard.authorize::<ReadIdentity>(&desk, patient, purpose()).await.is_ok());
    // The patient who could not be recorded was not registered either.
    assert!(matches!(world.guard.authorize::<ReadIdentity>(&desk, other, purpose()).await, Err(AccessError::Denied)));
}

#[tokio::test]
async fn a_destroyed_key_leaves_nothing_to_open() {
    let world = world().await;
    let practice = world.practice().await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let patient = PatientId::random(&*world.rng);
    world.guard.register(&desk, patient, purpose()).await.unwrap();
    world.keys.destroy(practice, patient);
    let gone = world.guard.authorize::<WriteIdentity>(&desk, patient, purpose()).await;
    assert!(matches!(gone, Err(AccessError::Denied)));
}

#[tokio::test]
async fn a_patient_logs_for_themself_and_for_nobody_else() {
    let world = world().await;
    let practice = world.practice().await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let (ana, ben) = (PatientId::random(&*world.rng), PatientId::random(&*world.rng));
    for patient in [ana, ben] {
        world.guard.register(&desk, patient, purpose()).await.unwrap();
    }
    let session = world.sign_in(practice, Role::Patient, Some(ana)).await;
    assert!(world.guard.authorize::<LogExercise>(&session, ana, purpose()).await.is_ok());
    assert!(matches!(world.guard.authorize::<LogExercise>(&session, ben, purpose()).await, Err(AccessError::Denied)));
}

#[tokio::test]
async fn a_list_costs_one_append_and_one_entry_for_each_record() {
    let world = world().await;
    let practice = world.practice().await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let mut patients = Vec::new();
    for _ in 0..5 {
        let patient = PatientId::random(&*world.rng);
        world.guard.register(&desk, patient, purpose()).await.unwrap();
        patients.push(patient);
    }
    let before = (world.ledger.entries().len(), world.ledger.backend().appends());
    let stranger = PatientId::random(&*world.rng);
    patients.push(stranger);
    let grants = world.guard.authorize_each::<ReadIdentity>(&desk, &patients, purpose()).await.unwrap();
    assert_eq!(grants.len(), 5);
    assert_eq!((world.ledger.entries().len(), world.ledger.backend().appends()), (before.0 + 6, before.1 + 1));
}

#[tokio::test]
async fn the_audit_trail_opens_to_the_privacy_officer_and_not_to_the_front_desk() {
    let world = world().await;
    let practice = world.practice().await;
    let officer = world.sign_in(practice, Role::PrivacyOfficer, None).await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    assert!(world.guard.authorize_practice::<ReadAudit>(&officer, purpose()).await.is_ok());
    assert!(world.guard.authorize_practice::<ReadAudit>(&desk, purpose()).await.is_err());
    let entry = world.ledger.entries().pop().unwrap();
    assert_eq!((entry.permission, entry.outcome), (Some(ReadAudit::NAME), Outcome::Denied));
}
