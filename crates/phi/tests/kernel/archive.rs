//! A record opens for its archive only where its patient stands condemned, and nobody writes in it any more.

use crate::support::world;
use domain::{PatientId, PersonName, Role};
use ledger::{Outcome, Resource, Word};
use phi::{AccessError, Purpose, ReadIdentity, RowId, WriteIdentity, fields::patients};

fn purpose() -> Purpose {
    Purpose::operations(Resource::whole(Word::new("patient")))
}

#[tokio::test]
async fn a_record_opens_for_its_archive_only_where_its_patient_is_condemned() {
    let world = world().await;
    let practice = world.practice().await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let patient = PatientId::random(&*world.rng);
    let grant = world.guard.register(&desk, patient, purpose()).await.unwrap();
    let name = grant.seal::<patients::GivenName>(RowId::new(*patient.as_bytes()), &PersonName::new("Ana").unwrap());
    let refused = world.guard.archive(practice, patient, Word::new("usual")).await;
    assert!(matches!(refused, Err(AccessError::Denied)));
    let entry = world.ledger.entries().pop().unwrap();
    assert_eq!(
        (entry.action.as_str(), entry.patient, entry.outcome),
        ("archive_record", Some(patient), Outcome::Denied)
    );

    world.guard.authorize::<WriteIdentity>(&desk, patient, purpose()).await.unwrap();
    world.teams.condemn(patient);
    let leave = world.guard.archive(practice, patient, Word::new("usual")).await.unwrap();
    assert_eq!(leave.open(&name).unwrap().expose().as_str(), "Ana");
    assert_eq!(world.ledger.entries().pop().unwrap().outcome, Outcome::Allowed);
    // It can still be read, and nothing is written that would be lost with it.
    world.guard.authorize::<ReadIdentity>(&desk, patient, purpose()).await.unwrap();
    let writes = world.guard.authorize::<WriteIdentity>(&desk, patient, purpose()).await;
    assert!(matches!(writes, Err(AccessError::Denied)));
    assert_eq!(world.ledger.entries().pop().unwrap().reason.as_str(), "record-is-ending");
}

#[tokio::test]
async fn that_there_was_no_key_any_more_to_archive_by_is_recorded_too() {
    let world = world().await;
    let practice = world.practice().await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let patient = PatientId::random(&*world.rng);
    world.guard.register(&desk, patient, purpose()).await.unwrap();
    world.teams.condemn(patient);
    world.keys.destroy(practice, patient);
    let gone = world.guard.archive(practice, patient, Word::new("usual")).await;
    assert!(matches!(gone, Err(AccessError::Gone)));
    let entry = world.ledger.entries().pop().unwrap();
    assert_eq!(
        (entry.action.as_str(), entry.patient, entry.outcome, entry.reason.as_str()),
        ("archive_record", Some(patient), Outcome::Denied, "destroyed")
    );
    world.ledger.backend().set_failing(true);
    let unrecorded = world.guard.archive(practice, patient, Word::new("usual")).await;
    assert!(matches!(unrecorded, Err(AccessError::Unrecorded(_))));
}
