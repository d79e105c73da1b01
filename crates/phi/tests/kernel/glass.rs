//! Breaking the glass: what it opens, to whom, for how long, and what it never does.

use crate::support::{World, world};
use domain::{Clock, EmergencyReason, IncidentId, PatientId, PersonName, PracticeId, PurposeKind, Role, SoughtPerson};
use identity::{Full, Session};
use ledger::{Outcome, Resource, Word};
use phi::{
    AccessError, BreakGlass, Export, GlassError, NotifyAffected, Permission, Purpose, ReadExercise, ReadIdentity,
    ReadNotes, ReviewEmergency, RowId, SealedName, SealedPerson, WriteExercise, WriteIdentity, WriteNotes, WriteVisits,
    fields::{emergencies, patients},
};

const ROW: RowId = RowId::new([5; 16]);

fn purpose() -> Purpose {
    Purpose::treatment(Resource::whole(Word::new("record")))
}

struct Scene {
    world: World,
    practice: PracticeId,
    patient: PatientId,
    therapist: Session<Full>,
    admin: Session<Full>,
}

async fn scene() -> Scene {
    let world = world().await;
    let practice = world.practice().await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let patient = PatientId::random(&*world.rng);
    world.guard.register(&desk, patient, purpose()).await.unwrap();
    let therapist = world.sign_in(practice, Role::Therapist, None).await;
    let admin = world.sign_in(practice, Role::Admin, None).await;
    Scene { world, practice, patient, therapist, admin }
}

impl Scene {
    /// Opens the record until a second from now.
    fn open(&self, session: &Session<Full>) {
        let until = self.world.clock.now() + std::time::Duration::from_secs(1);
        self.world.teams.break_glass(session, self.patient, until);
    }

    async fn may<P: Permission>(&self, session: &Session<Full>) -> bool {
        match self.world.guard.authorize::<P>(session, self.patient, purpose()).await {
            Ok(_) => true,
            Err(AccessError::Denied) => false,
            Err(error) => panic!("{error}"),
        }
    }

    async fn may_break(&self, session: &Session<Full>) -> bool {
        self.world.guard.break_glass(session, self.patient, purpose()).await.is_ok()
    }
}

#[tokio::test]
async fn leave_to_break_the_glass_opens_nothing_by_itself_and_is_recorded_as_an_emergency() {
    let scene = scene().await;
    for who in [&scene.therapist, &scene.admin] {
        assert!(scene.may_break(who).await);
        let entry = scene.world.ledger.entries().pop().unwrap();
        assert_eq!((entry.action.as_str(), entry.patient), ("break_glass", Some(scene.patient)));
        assert_eq!((entry.outcome, entry.purpose), (Outcome::Allowed, Some(PurposeKind::Emergency)));
        assert!(!scene.may::<ReadExercise>(who).await, "it was not broken");
    }
    scene.world.ledger.backend().set_failing(true);
    let refused = scene.world.guard.break_glass(&scene.therapist, scene.patient, purpose()).await;
    assert!(matches!(refused.err(), Some(GlassError::Access(AccessError::Unrecorded(_)))));
}

#[tokio::test]
async fn broken_glass_opens_what_care_needs_now_and_each_look_is_recorded_as_an_emergency() {
    let scene = scene().await;
    let who = &scene.therapist;
    scene.open(who);
    let grant = scene.world.guard.authorize::<ReadNotes>(who, scene.patient, purpose()).await.unwrap();
    assert!(grant.is_emergency());
    let entry = scene.world.ledger.entries().pop().unwrap();
    assert_eq!((entry.purpose, entry.reason.as_str()), (Some(PurposeKind::Emergency), "break-glass"));
    assert!(scene.may::<ReadExercise>(who).await && scene.may::<WriteNotes>(who).await);
    assert!(!scene.may::<WriteExercise>(who).await && !scene.may::<WriteVisits>(who).await);
    assert!(
        !scene.may::<Export>(who).await
            && !scene.may::<ReadIdentity>(who).await
            && !scene.may::<WriteIdentity>(who).await
    );
    let denied = scene.world.ledger.entries().pop().unwrap();
    assert_eq!((denied.outcome, denied.purpose), (Outcome::Denied, Some(PurposeKind::Treatment)));
}

#[tokio::test]
async fn leave_to_break_the_glass_comes_of_nothing_but_asking_for_it() {
    let scene = scene().await;
    for who in [&scene.therapist, &scene.admin] {
        assert!(!scene.may::<BreakGlass>(who).await, "as any other permission");
        assert!(scene.may_break(who).await);
        scene.open(who);
        assert!(!scene.may::<BreakGlass>(who).await, "nor when it is broken");
        assert!(scene.world.guard.would_break(who, scene.patient).await.unwrap());
    }
}

#[tokio::test]
async fn what_an_emergency_alone_allows_is_not_allowed_in_care() {
    let scene = scene().await;
    let in_care = async || scene.world.guard.would_allow_in_care::<WriteNotes>(&scene.therapist, scene.patient).await;
    assert!(!in_care().await.unwrap());
    scene.open(&scene.therapist);
    assert!(scene.world.guard.would_allow::<WriteNotes>(&scene.therapist, scene.patient).await.unwrap());
    assert!(!in_care().await.unwrap());
    let from = "2026-05-01T00:00:00Z".parse().unwrap();
    scene.world.teams.assign(scene.therapist.account(), scene.patient, from, None);
    assert!(in_care().await.unwrap());
}

#[tokio::test]
async fn nobody_is_kept_from_looking_into_an_opening() {
    let scene = scene().await;
    let officer = scene.world.sign_in(scene.practice, Role::PrivacyOfficer, None).await;
    for who in [&officer, &scene.admin] {
        scene.world.teams.keep_away(who.account(), scene.patient);
        assert!(scene.may::<ReviewEmergency>(who).await);
    }
    assert!(!scene.may::<ReadIdentity>(&scene.admin).await && !scene.may_break(&scene.admin).await);
}

#[tokio::test]
async fn glass_is_whole_again_when_its_time_is_over_and_was_never_broken_in_another_session_or_record() {
    let scene = scene().await;
    scene.open(&scene.therapist);
    assert!(!scene.may::<ReadExercise>(&scene.admin).await, "another account's");
    let other = PatientId::random(&*scene.world.rng);
    scene.world.guard.register(&scene.admin, other, purpose()).await.unwrap();
    let refused = scene.world.guard.authorize::<ReadExercise>(&scene.therapist, other, purpose()).await;
    assert!(matches!(refused.err(), Some(AccessError::Denied)));
    assert!(scene.may::<ReadExercise>(&scene.therapist).await);
    scene.world.clock.advance_seconds(1);
    assert!(!scene.may::<ReadExercise>(&scene.therapist).await, "not one request longer");
}

#[tokio::test]
async fn only_therapists_and_administrators_break_glass_and_those_to_whom_it_is_open_need_not() {
    let scene = scene().await;
    for role in [Role::FrontDesk, Role::Billing, Role::PrivacyOfficer, Role::Operator, Role::Researcher] {
        let session = scene.world.sign_in(scene.practice, role, None).await;
        assert!(!scene.may_break(&session).await, "{role}");
    }
    let patient = scene.world.sign_in(scene.practice, Role::Patient, Some(scene.patient)).await;
    assert!(!scene.may_break(&patient).await);
    let from = "2026-05-01T00:00:00Z".parse().unwrap();
    scene.world.teams.assign(scene.therapist.account(), scene.patient, from, None);
    let refused = scene.world.guard.break_glass(&scene.therapist, scene.patient, purpose()).await;
    assert!(matches!(refused.err(), Some(GlassError::AlreadyOpen)));
    assert_eq!(scene.world.ledger.entries().pop().unwrap().reason.as_str(), "already-open");
    scene.open(&scene.admin);
    let again = scene.world.guard.break_glass(&scene.admin, scene.patient, purpose()).await;
    assert!(matches!(again.err(), Some(GlassError::AlreadyOpen)), "it is broken");
}

#[tokio::test]
async fn glass_is_never_broken_where_the_record_is_closed_ending_or_gone_or_keeps_the_caller_away() {
    type Change = fn(&Scene);
    let changes: [(&str, Change); 4] = [
        ("made twice", |scene| scene.world.teams.merge(scene.patient, PatientId::from_bytes([1; 16]))),
        ("being destroyed", |scene| scene.world.teams.condemn(scene.patient)),
        ("destroyed", |scene| scene.world.keys.destroy(scene.practice, scene.patient)),
        ("keeps away", |scene| scene.world.teams.keep_away(scene.therapist.account(), scene.patient)),
    ];
    for (what, change) in changes {
        let scene = scene().await;
        scene.open(&scene.therapist);
        assert!(scene.may::<ReadExercise>(&scene.therapist).await);
        change(&scene);
        assert!(!scene.may::<ReadExercise>(&scene.therapist).await, "{what}, though it was broken before");
        let another = scene.world.sign_in(scene.practice, Role::Therapist, None).await;
        let refused = scene.world.guard.break_glass(&scene.therapist, scene.patient, purpose()).await;
        assert!(matches!(refused.err(), Some(GlassError::Access(AccessError::Denied))), "{what}");
        assert_eq!(scene.may_break(&another).await, what == "keeps away", "{what}: anybody else");
    }
}

#[tokio::test]
async fn notes_that_are_withheld_open_to_a_therapist_in_an_emergency_and_to_no_administrator() {
    let scene = scene().await;
    scene.world.teams.withhold_notes(scene.patient);
    scene.world.teams.covering.store(true, std::sync::atomic::Ordering::Relaxed);
    let from = "2026-05-01T00:00:00Z".parse().unwrap();
    scene.world.teams.assign(scene.therapist.account(), scene.patient, from, None);
    assert!(scene.may::<ReadExercise>(&scene.therapist).await && !scene.may::<ReadNotes>(&scene.therapist).await);
    assert!(scene.may_break(&scene.therapist).await, "there is something to gain");
    scene.open(&scene.therapist);
    scene.open(&scene.admin);
    assert!(scene.may::<ReadNotes>(&scene.therapist).await && !scene.may::<ReadNotes>(&scene.admin).await);
    assert!(scene.may::<ReadExercise>(&scene.admin).await);
    let grant = scene.world.guard.authorize::<ReadExercise>(&scene.therapist, scene.patient, purpose()).await.unwrap();
    assert!(!grant.is_emergency(), "that was open without");
    let grant = scene.world.guard.authorize::<ReadNotes>(&scene.therapist, scene.patient, purpose()).await.unwrap();
    assert!(grant.is_emergency());
}

#[tokio::test]
async fn a_reason_opens_to_who_looks_into_it_and_says_nothing_else_of_the_record() {
    let scene = scene().await;
    let grant = scene.world.guard.break_glass(&scene.therapist, scene.patient, purpose()).await.unwrap();
    let reason = grant.seal::<emergencies::Reason>(ROW, &EmergencyReason::new("Collapsed in the hall.").unwrap());
    let officer = scene.world.sign_in(scene.practice, Role::PrivacyOfficer, None).await;
    let review = scene.world.guard.authorize::<ReviewEmergency>(&officer, scene.patient, purpose()).await.unwrap();
    assert_eq!(review.open(&reason).unwrap().expose().as_str(), "Collapsed in the hall.");
    assert!(!scene.may::<ReadExercise>(&officer).await && !scene.may::<ReadIdentity>(&officer).await);
    assert!(!scene.may::<ReviewEmergency>(&scene.therapist).await);
}

#[tokio::test]
async fn whoever_tells_of_a_breach_learns_who_it_affects_and_of_nobody_else_who_they_are() {
    let scene = scene().await;
    let (world, incident, other) = (&scene.world, IncidentId::from_bytes([3; 16]), IncidentId::from_bytes([4; 16]));
    let bystander = PatientId::random(&*world.rng);
    world.guard.register(&scene.admin, bystander, purpose()).await.unwrap();
    world.teams.affect(incident, scene.patient);
    let officer = world.sign_in(scene.practice, Role::PrivacyOfficer, None).await;
    let row = RowId::new(*scene.patient.as_bytes());
    let write = world.guard.authorize::<WriteIdentity>(&scene.admin, scene.patient, purpose()).await.unwrap();
    let name = write.seal::<patients::FamilyName>(row, &PersonName::new("Ruiz").unwrap());
    let asked = [scene.patient, bystander];
    let told = world.guard.notify(&officer, incident, &asked, purpose()).await.unwrap();
    assert_eq!(told.iter().map(|(who, _)| *who).collect::<Vec<_>>(), asked);
    let grant = told[0].1.as_ref().unwrap();
    assert_eq!(grant.open(&name).unwrap().expose().as_str(), "Ruiz");
    assert!(matches!(told[1].1, Err(AccessError::Denied)), "nobody wrote down that it affects them");
    let of_another = world.guard.notify(&officer, other, &asked, purpose()).await.unwrap();
    assert!(of_another.iter().all(|(_, grant)| matches!(grant, Err(AccessError::Denied))), "that is another incident");
    let therapist = world.guard.notify(&scene.therapist, incident, &asked, purpose()).await.unwrap();
    assert!(therapist.iter().all(|(_, grant)| matches!(grant, Err(AccessError::Denied))));
    // The general door does not lead there.
    assert!(!scene.may::<NotifyAffected>(&officer).await && !scene.may::<NotifyAffected>(&scene.admin).await);
    assert!(!scene.may::<ReadIdentity>(&officer).await);
    let entries = world.ledger.entries();
    let told = entries.iter().filter(|entry| entry.action.as_str() == "notify_affected");
    let allowed: Vec<_> = told.filter(|entry| entry.outcome == Outcome::Allowed).map(|entry| entry.patient).collect();
    assert_eq!(allowed, [Some(scene.patient)]);
}

#[tokio::test]
async fn somebody_is_found_by_whole_name_and_birth_date_and_by_nothing_less() {
    let scene = scene().await;
    let world = &scene.world;
    let day = |day: &str| serde_json::from_str::<domain::BirthDate>(&format!("\"{day}\"")).unwrap();
    let name = |text: &str| PersonName::new(text).unwrap();
    let grant = world.guard.authorize::<WriteIdentity>(&scene.admin, scene.patient, purpose()).await.unwrap();
    let row = RowId::new(*scene.patient.as_bytes());
    let person = || SealedPerson {
        name: SealedName {
            patient: scene.patient,
            given_name: grant.seal::<patients::GivenName>(row, &name("Ana")),
            family_name: grant.seal::<patients::FamilyName>(row, &name("Ruiz")),
        },
        born: grant.seal::<patients::Born>(row, &day("1980-02-03")),
    };
    let finds = async |given: &str, family: &str, born: &str| {
        let sought = SoughtPerson { given_name: name(given), family_name: name(family), born: day(born) };
        let mut search = world.guard.search_names::<BreakGlass>(&scene.therapist, purpose()).await.unwrap();
        search.compare_persons(&sought, &[person()]).await.unwrap();
        search.finish().await.unwrap()
    };
    assert_eq!(finds("ana", "ruiz", "1980-02-03").await, [scene.patient]);
    assert_eq!(world.ledger.entries().pop().unwrap().resource.id(), "1", "one was opened");
    assert_eq!(finds("ana", "ruiz", "1980-02-04").await, []);
    assert_eq!(finds("an", "ruiz", "1980-02-03").await, []);
    let desk = world.sign_in(scene.practice, Role::FrontDesk, None).await;
    assert!(matches!(world.guard.search_names::<BreakGlass>(&desk, purpose()).await.err(), Some(AccessError::Denied)));
}
