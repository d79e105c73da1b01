//! What billing keeps of somebody whose record is destroyed: who comes to it, and with what it goes.

use crate::billing::{Scene, crossed, purpose, scene};
use domain::{BillingAccountId, PatientId, PermissionName, PersonName, Role, VisitId};
use ledger::{Outcome, Word};
use phi::{
    AccessError, ContactKept, Followed, KeepError, ReadIdentity, RowId, Sealed, SealedContact, billing_branch,
    fields::{billing_links::Kept, patients},
};

/// As the destruction of Ana's record does it.
async fn keep_as(scene: &Scene, family: &Sealed<patients::FamilyName>) -> Result<bool, KeepError> {
    let contact = SealedContact { given_name: &scene.name, family_name: family, email: None, phone: None };
    scene.world.guard.keep_contact(scene.practice, scene.ana, Word::new("usual"), contact).await
}

async fn family_name(scene: &Scene) -> Sealed<patients::FamilyName> {
    let desk = scene.world.sign_in(scene.practice, Role::FrontDesk, None).await;
    let grant = scene.world.guard.authorize::<phi::WriteIdentity>(&desk, scene.ana, purpose()).await.unwrap();
    grant.seal(RowId::new(*scene.ana.as_bytes()), &PersonName::new("Ro").unwrap())
}

/// Ana is billed and condemned, her name is kept, and her key destroyed.
async fn destroyed() -> (Scene, BillingAccountId) {
    let scene = scene().await;
    let account = crossed(&scene, VisitId::from_bytes([1; 16])).await.account;
    let family = family_name(&scene).await;
    scene.world.teams.condemn(scene.ana);
    assert!(keep_as(&scene, &family).await.unwrap());
    scene.world.keys.destroy(scene.practice, scene.ana);
    (scene, account)
}

#[tokio::test]
async fn what_is_kept_of_a_destroyed_patient_opens_for_billing_and_for_nobody_else() {
    let (scene, account) = destroyed().await;
    let guard = &scene.world.guard;
    let followed = guard.follow_link(&scene.billing, account, purpose()).await.unwrap();
    assert_eq!(followed.subject(), scene.ana);
    let Followed::Kept(kept) = followed else { panic!("the record is gone") };
    let contact = kept.open().unwrap();
    assert_eq!((contact.expose().given_name.as_str(), contact.expose().family_name.as_str()), ("Ana", "Ro"));
    let entry = scene.world.ledger.entries().pop().unwrap();
    assert_eq!(
        (entry.patient, entry.permission, entry.outcome),
        (Some(scene.ana), Some(PermissionName::ReadContact), Outcome::Allowed)
    );
    for role in Role::ALL.iter().filter(|role| **role != Role::Billing) {
        let patient = (*role == Role::Patient).then_some(scene.ana);
        let session = scene.world.sign_in(scene.practice, *role, patient).await;
        let denied = guard.follow_link(&session, account, purpose()).await;
        assert!(matches!(denied, Err(AccessError::Denied)), "{role}");
    }
    let elsewhere = scene.world.practice().await;
    let stranger = scene.world.sign_in(elsewhere, Role::Billing, None).await;
    assert!(matches!(guard.follow_link(&stranger, account, purpose()).await, Err(AccessError::Denied)));
    let by_id = guard.authorize::<phi::ReadContact>(&scene.billing, scene.ana, purpose()).await;
    assert!(matches!(by_id, Err(AccessError::Denied)));
    scene.world.ledger.backend().set_failing(true);
    let unrecorded = guard.follow_link(&scene.billing, account, purpose()).await;
    assert!(matches!(unrecorded, Err(AccessError::Unrecorded(_))));
}

#[tokio::test]
async fn nothing_is_kept_of_whom_billing_does_not_know_or_who_is_not_condemned() {
    let scene = scene().await;
    let family = family_name(&scene).await;
    let entries = scene.world.ledger.entries().len();
    scene.world.teams.condemn(scene.ana);
    assert!(!keep_as(&scene, &family).await.unwrap(), "billing does not know her");
    assert_eq!(scene.world.ledger.entries().len(), entries, "and nothing was opened");

    let scene = self::scene().await;
    let account = crossed(&scene, VisitId::from_bytes([1; 16])).await.account;
    let family = family_name(&scene).await;
    let refused = keep_as(&scene, &family).await;
    assert!(matches!(refused, Err(KeepError::Access(AccessError::Denied))), "she is not condemned");
    let entry = scene.world.ledger.entries().pop().unwrap();
    assert_eq!(
        (entry.action.as_str(), entry.patient, entry.outcome),
        ("keep_contact", Some(scene.ana), Outcome::Denied)
    );
    scene.world.keys.destroy(scene.practice, scene.ana);
    let denied = scene.world.guard.follow_link(&scene.billing, account, purpose()).await;
    assert!(matches!(denied, Err(AccessError::Denied)));
}

#[tokio::test]
async fn as_long_as_the_record_is_there_it_is_what_counts() {
    let scene = scene().await;
    let account = crossed(&scene, VisitId::from_bytes([1; 16])).await.account;
    let family = family_name(&scene).await;
    scene.world.teams.condemn(scene.ana);
    keep_as(&scene, &family).await.unwrap();
    let entry = scene.world.ledger.entries().pop().unwrap();
    assert_eq!((entry.action.as_str(), entry.outcome), ("keep_contact", Outcome::Allowed));
    let followed = scene.world.guard.follow_link(&scene.billing, account, purpose()).await.unwrap();
    assert!(matches!(followed, Followed::Record(_)));
}

#[tokio::test]
async fn whoever_was_kept_away_from_the_record_is_kept_away_from_what_is_kept_of_it() {
    let scene = scene().await;
    let account = crossed(&scene, VisitId::from_bytes([1; 16])).await.account;
    let colleague = scene.world.sign_in(scene.practice, Role::Billing, None).await;
    let family = family_name(&scene).await;
    scene.world.teams.keep_away(colleague.account(), scene.ana);
    scene.world.teams.condemn(scene.ana);
    keep_as(&scene, &family).await.unwrap();
    scene.world.keys.destroy(scene.practice, scene.ana);
    // What she asked for went with her record.
    scene.world.teams.forget_who_was_kept_away();
    let denied = scene.world.guard.follow_link(&colleague, account, purpose()).await;
    assert!(matches!(denied, Err(AccessError::Denied)));
    let entry = scene.world.ledger.entries().pop().unwrap();
    assert_eq!((entry.patient, entry.reason.as_str()), (Some(scene.ana), "patient-keeps-away"));
    assert!(scene.world.guard.follow_link(&scene.billing, account, purpose()).await.is_ok());
}

#[tokio::test]
async fn what_is_kept_goes_with_the_accounts_key_and_with_nothing_else_of_billing() {
    let (scene, account) = destroyed().await;
    let guard = &scene.world.guard;
    let desk = scene.world.sign_in(scene.practice, Role::FrontDesk, None).await;
    let receipt = guard.authorize_search::<ReadIdentity>(&desk, purpose()).await.unwrap();
    assert_eq!(guard.contact_kept(&receipt, scene.practice, scene.ana).await.unwrap(), ContactKept::There);
    let read = guard.authorize_account::<phi::WriteBilling>(&scene.billing, account, purpose()).await;
    assert!(read.is_ok(), "the account is there");
    scene.world.keys.destroy(billing_branch(scene.practice), PatientId::from_bytes(*account.as_bytes()));
    let denied = guard.follow_link(&scene.billing, account, purpose()).await;
    assert!(matches!(denied, Err(AccessError::Denied)));
    assert_eq!(guard.contact_kept(&receipt, scene.practice, scene.ana).await.unwrap(), ContactKept::NotBilled);
}

#[tokio::test]
async fn what_is_kept_opens_beside_its_own_link_alone() {
    let (scene, account) = destroyed().await;
    let (guard, world) = (&scene.world.guard, &scene.world);
    // Ben is billed too, and destroyed without anything that is kept.
    let desk = world.sign_in(scene.practice, Role::FrontDesk, None).await;
    let ben = PatientId::random(&*world.rng);
    guard.register(&desk, ben, purpose()).await.unwrap();
    world.teams.assign(scene.therapist.account(), ben, "2026-05-01T00:00:00Z".parse().unwrap(), None);
    guard.charge(&scene.therapist, ben, purpose()).await.unwrap().open_account().await.map(drop).unwrap();
    world.keys.destroy(scene.practice, ben);
    // Somebody with the database puts Ana's beside Ben's link, and Ben's nothing beside Ana's.
    world.links.change(|links| {
        let kept = links[0].kept.take().unwrap().as_bytes().to_vec();
        let row = RowId::new(*links[1].link.as_bytes());
        links[1].kept = Some(Sealed::<Kept>::stored(row, kept));
    });
    let receipt = guard.authorize_search::<ReadIdentity>(&desk, purpose()).await.unwrap();
    assert_eq!(guard.contact_kept(&receipt, scene.practice, ben).await.unwrap(), ContactKept::Missing);
    let denied = guard.follow_link(&scene.billing, account, purpose()).await;
    assert!(matches!(denied, Err(AccessError::Denied)));
}
