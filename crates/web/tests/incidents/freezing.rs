//! Freezing is long work: killed anywhere it goes on, everybody is held once, and it is frozen when the last one is.

use axum::http::Method;
use domain::{AccountId, IncidentHold, IncidentId, PatientId, PracticeId, Role, TaskObserver, Unobserved};
use identity::{Full, Session};
use ledger::Outcome;
use practice::{
    House,
    incidents::{self, FREEZE_STEPS, Frozen, IncidentError, NewIncident},
    retention,
};
use serde_json::json;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use store::rows::{incidents as rows, legal_holds};
use testkit::{
    house::{Person, TestHouse},
    postgres::Server,
    site::Site,
};

/// A therapist who opened charts, one account that was looked at, and an officer.
struct Scene {
    site: Site,
    practice: PracticeId,
    patients: Vec<PatientId>,
    therapist: Person,
    officer: Person,
}

impl Scene {
    async fn new(charts: usize) -> Self {
        Self::over(TestHouse::new().await, charts).await
    }

    async fn over(house: TestHouse, charts: usize) -> Self {
        let site = Site::over(house);
        let practice = site.practice().await;
        let therapist = site.account(practice, Role::Therapist).await;
        let cookie = site.signed_in(&therapist).await;
        let mut patients = Vec::new();
        for _ in 0..charts {
            let patient = site.patient(practice, "Ana", "Ruiz").await;
            site.care_link(&therapist, patient).await;
            let path = format!("/api/v1/patients/{patient}");
            assert_eq!(site.api(Method::GET, &path, &cookie, None).await.status, 200);
            patients.push(patient);
        }
        let officer = site.account(practice, Role::PrivacyOfficer).await;
        // The time that is asked about is over when it is asked.
        site.clock.advance_seconds(1);
        Self { site, practice, patients, therapist, officer }
    }

    async fn incident(&self, about: AccountId) -> (IncidentId, Session<Full>) {
        let session = self.site.session(&self.officer).await;
        let new: NewIncident = serde_json::from_value(json!({
            "subject": "account", "subject_id": about, "from": "2026-05-14T00:00:00Z", "to": self.site.now(),
            "discovered_on": "2026-05-14", "what": "Charts were opened at night.",
        }))
        .unwrap();
        (incidents::open(&self.site.house, &session, &new).await.unwrap(), session)
    }

    async fn round(&self) {
        self.site.clock.advance_seconds(20);
        incidents::round(&self.site.house, &Unobserved).await.unwrap();
    }

    async fn row(&self, incident: IncidentId) -> rows::IncidentRow {
        rows::by_id(&self.site.house.stores.identity, self.practice, incident).await.unwrap().unwrap()
    }

    /// Each of those affected is held once, by a hold of this incident, and nobody else is.
    async fn is_frozen(&self, incident: IncidentId) {
        let db = &self.site.house.stores.identity;
        let row = self.row(incident).await;
        assert!(row.freezing.is_none() && row.frozen_at.is_some() && row.ended.is_some());
        let mut listed: Vec<PatientId> = Vec::new();
        for one in rows::affected(db, self.practice, incident).await.unwrap() {
            assert_eq!(one.hold, IncidentHold::Held);
            listed.push(one.patient_id);
        }
        let holds = legal_holds::for_incident(db, self.practice, &incident.to_string()).await.unwrap();
        let mut held: Vec<PatientId> = holds.into_iter().map(|(patient, _)| patient).collect();
        let mut wanted = self.patients.clone();
        for all in [&mut listed, &mut held, &mut wanted] {
            all.sort_unstable();
        }
        assert_eq!((&listed, &held), (&wanted, &wanted));
    }

    fn entries(&self, action: &str) -> usize {
        let entries = self.site.ledger.entries();
        entries.iter().filter(|entry| entry.action.as_str() == action && entry.outcome == Outcome::Allowed).count()
    }
}

/// Dies behind a step, the nth time that it is reached.
struct Dies(&'static str, AtomicU32);

impl TaskObserver for Dies {
    fn reached(&self, step: &'static str) {
        assert!(step != self.0 || self.1.fetch_sub(1, Ordering::SeqCst) != 1, "killed");
    }
    fn progress(&self, _: u64, _: u64) {}
}

async fn killed(house: &Arc<House>, session: Session<Full>, incident: IncidentId, dies: Dies) {
    let house = Arc::clone(house);
    let killed = tokio::spawn(async move { incidents::freeze(&house, &session, incident, &dies).await.map(|_| ()) });
    assert!(killed.await.is_err(), "it died there");
}

async fn goes_on_after(house: TestHouse) {
    let scene = Scene::over(house, 3).await;
    let house = Arc::clone(&scene.site.house);
    for (step, nth) in FREEZE_STEPS.iter().flat_map(|step| [(*step, 1), (*step, 2)]) {
        let each = matches!(step, "hold_placed" | "record_held");
        if nth == 2 && !each {
            continue;
        }
        let (incident, session) = scene.incident(scene.therapist.account()).await;
        let finished = scene.entries("finish_freezing");
        killed(&house, session, incident, Dies(step, AtomicU32::new(nth))).await;
        let row = scene.row(incident).await;
        let over = step == "incident_frozen";
        assert_eq!((row.freezing.is_none(), row.frozen_at.is_some()), (over, over), "{step}");
        assert_eq!(scene.entries("finish_freezing"), finished + usize::from(over), "{step}: said when it is so");
        scene.round().await;
        scene.is_frozen(incident).await;
        assert_eq!(scene.entries("finish_freezing"), finished + 1, "{step}");
        // And a second press finds nothing to do but to ask again.
        let session = scene.site.session(&scene.officer).await;
        let frozen = incidents::freeze(&house, &session, incident, &Unobserved).await.unwrap();
        assert!(frozen.frozen && frozen.held == 3, "{frozen:?}");
        scene.is_frozen(incident).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_behind_any_step_the_server_goes_on_and_everybody_is_held_once() {
    goes_on_after(TestHouse::new().await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_behind_any_step_the_server_goes_on_and_everybody_is_held_once_on_postgres() {
    // Where PostgreSQL is not installed a word about it is printed.
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    goes_on_after(TestHouse::on_postgres(server).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_press_goes_on_where_the_first_was_killed() {
    let scene = Scene::new(3).await;
    let (incident, session) = scene.incident(scene.therapist.account()).await;
    killed(&scene.site.house, session, incident, Dies("record_held", AtomicU32::new(2))).await;
    let session = scene.site.session(&scene.officer).await;
    let frozen = incidents::freeze(&scene.site.house, &session, incident, &Unobserved).await.unwrap();
    assert!(frozen.frozen && frozen.held == 3 && frozen.waiting == 0);
    scene.is_frozen(incident).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_several_who_freeze_at_one_moment_nobody_places_a_second_hold() {
    let scene = Scene::new(12).await;
    let (incident, first) = scene.incident(scene.therapist.account()).await;
    let (second, house) = (scene.site.session(&scene.officer).await, &scene.site.house);
    let press = |session| async move { incidents::freeze(house, session, incident, &Unobserved).await };
    let (one, other, third) = tokio::join!(press(&first), press(&second), press(&first));
    let meanwhile = |result: &Result<Frozen, IncidentError>| matches!(result, Err(IncidentError::Meanwhile));
    for result in [one, other, third] {
        assert!(result.is_ok() || meanwhile(&result), "{result:?}");
    }
    scene.round().await;
    scene.is_frozen(incident).await;
    assert_eq!(scene.entries("finish_freezing"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_affected_the_first_are_held_at_once_and_the_server_holds_the_others() {
    let scene = Scene::new(120).await;
    let (incident, session) = scene.incident(scene.therapist.account()).await;
    let begun = incidents::freeze(&scene.site.house, &session, incident, &Unobserved).await.unwrap();
    assert_eq!((begun.frozen, begun.affected, begun.held, begun.waiting), (false, 120, 100, 20));
    let cookie = scene.site.signed_in(&scene.officer).await;
    let page = scene.site.open(&format!("/incidents/{incident}"), &cookie).await.text();
    assert!(page.contains("This is being frozen") && page.contains("Go on freezing"), "{page}");
    // It is not closed meanwhile, whatever it is found to be.
    let other = scene.site.account(scene.practice, Role::PrivacyOfficer).await;
    let other = scene.site.signed_in(&other).await;
    let assessment = json!({
        "nature": "care", "nature_words": "a", "recipient": "bound", "recipient_words": "b", "acquired": "viewed",
        "acquired_words": "c", "mitigated": "partly", "mitigated_words": "d", "conclusion": "low_probability",
    });
    let path = format!("/api/v1/incidents/{incident}");
    let assessed = scene.site.api(Method::POST, &format!("{path}/assessment"), &cookie, Some(assessment)).await;
    assert_eq!(assessed.status, 204, "{}", assessed.text());
    let close = async || {
        let lessons = json!({ "lessons": "None." });
        scene.site.api(Method::POST, &format!("{path}/closing"), &other, Some(lessons)).await
    };
    let early = close().await;
    assert_eq!(early.status, 409);
    assert!(early.text().contains("being frozen"), "{}", early.text());
    // One that moved just now is left to whoever moves it.
    incidents::round(&scene.site.house, &Unobserved).await.unwrap();
    assert!(scene.row(incident).await.freezing.is_some());
    scene.round().await;
    scene.is_frozen(incident).await;
    assert_eq!(close().await.status, 204);
    // The server did the rest in nobody's name, and the holds stand in the name of whoever asked.
    let by_itself = scene.site.ledger.entries().into_iter().filter(|entry| {
        entry.action.as_str() == "place_legal_hold" && entry.actor.is_none() && entry.patient.is_some()
    });
    assert_eq!(by_itself.count(), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn freezing_again_adds_and_forgets_nobody_and_a_lifted_hold_counts_as_lifted() {
    let mut scene = Scene::new(2).await;
    let (incident, session) = scene.incident(scene.therapist.account()).await;
    incidents::freeze(&scene.site.house, &session, incident, &Unobserved).await.unwrap();
    scene.is_frozen(incident).await;
    let db = scene.site.house.stores.identity.clone();
    let before = rows::affected(&db, scene.practice, incident).await.unwrap();
    let lifted = before[0].clone();
    let other = scene.site.account(scene.practice, Role::PrivacyOfficer).await;
    let lifter = scene.site.session(&other).await;
    retention::lift(&scene.site.house, &lifter, lifted.hold_id.unwrap()).await.unwrap();
    // Somebody who stands there and of whom the trail says nothing (any more).
    let forgotten = rows::AffectedRow { patient_id: scene.site.patient(scene.practice, "Bea", "Ruiz").await, ..lifted };
    let batch = rows::freezing::affect(store::Batch::new(), (scene.practice, incident), &forgotten);
    db.commit(batch).await.unwrap();
    let session = scene.site.session(&scene.officer).await;
    let again = incidents::freeze(&scene.site.house, &session, incident, &Unobserved).await.unwrap();
    assert_eq!((again.frozen, again.affected, again.held, again.lifted), (true, 3, 2, 1));
    let after = rows::affected(&db, scene.practice, incident).await.unwrap();
    assert!(
        before
            .iter()
            .all(|one| after.iter().any(|other| other.patient_id == one.patient_id && other.times >= one.times))
    );
    scene.patients.push(forgotten.patient_id);
    let view = incidents::incident(&scene.site.house, &session, incident).await.unwrap();
    let holds: Vec<IncidentHold> = view.patients.iter().map(|one| one.hold).collect();
    assert_eq!(holds.iter().filter(|hold| **hold == IncidentHold::Lifted).count(), 1);
    let page =
        scene.site.open(&format!("/incidents/{incident}"), &scene.site.signed_in(&scene.officer).await).await.text();
    assert!(page.contains("hold lifted"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_sessions_and_tokens_of_the_account_end_first_and_it_stands_there_that_they_did() {
    let scene = Scene::new(1).await;
    let session = scene.site.session(&scene.therapist).await;
    let scopes = vec![domain::PermissionName::ReadExercise];
    practice::account::issue_token(&scene.site.house, &session, "mine", scopes, 7).await.unwrap();
    let (incident, session) = scene.incident(scene.therapist.account()).await;
    killed(&scene.site.house, session, incident, Dies("access_ended", AtomicU32::new(1))).await;
    let ended = scene.row(incident).await.ended.unwrap();
    assert_eq!((ended.sessions, ended.tokens), (2, 1));
    let left = rows::freezing::access(&scene.site.house.stores.identity, scene.practice, scene.therapist.account());
    assert_eq!(left.await.unwrap(), (0, 0));
    scene.round().await;
    let cookie = scene.site.signed_in(&scene.officer).await;
    let page = scene.site.open(&format!("/incidents/{incident}"), &cookie).await.text();
    assert!(page.contains("2 sessions, 1 API token"), "{page}");
}
