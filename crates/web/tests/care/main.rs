//! The therapist's side, over the whole router: patients, programs, notes, progress, exercises.

mod amending;
mod amendments;
mod asking;
mod charging;
mod closed;
mod editor;
mod ending;
mod finding;
mod library;
mod voiding;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
};
use crypto::SystemRng;
use domain::{
    BodyRegion, Effort, EntryId, Equipment, ExerciseId, ExerciseSource, ItemId, Pain, PatientId, Performed, PracticeId,
    ProgramId, Role,
};
use ledger::{Resource, Word};
use phi::{LogExercise, Purpose};
use serde_json::{Value, json};
use store::{
    Batch,
    rows::{
        exercises::{self, ExerciseRow},
        log_entries::{self, LogEntryRow},
    },
};
use testkit::{
    house::Person,
    site::{Answer, Site},
};

/// A therapist with one patient, and two exercises.
struct Clinic {
    site: Site,
    practice: PracticeId,
    therapist: Person,
    cookie: String,
    patient: PatientId,
    squat: ExerciseId,
    bridge: ExerciseId,
}

impl Clinic {
    async fn new() -> Self {
        let site = Site::new().await;
        let practice = site.practice().await;
        let therapist = site.account(practice, Role::Therapist).await;
        let patient = site.patient(practice, "Ana", "Ruiz").await;
        site.care_link(&therapist, patient).await;
        let cookie = site.signed_in(&therapist).await;
        let squat = exercise(&site, practice, "Squat").await;
        let bridge = exercise(&site, practice, "Bridge").await;
        Self { site, practice, therapist, cookie, patient, squat, bridge }
    }

    fn at(&self, place: &str) -> String {
        format!("/api/v1/patients/{}{place}", self.patient)
    }

    async fn read(&self, path: &str) -> Answer {
        self.site.api(Method::GET, path, &self.cookie, None).await
    }

    /// Signs a version; `seen` is the value of If-Match.
    async fn prescribe(&self, program: &Value, seen: Option<&str>) -> Answer {
        self.change(Method::PUT, "/program", program, seen).await
    }

    /// Writes something of the patient's; `seen` is the value of If-Match.
    async fn change(&self, method: Method, place: &str, body: &Value, seen: Option<&str>) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(self.at(place))
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(seen) = seen {
            request = request.header(header::IF_MATCH, seen);
        }
        self.site.send(request.body(Body::from(body.to_string())).expect("a request")).await
    }

    /// Opens a page of the patient's.
    async fn page(&self, place: &str) -> Answer {
        self.site.open(&format!("/patients/{}{place}", self.patient), &self.cookie).await
    }

    /// Sends a form of a page of the patient's.
    async fn submit(&self, place: &str, fields: &str) -> Answer {
        self.site.submit(&format!("/patients/{}{place}", self.patient), &self.cookie, fields).await
    }

    fn program(&self, items: Value) -> Value {
        json!({ "title": "Right knee", "starts_on": "2026-05-14", "items": items })
    }

    /// Writes down one entry, as the patient would.
    async fn log(&self, person: &Person, item: ItemId, program: ProgramId, pain: u8) {
        let session = self.site.session(person).await;
        let purpose = Purpose::own_record(Resource::whole(Word::new("log")));
        let grant = self.site.house.guard.authorize::<LogExercise>(&session, self.patient, purpose).await;
        let (grant, entry_id, now) = (grant.expect("allowed"), EntryId::random(&SystemRng), self.site.now());
        let row_id = LogEntryRow::row_id(entry_id);
        let performed = Performed { sets: 3, reps: Some(10), hold_seconds: None, load: None };
        let row = LogEntryRow {
            practice_id: self.practice,
            patient_id: self.patient,
            entry_id,
            program_id: program,
            program_version: 1,
            item_id: item,
            performed_on: "2026-05-14".parse().expect("a day"),
            performed_at: now,
            performed: grant.seal(row_id, &performed),
            pain: grant.seal(row_id, &Pain::new(pain).expect("pain")),
            effort: grant.seal(row_id, &Effort::new(5).expect("effort")),
            comment: Some(grant.seal(row_id, &domain::Comment::new("Stairs are easier").expect("words"))),
            recorded_by: person.account(),
            recorded_at: now,
            corrects: None,
            superseded_at: None,
            voided: None,
        };
        self.site.house.stores.clinical.commit(log_entries::insert(Batch::new(), &row)).await.expect("stored");
    }
}

async fn exercise(site: &Site, practice: PracticeId, name: &str) -> ExerciseId {
    let exercise_id = ExerciseId::random(&SystemRng);
    let row = ExerciseRow {
        practice_id: practice,
        exercise_id,
        source: ExerciseSource::Starter,
        source_ref: name.to_lowercase(),
        name: name.to_owned(),
        region: BodyRegion::Knee,
        equipment: Equipment::None,
        steps: r#"["Bend the knees."]"#.to_owned(),
        cautions: "[]".to_owned(),
        pictures: 0,
        created_at: site.now(),
        updated_at: site.now(),
    };
    site.house.stores.clinical.commit(exercises::upsert(Batch::new(), &row)).await.expect("stored");
    exercise_id
}

fn dose(sets: u8) -> Value {
    json!({ "sets": sets, "reps": 10, "side": "both", "times_a_day": 1, "weekdays": [1, 2, 3, 4, 5, 6, 7] })
}

/// A problem without what tells one request from another.
fn without_request(answer: &Answer) -> Value {
    let mut problem = answer.json();
    problem.as_object_mut().expect("an object").remove("request_id");
    problem
}

#[tokio::test]
async fn a_therapist_prescribes_and_changes_and_the_old_version_stays_readable() {
    let clinic = Clinic::new().await;
    assert_eq!(clinic.read(&clinic.at("/program")).await.status, 404);
    let first = clinic.program(json!([{ "exercise_id": clinic.squat, "dose": dose(3), "instruction": "Slowly" }]));
    let signed = clinic.prescribe(&first, None).await;
    assert_eq!((signed.status.as_u16(), signed.header("etag")), (201, Some("\"1\"")), "{}", signed.text());
    let item_id = signed.json()["items"][0]["item_id"].clone();

    let second = clinic.program(json!([
        { "item_id": item_id, "exercise_id": clinic.squat, "dose": dose(4) },
        { "exercise_id": clinic.bridge, "dose": dose(2) },
    ]));
    let changed = clinic.prescribe(&second, Some("\"1\"")).await;
    assert_eq!((changed.status.as_u16(), changed.header("etag")), (200, Some("\"2\"")), "{}", changed.text());

    let now = clinic.read(&clinic.at("/program")).await.json();
    assert_eq!((&now["version"], &now["items"][0]["item_id"]), (&json!(2), &item_id));
    assert_eq!(now["items"][1]["exercise"]["name"], "Bridge");
    assert_eq!(now["signed_by"]["account_id"], clinic.therapist.account().to_string());

    let versions = clinic.read(&clinic.at("/program/versions")).await.json();
    assert_eq!(versions["items"].as_array().expect("a list").len(), 2);
    let program_id = now["program_id"].as_str().expect("an id");
    let old = clinic.read(&clinic.at(&format!("/program/versions/{program_id}/1"))).await.json();
    assert_eq!((&old["items"][0]["dose"]["sets"], &old["items"][0]["instruction"]), (&json!(3), &json!("Slowly")));
    assert_eq!(clinic.read(&clinic.at(&format!("/program/versions/{program_id}/3"))).await.status, 404);
}

#[tokio::test]
async fn a_change_of_a_version_that_is_no_longer_in_force_is_refused() {
    let clinic = Clinic::new().await;
    let program = clinic.program(json!([{ "exercise_id": clinic.squat, "dose": dose(3) }]));
    assert_eq!(clinic.prescribe(&program, Some("\"1\"")).await.status, 412);
    assert_eq!(clinic.prescribe(&program, None).await.status, 201);
    assert_eq!(clinic.prescribe(&program, None).await.status, 428);
    assert_eq!(clinic.prescribe(&program, Some("\"1\"")).await.status, 200);
    let stale = clinic.prescribe(&program, Some("\"1\"")).await;
    assert_eq!((stale.status.as_u16(), &stale.json()["type"]), (412, &json!("/problems/changed-since")));
    assert_eq!(clinic.read(&clinic.at("/program")).await.json()["version"], 2);
}

#[tokio::test]
async fn what_is_wrong_with_a_program_is_named_by_its_place() {
    let clinic = Clinic::new().await;
    let good = || json!({ "exercise_id": clinic.squat, "dose": dose(3) });
    let unknown_exercise = json!({ "exercise_id": ExerciseId::random(&SystemRng), "dose": dose(3) });
    let unknown_item = json!({ "item_id": ItemId::random(&SystemRng), "exercise_id": clinic.squat, "dose": dose(3) });
    let mut diagnosis = clinic.program(json!([good()]));
    diagnosis["diagnosis"] = json!("x");
    let cases = [
        (diagnosis, "diagnosis"),
        (clinic.program(json!([{ "exercise_id": clinic.squat, "dose": dose(0) }])), "items[0].dose.sets"),
        (clinic.program(json!([good(), unknown_exercise])), "items[1].exercise_id"),
        (clinic.program(json!([good(), good(), unknown_item])), "items[2].item_id"),
        (clinic.program(json!([])), "items"),
    ];
    for (program, place) in cases {
        let refused = clinic.prescribe(&program, None).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["field"]), (422, &json!(place)));
    }
    assert_eq!(clinic.read(&clinic.at("/program")).await.status, 404);
}

#[tokio::test]
async fn another_therapists_patient_cannot_be_told_from_one_who_does_not_exist() {
    let clinic = Clinic::new().await;
    let theirs = clinic.site.patient(clinic.practice, "Ben", "Adeyemi").await;
    let nobody = PatientId::random(&SystemRng);
    for place in ["", "/program", "/program/versions", "/notes", "/progress"] {
        let one = clinic.read(&format!("/api/v1/patients/{theirs}{place}")).await;
        let other = clinic.read(&format!("/api/v1/patients/{nobody}{place}")).await;
        assert_eq!((one.status.as_u16(), other.status.as_u16()), (404, 404), "{place}");
        assert_eq!(without_request(&one), without_request(&other), "{place}");
    }
    let note = json!({ "body": "Not mine" });
    let notes = format!("/api/v1/patients/{theirs}/notes");
    assert_eq!(clinic.site.api(Method::POST, &notes, &clinic.cookie, Some(note)).await.status, 404);
    let page = clinic.site.open(&format!("/patients/{theirs}"), &clinic.cookie).await;
    assert!(page.status == 404 && !page.text().contains("Adeyemi"));
    let listed = clinic.read("/api/v1/patients").await.json();
    assert_eq!(listed["items"].as_array().expect("a list").len(), 1);
    assert_eq!(listed["items"][0]["family_name"], "Ruiz");
}

#[tokio::test]
async fn the_same_registration_sent_twice_registers_one_patient() {
    let clinic = Clinic::new().await;
    let clerk = clinic.site.account(clinic.practice, Role::FrontDesk).await;
    let cookie = clinic.site.signed_in(&clerk).await;
    let register = async |details: Value, key: &str| {
        let request = Request::post("/api/v1/patients")
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", key);
        clinic.site.send(request.body(Body::from(details.to_string())).expect("a request")).await
    };
    let chiara = json!({ "given_name": "Chiara", "family_name": "Lombardi", "birth_date": "1961-02-03",
        "email": "chiara@example.org", "record_number": "K-7" });
    let first = register(chiara.clone(), "a").await;
    assert_eq!(first.status, 201, "{}", first.text());
    let again = register(chiara.clone(), "a").await;
    assert_eq!((again.status.as_u16(), again.json()), (201, first.json()));
    let mut dinh = chiara.clone();
    dinh["given_name"] = json!("Dinh");
    assert_eq!(register(dinh.clone(), "a").await.status, 422);
    let taken = register(dinh, "b").await;
    assert_eq!((taken.status.as_u16(), &taken.json()["errors"][0]["field"]), (422, &json!("record_number")));
    let listed = clinic.site.api(Method::GET, "/api/v1/patients", &cookie, None).await.json();
    assert_eq!(listed["items"].as_array().expect("a list").len(), 2);

    // The front desk sees who, not what; and finds by exact values.
    let id = first.json()["patient_id"].as_str().expect("an id").to_owned();
    let view = clinic.site.api(Method::GET, &format!("/api/v1/patients/{id}"), &cookie, None).await;
    assert_eq!((view.json()["email"].as_str(), view.header("etag")), (Some("chiara@example.org"), Some("\"1\"")));
    let program = clinic.site.api(Method::GET, &format!("/api/v1/patients/{id}/program"), &cookie, None).await;
    assert_eq!(program.status, 404);
    let found = clinic.site.submit("/patients", &cookie, "q=K-7").await;
    assert!(found.status == 200 && found.text().contains("Lombardi") && !found.text().contains("Ruiz"));
}

#[tokio::test]
async fn a_patients_details_change_only_from_the_version_that_was_seen() {
    let clinic = Clinic::new().await;
    let clerk = clinic.site.account(clinic.practice, Role::FrontDesk).await;
    let cookie = clinic.site.signed_in(&clerk).await;
    let put = async |seen: &str| {
        let details = json!({ "given_name": "Ana", "family_name": "Ruiz Vega", "birth_date": "1984-03-02" });
        let request = Request::put(clinic.at(""))
            .header(header::COOKIE, &cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::IF_MATCH, seen);
        clinic.site.send(request.body(Body::from(details.to_string())).expect("a request")).await
    };
    assert_eq!(put("\"1\"").await.json()["family_name"], "Ruiz Vega");
    assert_eq!(put("\"1\"").await.status, 412);
    assert_eq!(clinic.read(&clinic.at("")).await.json()["version"], 2);
    // Who treats the patient does not change who they are.
    let typed = "given_name=A&family_name=B&birth_date=1984-03-02&seen=2";
    let page = clinic.site.submit(&format!("/patients/{}/edit", clinic.patient), &clinic.cookie, typed).await;
    assert_eq!(page.status, 404);
}

#[tokio::test]
async fn notes_are_read_by_who_treats_the_patient_and_by_nobody_else() {
    let clinic = Clinic::new().await;
    let note = json!({ "body": "Knee calm after step-downs" });
    let written = clinic.site.api(Method::POST, &clinic.at("/notes"), &clinic.cookie, Some(note)).await;
    assert_eq!(written.status, 201, "{}", written.text());
    let page = clinic.site.open(&format!("/patients/{}/notes", clinic.patient), &clinic.cookie).await;
    assert!(page.text().contains("Knee calm after step-downs") && page.text().contains("was recorded"));
    let patient = clinic.site.patient_account(clinic.practice, clinic.patient).await;
    let cookie = clinic.site.signed_in(&patient).await;
    assert_eq!(clinic.site.api(Method::GET, &clinic.at("/notes"), &cookie, None).await.status, 404);
}

#[tokio::test]
async fn the_chart_shows_what_was_done_and_said_and_the_patient_sees_the_numbers() {
    let clinic = Clinic::new().await;
    let program = clinic.program(json!([
        { "exercise_id": clinic.squat, "dose": dose(3) },
        { "exercise_id": clinic.bridge, "dose": dose(3) },
    ]));
    let signed = clinic.prescribe(&program, None).await.json();
    let item = signed["items"][0]["item_id"].as_str().expect("an id").parse().expect("an id");
    let patient = clinic.site.patient_account(clinic.practice, clinic.patient).await;
    clinic.log(&patient, item, signed["program_id"].as_str().expect("an id").parse().expect("an id"), 4).await;

    let progress = clinic.read(&clinic.at("/progress")).await.json();
    let today = progress["adherence"].as_array().expect("days").last().expect("today").clone();
    assert_eq!(today, json!({ "date": "2026-05-14", "due": 2, "done": 1 }));
    assert_eq!(progress["pain"].as_array().expect("weeks").last().expect("this week")["median"], 4.0);
    assert_eq!((&progress["by_item"][0]["percent"], &progress["by_item"][1]["percent"]), (&json!(100), &json!(0)));

    let chart = clinic.site.open(&format!("/patients/{}", clinic.patient), &clinic.cookie).await;
    let text = chart.text();
    assert_eq!(chart.status, 200);
    for shown in ["Ana Ruiz", "42 years", "Stairs are easier", "Squat", "50% in 4 weeks", "Show as a table", "recorded"]
    {
        assert!(text.contains(shown), "{shown}");
    }
    let log = clinic.site.open(&format!("/patients/{}/log", clinic.patient), &clinic.cookie).await;
    assert!(log.text().contains("Squat") && log.text().contains("3 sets of 10"));
    let cookie = clinic.site.signed_in(&patient).await;
    assert_eq!(clinic.site.api(Method::GET, &clinic.at("/progress"), &cookie, None).await.json(), progress);
}

#[tokio::test]
async fn the_editor_signs_and_shows_what_is_wrong_beside_its_field() {
    let clinic = Clinic::new().await;
    let path = format!("/patients/{}/program/edit", clinic.patient);
    let empty = clinic.site.open(&path, &clinic.cookie).await;
    assert!(empty.status == 200 && empty.text().contains("Sign the program"));
    let item = |sets: u8| {
        format!(
            "title=Knee&starts_on=2026-05-14&ends_on=&seen=&items%5B0%5D.item_id=&items%5B0%5D.exercise_id={}\
             &items%5B0%5D.dose.sets={sets}&items%5B0%5D.dose.reps=10&items%5B0%5D.dose.times_a_day=1\
             &items%5B0%5D.dose.side=both&items%5B0%5D.dose.weekdays=1&items%5B0%5D.dose.load=&items%5B0%5D.dose.load_unit=kg",
            clinic.squat
        )
    };
    let wrong = clinic.site.submit(&path, &clinic.cookie, &item(0)).await;
    assert!(wrong.status == 422 && wrong.text().contains("Exercise 1: sets must be 1 to 20"), "{}", wrong.text());
    let added = clinic.site.submit(&path, &clinic.cookie, &format!("{}&do=add:{}", item(3), clinic.bridge)).await;
    assert!(added.status == 200 && added.text().contains("items[1].dose.sets"));
    assert_eq!(clinic.read(&clinic.at("/program")).await.status, 404);
    let signed = clinic.site.submit(&path, &clinic.cookie, &item(3)).await;
    assert_eq!(signed.status, 303, "{}", signed.text());
    let stale = clinic.site.submit(&path, &clinic.cookie, &item(3)).await;
    assert!(stale.status == 409 && stale.text().contains("Somebody else signed a version"));
    let page = clinic.site.open(&format!("/patients/{}/program", clinic.patient), &clinic.cookie).await;
    assert!(page.text().contains("3 sets of 10") && page.text().contains("Version 1"));
}
