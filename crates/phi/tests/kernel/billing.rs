//! Between care and billing: what crosses, who opens it, and what nobody comes to.

use crate::support::{World, world};
use domain::{
    BillingAccountId, Date, PatientId, PermissionName, PersonName, PracticeId, Role, VisitId,
    billing::{ChargeSheet, CptCode, Diagnoses, DiagnosisCode, Minutes, Service, TakenBack, WithdrawalReason},
};
use identity::{Full, Session};
use ledger::{Outcome, Resource, Word};
use phi::{
    AccessError, Claim, Draft, Followed, Purpose, ReadBilling, ReadContact, ReadExercise, RowId, Sealed, WriteBilling,
    WriteIdentity, fields::patients::GivenName,
};

pub(crate) fn purpose() -> Purpose {
    Purpose::payment(Resource::whole(Word::new("charge")))
}

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) practice: PracticeId,
    pub(crate) ana: PatientId,
    pub(crate) name: Sealed<GivenName>,
    pub(crate) therapist: Session<Full>,
    pub(crate) billing: Session<Full>,
}

pub(crate) async fn scene() -> Scene {
    let world = world().await;
    let practice = world.practice().await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let ana = PatientId::random(&*world.rng);
    let grant: phi::Grant<'_, WriteIdentity> = world.guard.register(&desk, ana, purpose()).await.unwrap();
    let name = grant.seal(RowId::new(*ana.as_bytes()), &PersonName::new("Ana").unwrap());
    drop(grant);
    let therapist = world.sign_in(practice, Role::Therapist, None).await;
    world.teams.assign(therapist.account(), ana, "2026-05-01T00:00:00Z".parse().unwrap(), None);
    let billing = world.sign_in(practice, Role::Billing, None).await;
    Scene { world, practice, ana, name, therapist, billing }
}

fn sheet() -> ChargeSheet {
    let minutes = Some(Minutes::new(33).unwrap());
    ChargeSheet::new(vec![Service { code: CptCode::new("97110").unwrap(), minutes, modifiers: vec![] }]).unwrap()
}

pub(crate) async fn crossed(scene: &Scene, visit: VisitId) -> Draft {
    sent(scene, visit, 0).await
}

async fn sent(scene: &Scene, visit: VisitId, number: u32) -> Draft {
    let diagnoses = Diagnoses::new(vec![DiagnosisCode::new("M25.561").unwrap()]).unwrap();
    let grant =
        scene.world.guard.charge(&scene.therapist, scene.ana, purpose()).await.unwrap().open_account().await.unwrap();
    let day = Date::constant(2026, 5, 14);
    let crossing = grant.cross((visit, number), day, scene.therapist.account(), Claim::Of(&sheet(), &diagnoses));
    scene.world.guard.unpack(scene.practice, visit, &crossing).await.unwrap()
}

#[tokio::test]
async fn what_a_therapist_charges_opens_for_billing_and_one_patient_has_one_account() {
    let scene = scene().await;
    let guard = &scene.world.guard;
    let one = crossed(&scene, VisitId::from_bytes([1; 16])).await;
    let two = crossed(&scene, VisitId::from_bytes([2; 16])).await;
    assert_eq!(one.account, two.account);
    assert_ne!(one.charge, two.charge);
    assert_eq!(one.branch, phi::billing_branch(scene.practice));
    let read = guard.authorize_account::<ReadBilling>(&scene.billing, one.account, purpose()).await.unwrap();
    assert!(*read.open(&one.sheet).unwrap().expose() == Some(sheet()));
    let write = guard.authorize_account::<WriteBilling>(&scene.billing, one.account, purpose()).await.unwrap();
    assert_eq!(
        write.open(&one.diagnoses).unwrap().expose().as_ref().unwrap().iter().next().unwrap().to_string(),
        "M25.561"
    );
    // In another charge's place it opens nothing.
    let moved = Sealed::stored(two.sheet.row(), one.sheet.as_bytes().to_vec());
    assert!(read.open::<phi::fields::charges::Sheet>(&moved).is_err());
}

#[tokio::test]
async fn what_is_sent_for_one_visit_is_one_occasion_in_an_order_that_no_store_can_change() {
    let scene = scene().await;
    let (visit, other) = (VisitId::from_bytes([1; 16]), VisitId::from_bytes([2; 16]));
    let (first, correction) = (sent(&scene, visit, 0).await, sent(&scene, visit, 1).await);
    assert_eq!((first.number, correction.number), (0, 1));
    assert!(first.occasion == correction.occasion && first.charge != correction.charge);
    assert_ne!(first.occasion, sent(&scene, other, 0).await.occasion);
    assert_ne!(first.occasion.as_bytes(), visit.as_bytes());
    // Somebody with the database puts what was sent first in the place of its correction.
    let diagnoses = Diagnoses::new(vec![DiagnosisCode::new("M25.561").unwrap()]).unwrap();
    let grant =
        scene.world.guard.charge(&scene.therapist, scene.ana, purpose()).await.unwrap().open_account().await.unwrap();
    let day = Date::constant(2026, 5, 14);
    let crossing = grant.cross((visit, 0), day, scene.therapist.account(), Claim::Of(&sheet(), &diagnoses));
    let moved = Sealed::stored(RowId::versioned(*visit.as_bytes(), 1), crossing.as_bytes().to_vec());
    assert!(scene.world.guard.unpack(scene.practice, visit, &moved).await.is_err());
    assert!(scene.world.guard.unpack(scene.practice, other, &crossing).await.is_err());
}

#[tokio::test]
async fn what_takes_a_charge_back_says_nothing_else_and_is_the_same_occasion() {
    let scene = scene().await;
    let visit = VisitId::from_bytes([1; 16]);
    let first = sent(&scene, visit, 0).await;
    let grant = scene.world.guard.charge(&scene.therapist, scene.ana, purpose()).await.unwrap();
    let account = grant.open_account().await.unwrap();
    let (at, because) = ("2026-05-14T16:00:00Z".parse().unwrap(), WithdrawalReason::OtherPatient);
    let claim = Claim::Nothing(at, because);
    let crossing = account.cross((visit, 1), Date::constant(2026, 5, 14), scene.therapist.account(), claim);
    let nothing = scene.world.guard.unpack(scene.practice, visit, &crossing).await.unwrap();
    assert!(first.taken_back.is_none() && nothing.occasion == first.occasion);
    assert_eq!(nothing.taken_back, Some(TakenBack { by: scene.therapist.account(), at, because }));
    let write = scene.world.guard.authorize_account::<WriteBilling>(&scene.billing, nothing.account, purpose()).await;
    let write = write.unwrap();
    assert!(write.open(&nothing.sheet).unwrap().expose().is_none());
    assert!(write.open(&nothing.diagnoses).unwrap().expose().is_none());
}

#[tokio::test]
async fn nobody_but_billing_comes_to_an_account_and_none_that_does_not_exist() {
    let scene = scene().await;
    let guard = &scene.world.guard;
    let draft = crossed(&scene, VisitId::from_bytes([1; 16])).await;
    for role in Role::ALL.iter().filter(|role| **role != Role::Billing) {
        let patient = (*role == Role::Patient).then_some(scene.ana);
        let session = scene.world.sign_in(scene.practice, *role, patient).await;
        let denied = guard.authorize_account::<ReadBilling>(&session, draft.account, purpose()).await;
        assert!(matches!(denied, Err(AccessError::Denied)), "{role}");
        let denied = guard.follow_link(&session, draft.account, purpose()).await;
        assert!(matches!(denied, Err(AccessError::Denied)), "{role}");
        let entry = scene.world.ledger.entries().pop().unwrap();
        assert_eq!((entry.patient, entry.outcome), (None, Outcome::Denied), "{role}");
    }
    let nobody = BillingAccountId::random(&*scene.world.rng);
    let elsewhere = scene.world.practice().await;
    let stranger = scene.world.sign_in(elsewhere, Role::Billing, None).await;
    for (session, account) in [(&scene.billing, nobody), (&stranger, draft.account)] {
        let denied = guard.authorize_account::<ReadBilling>(session, account, purpose()).await;
        assert!(matches!(denied, Err(AccessError::Denied)));
        assert!(matches!(guard.follow_link(session, account, purpose()).await, Err(AccessError::Denied)));
    }
}

#[tokio::test]
async fn billing_sees_name_and_contact_through_the_link_and_nothing_else() {
    let scene = scene().await;
    let guard = &scene.world.guard;
    let draft = crossed(&scene, VisitId::from_bytes([1; 16])).await;
    let followed = guard.follow_link(&scene.billing, draft.account, purpose()).await.unwrap();
    assert_eq!(followed.subject(), scene.ana);
    let Followed::Record(contact) = followed else { panic!("the record is there") };
    assert_eq!(contact.open(&scene.name).unwrap().expose().as_str(), "Ana");
    let entry = scene.world.ledger.entries().pop().unwrap();
    assert_eq!((entry.patient, entry.permission), (Some(scene.ana), Some(PermissionName::ReadContact)));
    // Who watches over the policy is told so, and of nobody who is not billed.
    let claims = identity::AccountClaims {
        practice: scene.practice,
        account: scene.billing.account(),
        role: Role::Billing,
        patient: None,
        active: true,
    };
    let standing = guard.explain(&claims, scene.ana).await.unwrap();
    assert_eq!(standing.allowed, [(PermissionName::ReadContact, Word::new("billing-contacts"))]);
    let desk = scene.world.sign_in(scene.practice, Role::FrontDesk, None).await;
    let ben = PatientId::random(&*scene.world.rng);
    guard.register(&desk, ben, purpose()).await.unwrap();
    assert_eq!(guard.explain(&claims, ben).await.unwrap().allowed, []);
    // A birth date is of another class: asking for it does not compile (compile_fail/billing_does_not_open_a_birth_date.rs).
    // The same patient, asked for without the link: by their id, as anybody might who has it.
    let denied = guard.authorize::<ReadContact>(&scene.billing, scene.ana, purpose()).await;
    assert!(matches!(denied, Err(AccessError::Denied)));
    for denied in [
        guard.authorize::<ReadExercise>(&scene.billing, scene.ana, purpose()).await.err(),
        guard.charge(&scene.billing, scene.ana, purpose()).await.err(),
    ] {
        assert!(matches!(denied, Some(AccessError::Denied)));
    }
}

#[tokio::test]
async fn the_ledger_holds_no_billing_account_at_all() {
    let scene = scene().await;
    let guard = &scene.world.guard;
    let draft = crossed(&scene, VisitId::from_bytes([1; 16])).await;
    guard.authorize_account::<WriteBilling>(&scene.billing, draft.account, purpose()).await.unwrap();
    guard.follow_link(&scene.billing, draft.account, purpose()).await.unwrap();
    for entry in scene.world.ledger.entries() {
        let written = serde_json::to_string(&entry).unwrap();
        assert!(!written.contains(&draft.account.to_string()), "{written}");
        assert!(!written.contains(&draft.charge.to_string()), "{written}");
    }
}

#[tokio::test]
async fn a_destroyed_patient_key_leaves_the_account_and_takes_the_name() {
    let scene = scene().await;
    let guard = &scene.world.guard;
    let draft = crossed(&scene, VisitId::from_bytes([1; 16])).await;
    scene.world.keys.destroy(scene.practice, scene.ana);
    let denied = guard.follow_link(&scene.billing, draft.account, purpose()).await;
    assert!(matches!(denied, Err(AccessError::Denied)));
    let read = guard.authorize_account::<ReadBilling>(&scene.billing, draft.account, purpose()).await.unwrap();
    assert!(read.open(&draft.sheet).is_ok());
    let again = guard.charge(&scene.therapist, scene.ana, purpose()).await;
    assert!(matches!(again, Err(AccessError::Denied)));
}

#[tokio::test]
async fn without_a_record_there_is_neither_a_charge_nor_an_account() {
    let scene = scene().await;
    let guard = &scene.world.guard;
    let draft = crossed(&scene, VisitId::from_bytes([1; 16])).await;
    scene.world.ledger.backend().set_failing(true);
    for refused in [
        guard.charge(&scene.therapist, scene.ana, purpose()).await.err(),
        guard.authorize_account::<ReadBilling>(&scene.billing, draft.account, purpose()).await.err(),
        guard.follow_link(&scene.billing, draft.account, purpose()).await.err(),
    ] {
        assert!(matches!(refused, Some(AccessError::Unrecorded(_))));
    }
}
