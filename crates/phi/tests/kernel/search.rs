//! Names are searched in memory: nothing but ids comes out, and not before it is recorded how many were opened.

use crate::support::{World, world};
use domain::{NameQuery, PatientId, PersonName, PracticeId, Role};
use identity::{Full, Session};
use ledger::{Outcome, Resource, Word};
use phi::{
    AccessError, Contact, Covers, Permission, Purpose, ReadAudit, ReadExercise, ReadIdentity, RowId, SealedName,
    fields::patients::FamilyName, fields::patients::GivenName,
};

fn purpose() -> Purpose {
    Purpose::operations(Resource::whole(Word::new("patient_names")))
}

async fn named(world: &World, desk: &Session<Full>, given: &str, family: &str) -> SealedName {
    let patient = PatientId::random(&*world.rng);
    let grant = world.guard.register(desk, patient, purpose()).await.unwrap();
    let row = RowId::new(*patient.as_bytes());
    SealedName {
        patient,
        given_name: grant.seal::<GivenName>(row, &PersonName::new(given).unwrap()),
        family_name: grant.seal::<FamilyName>(row, &PersonName::new(family).unwrap()),
    }
}

/// Whom a search finds among these, once it is recorded.
async fn finds<P: Permission + Covers<Contact>>(
    world: &World,
    session: &Session<Full>,
    typed: &str,
    names: &[SealedName],
) -> Vec<PatientId> {
    let mut search = world.guard.search_names::<P>(session, purpose()).await.unwrap();
    search.compare(&NameQuery::new(typed).unwrap(), names).await.unwrap();
    search.finish().await.unwrap()
}

async fn furnished() -> (World, PracticeId, Session<Full>, Vec<SealedName>) {
    let world = world().await;
    let practice = world.practice().await;
    let desk = world.sign_in(practice, Role::FrontDesk, None).await;
    let mut names = Vec::new();
    for (given, family) in [("Ana", "Ruiz"), ("Ben", "Adeyemi"), ("Cora", "Ruiz-Vega")] {
        names.push(named(&world, &desk, given, family).await);
    }
    (world, practice, desk, names)
}

#[tokio::test]
async fn the_front_desk_finds_everybody_who_fits_and_how_many_names_it_opened_is_recorded() {
    let (world, _, desk, names) = furnished().await;
    let before = world.ledger.entries().len();
    let found = finds::<ReadIdentity>(&world, &desk, "ruiz", &names).await;
    assert_eq!(found, [names[0].patient, names[2].patient]);
    let entries = world.ledger.entries().split_off(before);
    let said: Vec<_> = entries.iter().map(|entry| (entry.resource.kind().as_str(), entry.resource.id())).collect();
    assert_eq!(said, [("patient_names", ""), ("names_opened", "3")]);
    for entry in entries {
        assert_eq!((entry.actor, entry.patient, entry.outcome), (Some(desk.account()), None, Outcome::Allowed));
        assert_eq!(entry.reason.as_str(), "registration");
    }
}

#[tokio::test]
async fn who_fits_is_not_told_before_it_is_recorded_how_many_names_were_opened() {
    let (world, _, desk, names) = furnished().await;
    let mut search = world.guard.search_names::<ReadIdentity>(&desk, purpose()).await.unwrap();
    search.compare(&NameQuery::new("ruiz").unwrap(), &names).await.unwrap();
    world.ledger.backend().set_failing(true);
    assert!(matches!(search.finish().await, Err(AccessError::Unrecorded(_))));
}

#[tokio::test]
async fn whom_patients_keep_away_finds_them_not_and_all_others() {
    let (world, practice, desk, names) = furnished().await;
    world.teams.keep_away(desk.account(), names[0].patient);
    let before = world.ledger.entries().len();
    let mut search = world.guard.search_names::<ReadIdentity>(&desk, purpose()).await.unwrap();
    search.compare(&NameQuery::new("ruiz").unwrap(), &names).await.unwrap();
    assert_eq!(search.found(), 1, "they push nobody out of the first who are shown");
    assert_eq!(search.finish().await.unwrap(), [names[2].patient]);
    let entries = world.ledger.entries().split_off(before);
    assert_eq!(entries.last().unwrap().resource.id(), "3", "what was compared is said, of whomever");
    assert!(entries.iter().all(|entry| entry.patient.is_none()), "and nothing more of anybody was opened");
    let colleague = world.sign_in(practice, Role::FrontDesk, None).await;
    assert_eq!(finds::<ReadIdentity>(&world, &colleague, "ruiz", &names).await.len(), 2);
}

#[tokio::test]
async fn a_therapist_finds_only_those_whom_they_treat_at_this_moment() {
    let (world, practice, _, names) = furnished().await;
    let therapist = world.sign_in(practice, Role::Therapist, None).await;
    let until = "2026-05-14T12:00:01Z".parse().unwrap();
    world.teams.assign(therapist.account(), names[2].patient, "2026-05-01T00:00:00Z".parse().unwrap(), Some(until));
    assert_eq!(finds::<ReadExercise>(&world, &therapist, "ruiz", &names).await, [names[2].patient]);
    let entry = world.ledger.entries().pop().unwrap();
    assert_eq!(entry.resource.id(), "1", "nobody else's name was opened");
    world.clock.advance_seconds(1);
    assert_eq!(finds::<ReadExercise>(&world, &therapist, "ruiz", &names).await, []);
}

#[tokio::test]
async fn a_patient_finds_themself_and_nobody_else() {
    let (world, practice, _, names) = furnished().await;
    let ana = world.sign_in(practice, Role::Patient, Some(names[0].patient)).await;
    assert_eq!(finds::<ReadExercise>(&world, &ana, "ruiz", &names).await, [names[0].patient]);
}

#[tokio::test]
async fn who_may_read_nobodys_name_searches_none_and_that_is_recorded() {
    let (world, practice, _, _) = furnished().await;
    for role in [Role::Billing, Role::PrivacyOfficer, Role::Operator, Role::Researcher] {
        let session = world.sign_in(practice, role, None).await;
        assert!(matches!(
            world.guard.search_names::<ReadIdentity>(&session, purpose()).await.err(),
            Some(AccessError::Denied)
        ));
        assert_eq!(world.ledger.entries().pop().unwrap().outcome, Outcome::Denied);
    }
}

#[tokio::test]
async fn no_name_is_compared_that_could_not_be_recorded_and_none_whose_key_is_gone() {
    let (world, practice, desk, names) = furnished().await;
    world.ledger.backend().set_failing(true);
    let refused = world.guard.search_names::<ReadIdentity>(&desk, purpose()).await;
    assert!(matches!(refused.err(), Some(AccessError::Unrecorded(_))));
    world.ledger.backend().set_failing(false);
    world.keys.destroy(practice, names[0].patient);
    assert_eq!(finds::<ReadIdentity>(&world, &desk, "ruiz", &names).await, [names[2].patient]);
}

#[tokio::test]
async fn what_is_explained_is_what_the_guard_does() {
    let (world, practice, _, names) = furnished().await;
    let patient = names[0].patient;
    let therapist = world.sign_in(practice, Role::Therapist, None).await;
    let claims = |session: &Session<Full>, active| identity::AccountClaims {
        practice,
        account: session.account(),
        role: session.role(),
        patient: session.patient(),
        active,
    };
    let before = world.guard.explain(&claims(&therapist, true), patient).await.unwrap();
    assert_eq!(before.allowed, []);
    world.teams.assign(therapist.account(), patient, "2026-05-01T00:00:00Z".parse().unwrap(), None);
    let after = world.guard.explain(&claims(&therapist, true), patient).await.unwrap();
    let words: Vec<_> = after.allowed.iter().map(|(permission, rule)| (permission.word(), rule.as_str())).collect();
    assert_eq!(words[0], ("read_exercise", "care-team-therapist"));
    assert!(
        after.relation.on_care_team
            && world.guard.authorize::<ReadExercise>(&therapist, patient, purpose()).await.is_ok()
    );
    let disabled = world.guard.explain(&claims(&therapist, false), patient).await.unwrap();
    assert_eq!(disabled.allowed, []);
    let stranger = world.guard.explain(&claims(&therapist, true), PatientId::random(&*world.rng)).await.unwrap();
    assert_eq!(stranger.allowed, []);
}

#[tokio::test]
async fn a_question_about_a_patient_is_recorded_under_them() {
    let (world, practice, _, names) = furnished().await;
    let officer = world.sign_in(practice, Role::PrivacyOfficer, None).await;
    assert!(world.guard.authorize_about::<ReadAudit>(&officer, names[0].patient, purpose()).await.is_ok());
    let entry = world.ledger.entries().pop().unwrap();
    assert_eq!((entry.patient, entry.outcome), (Some(names[0].patient), Outcome::Allowed));
    let nobody = PatientId::random(&*world.rng);
    assert!(world.guard.authorize_about::<ReadAudit>(&officer, nobody, purpose()).await.is_err());
    let entry = world.ledger.entries().pop().unwrap();
    assert_eq!(
        (entry.patient, entry.outcome, entry.reason.as_str()),
        (Some(nobody), Outcome::Denied, "no-such-patient")
    );
}
