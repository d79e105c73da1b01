//! Breaking the glass, over the API and the pages: what it takes, what it opens, how it ends, who is told, who signs.

use axum::http::Method;
use domain::{AlertRule, PatientId, PracticeId, PurposeKind, Role, TaskObserver, Unobserved};
use jiff::civil::date;
use ledger::{Entry, Outcome};
use practice::{
    emergencies::{self, NewEmergency, OPEN_STEPS},
    watch::Follower,
};
use serde_json::{Value, json};
use std::{panic::AssertUnwindSafe, sync::Arc};
use testkit::{
    house::Person,
    site::{Answer, Site},
};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const REASON: &str = "Collapsed in the hall, her therapist is away";

struct Scene {
    site: Site,
    practice: PracticeId,
    ana: PatientId,
    therapist: Person,
    officer: Person,
    follower: Arc<Follower>,
}

impl Scene {
    async fn new() -> Self {
        let site = Site::new().await;
        let practice = site.practice().await;
        let ana = site.patient(practice, "Ana", "Ruiz").await;
        let therapist = site.account(practice, Role::Therapist).await;
        let officer = site.account(practice, Role::PrivacyOfficer).await;
        let follower = site.follower();
        follower.round().await.expect("begun");
        Self { site, practice, ana, therapist, officer, follower }
    }

    /// Asks the API with a token.
    async fn with_token(&self, method: Method, path: &str, token: &str, body: Value) -> u16 {
        let request = axum::http::Request::builder().method(method).uri(path);
        let request =
            request.header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
        self.site.send(request.body(body.to_string().into()).expect("a request")).await.status.as_u16()
    }

    async fn ask(&self, cookie: &str, new: Value) -> Answer {
        self.site.api(Method::POST, "/api/v1/emergencies", cookie, Some(new)).await
    }

    /// Opens Ana's record; gives the opening.
    async fn open(&self, cookie: &str) -> String {
        let answer = self.ask(cookie, json!({ "patient_id": self.ana, "reason": REASON })).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.json()["patient_id"], json!(self.ana));
        answer.json()["emergency_id"].as_str().expect("an id").to_owned()
    }

    async fn close(&self, cookie: &str, emergency: &str) -> u16 {
        self.site.api(Method::DELETE, &format!("/api/v1/emergencies/{emergency}"), cookie, None).await.status.as_u16()
    }

    async fn sees(&self, cookie: &str) -> bool {
        let answer = self.site.api(Method::GET, &format!("/api/v1/patients/{}/notes", self.ana), cookie, None).await;
        assert!([200, 404].contains(&answer.status.as_u16()), "{}", answer.text());
        answer.status == 200
    }

    async fn sign(&self, cookie: &str, emergency: &str) -> Answer {
        let path = format!("/api/v1/emergencies/{emergency}/signature");
        let signed = json!({ "finding": "not_justified", "words": "Nobody was in the hall." });
        self.site.api(Method::POST, &path, cookie, Some(signed)).await
    }

    /// The rules of the alerts that there are.
    async fn alerts(&self) -> Vec<String> {
        while self.follower.round().await.expect("watched").behind > 0 {}
        let cookie = self.site.signed_in(&self.officer).await;
        let answer = self.site.api(Method::GET, "/api/v1/alerts?state=all", &cookie, None).await.json();
        let items = answer["items"].as_array().expect("a list");
        items.iter().map(|alert| alert["rule"].as_str().expect("a rule").to_owned()).collect()
    }

    fn told(&self, rules: &[String], rule: AlertRule) -> usize {
        rules.iter().filter(|one| *one == rule.word()).count()
    }

    fn entries(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        self.site.ledger.entries().into_iter().filter(|entry| wanted(entry)).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_opens_for_an_hour_of_this_session_and_not_one_request_longer() {
    let scene = Scene::new().await;
    let cookie = scene.site.signed_in(&scene.therapist).await;
    assert!(!scene.sees(&cookie).await);
    scene.open(&cookie).await;
    assert!(scene.sees(&cookie).await);
    let elsewhere = scene.site.signed_in(&scene.therapist).await;
    assert!(!scene.sees(&elsewhere).await, "another session of the same person");
    for _ in 0..5 {
        scene.site.clock.advance_seconds(10 * MINUTE);
        assert!(scene.sees(&cookie).await);
    }
    scene.site.clock.advance_seconds(10 * MINUTE - 1);
    assert!(scene.sees(&cookie).await);
    scene.site.clock.advance_seconds(1);
    assert!(!scene.sees(&cookie).await, "the hour is over");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_takes_a_reason_a_fresh_factor_and_a_person() {
    let scene = Scene::new().await;
    let cookie = scene.site.signed_in(&scene.therapist).await;
    for reason in [json!(null), json!(""), json!("urgent"), json!("x".repeat(1001))] {
        let answer = scene.ask(&cookie, json!({ "patient_id": scene.ana, "reason": reason })).await;
        assert_eq!(answer.status, 422, "{}", answer.text());
    }
    for whom in [json!({}), json!({ "given_name": "Ana" }), json!({ "patient_id": scene.ana, "record_number": "A1" })] {
        let mut new = whom;
        new["reason"] = json!(REASON);
        assert_eq!(scene.ask(&cookie, new).await.status, 422);
    }
    scene.site.clock.advance_seconds(5 * MINUTE);
    let answer = scene.ask(&cookie, json!({ "patient_id": scene.ana, "reason": REASON })).await;
    assert_eq!(answer.status, 401, "{}", answer.text());
    assert!(answer.text().contains("fresh-factor-required"), "{}", answer.text());

    let cookie = scene.site.signed_in(&scene.therapist).await;
    let new = json!({ "label": "Report", "scopes": ["read_notes", "write_notes"], "days": 1 });
    let token = scene.site.api(Method::POST, "/api/v1/me/tokens", &cookie, Some(new)).await.json();
    let token = token["secret"].as_str().expect("a token");
    let new = json!({ "patient_id": scene.ana, "reason": REASON });
    let refused = scene.with_token(Method::POST, "/api/v1/emergencies", token, new).await;
    assert_eq!(refused, 404, "an API token breaks no glass");
    scene.open(&cookie).await;
    let notes = format!("/api/v1/patients/{}/notes", scene.ana);
    assert!(scene.sees(&cookie).await);
    assert_eq!(scene.with_token(Method::GET, &notes, token, json!({})).await, 404, "nor sees what its owner has open");
    let scope = json!({ "label": "Report", "scopes": ["break_glass"], "days": 1 });
    assert_eq!(scene.site.api(Method::POST, "/api/v1/me/tokens", &cookie, Some(scope)).await.status, 422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proving_a_factor_again_keeps_it_open_and_signing_out_closes_it() {
    let scene = Scene::new().await;
    let cookie = scene.site.signed_in(&scene.therapist).await;
    scene.open(&cookie).await;
    scene.site.clock.advance_seconds(MINUTE);
    let code = json!({ "code": scene.therapist.code(scene.site.now()) });
    let answer = scene.site.api(Method::POST, "/api/v1/session/step-up/totp", &cookie, Some(code)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let renewed = answer.cookie().expect("a new cookie");
    assert!(scene.sees(&renewed).await);
    assert_eq!(scene.site.api(Method::DELETE, "/api/v1/session", &renewed, None).await.status, 204);
    let path = format!("/api/v1/policy/patients/{}", scene.ana);
    let officer = scene.site.signed_in(&scene.officer).await;
    let access = scene.site.api(Method::GET, &path, &officer, None).await.text();
    assert!(!access.contains("break-glass"), "{access}");
    let again = scene.site.signed_in(&scene.therapist).await;
    assert!(!scene.sees(&again).await);
    scene.open(&again).await;
    let access = scene.site.api(Method::GET, &path, &officer, None).await.text();
    assert!(access.contains("break-glass"), "who can see this patient says so: {access}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_opened_it_closes_it_and_nobody_else() {
    let scene = Scene::new().await;
    let cookie = scene.site.signed_in(&scene.therapist).await;
    let emergency = scene.open(&cookie).await;
    let other = scene.site.account(scene.practice, Role::Admin).await;
    let others = scene.site.signed_in(&other).await;
    assert_eq!(scene.close(&others, &emergency).await, 404);
    assert!(scene.sees(&cookie).await);
    let open = scene.site.api(Method::GET, "/api/v1/emergencies/open", &cookie, None).await.json();
    assert_eq!(
        (&open["items"][0]["emergency_id"], &open["items"][0]["seconds_left"]),
        (&json!(emergency), &json!(HOUR))
    );
    assert_eq!(scene.close(&cookie, &emergency).await, 204);
    assert!(!scene.sees(&cookie).await);
    assert_eq!(scene.close(&cookie, &emergency).await, 409);
    let ended = scene.entries(|entry| entry.action.as_str() == "end_emergency");
    assert_eq!((ended.len(), ended[0].patient), (1, Some(scene.ana)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_is_found_by_what_is_known_and_whoever_is_not_there_is_answered_alike() {
    let scene = Scene::new().await;
    let desk = scene.site.account(scene.practice, Role::FrontDesk).await;
    let clerk = scene.site.signed_in(&desk).await;
    let ben = json!({ "given_name": "Ben", "family_name": "Ng", "birth_date": "1970-01-02", "record_number": "K-77" });
    let ben = scene.site.api(Method::POST, "/api/v1/patients", &clerk, Some(ben)).await.json();
    let cookie = scene.site.signed_in(&scene.therapist).await;
    let ask = async |whom: Value| {
        let mut new = whom;
        new["reason"] = json!(REASON);
        scene.ask(&cookie, new).await
    };
    let by_name = async |given: &str, family: &str, born: &str| {
        ask(json!({ "given_name": given, "family_name": family, "birth_date": born })).await
    };
    let foreign = scene.site.practice().await;
    let elsewhere = scene.site.patient(foreign, "Carl", "Away").await;
    let kept_from = scene.site.patient(scene.practice, "Dora", "Hidden").await;
    let officer = scene.site.signed_in(&scene.officer).await;
    let restriction = json!({ "what": "account", "account_id": scene.therapist.account(), "answer": "agreed" });
    let path = format!("/api/v1/patients/{kept_from}/restrictions");
    assert_eq!(scene.site.api(Method::POST, &path, &officer, Some(restriction)).await.status, 201);

    let misses = [
        by_name("Ana", "Ruiz", "1984-03-03").await,
        by_name("An", "Ruiz", "1984-03-02").await,
        by_name("Carl", "Away", "1984-03-02").await,
        by_name("Dora", "Hidden", "1984-03-02").await,
        ask(json!({ "record_number": "K-78" })).await,
        ask(json!({ "patient_id": elsewhere })).await,
        ask(json!({ "patient_id": kept_from })).await,
        ask(json!({ "patient_id": PatientId::random(&crypto::SystemRng) })).await,
    ];
    let body = |answer: &Answer| {
        let id = answer.header("x-request-id").expect("an id").to_owned();
        (answer.status.as_u16(), answer.text().replace(&id, ""))
    };
    for miss in &misses {
        assert_eq!(body(miss), body(&misses[0]));
    }
    assert_eq!(misses[0].status, 404);
    let denied = scene.entries(|entry| entry.action.as_str() == "break_glass" && entry.outcome == Outcome::Denied);
    assert_eq!(denied.len(), misses.len(), "each is an entry");
    assert_eq!(by_name("ana", "RUIZ", "1984-03-02").await.json()["patient_id"], json!(scene.ana));
    assert_eq!(ask(json!({ "record_number": "K-77" })).await.json()["patient_id"], ben["patient_id"]);

    let (first, second) = ("Eve", "Twin");
    for _ in 0..2 {
        scene.site.patient(scene.practice, first, second).await;
    }
    assert_eq!(by_name(first, second, "1984-03-02").await.status, 409, "say the record number");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_opens_what_care_needs_now_and_every_look_is_an_emergency_that_the_patient_sees() {
    let scene = Scene::new().await;
    let treating = scene.site.account(scene.practice, Role::Therapist).await;
    scene.site.care_link(&treating, scene.ana).await;
    let own = scene.site.signed_in(&treating).await;
    let notes = format!("/api/v1/patients/{}/notes", scene.ana);
    let note = scene.site.api(Method::POST, &notes, &own, Some(json!({ "body": "Bends to ninety." }))).await.json();
    let answer = scene.ask(&own, json!({ "patient_id": scene.ana, "reason": REASON })).await;
    assert_eq!(answer.status, 409, "it is open to who treats her: {}", answer.text());

    let cookie = scene.site.signed_in(&scene.therapist).await;
    scene.open(&cookie).await;
    let read = async |path: &str| {
        let path = format!("/api/v1/patients/{}{path}", scene.ana);
        scene.site.api(Method::GET, &path, &cookie, None).await.status.as_u16()
    };
    for path in ["", "/log", "/progress", "/notes", "/visits", "/program/versions"] {
        assert_eq!(read(path).await, 200, "{path}");
    }
    let written =
        scene.site.api(Method::POST, &notes, &cookie, Some(json!({ "body": "Laid her down, 112 called." }))).await;
    assert_eq!(written.status, 201, "{}", written.text());
    let others = format!("{notes}/{}/amendment", note["note_id"].as_str().expect("an id"));
    let amended = scene.site.send(
        axum::http::Request::post(&others)
            .header("cookie", &cookie)
            .header("content-type", "application/json")
            .header("if-match", "\"1\"")
            .body(json!({ "body": "Bends to twenty." }).to_string().into())
            .expect("a request"),
    );
    assert_eq!(amended.await.status, 409, "nobody else's note");
    let void = format!("{notes}/{}/void", note["note_id"].as_str().expect("an id"));
    assert_eq!(scene.site.api(Method::POST, &void, &cookie, Some(json!({ "reason": "Wrong" }))).await.status, 409);
    let program = json!({ "title": "Knee", "starts_on": "2026-05-14", "items": [] });
    let path = format!("/api/v1/patients/{}/program", scene.ana);
    assert!([404, 422].contains(&scene.site.api(Method::PUT, &path, &cookie, Some(program)).await.status.as_u16()));
    let visit = json!({ "therapist_id": scene.therapist.account(), "starts_at": scene.site.now(), "minutes": 30 });
    let path = format!("/api/v1/patients/{}/visits", scene.ana);
    assert_eq!(scene.site.api(Method::POST, &path, &cookie, Some(visit)).await.status, 404);

    let me = scene.therapist.account();
    let looks = scene.entries(|entry| {
        entry.actor == Some(me) && entry.patient == Some(scene.ana) && entry.outcome == Outcome::Allowed
    });
    assert!(looks.len() > 8 && looks.iter().all(|entry| entry.purpose == Some(PurposeKind::Emergency)), "{looks:#?}");
    let trail = format!("{:?}", scene.site.ledger.entries());
    assert!(!trail.contains("Collapsed") && !trail.contains("hall"));
    let ana = scene.site.patient_account(scene.practice, scene.ana).await;
    let patient = scene.site.signed_in(&ana).await;
    let page = scene.site.open("/who-looked", &patient).await.text();
    assert!(page.contains("an emergency") && page.contains("opened the record in an emergency"), "{page}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_told_in_the_moment_of_the_act_and_signed_for_by_somebody_else() {
    let scene = Scene::new().await;
    let admin = scene.site.account(scene.practice, Role::Admin).await;
    let cookie = scene.site.signed_in(&admin).await;
    assert_eq!(scene.told(&scene.alerts().await, AlertRule::BreakGlass), 0);
    let emergency = scene.open(&cookie).await;
    assert_eq!(scene.told(&scene.alerts().await, AlertRule::BreakGlass), 1, "the clock did not move");

    let officer = scene.site.signed_in(&scene.officer).await;
    let list = scene.site.api(Method::GET, "/api/v1/emergencies", &officer, None).await.json();
    let one = &list["items"][0];
    assert_eq!((&one["emergency_id"], &one["reason"], &one["open"]), (&json!(emergency), &json!(REASON), &json!(true)));
    let read = scene.entries(|entry| entry.action.as_str() == "review_emergency");
    assert_eq!((read.len(), read[0].patient), (1, Some(scene.ana)), "reading the reason is an entry under the patient");
    assert_eq!(scene.sign(&officer, &emergency).await.status, 409, "it is open still");
    assert_eq!(scene.close(&cookie, &emergency).await, 204);
    let own = scene.sign(&cookie, &emergency).await;
    assert!(own.status == 409 && own.text().contains("yourself"), "{}", own.text());
    assert_eq!(scene.sign(&scene.site.signed_in(&scene.therapist).await, &emergency).await.status, 404);
    scene.site.clock.advance_seconds(5 * MINUTE);
    assert_eq!(scene.sign(&officer, &emergency).await.status, 401, "with a fresh factor");
    let officer = scene.site.signed_in(&scene.officer).await;
    assert_eq!(scene.sign(&officer, &emergency).await.status, 204);
    assert_eq!(scene.sign(&officer, &emergency).await.status, 409, "once");
    let list = scene.site.api(Method::GET, "/api/v1/emergencies?state=signed", &officer, None).await.json();
    let signed = &list["items"][0]["signature"];
    assert_eq!((&signed["finding"], &signed["words"]), (&json!("not_justified"), &json!("Nobody was in the hall.")));
    let waiting = scene.site.api(Method::GET, "/api/v1/emergencies", &officer, None).await.json();
    assert_eq!(waiting["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_signs_for_in_three_working_days_is_told_again_and_stands_above_every_page() {
    let scene = Scene::new().await;
    // Thursday, the 14th. Saturdays are worked unless the practice says otherwise: Friday, Saturday, Monday.
    let cookie = scene.site.signed_in(&scene.therapist).await;
    let emergency = scene.open(&cookie).await;
    let officer = scene.site.signed_in(&scene.officer).await;
    let one = scene.site.api(Method::GET, &format!("/api/v1/emergencies/{emergency}"), &officer, None).await.json();
    let sign_by: jiff::Timestamp = one["sign_by"].as_str().expect("a moment").parse().expect("a moment");
    let zone = domain::Timezone::new("America/New_York").expect("known");
    assert_eq!(sign_by, zone.moment(date(2026, 5, 19), 0, 0));
    let escalate = async || emergencies::escalate_overdue(&scene.site.house, &Unobserved).await.expect("told");
    scene.site.clock.advance_seconds(sign_by.as_second() - scene.site.now().as_second() - 1);
    assert_eq!(escalate().await, 0);
    scene.site.clock.advance_seconds(1);
    let officer = scene.site.signed_in(&scene.officer).await;
    let above = "1 emergency for which nobody signed in time";
    assert!(scene.site.open("/audit", &officer).await.text().contains(above));
    assert_eq!((escalate().await, escalate().await), (1, 0), "once");
    let rules = scene.alerts().await;
    assert_eq!((scene.told(&rules, AlertRule::BreakGlass), scene.told(&rules, AlertRule::BreakGlassUnsigned)), (1, 1));
    scene.site.clock.advance_seconds(9 * DAY);
    let officer = scene.site.signed_in(&scene.officer).await;
    assert!(scene.site.open("/alerts", &officer).await.text().contains(above), "until somebody signs");
    assert_eq!(scene.sign(&officer, &emergency).await.status, 204);
    assert!(!scene.site.open("/audit", &officer).await.text().contains(above));
}

/// Kills what it looks on behind a step.
struct Stopped(&'static str);
impl TaskObserver for Stopped {
    fn reached(&self, step: &'static str) {
        assert_ne!(step, self.0, "stopped here");
    }
    fn progress(&self, _: u64, _: u64) {}
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_off_between_entry_and_row_nothing_is_open_and_the_entry_and_its_alert_are_there() {
    let scene = Scene::new().await;
    let session = scene.site.session(&scene.therapist).await;
    let new: NewEmergency = serde_json::from_value(json!({ "patient_id": scene.ana, "reason": REASON })).expect("fits");
    let stopped = Stopped(OPEN_STEPS[0]);
    let opening = emergencies::open(&scene.site.house, &session, &new, &stopped);
    let cut_off = futures::FutureExt::catch_unwind(AssertUnwindSafe(opening)).await;
    assert!(cut_off.is_err());
    let recorded = scene.entries(|entry| entry.action.as_str() == "break_glass" && entry.patient == Some(scene.ana));
    assert_eq!((recorded.len(), recorded[0].outcome), (1, Outcome::Allowed));
    assert!(emergencies::open_now(&scene.site.house, &session).await.expect("read").is_empty());
    assert_eq!(scene.told(&scene.alerts().await, AlertRule::BreakGlass), 1);
    assert!(emergencies::open(&scene.site.house, &session, &new, &Unobserved).await.is_ok(), "it can be opened again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_nothing_can_be_recorded_no_glass_breaks_and_none_is_closed_or_signed_for() {
    let scene = Scene::new().await;
    let cookie = scene.site.signed_in(&scene.therapist).await;
    let emergency = scene.open(&cookie).await;
    let other = scene.site.account(scene.practice, Role::Therapist).await;
    let others = scene.site.signed_in(&other).await;
    scene.site.ledger.backend().set_failing(true);
    assert_eq!(scene.ask(&others, json!({ "patient_id": scene.ana, "reason": REASON })).await.status, 503);
    assert_eq!(scene.close(&cookie, &emergency).await, 503);
    scene.site.ledger.backend().set_failing(false);
    assert!(!scene.sees(&others).await && scene.sees(&cookie).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_page_says_what_is_open_and_for_how_long_and_forms_do_what_the_api_does() {
    let scene = Scene::new().await;
    let cookie = scene.site.signed_in(&scene.therapist).await;
    let form = scene.site.open("/emergencies/open", &cookie).await.text();
    assert!(form.contains("Why you need the record now") && !form.contains("is open in an emergency"), "{form}");
    let miss = "given_name=Ana&family_name=Ruiz&birth_date=1984-03-03&reason=Collapsed+in+the+hall";
    let again = scene.site.submit("/emergencies/open", &cookie, miss).await;
    assert!(again.status == 422 && again.text().contains("No record that you could open"), "{}", again.text());
    let hit = "given_name=Ana&family_name=Ruiz&birth_date=1984-03-02&reason=Collapsed+in+the+hall";
    let opened = scene.site.submit("/emergencies/open", &cookie, hit).await;
    assert_eq!((opened.status.as_u16(), opened.header("location")), (303, Some(&*format!("/patients/{}", scene.ana))));
    scene.site.clock.advance_seconds(10 * MINUTE + 1);
    let chart = scene.site.open(&format!("/patients/{}", scene.ana), &cookie).await.text();
    assert!(chart.contains("because you opened the record in an emergency") && !chart.contains("/program/edit"));
    for page in ["/patients", "/exercises", "/account"] {
        let page = scene.site.open(page, &cookie).await.text();
        assert!(page.contains("A record is open in an emergency") && page.contains("49 minutes"), "{page}");
        assert!(!page.contains("Ruiz"), "the banner names nobody");
    }
    let open = scene.site.api(Method::GET, "/api/v1/emergencies/open", &cookie, None).await.json();
    let emergency = open["items"][0]["emergency_id"].as_str().expect("an id").to_owned();
    let closed = scene.site.submit(&format!("/emergencies/{emergency}/close"), &cookie, "").await;
    assert_eq!(closed.status, 303);
    assert!(!scene.sees(&cookie).await);
    assert!(!scene.site.open("/patients", &cookie).await.text().contains("is open in an emergency"));

    let officer = scene.site.signed_in(&scene.officer).await;
    let list = scene.site.open("/emergencies", &officer).await.text();
    assert!(list.contains("Collapsed in the hall") && list.contains("to sign") && !list.contains("Ruiz"), "{list}");
    let path = format!("/emergencies/{emergency}");
    let page = scene.site.open(&path, &officer).await.text();
    assert!(page.contains("Sign for having looked into it"), "{page}");
    let empty = scene.site.submit(&path, &officer, "").await;
    assert!(empty.status == 422 && empty.text().contains("Say what you found"));
    let signed = scene.site.submit(&path, &officer, "finding=justified&words=It+was+so").await;
    assert_eq!(signed.status, 303, "{}", signed.text());
    assert!(scene.site.open("/emergencies?state=signed", &officer).await.text().contains("justified"));
}
