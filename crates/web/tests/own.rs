//! A patient's own side: their day, their log, who looked.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use crypto::SystemRng;
use domain::{
    Dose, ExerciseId, ItemId, Items, PatientId, PracticeId, ProgramId, ProgramItem, ProgramTitle, Role, Side, Weekdays,
};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{Purpose, WriteExercise};
use serde_json::{Value, json};
use store::{
    Batch,
    rows::programs::{self, ProgramVersionRow},
};
use testkit::{
    house::Person,
    site::{Answer, Site},
};

/// A practice with a therapist, and a patient with a program of two exercises, twice and once a day.
struct Scene {
    site: Site,
    practice: PracticeId,
    therapist: Person,
    patient: PatientId,
    /// Her `Cookie` header.
    ana: String,
    items: [ItemId; 2],
}

fn dose(times_a_day: u8) -> Dose {
    Dose {
        sets: 3,
        reps: Some(10),
        hold_seconds: None,
        load: None,
        side: Side::Right,
        rest_seconds: None,
        tempo: None,
        times_a_day,
        weekdays: Weekdays::DAILY,
    }
}

async fn prescribe(site: &Site, by: &Session<Full>, patient: PatientId, items: [ItemId; 2]) {
    const PROGRAM: Word = Word::new("program");
    let why = Purpose::treatment(Resource::whole(PROGRAM));
    let grant = site.house.guard.authorize::<WriteExercise>(by, patient, why).await.expect("allowed");
    let program_id = ProgramId::random(&SystemRng);
    let row_id = ProgramVersionRow::row_id(program_id, 1);
    let item = |item_id, times| ProgramItem {
        item_id,
        exercise_id: ExerciseId::random(&SystemRng),
        dose: dose(times),
        instruction: Some("Slowly".to_owned()),
    };
    let items = Items::new(vec![item(items[0], 2), item(items[1], 1)]).unwrap_or_else(|_| panic!("two items"));
    let row = ProgramVersionRow {
        practice_id: by.practice(),
        program_id,
        version: 1,
        patient_id: patient,
        title: grant.seal(row_id, &ProgramTitle::new("Right knee").expect("a title")),
        items: grant.seal(row_id, &items),
        starts_on: "2026-05-10".parse().expect("a day"),
        ends_on: None,
        signed_by: by.account(),
        signed_at: site.now(),
        end_reason: None,
        voided: None,
    };
    site.house.stores.clinical.commit(programs::insert(Batch::new(), &row)).await.expect("stored");
}

impl Scene {
    async fn new() -> Self {
        let site = Site::new().await;
        let practice = site.practice().await;
        let therapist = site.account(practice, Role::Therapist).await;
        let patient = site.patient(practice, "Ana", "Ruiz").await;
        site.care_link(&therapist, patient).await;
        let account = site.patient_account(practice, patient).await;
        let ana = site.signed_in(&account).await;
        let items = [ItemId::random(&SystemRng), ItemId::random(&SystemRng)];
        prescribe(&site, &site.session(&therapist).await, patient, items).await;
        Self { site, practice, therapist, patient, ana, items }
    }

    fn log(&self) -> String {
        format!("/api/v1/patients/{}/log", self.patient)
    }

    fn entry(&self, item: usize, pain: u8) -> Value {
        json!({"item_id": self.items[item], "performed": {"sets": 3, "reps": 10}, "pain": pain, "effort": 5})
    }

    async fn write(&self, body: Value) -> Answer {
        self.site.api(Method::POST, &self.log(), &self.ana, Some(body)).await
    }

    async fn write_under(&self, key: &str, body: &Value) -> Answer {
        let request = Request::post(self.log())
            .header(header::COOKIE, &self.ana)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key)
            .body(Body::from(body.to_string()));
        self.site.send(request.expect("a request")).await
    }

    async fn entries(&self, cookie: &str) -> Vec<Value> {
        let answer = self.site.api(Method::GET, &self.log(), cookie, None).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text());
        answer.json()["items"].as_array().expect("a list").clone()
    }

    /// The fields that a refusal names.
    async fn refused(&self, body: Value) -> Vec<String> {
        let answer = self.write(body).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", answer.text());
        let errors = answer.json()["errors"].as_array().expect("errors").clone();
        errors.iter().map(|error| error["field"].as_str().expect("a field").to_owned()).collect()
    }
}

fn id(entry: &Value) -> String {
    entry["entry_id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_patient_logs_the_same_exercise_several_times_a_day() {
    let scene = Scene::new().await;
    for pain in [4, 2] {
        let answer = scene.write(scene.entry(0, pain)).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
        let location = answer.header("location").expect("a location").to_owned();
        let read = scene.site.api(Method::GET, &location, &scene.ana, None).await;
        assert_eq!(read.json()["pain"], pain);
        scene.site.clock.advance_seconds(600);
    }
    let pains: Vec<_> = scene.entries(&scene.ana).await.iter().map(|entry| entry["pain"].clone()).collect();
    assert_eq!(pains, [2, 4]);
    let today =
        scene.site.api(Method::GET, &format!("/api/v1/patients/{}/today", scene.patient), &scene.ana, None).await;
    let today = today.json();
    assert_eq!((&today["due"], &today["done"]), (&json!(3), &json!(2)));
    assert_eq!(today["items"][0]["entries"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn a_list_is_read_in_pages_without_losing_an_entry() {
    let scene = Scene::new().await;
    for pain in 0..5 {
        scene.write(scene.entry(0, pain)).await;
    }
    let (mut seen, mut next) = (Vec::new(), format!("{}?limit=2", scene.log()));
    loop {
        let page = scene.site.api(Method::GET, &next, &scene.ana, None).await.json();
        seen.extend(page["items"].as_array().expect("a list").iter().map(id));
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("{}?limit=2&cursor={cursor}", scene.log());
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 5);
}

#[tokio::test]
async fn a_correction_keeps_the_old_value_readable_and_is_made_once() {
    let scene = Scene::new().await;
    let old = id(&scene.write(scene.entry(0, 7)).await.json());
    let path = format!("{}/{old}/correction", scene.log());
    let answer = scene.site.api(Method::POST, &path, &scene.ana, Some(scene.entry(0, 1))).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text());
    assert_eq!((&answer.json()["corrects"], &answer.json()["pain"]), (&json!(old), &json!(1)));

    let read = scene.site.api(Method::GET, &format!("{}/{old}", scene.log()), &scene.ana, None).await.json();
    assert_eq!(read["pain"], 7);
    assert!(read["superseded_at"].is_string());
    assert_eq!(scene.entries(&scene.ana).await.len(), 2);

    let again = scene.site.api(Method::POST, &path, &scene.ana, Some(scene.entry(0, 3))).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    let today =
        scene.site.api(Method::GET, &format!("/api/v1/patients/{}/today", scene.patient), &scene.ana, None).await;
    assert_eq!(today.json()["done"], 1);
}

#[tokio::test]
async fn a_write_that_comes_again_under_its_key_is_stored_once() {
    let scene = Scene::new().await;
    let body = scene.entry(0, 3);
    let first = scene.write_under("key-1", &body).await;
    scene.site.clock.advance_seconds(60);
    let second = scene.write_under("key-1", &body).await;
    assert_eq!((first.status, second.status), (StatusCode::CREATED, StatusCode::CREATED));
    assert_eq!(first.json(), second.json());
    let other = scene.write_under("key-1", &scene.entry(0, 4)).await;
    assert_eq!(other.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(scene.entries(&scene.ana).await.len(), 1);
}

#[tokio::test]
async fn somebody_elses_entry_is_not_there() {
    let scene = Scene::new().await;
    let entry = id(&scene.write(scene.entry(0, 3)).await.json());
    let other = scene.site.patient(scene.practice, "Ben", "Cole").await;
    let account = scene.site.patient_account(scene.practice, other).await;
    let ben = scene.site.signed_in(&account).await;
    let hers = format!("{}/{entry}", scene.log());
    let mixed = format!("/api/v1/patients/{other}/log/{entry}");
    for path in [hers.as_str(), mixed.as_str()] {
        assert_eq!(scene.site.api(Method::GET, path, &ben, None).await.status, StatusCode::NOT_FOUND);
        let correction = format!("{path}/correction");
        let answer = scene.site.api(Method::POST, &correction, &ben, Some(scene.entry(0, 1))).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND);
    }
    assert_eq!(scene.site.open(&format!("/log/{entry}/correct"), &ben).await.status, StatusCode::NOT_FOUND);
    let write = scene.site.api(Method::POST, &scene.log(), &ben, Some(scene.entry(0, 1))).await;
    assert_eq!(write.status, StatusCode::NOT_FOUND);
    assert_eq!(scene.entries(&scene.ana).await.len(), 1);
}

#[tokio::test]
async fn who_treats_the_patient_reads_the_log_and_cannot_write_it() {
    let scene = Scene::new().await;
    let mut body = scene.entry(0, 3);
    body["comment"] = json!("Stairs are easier");
    scene.write(body).await;
    let mara = scene.site.signed_in(&scene.therapist).await;
    assert_eq!(scene.entries(&mara).await[0]["comment"], "Stairs are easier");
    let write = scene.site.api(Method::POST, &scene.log(), &mara, Some(scene.entry(0, 1))).await;
    assert_eq!(write.status, StatusCode::NOT_FOUND);
    let stranger = scene.site.account(scene.practice, Role::Therapist).await;
    let stranger = scene.site.signed_in(&stranger).await;
    assert_eq!(scene.site.api(Method::GET, &scene.log(), &stranger, None).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_full_ledger_gives_503_and_stores_nothing() {
    let scene = Scene::new().await;
    scene.site.ledger.backend().set_failing(true);
    let answer = scene.write(scene.entry(0, 3)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.header("retry-after").is_some());
    assert_eq!(scene.site.open("/today", &scene.ana).await.status, StatusCode::SERVICE_UNAVAILABLE);
    scene.site.ledger.backend().set_failing(false);
    assert!(scene.entries(&scene.ana).await.is_empty());
}

#[tokio::test]
async fn what_is_wrong_with_an_entry_is_named() {
    let scene = Scene::new().await;
    let with = |field: &str, value: Value| {
        let mut body = scene.entry(0, 3);
        body[field] = value;
        body
    };
    let cases = [
        (with("item_id", json!(ItemId::random(&SystemRng))), "item_id"),
        (with("performed", json!({"sets": 21, "reps": 10})), "performed.sets"),
        (with("performed", json!({"sets": 3, "reps": 0})), "performed.reps"),
        (with("pain", json!(11)), "pain"),
        (with("effort", json!(-1)), "effort"),
        (with("comment", json!("")), "comment"),
        (with("performed_at", json!("2026-05-14T13:06:00Z")), "performed_at"),
        (with("performed_at", json!("2026-04-29T13:00:00Z")), "performed_at"),
        (with("diagnosis", json!("x")), "diagnosis"),
    ];
    for (body, field) in cases {
        assert_eq!(scene.refused(body).await, [field]);
    }
    assert!(scene.entries(&scene.ana).await.is_empty());
}

#[tokio::test]
async fn the_pages_of_the_day_lead_from_the_card_to_the_log() {
    let scene = Scene::new().await;
    let today = scene.site.open("/today", &scene.ana).await;
    assert_eq!(today.status, StatusCode::OK, "{}", today.text());
    let text = today.text();
    assert!(text.contains("Good morning, Ana") && text.contains("Thursday, 14 May") && text.contains("0/3"));
    let path = format!("/today/{}", scene.items[1]);
    assert!(text.contains(&path));
    let form = scene.site.open(&path, &scene.ana).await.text();
    assert!(form.contains("name=\"sets\" value=\"3\"") && form.contains("Slowly"));

    let wrong = scene.site.submit(&path, &scene.ana, "key=k1&sets=30&reps=10&effort=5&comment=stiff").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text().contains("Choose how much it hurt") && wrong.text().contains("stiff"));
    let bounds = scene.site.submit(&path, &scene.ana, "key=k1&sets=30&reps=10&pain=2&effort=5").await;
    assert!(bounds.text().contains("Sets must be 0 to 20"), "{}", bounds.text());

    for _ in 0..2 {
        let done = scene.site.submit(&path, &scene.ana, "key=k2&sets=3&reps=10&pain=2&effort=5&comment=stiff").await;
        assert_eq!((done.status, done.header("location")), (StatusCode::SEE_OTHER, Some("/today")));
    }
    let after = scene.site.open("/today", &scene.ana).await.text();
    assert!(after.contains("1/3") && after.contains("Done at 9:00"));

    let week = scene.site.open("/week", &scene.ana).await.text();
    assert!(week.contains("1 of 3 done") && week.contains("stiff"));
    let entry = id(&scene.entries(&scene.ana).await[0]);
    let correct = format!("/log/{entry}/correct");
    assert!(week.contains(&correct) && scene.site.open(&correct, &scene.ana).await.text().contains("stiff"));
    let done = scene.site.submit(&correct, &scene.ana, "key=k3&sets=2&reps=10&pain=1&effort=5&comment=").await;
    assert_eq!(done.status, StatusCode::SEE_OTHER);
    assert!(scene.site.open("/week", &scene.ana).await.text().contains("corrected"));
    assert_eq!(scene.site.open(&correct, &scene.ana).await.status, StatusCode::CONFLICT);
    assert!(scene.site.open("/progress", &scene.ana).await.text().contains("Pain and effort"));
}

#[tokio::test]
async fn a_patient_sees_who_looked_and_nobody_else_is_told() {
    let scene = Scene::new().await;
    let mara = scene.site.signed_in(&scene.therapist).await;
    scene.entries(&mara).await;
    let stranger = scene.site.account(scene.practice, Role::Therapist).await;
    let stranger = scene.site.signed_in(&stranger).await;
    scene.site.api(Method::GET, &scene.log(), &stranger, None).await;

    let page = scene.site.open("/who-looked", &scene.ana).await.text();
    assert!(page.contains("Sam therapist") && page.contains("looked at exercises") && page.contains("refused"));
    assert!(!page.contains(">You<"));
    let path = format!("/api/v1/patients/{}/access-log", scene.patient);
    let told = scene.site.api(Method::GET, &path, &scene.ana, None).await.json();
    let looks = told["items"].as_array().expect("a list").clone();
    assert_eq!((&looks[0]["own"], &looks[0]["permission"]), (&json!(true), &json!("read_access_log")));
    assert!(looks.iter().any(|look| look["who"] == "Sam therapist" && look["allowed"] == false));
    assert_eq!(scene.site.api(Method::GET, &path, &mara, None).await.status, StatusCode::NOT_FOUND);
    assert_eq!(scene.site.open("/who-looked", &mara).await.status, StatusCode::NOT_FOUND);
}
