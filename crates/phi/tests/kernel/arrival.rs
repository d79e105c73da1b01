//! Somebody is brought in from elsewhere: once, by an administrator, and nothing opens with it.

use crate::support::world;
use domain::{PatientId, PermissionName, PersonName, Role};
use ledger::{Outcome, Resource, Word};
use phi::{AccessError, ImportRecord, Purpose, ReadIdentity, RowId, fields::patients};

fn purpose() -> Purpose {
    Purpose::operations(Resource::whole(Word::new("patient")))
}

#[tokio::test]
async fn an_administrator_seals_for_somebody_who_is_not_here_yet_and_for_nobody_who_is() {
    let world = world().await;
    let practice = world.practice().await;
    let admin = world.sign_in(practice, Role::Admin, None).await;
    let patient = PatientId::random(&*world.rng);
    let grant = world.guard.bring_in(&admin, patient, purpose()).await.unwrap();
    let row = RowId::new(*patient.as_bytes());
    let name = grant.seal::<patients::GivenName>(row, &PersonName::new("Ana").unwrap());
    let entry = world.ledger.entries().pop().unwrap();
    let said = (entry.actor, entry.patient, entry.permission, entry.outcome, entry.reason.as_str());
    let expected =
        (Some(admin.account()), Some(patient), Some(PermissionName::ImportRecord), Outcome::Allowed, "import");
    assert_eq!(said, expected);

    // The keys are the patient's own: whoever may read them does.
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let read = world.guard.authorize::<ReadIdentity>(&desk, patient, purpose()).await.unwrap();
    assert_eq!(read.open(&name).unwrap().expose().as_str(), "Ana");

    let registered = PatientId::random(&*world.rng);
    world.guard.register(&desk, registered, purpose()).await.unwrap();
    for known in [patient, registered] {
        let again = world.guard.bring_in(&admin, known, purpose()).await;
        assert!(matches!(again, Err(AccessError::Denied)));
        let entry = world.ledger.entries().pop().unwrap();
        assert_eq!((entry.patient, entry.outcome), (Some(known), Outcome::Denied));
    }
    // The usual way in never asks as if somebody were new.
    for subject in [patient, PatientId::random(&*world.rng)] {
        let asked = world.guard.authorize::<ImportRecord>(&admin, subject, purpose()).await;
        assert!(matches!(asked, Err(AccessError::Denied)));
        assert_eq!(world.ledger.entries().pop().unwrap().outcome, Outcome::Denied);
    }
}

#[tokio::test]
async fn nobody_but_an_administrator_brings_anybody_in() {
    let world = world().await;
    let practice = world.practice().await;
    for role in Role::ALL.iter().filter(|role| **role != Role::Admin) {
        let own = (*role == Role::Patient).then(|| PatientId::random(&*world.rng));
        let session = world.sign_in(practice, *role, own).await;
        let subject = own.unwrap_or_else(|| PatientId::random(&*world.rng));
        let asked = world.guard.bring_in(&session, subject, purpose()).await;
        assert!(matches!(asked, Err(AccessError::Denied)), "{role}");
        assert_eq!(world.ledger.entries().pop().unwrap().outcome, Outcome::Denied);
    }
}

#[tokio::test]
async fn nobody_is_brought_in_without_a_record() {
    let world = world().await;
    let practice = world.practice().await;
    let admin = world.sign_in(practice, Role::Admin, None).await;
    world.ledger.backend().set_failing(true);
    let patient = PatientId::random(&*world.rng);
    let asked = world.guard.bring_in(&admin, patient, purpose()).await;
    assert!(matches!(asked, Err(AccessError::Unrecorded(_))));
    world.ledger.backend().set_failing(false);
    assert!(world.guard.bring_in(&admin, patient, purpose()).await.is_ok(), "no key was left by the try");
}
