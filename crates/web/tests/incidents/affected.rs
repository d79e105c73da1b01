//! Whom somebody's doing affects.

use axum::http::Method;
use domain::{PatientId, PracticeId, Role};
use serde_json::Value;
use testkit::{
    house::Person,
    site::{Answer, Site},
};

/// A therapist who opened the charts of two patients, one of them with notes, and was refused a third.
struct Scene {
    site: Site,
    practice: PracticeId,
    therapist: Person,
    opened: [PatientId; 2],
    refused: PatientId,
    officer: String,
}

const DAY: &str = "from=2026-05-14&to=2026-05-14";

impl Scene {
    async fn new() -> Self {
        let site = Site::new().await;
        let practice = site.practice().await;
        let opened = [site.patient(practice, "Ana", "Ruiz").await, site.patient(practice, "Bea", "Ruiz").await];
        let refused = site.patient(practice, "Cleo", "Ruiz").await;
        let therapist = site.account(practice, Role::Therapist).await;
        for patient in opened {
            site.care_link(&therapist, patient).await;
        }
        let cookie = site.signed_in(&therapist).await;
        let get = async |path: String| site.api(Method::GET, &path, &cookie, None).await.status.as_u16();
        for _ in 0..3 {
            assert_eq!(get(format!("/api/v1/patients/{}", opened[0])).await, 200);
        }
        assert_eq!(get(format!("/api/v1/patients/{}/notes", opened[1])).await, 200);
        assert_eq!(get(format!("/api/v1/patients/{refused}")).await, 404);
        let officer = site.account(practice, Role::PrivacyOfficer).await;
        let officer = site.signed_in(&officer).await;
        site.clock.advance_seconds(1);
        Self { site, practice, therapist, opened, refused, officer }
    }

    async fn ask(&self, query: &str) -> Answer {
        let path = format!("/api/v1/incidents/affected?{query}");
        self.site.api(Method::GET, &path, &self.officer, None).await
    }
}

fn of<'a>(answer: &'a Value, patient: &PatientId) -> &'a Value {
    let patients = answer["patients"].as_array().unwrap();
    patients.iter().find(|one| one["patient_id"] == patient.to_string()).unwrap()
}

fn classes(patient: &Value) -> Vec<(String, u64)> {
    let classes = patient["classes"].as_array().unwrap().iter();
    classes.map(|class| (class["what"].as_str().unwrap().to_owned(), class["times"].as_u64().unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_affects_exactly_whose_record_it_opened_and_the_entries_named_prove_it() {
    let scene = Scene::new().await;
    let account = scene.therapist.account();
    let unfinished = scene.ask(&format!("account_id={account}&{DAY}")).await.json();
    assert_eq!((&unfinished["complete"], &unfinished["missing"][0]["why"]), (&false.into(), &"not_over".into()));
    assert!(unfinished["missing"][0]["says"].as_str().unwrap().contains("not over yet"));
    let answer = scene.ask(&format!("account_id={account}&from=2026-05-14&to={}", scene.site.now())).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer = answer.json();
    assert_eq!(answer["patients"].as_array().unwrap().len(), 2);
    assert_eq!((&answer["refused_patients"], &answer["complete"]), (&1.into(), &true.into()));
    assert!(!answer.to_string().contains(&scene.refused.to_string()));
    let (chart, notes) = (of(&answer, &scene.opened[0]), of(&answer, &scene.opened[1]));
    assert_eq!(chart["times"], 3);
    let three = |class: &str| (class.to_owned(), 3);
    assert_eq!(classes(chart), ["contact", "exercise", "identifying"].map(three));
    assert!(classes(notes).iter().any(|(class, times)| class == "note" && *times >= 1), "{notes}");
    // The export of the trail proves each of the entries that are named.
    let query = format!("/api/v1/audit/export?actor={account}&patient_id={}", scene.opened[0]);
    let export = scene.site.api(Method::GET, &query, &scene.officer, None).await.json();
    let mut proved: Vec<u64> =
        export["entries"].as_array().unwrap().iter().map(|e| e["seq"].as_u64().unwrap()).collect();
    proved.sort_unstable();
    assert!(export["entries"].as_array().unwrap().iter().all(|entry| !entry["proof"].is_null()));
    assert_eq!(chart["entries"][0]["seqs"], Value::from(proved));
    // The question is an entry, which says whose doing it was about.
    let entries = scene.site.ledger.entries();
    let asked = entries.iter().find(|entry| entry.resource.kind().as_str() == "affected_by_account").unwrap();
    assert_eq!((asked.resource.id(), asked.action.as_str()), (account.to_string().as_str(), "handle_incidents"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_and_an_address_are_asked_about_the_same_way_and_other_days_affect_nobody() {
    let scene = Scene::new().await;
    let entries = scene.site.ledger.entries();
    let opened = entries
        .iter()
        .find(|entry| entry.patient == Some(scene.opened[0]) && entry.actor == Some(scene.therapist.account()));
    let session = opened.unwrap().login_session.unwrap();
    let answer = scene.ask(&format!("session={session}&{DAY}")).await.json();
    assert_eq!((answer["patients"].as_array().unwrap().len(), &answer["refused_patients"]), (2, &1.into()));
    let nobody = scene.ask(&format!("session={session}&from=2026-05-15&to=2026-05-16")).await.json();
    assert_eq!((&nobody["entries"], &nobody["patients"]), (&0.into(), &Value::Array(Vec::new())));
    let elsewhere = scene.ask(&format!("address=192.0.2.250&{DAY}")).await.json();
    assert_eq!(elsewhere["entries"], 0);
    // Another practice asks about the same session: it has nothing of it.
    let other = scene.site.practice().await;
    assert_ne!(other, scene.practice);
    let stranger = scene.site.account(other, Role::PrivacyOfficer).await;
    let stranger = scene.site.signed_in(&stranger).await;
    let path = format!("/api/v1/incidents/affected?session={session}&{DAY}");
    let answer = scene.site.api(Method::GET, &path, &stranger, None).await.json();
    assert_eq!(answer["entries"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_takes_a_person_whose_task_it_is_with_a_factor_proven_just_now() {
    let scene = Scene::new().await;
    let query = format!("account_id={}&{DAY}", scene.therapist.account());
    let therapist = scene.site.signed_in(&scene.therapist).await;
    let path = format!("/api/v1/incidents/affected?{query}");
    assert_eq!(scene.site.api(Method::GET, &path, &therapist, None).await.status, 404);
    scene.site.clock.advance_seconds(6 * 60);
    let stale = scene.ask(&query).await;
    assert_eq!(stale.status, 401, "{}", stale.text());
    assert!(stale.text().contains("fresh-factor-required"));
    let page = scene.site.open(&format!("/incidents/affected?{query}"), &scene.officer).await.text();
    assert!(page.contains("Confirm that it is you first") && !page.contains(&scene.opened[0].to_string()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_makes_no_question_is_refused_by_field() {
    let scene = Scene::new().await;
    let account = scene.therapist.account();
    for (query, field) in [
        (DAY.to_owned(), "account_id"),
        (format!("account_id={account}&address=192.0.2.1&{DAY}"), "account_id"),
        (format!("account_id=Sam&{DAY}"), "account_id"),
        (format!("session=1&{DAY}"), "session"),
        (format!("address=home&{DAY}"), "address"),
        (format!("account_id={account}&to=2026-05-14"), "from"),
        (format!("account_id={account}&from=2026-05-14&to=never"), "to"),
        (format!("account_id={account}&from=2026-05-14&to=2026-05-13"), "to"),
        (format!("account_id={account}&from=2026-05-14&to=2026-05-14&name=Ana"), "name"),
    ] {
        let answer = scene.ask(&query).await;
        assert_eq!(answer.status, 422, "{query}: {}", answer.text());
        assert_eq!(answer.json()["errors"][0]["field"], field, "{query}");
        let page = scene.site.open(&format!("/incidents/affected?{query}"), &scene.officer).await;
        assert_eq!(page.status, 422, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_shows_patients_by_id_with_what_could_be_opened_and_leads_to_their_entries() {
    let scene = Scene::new().await;
    let account = scene.therapist.account();
    let page = scene.site.open(&format!("/incidents/affected?account_id={account}&{DAY}"), &scene.officer).await.text();
    assert!(page.contains("patients of whose record something was opened") && page.contains("notes of the therapist"));
    assert!(!page.contains("Ruiz") && page.contains("Every look at whom"), "{page}");
    let link = format!("/audit?patient_id={}&amp;actor={account}", scene.opened[0]);
    assert!(page.contains(&link), "{page}");
    let empty = scene.site.open("/incidents/affected", &scene.officer).await.text();
    assert!(empty.contains("Find out whom it affects") && !empty.contains("Whose record was opened"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_account_was_looked_at_counts_and_attempts_at_nobody_are_told_apart_from_patients() {
    let scene = Scene::new().await;
    let admin = scene.site.account(scene.practice, Role::Admin).await;
    let cookie = scene.site.signed_in(&admin).await;
    let get = async |path: String| scene.site.api(Method::GET, &path, &cookie, None).await.status.as_u16();
    let own = scene.site.patient_account(scene.practice, scene.refused).await;
    assert_eq!(get(format!("/api/v1/accounts/{}", own.account())).await, 200);
    assert_eq!(get(format!("/api/v1/accounts/{}", scene.therapist.account())).await, 200);
    let nobody = |n: u8| domain::AccountId::from_bytes([n; 16]);
    assert_eq!(get(format!("/api/v1/accounts/{}", nobody(1))).await, 404);
    // Asked for: an existing patient twice, and two ids of nobody, one of them twice.
    for _ in 0..2 {
        assert_eq!(get(format!("/api/v1/patients/{}/notes", scene.opened[0])).await, 404);
        assert_eq!(get(format!("/api/v1/patients/{}/notes", PatientId::from_bytes([7; 16]))).await, 404);
    }
    assert_eq!(get(format!("/api/v1/patients/{}/notes", PatientId::from_bytes([8; 16]))).await, 404);
    assert_eq!(get("/api/v1/audit/export".to_owned()).await, 200);
    scene.site.clock.advance_seconds(1);
    let answer =
        scene.ask(&format!("account_id={}&from=2026-05-14&to={}", admin.account(), scene.site.now())).await.json();
    assert_eq!(answer["patients"].as_array().unwrap().len(), 0);
    let account = &answer["account_only"][0];
    assert_eq!(account["patient_id"], scene.refused.to_string());
    assert!(classes(account)[0].0 == "contact" && classes(account)[0].1 >= 1, "{account}");
    assert_eq!(answer["account_only"].as_array().unwrap().len(), 1, "of the staff’s accounts nobody is a patient");
    assert_eq!((&answer["refused_patients"], &answer["refused_nobody"]), (&1.into(), &3.into()));
    assert_eq!((&answer["accounts_gone"], &answer["complete"]), (&1.into(), &true.into()), "{answer}");
    assert_eq!(answer["taken_out"][0], serde_json::json!({ "what": "export_audit", "times": 1 }));
    let page = format!("/incidents/affected?account_id={}&from=2026-05-14&to={}", admin.account(), scene.site.now());
    let page = scene.site.open(&page, &scene.officer).await.text();
    for said in ["Whose account was looked at", "took the audit trail out", "ids of nobody who is a patient here"] {
        assert!(page.contains(said), "{said}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_goes_on_under_a_new_id_when_its_factor_is_proven_again_and_is_asked_about_as_one() {
    let scene = Scene::new().await;
    let opens = async |cookie: &str, patient| {
        let path = format!("/api/v1/patients/{patient}");
        assert_eq!(scene.site.api(Method::GET, &path, cookie, None).await.status, 200);
    };
    let cookie = scene.site.signed_in(&scene.therapist).await;
    opens(&cookie, scene.opened[0]).await;
    scene.site.clock.advance_seconds(60);
    let code = serde_json::json!({ "code": scene.therapist.code(scene.site.now()) });
    let stepped = scene.site.api(Method::POST, "/api/v1/session/step-up/totp", &cookie, Some(code)).await;
    assert!(stepped.status.is_success(), "{}", stepped.text());
    let cookie = stepped.cookie().unwrap();
    opens(&cookie, scene.opened[1]).await;
    let token = serde_json::json!({ "label": "mine", "scopes": ["read_exercise"], "days": 7 });
    let token = scene.site.api(Method::POST, "/api/v1/me/tokens", &cookie, Some(token)).await;
    assert!(token.status.is_success(), "{}", token.text());
    scene.site.clock.advance_seconds(1);
    let entries = scene.site.ledger.entries();
    let stepped = entries.iter().find(|entry| entry.action.as_str() == "step_up").unwrap();
    let (before, after) = (stepped.login_session.unwrap().to_string(), stepped.resource.id().to_owned());
    for session in [&before, &after] {
        let query = format!("session={session}&from=2026-05-14&to={}", scene.site.now());
        let answer = scene.ask(&query).await.json();
        assert_eq!(answer["patients"].as_array().unwrap().len(), 2, "{answer}");
        assert_eq!(answer["sessions"], serde_json::json!([before, after]));
        assert_eq!(answer["tokens_made"].as_array().unwrap().len(), 1);
        let page = scene.site.open(&format!("/incidents/affected?{query}"), &scene.officer).await.text();
        assert!(page.contains("went on under new ids") && page.contains(&before) && page.contains(&after), "{page}");
        assert!(page.contains("API tokens were made in this session"));
    }
}
