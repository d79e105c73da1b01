//! Training: courses, who was trained, and that nobody works without what is due.

use axum::http::{Method, Request};
use domain::{PracticeId, Role};
use ledger::{Entry, Outcome};
use serde_json::{Value, json};
use testkit::{
    house::{PASSWORD, Person},
    site::{Answer, Site},
};

struct Scene {
    site: Site,
    practice: PracticeId,
    admin: Person,
    officer: Person,
    therapist: Person,
}

/// In the practice's time zone, New York, the day ends at 4 o'clock of UTC in summer.
const MADE: &str = "2026-06-01T15:00:00Z";
/// A course that is to be done within ten days, made on the first of June: the eleventh is the last day.
const LAST_MINUTE: &str = "2026-06-12T03:59:59Z";
const OVER: &str = "2026-06-12T04:00:00Z";

impl Scene {
    async fn new() -> Self {
        let site = Site::new().await;
        site.clock.set(MADE.parse().unwrap());
        let practice = site.practice().await;
        let admin = site.account(practice, Role::Admin).await;
        let officer = site.account(practice, Role::PrivacyOfficer).await;
        let therapist = site.account(practice, Role::Therapist).await;
        Self { site, practice, admin, officer, therapist }
    }

    fn at(&self, moment: &str) {
        self.site.clock.set(moment.parse().unwrap());
    }

    async fn asks(&self, person: &Person, method: Method, path: &str, body: Option<Value>) -> Answer {
        let cookie = self.site.signed_in(person).await;
        self.site.api(method, path, &cookie, body).await
    }

    async fn makes(&self, roles: &[&str]) -> String {
        let answer = self.asks(&self.admin, Method::POST, "/api/v1/training/courses", Some(course(roles, 10))).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["course_id"].as_str().unwrap().to_owned()
    }

    async fn enforces(&self, enforced: bool) {
        let body = json!({ "enforced": enforced, "warn_days": 3 });
        let answer = self.asks(&self.admin, Method::PUT, "/api/v1/training/settings", Some(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    async fn records(&self, by: &Person, course: &str, whom: &Person, day: &str) -> Answer {
        let path = format!("/api/v1/training/courses/{course}/records");
        let body = json!({ "account_id": whom.account(), "trained_on": day, "how": "Read it with Sam" });
        self.asks(by, Method::POST, &path, Some(body)).await
    }

    async fn recorded(&self, by: &Person, course: &str, whom: &Person, day: &str) -> String {
        let answer = self.records(by, course, whom, day).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        answer.json()["training_id"].as_str().unwrap().to_owned()
    }

    /// Signs in as a person does, to the end; the answer to the code.
    async fn signs_in(&self, person: &Person) -> Answer {
        let typed = json!({ "email": person.email, "password": PASSWORD });
        let half = self.site.api(Method::POST, "/api/v1/session", "", Some(typed)).await;
        assert_eq!(half.status, 201, "{}", half.text());
        let code = json!({ "code": person.code(self.site.now()) });
        self.site.api(Method::POST, "/api/v1/session/totp", &half.cookie().unwrap(), Some(code)).await
    }

    async fn is_let_in(&self, cookie: &str) -> bool {
        self.site.api(Method::GET, "/api/v1/me", cookie, None).await.status == 200
    }

    async fn token(&self, person: &Person) -> String {
        let new = json!({ "label": "Nightly", "scopes": ["read_exercise"], "days": 90 });
        let answer = self.asks(person, Method::POST, "/api/v1/me/tokens", Some(new)).await;
        answer.json()["secret"].as_str().unwrap().to_owned()
    }

    async fn with_token(&self, secret: &str) -> u16 {
        let request = Request::get("/api/v1/me").header("authorization", format!("Bearer {secret}"));
        self.site.send(request.body(axum::body::Body::empty()).unwrap()).await.status.as_u16()
    }

    async fn state(&self, person: &Person) -> Value {
        self.asks(person, Method::GET, "/api/v1/me/training", None).await.json()["items"][0].clone()
    }

    fn entries(&self, action: &str) -> Vec<Entry> {
        self.site.ledger.entries().into_iter().filter(|entry| entry.action.as_str() == action).collect()
    }

    fn last(&self, action: &str) -> (Outcome, String) {
        let last = self.entries(action).pop().unwrap_or_else(|| panic!("no entry of {action}"));
        (last.outcome, last.reason.as_str().to_owned())
    }
}

fn course(roles: &[&str], due_days: u16) -> Value {
    json!({
        "title": "Privacy and security", "purpose": "What HIPAA asks.", "roles": roles, "renewal_months": 12,
        "due_days": due_days,
    })
}

#[tokio::test]
async fn whoever_is_overdue_is_refused_from_the_minute_on_and_told_why_only_after_the_factor() {
    let scene = Scene::new().await;
    scene.makes(&["therapist"]).await;
    scene.enforces(true).await;
    let token = scene.token(&scene.therapist).await;
    scene.at(LAST_MINUTE);
    let cookie = scene.site.signed_in(&scene.therapist).await;
    assert!(scene.is_let_in(&cookie).await, "the last day belongs to the time");
    assert_eq!(scene.with_token(&token).await, 200);

    scene.at(OVER);
    assert!(!scene.is_let_in(&cookie).await, "at the next request");
    assert_eq!(scene.last("resume_session"), (Outcome::Denied, "training-overdue".to_owned()));
    assert_eq!(scene.with_token(&token).await, 401);

    let wrong = json!({ "email": scene.therapist.email, "password": "not the password" });
    let wrong = scene.site.api(Method::POST, "/api/v1/session", "", Some(wrong)).await;
    assert!(!wrong.text().contains("raining"), "no oracle before the factor");
    let refused = scene.signs_in(&scene.therapist).await;
    assert_eq!(refused.status, 403);
    assert!(refused.text().contains("Your training is overdue") && refused.cookie().is_none());
    assert_eq!(scene.last("sign_in"), (Outcome::Denied, "training-overdue".to_owned()));
    // Nobody else's session ends, and what was proven is used up.
    let officer = scene.site.signed_in(&scene.officer).await;
    assert!(scene.is_let_in(&officer).await);

    // The page says which course, until when and whom to ask.
    scene.at("2026-06-12T04:05:00Z");
    let fields = format!("email={}&password={}", scene.therapist.email, PASSWORD.replace(' ', "+"));
    let half = scene.site.submit("/sign-in", "", &fields).await.cookie().unwrap();
    let code = format!("code={}", scene.therapist.code(scene.site.now()));
    let told = scene.site.submit("/sign-in/factor", &half, &code).await;
    let page = told.text().replace('\u{a0}', " ");
    assert_eq!(told.status, 403);
    for words in ["Privacy and security", "11 June 2026", "Ask an administrator or a privacy officer"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!scene.is_let_in(&half).await);
}

#[tokio::test]
async fn whoever_was_trained_is_let_in_and_a_training_taken_back_counts_no_more() {
    let scene = Scene::new().await;
    let course = scene.makes(&["therapist"]).await;
    scene.enforces(true).await;
    scene.at(OVER);
    assert_eq!(scene.signs_in(&scene.therapist).await.status, 403);
    let record = scene.recorded(&scene.admin, &course, &scene.therapist, "2026-06-10").await;
    scene.at("2026-06-12T04:05:00Z");
    assert_eq!(scene.signs_in(&scene.therapist).await.status, 200);
    let cookie = scene.site.signed_in(&scene.therapist).await;

    let path = format!("/api/v1/training/records/{record}/correction");
    let back = json!({ "trained_on": null, "how": "It was somebody else" });
    let corrected = scene.asks(&scene.officer, Method::POST, &path, Some(back.clone())).await;
    assert_eq!(corrected.status, 201, "{}", corrected.text());
    assert!(!scene.is_let_in(&cookie).await);
    let again = scene.asks(&scene.officer, Method::POST, &path, Some(back)).await;
    assert_eq!(again.status, 409, "it is corrected once");

    let path = format!("/api/v1/training/courses/{course}");
    let details = scene.asks(&scene.officer, Method::GET, &path, None).await.json();
    let records = details["records"].as_array().unwrap();
    assert_eq!(records.len(), 2, "the one before stays");
    let of = |id: &str| records.iter().find(|one| one["training_id"] == id).unwrap();
    let next = corrected.json()["training_id"].as_str().unwrap().to_owned();
    assert_eq!((&of(&record)["superseded_by"], &of(&record)["trained_on"]), (&json!(next), &json!("2026-06-10")));
    assert_eq!((&of(&next)["corrects"], &of(&next)["trained_on"]), (&json!(record), &Value::Null));
}

#[tokio::test]
async fn where_it_is_not_enforced_nothing_is_blocked_and_it_is_only_said() {
    let scene = Scene::new().await;
    scene.makes(&["therapist"]).await;
    let token = scene.token(&scene.therapist).await;
    scene.at("2026-08-01T12:00:00Z");
    assert_eq!(scene.signs_in(&scene.therapist).await.status, 200);
    assert_eq!(scene.with_token(&token).await, 200);
    assert_eq!(scene.state(&scene.therapist).await["state"], "overdue");
    scene.enforces(true).await;
    assert_eq!(scene.with_token(&token).await, 401, "at once");
    scene.enforces(false).await;
    assert_eq!(scene.with_token(&token).await, 200);
    assert_eq!(scene.entries("enforce_training").len(), 1);
    assert_eq!(scene.entries("stop_enforcing_training").len(), 1);
}

#[tokio::test]
async fn a_line_above_every_page_warns_from_the_days_before_that_the_practice_set() {
    let scene = Scene::new().await;
    scene.makes(&["therapist"]).await;
    scene.enforces(true).await;
    let shown = async |moment: &str, person: &Person| {
        scene.at(moment);
        let cookie = scene.site.signed_in(person).await;
        scene.site.open("/account", &cookie).await.text().contains("Training is due soon")
    };
    assert!(!shown("2026-06-08T03:59:59Z", &scene.therapist).await, "four days before");
    assert!(shown("2026-06-08T04:00:00Z", &scene.therapist).await, "three days before");
    assert!(!shown("2026-06-08T04:00:00Z", &scene.admin).await, "it is not asked of them");
    let own = scene.site.signed_in(&scene.therapist).await;
    let own = scene.site.open("/training/mine", &own).await.text();
    assert!(own.contains("Privacy and security") && own.contains("due soon"));
}

#[tokio::test]
async fn the_last_one_who_could_record_training_is_let_in_marked_and_no_program_of_theirs() {
    let scene = Scene::new().await;
    let course = scene.makes(&["admin", "privacy_officer"]).await;
    scene.enforces(true).await;
    let token = scene.token(&scene.admin).await;
    let before = scene.site.signed_in(&scene.admin).await;
    scene.recorded(&scene.admin, &course, &scene.officer, "2026-06-01").await;
    scene.at(OVER);
    assert_eq!(scene.signs_in(&scene.admin).await.status, 403, "the privacy officer could record it");
    // Corrected: now both are overdue.
    let path = format!("/api/v1/training/courses/{course}");
    let records = scene.asks(&scene.officer, Method::GET, &path, None).await.json()["records"].clone();
    let path = format!("/api/v1/training/records/{}/correction", records[0]["training_id"].as_str().unwrap());
    let own = json!({ "trained_on": null, "how": "It was not so" });
    let answer = scene.asks(&scene.officer, Method::POST, &path, Some(own.clone())).await;
    assert_eq!(answer.status, 409, "nobody corrects their own: {}", answer.text());
    assert_eq!(scene.last("correct_training"), (Outcome::Denied, "about-oneself".to_owned()));
    scene.at("2027-06-02T15:00:00Z");
    assert!(!scene.is_let_in(&before).await, "they sign in once more, for the entry");
    assert_eq!(scene.with_token(&token).await, 401, "a program records nothing");
    assert_eq!(scene.signs_in(&scene.admin).await.status, 200);
    assert_eq!(scene.last("admit_untrained"), (Outcome::Allowed, "nobody-else-records-training".to_owned()));
    let cookie = scene.site.signed_in(&scene.admin).await;
    let page = scene.site.open("/training", &cookie).await.text();
    assert!(page.contains("let in because nobody else can record it"), "{page}");
    // They record the other's; from then on there is somebody who records theirs.
    scene.recorded(&scene.admin, &course, &scene.officer, "2027-06-02").await;
    assert!(!scene.is_let_in(&cookie).await);
    scene.recorded(&scene.officer, &course, &scene.admin, "2027-06-02").await;
    scene.at("2027-06-02T15:05:00Z");
    assert_eq!(scene.signs_in(&scene.admin).await.status, 200);
}

#[tokio::test]
async fn nobody_records_their_own_training_unless_nobody_else_could() {
    let scene = Scene::new().await;
    let course = scene.makes(&["admin"]).await;
    let refused = scene.records(&scene.admin, &course, &scene.admin, "2026-06-01").await;
    assert_eq!(refused.status, 409);
    assert_eq!(scene.last("record_training"), (Outcome::Denied, "about-oneself".to_owned()));

    let alone = scene.site.practice().await;
    let admin = scene.site.account(alone, Role::Admin).await;
    let made =
        scene.asks(&admin, Method::POST, "/api/v1/training/courses", Some(self::course(&["admin"], 10))).await.json();
    let own = made["course_id"].as_str().unwrap();
    scene.recorded(&admin, own, &admin, "2026-06-01").await;
    assert_eq!(scene.last("record_training"), (Outcome::Allowed, "about-oneself-and-alone".to_owned()));
    let details = scene.asks(&admin, Method::GET, &format!("/api/v1/training/courses/{own}"), None).await.json();
    assert_eq!(details["records"][0]["nobody_else"], true);
}

#[tokio::test]
async fn nothing_of_another_practice_is_there_and_no_day_that_has_not_come() {
    let scene = Scene::new().await;
    let course = scene.makes(&["therapist"]).await;
    let record = scene.recorded(&scene.admin, &course, &scene.therapist, "2026-06-01").await;
    let elsewhere = scene.site.practice().await;
    let stranger = scene.site.account(elsewhere, Role::Admin).await;
    let path = format!("/api/v1/training/courses/{course}");
    assert_eq!(scene.asks(&stranger, Method::GET, &path, None).await.status, 404);
    assert_eq!(scene.records(&stranger, &course, &stranger, "2026-06-01").await.status, 404);
    assert_eq!(scene.records(&scene.admin, &course, &stranger, "2026-06-01").await.status, 404);
    let correction = json!({ "trained_on": "2026-06-01", "how": "So" });
    let path = format!("/api/v1/training/records/{record}/correction");
    assert_eq!(scene.asks(&stranger, Method::POST, &path, Some(correction)).await.status, 404);
    assert_eq!(scene.records(&scene.admin, &course, &scene.therapist, "2026-06-02").await.status, 422);
}

#[tokio::test]
async fn a_version_that_asks_more_gives_its_days_again_and_one_that_does_not_takes_none() {
    let scene = Scene::new().await;
    let id = scene.makes(&["therapist"]).await;
    let changed = async |version: u32, body: Value| {
        let cookie = scene.site.signed_in(&scene.admin).await;
        let request = Request::put(format!("/api/v1/training/courses/{id}"))
            .header("cookie", cookie)
            .header("content-type", "application/json")
            .header("if-match", format!("\"{version}\""));
        scene.site.send(request.body(body.to_string().into()).unwrap()).await.status.as_u16()
    };
    scene.at("2026-06-05T15:00:00Z");
    assert_eq!(changed(1, course(&["therapist", "front_desk"], 10)).await, 204);
    assert_eq!(changed(1, course(&["therapist"], 10)).await, 409, "it was seen at another version");
    assert_eq!(scene.state(&scene.therapist).await["due_on"], "2026-06-11");
    let clerk = scene.site.account(scene.practice, Role::FrontDesk).await;
    assert_eq!(scene.state(&clerk).await["due_on"], "2026-06-15");
    assert_eq!(changed(2, course(&["therapist"], 5)).await, 204);
    assert_eq!(scene.state(&scene.therapist).await["due_on"], "2026-06-10", "five days from now, not from the first");
    assert_eq!(scene.state(&clerk).await, Value::Null);
}

#[tokio::test]
async fn whoever_gets_another_role_has_its_days_from_then_on() {
    let scene = Scene::new().await;
    scene.makes(&["front_desk"]).await;
    scene.enforces(true).await;
    scene.at("2026-07-01T15:00:00Z");
    let path = format!("/api/v1/accounts/{}", scene.therapist.account());
    let cookie = scene.site.signed_in(&scene.admin).await;
    let version = scene.site.api(Method::GET, &path, &cookie, None).await.header("etag").unwrap().to_owned();
    let request = Request::put(path)
        .header("cookie", cookie)
        .header("content-type", "application/json")
        .header("if-match", version);
    let body = json!({ "role": "front_desk", "state": "active" }).to_string();
    assert_eq!(scene.site.send(request.body(body.into()).unwrap()).await.status, 200);
    scene.at("2026-07-12T03:59:00Z");
    assert_eq!(scene.signs_in(&scene.therapist).await.status, 200);
    scene.at("2026-07-12T04:00:00Z");
    assert_eq!(scene.signs_in(&scene.therapist).await.status, 403);
}

#[tokio::test]
async fn a_course_that_ended_asks_nothing_and_keeps_what_was_recorded() {
    let scene = Scene::new().await;
    let id = scene.makes(&["therapist"]).await;
    scene.enforces(true).await;
    scene.recorded(&scene.admin, &id, &scene.therapist, "2026-06-01").await;
    scene.at("2028-01-01T15:00:00Z");
    assert_eq!(scene.signs_in(&scene.therapist).await.status, 403);
    let cookie = scene.site.signed_in(&scene.admin).await;
    let request =
        Request::delete(format!("/api/v1/training/courses/{id}")).header("cookie", &cookie).header("if-match", "\"1\"");
    assert_eq!(scene.site.send(request.body(axum::body::Body::empty()).unwrap()).await.status, 204);
    scene.at("2028-01-01T15:05:00Z");
    assert_eq!(scene.signs_in(&scene.therapist).await.status, 200);
    let export = scene.asks(&scene.officer, Method::GET, "/api/v1/training/export", None).await.json();
    assert_eq!(export["courses"][0]["records"].as_array().unwrap().len(), 1);
    assert_eq!(scene.records(&scene.admin, &id, &scene.therapist, "2026-06-01").await.status, 409);
}
