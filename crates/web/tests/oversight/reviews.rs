//! Reviews of access, from their beginning to their record.

use axum::http::Method;
use domain::{PatientId, PracticeId, Role, Timestamp, Unobserved};
use ledger::{Outcome, VerifierKey};
use practice::{
    access_reviews::{self, ReviewError, verify_review},
    retention::Signing,
};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use store::{Batch, rows::access_reviews as rows};
use testkit::{
    house::{PASSWORD, Person},
    site::{Answer, Site},
};

/// The beginning of the quarter after the one in which the practice was made, and when the review that begins then is due.
const BEGINS: &str = "2026-07-01T13:00:00Z";
const DUE: &str = "2026-07-15T13:00:00Z";

struct Scene {
    site: Site,
    practice: PracticeId,
    admin: Person,
}

impl Scene {
    async fn new() -> Self {
        let site = Site::new().await;
        let practice = site.practice().await;
        let admin = site.account(practice, Role::Admin).await;
        Self { site, practice, admin }
    }

    fn signing(&self) -> (Signing, VerifierKey) {
        let (log, signer) = self.site.ledger.signing();
        let key = VerifierKey::new(log.clone(), signer.public());
        (Signing { log, signer }, key)
    }

    /// What the server does every few seconds.
    async fn round(&self) {
        self.try_round().await.unwrap();
    }

    async fn try_round(&self) -> Result<(), ReviewError> {
        access_reviews::round(&self.site.house, &self.signing().0, &Unobserved).await
    }

    /// Moves the clock, as if the server had looked after reviews all the while, then does that.
    async fn at(&self, moment: &str) {
        self.site.clock.set(moment.parse().unwrap());
        let (db, now) = (&self.site.house.stores.identity, self.site.now());
        let unfinished = rows::unfinished(db).await.unwrap();
        let looked = |batch, row: &rows::ReviewRow| rows::looked(batch, row.practice_id, row.review_id, now);
        db.commit(unfinished.iter().fold(Batch::new(), looked)).await.unwrap();
        self.round().await;
    }

    /// Moves the clock, as if no server had run meanwhile, then does that.
    async fn at_after_absence(&self, moment: &str) {
        self.site.clock.set(moment.parse().unwrap());
        self.round().await;
    }

    /// Changes an account, as an administrator does.
    async fn set(&self, cookie: &str, person: &Person, role: &str, state: &str) -> u16 {
        let path = format!("/api/v1/accounts/{}", person.account());
        let version = self.site.api(Method::GET, &path, cookie, None).await.header("etag").unwrap().to_owned();
        let request = axum::http::Request::put(path)
            .header("cookie", cookie)
            .header("content-type", "application/json")
            .header("if-match", version);
        let body = json!({ "role": role, "state": state }).to_string();
        self.site.send(request.body(body.into()).unwrap()).await.status.as_u16()
    }

    /// What became of something.
    async fn decision(&self, cookie: &str, person: &Person, kind: &str) -> Value {
        self.item(cookie, person, kind).await["decision"].clone()
    }

    /// How often something was recorded as done or, with `false`, as not done after all.
    fn recorded(&self, action: &str, done: bool) -> usize {
        let outcome = if done { Outcome::Allowed } else { Outcome::Failed };
        let fits = |entry: &&ledger::Entry| entry.action.as_str() == action && entry.outcome == outcome;
        self.site.ledger.entries().iter().filter(fits).count()
    }

    async fn reviews(&self, cookie: &str) -> Vec<Value> {
        let answer = self.site.api(Method::GET, "/api/v1/access-reviews", cookie, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["items"].as_array().unwrap().clone()
    }

    /// The address of the newest review in the API.
    async fn newest(&self, cookie: &str) -> String {
        let newest = self.reviews(cookie).await[0]["review_id"].as_str().unwrap().to_owned();
        format!("/api/v1/access-reviews/{newest}")
    }

    async fn items(&self, cookie: &str) -> Vec<Value> {
        let path = format!("{}/items?limit=200", self.newest(cookie).await);
        self.site.api(Method::GET, &path, cookie, None).await.json()["items"].as_array().unwrap().clone()
    }

    /// An access of somebody.
    async fn item(&self, cookie: &str, person: &Person, kind: &str) -> Value {
        let whose = person.account().to_string();
        let items = self.items(cookie).await;
        let found = items.iter().find(|item| item["whose"]["account_id"] == whose.as_str() && item["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} in {items:#?}")).clone()
    }

    async fn decide(&self, cookie: &str, person: &Person, kind: &str, decision: &str) -> Answer {
        let item = self.item(cookie, person, kind).await["item_id"].as_str().unwrap().to_owned();
        let path = format!("{}/items/{item}", self.newest(cookie).await);
        self.site.api(Method::POST, &path, cookie, Some(json!({ "decision": decision }))).await
    }

    async fn keep(&self, cookie: &str, person: &Person, kind: &str) {
        let answer = self.decide(cookie, person, kind, "keep").await;
        assert_eq!((answer.status.as_u16(), &answer.json()["decision"]), (200, &json!("kept")), "{}", answer.text());
    }

    async fn token(&self, person: &Person) -> String {
        let cookie = self.site.signed_in(person).await;
        let new = json!({ "label": "Nightly", "scopes": ["read_exercise"], "days": 90 });
        let answer = self.site.api(Method::POST, "/api/v1/me/tokens", &cookie, Some(new)).await;
        answer.json()["secret"].as_str().unwrap().to_owned()
    }

    async fn with_token(&self, secret: &str) -> u16 {
        self.with_token_at("/api/v1/me", secret).await
    }

    async fn with_token_at(&self, path: &str, secret: &str) -> u16 {
        let request = axum::http::Request::get(path).header("authorization", format!("Bearer {secret}"));
        self.site.send(request.body(axum::body::Body::empty()).unwrap()).await.status.as_u16()
    }

    async fn sign_in(&self, person: &Person, password: &str) -> Answer {
        let body = json!({ "email": person.email, "password": password });
        self.site.api(Method::POST, "/api/v1/session", "", Some(body)).await
    }

    async fn chart(&self, cookie: &str, patient: PatientId) -> u16 {
        self.site
            .api(Method::GET, &format!("/api/v1/patients/{patient}/program/versions"), cookie, None)
            .await
            .status
            .as_u16()
    }
}

#[tokio::test]
async fn what_nobody_attests_ends_on_the_minute_and_the_person_is_told_why() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let officer = site.account(scene.practice, Role::PrivacyOfficer).await;
    let therapist = site.account(scene.practice, Role::Therapist).await;
    let biller = site.account(scene.practice, Role::Billing).await;
    let patient = site.patient(scene.practice, "Ana", "Ruiz").await;
    site.care_link(&therapist, patient).await;
    let token = scene.token(&therapist).await;
    scene.at("2026-06-30T13:00:00Z").await;
    assert!(
        scene.reviews(&site.signed_in(&scene.admin).await).await.is_empty(),
        "a new practice has its first next quarter"
    );

    scene.at(BEGINS).await;
    scene.round().await;
    let (admins, officers) = (site.signed_in(&scene.admin).await, site.signed_in(&officer).await);
    let reviews = scene.reviews(&officers).await;
    assert_eq!(reviews.len(), 1, "one each quarter");
    assert_eq!((&reviews[0]["quarter"], &reviews[0]["state"]), (&json!("2026-Q3"), &json!("open")));
    // Five accounts (with the front desk that registered the patient), a place, a token.
    assert_eq!((&reviews[0]["accesses"], &reviews[0]["waiting"]), (&json!(7), &json!(7)));
    assert_eq!(scene.item(&officers, &therapist, "care_link").await["patient_id"], patient.to_string().as_str());
    scene.keep(&officers, &scene.admin, "account").await;
    scene.keep(&officers, &therapist, "account").await;
    scene.keep(&admins, &officer, "account").await;

    // A second before, everything is as it was.
    let due: Timestamp = DUE.parse().unwrap();
    scene.at(&(due - jiff::SignedDuration::from_secs(1)).to_string()).await;
    let (therapists, billers) = (site.signed_in(&therapist).await, site.signed_in(&biller).await);
    assert_eq!(scene.chart(&therapists, patient).await, 200);
    assert_eq!(scene.with_token(&token).await, 200);
    assert_eq!(site.open("/billing", &billers).await.status, 200);
    assert!(!site.open("/account", &therapists).await.text().contains("Some of your access ended"));

    scene.at(DUE).await;
    assert_eq!(scene.chart(&therapists, patient).await, 404, "the place ended");
    assert_eq!(scene.with_token(&token).await, 401, "the token is revoked");
    assert_eq!(site.api(Method::GET, "/api/v1/me", &billers, None).await.status, 401, "the account's session ended");
    let refused = scene.sign_in(&biller, PASSWORD).await;
    assert_eq!(refused.status, 403);
    let why = "Your access ended on 15 July 2026";
    let because = "because the access review of the 3rd quarter of 2026 was not answered";
    let told = refused.json()["detail"].as_str().unwrap().replace('\u{a0}', " ");
    assert!(told.contains(why) && told.contains(because) && told.contains("Ask an administrator"), "{told}");
    let form = format!("email={}&password={}", biller.email, PASSWORD.replace(' ', "+"));
    let page = site.submit("/sign-in", "", &form).await;
    assert!(page.status == 403 && page.text().contains(because), "{}", page.text());
    let stranger = scene.sign_in(&biller, "not the password").await;
    assert!(stranger.status == 401 && !stranger.text().contains("review"), "only who has the password learns it");
    for path in ["/account", "/patients"] {
        let page = site.open(path, &therapists).await.text();
        assert!(page.contains("1 API token of yours ended on") && page.contains(because), "{page}");
        assert!(page.contains("1 place of yours on a care team ended on"), "{page}");
    }
    let mine = site.api(Method::GET, "/api/v1/me/ended-access", &therapists, None).await.json();
    assert_eq!(mine["items"].as_array().unwrap().len(), 2);
    assert!(mine["items"].as_array().unwrap().iter().all(|one| one["unanswered"] == true));

    let entries = site.ledger.entries();
    let done = |action: &str| {
        let fits = |entry: &&ledger::Entry| entry.action.as_str() == action && entry.outcome == Outcome::Allowed;
        entries.iter().filter(fits).find(|entry| entry.reason.as_str() == "review-not-answered").unwrap()
    };
    assert_eq!(done("end_care_team").patient, Some(patient), "the patient sees it in their own log");
    assert!(done("change_account").actor.is_none() && done("revoke_token").actor.is_none());

    // All is decided, so it is closed, and anybody with the public key can check its record.
    let officers = site.signed_in(&officer).await;
    let newest = scene.newest(&officers).await;
    assert_eq!(scene.reviews(&officers).await[0]["state"], "closed");
    let record = site.api(Method::GET, &format!("{newest}/record"), &officers, None).await.json();
    let note = record["note"].as_str().unwrap();
    let said = verify_review(note, &scene.signing().1).unwrap();
    assert_eq!(serde_json::to_value(&said).unwrap(), record["record"]);
    assert!(said.audit.is_some() && said.accesses.len() == 7);
    let lapsed = said.accesses.iter().filter(|access| access.decision.word() == "lapsed").count();
    assert_eq!(lapsed, 4, "two accounts, the place, the token");
    assert!(verify_review(&note.replace("lapsed", "kept"), &scene.signing().1).is_err());
    let sheet = site.api(Method::GET, &format!("{newest}/record.pdf"), &officers, None).await;
    assert!(sheet.status == 200 && sheet.body.starts_with(b"%PDF"));

    // Whoever is let in again is told nothing any more, and what is disabled otherwise says nothing of the review.
    let admins = site.signed_in(&scene.admin).await;
    assert_eq!(scene.set(&admins, &biller, "billing", "active").await, 200);
    assert_eq!(scene.sign_in(&biller, PASSWORD).await.status, 201);
    assert_eq!(scene.set(&admins, &biller, "billing", "disabled").await, 200);
    assert_eq!(scene.sign_in(&biller, PASSWORD).await.status, 401);
}

#[tokio::test]
async fn nobody_attests_their_own_access_and_shutting_the_others_out_does_not_help() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let officer = site.account(scene.practice, Role::PrivacyOfficer).await;
    scene.at(BEGINS).await;
    let officers = site.signed_in(&officer).await;
    assert_eq!(scene.decide(&officers, &officer, "account", "keep").await.status, 409);
    assert_eq!(scene.item(&officers, &officer, "account").await["answerable"], false);
    let denied = site.ledger.entries().into_iter().any(|entry| {
        entry.action.as_str() == "attest_access"
            && entry.reason.as_str() == "about-oneself"
            && entry.outcome == Outcome::Denied
    });
    assert!(denied, "it is recorded");
    // A factor proven some time ago is none proven just now.
    site.clock.advance_seconds(11 * 60);
    assert_eq!(scene.decide(&officers, &scene.admin, "account", "keep").await.status, 401);
    let officers = site.signed_in(&officer).await;
    assert_eq!(
        scene.decide(&officers, &scene.admin, "account", "end").await.status,
        409,
        "nobody else could give access"
    );
    let admins = site.signed_in(&scene.admin).await;
    let ended = scene.decide(&admins, &officer, "account", "end").await;
    assert_eq!((ended.status.as_u16(), &ended.json()["decision"]), (200, &json!("ended")));
    assert_eq!(scene.sign_in(&officer, PASSWORD).await.status, 403);
    // Now there is one alone, but there was somebody else.
    assert_eq!(scene.decide(&admins, &scene.admin, "account", "keep").await.status, 409);
    assert_eq!(scene.item(&admins, &scene.admin, "account").await["answerable"], false);
    // Nor with somebody who came and went since the review began, in whatever role at first.
    let scene = Scene::new().await;
    let site = &scene.site;
    let therapist = site.account(scene.practice, Role::Therapist).await;
    scene.at(BEGINS).await;
    let admins = site.signed_in(&scene.admin).await;
    assert_eq!(scene.set(&admins, &therapist, "privacy_officer", "active").await, 200);
    assert_eq!(scene.set(&admins, &therapist, "therapist", "disabled").await, 200);
    assert_eq!(scene.decide(&admins, &scene.admin, "account", "keep").await.status, 409);
}

#[tokio::test]
async fn whoever_is_alone_attests_themself_and_it_is_marked() {
    let scene = Scene::new().await;
    let site = &scene.site;
    scene.at(BEGINS).await;
    let admins = site.signed_in(&scene.admin).await;
    assert_eq!(scene.decide(&admins, &scene.admin, "account", "end").await.status, 409);
    scene.keep(&admins, &scene.admin, "account").await;
    let own = scene.item(&admins, &scene.admin, "account").await;
    assert_eq!((&own["decision"], &own["about_oneself"]), (&json!("kept"), &json!(true)));
    let review = scene.newest(&admins).await.replace("/api/v1/access-reviews", "/reviews");
    let page = site.open(&format!("{review}?all=true"), &admins).await.text();
    assert!(page.contains("about themself: there was nobody else"), "{page}");
    scene.round().await;
    assert_eq!(scene.reviews(&admins).await[0]["state"], "closed", "all was answered before it was due");
}

#[tokio::test]
async fn the_last_administrator_is_kept_though_nobody_attested_them_and_an_alert_says_so() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let watch = site.follower();
    watch.round().await.unwrap();
    let other = site.account(scene.practice, Role::Admin).await;
    scene.at("2026-06-20T13:00:00Z").await;
    // The other was here later than the first.
    site.open("/people", &site.signed_in(&other).await).await;
    scene.at(BEGINS).await;
    scene.at(DUE).await;
    assert_eq!(scene.sign_in(&scene.admin, PASSWORD).await.status, 403, "two are not both needed");
    assert_eq!(scene.sign_in(&other, PASSWORD).await.status, 201, "whoever was here last is kept");
    while watch.round().await.unwrap().behind > 0 {}
    let cookie = site.signed_in(&other).await;
    assert_eq!(scene.item(&cookie, &other, "account").await["decision"], "spared");
    let alerts = site.api(Method::GET, "/api/v1/alerts", &cookie, None).await.json();
    let alerts: Vec<_> =
        alerts["items"].as_array().unwrap().iter().filter(|one| one["rule"] == "access_review").collect();
    assert_eq!(alerts.len(), 2, "the review began; somebody was kept: {alerts:#?}");
    assert_eq!(alerts[0]["whom"]["account_id"], other.account().to_string().as_str());
    assert!(site.open("/alerts", &cookie).await.text().contains("A review of access waits for you"));
}

#[tokio::test]
async fn only_what_is_used_without_an_alert_and_in_an_unchanged_role_is_kept_at_once() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let (used, unused) =
        (site.account(scene.practice, Role::Therapist).await, site.account(scene.practice, Role::Therapist).await);
    let changed = site.account(scene.practice, Role::Therapist).await;
    let (lister, robot) =
        (site.account(scene.practice, Role::Therapist).await, site.account(scene.practice, Role::Therapist).await);
    let suspect = site.account(scene.practice, Role::Billing).await;
    let officer = site.account(scene.practice, Role::PrivacyOfficer).await;
    let patient = site.patient(scene.practice, "Ana", "Ruiz").await;
    for person in [&used, &unused, &lister, &robot] {
        site.care_link(person, patient).await;
    }
    let (token, robots) = (scene.token(&used).await, scene.token(&robot).await);
    // More than the days that count as lately pass before the quarter ends.
    let cookie = site.signed_in(&scene.admin).await;
    let body = json!({ "due_days": 14, "unused_days": 30 });
    assert_eq!(site.api(Method::PUT, "/api/v1/access-reviews/settings", &cookie, Some(body)).await.status, 200);
    scene.at("2026-06-20T13:00:00Z").await;
    let admins = site.signed_in(&scene.admin).await;
    let path = format!("/api/v1/accounts/{}", changed.account());
    let request = axum::http::Request::put(&path)
        .header("cookie", &admins)
        .header("content-type", "application/json")
        .header("if-match", site.api(Method::GET, &path, &admins, None).await.header("etag").unwrap());
    let body = json!({ "role": "front_desk", "state": "active" }).to_string();
    assert_eq!(site.send(request.body(body.into()).unwrap()).await.status, 200);
    // Lists are no use of the places on them, a password alone is none of an account, and neither is a token.
    assert!(site.open("/patients", &site.signed_in(&lister).await).await.text().contains("Ruiz"));
    assert_eq!(scene.sign_in(&unused, PASSWORD).await.status, 201);
    assert_eq!(scene.with_token_at("/api/v1/patients", &robots).await, 200);
    for person in [&used, &changed, &suspect, &officer] {
        let cookie = match person.account() == changed.account() {
            // In the new role.
            true => continue,
            false => site.signed_in(person).await,
        };
        let page = match person.claims.role {
            Role::Billing => "/billing",
            Role::PrivacyOfficer => "/audit",
            _ => "/patients",
        };
        assert_eq!(site.open(page, &cookie).await.status, 200, "{page}");
    }
    assert_eq!(scene.chart(&site.signed_in(&used).await, patient).await, 200);
    let list = axum::http::Request::get("/api/v1/patients").header("authorization", format!("Bearer {token}"));
    assert_eq!(site.send(list.body(axum::body::Body::empty()).unwrap()).await.status, 200);
    scene.at(BEGINS).await;
    // What is found after the review was listed counts too.
    let watch = site.follower();
    watch.round().await.unwrap();
    let tries = site.signed_in(&suspect).await;
    for _ in 0..8 {
        let nobody = domain::BillingAccountId::random(&*site.house.rng);
        site.open(&format!("/patients/{nobody}"), &tries).await;
    }
    while watch.round().await.unwrap().behind > 0 {}

    let cookie = site.signed_in(&scene.admin).await;
    let unusual = async |person: &Person, kind: &str| scene.item(&cookie, person, kind).await["unusual"].clone();
    assert_eq!(unusual(&used, "care_link").await, json!([]));
    assert_eq!(unusual(&used, "token").await, json!([]));
    assert_eq!(unusual(&unused, "account").await, json!(["unused"]));
    assert_eq!(unusual(&unused, "care_link").await, json!(["unused"]));
    assert_eq!(unusual(&lister, "account").await, json!([]));
    assert_eq!(unusual(&lister, "care_link").await, json!(["unused"]));
    assert_eq!(unusual(&robot, "token").await, json!([]));
    assert_eq!(unusual(&robot, "account").await, json!(["unused"]));
    assert!(unusual(&changed, "account").await.as_array().unwrap().contains(&json!("role_changed")));
    let last = scene.item(&cookie, &used, "token").await["last_used_at"].as_str().unwrap().to_owned();
    assert!(last.starts_with("2026-06-20T13:00"), "{last}");

    let newest = scene.newest(&cookie).await;
    let kept = site.api(Method::POST, &format!("{newest}/keep-usual"), &cookie, Some(json!({}))).await;
    assert_eq!(kept.status, 200, "{}", kept.text());
    let decision = async |person: &Person, kind: &str| scene.item(&cookie, person, kind).await["decision"].clone();
    for kind in ["account", "care_link", "token"] {
        assert_eq!(decision(&used, kind).await, "kept", "{kind}");
    }
    assert_eq!(decision(&officer, "account").await, "kept");
    for person in [&unused, &changed, &suspect, &scene.admin] {
        assert_eq!(decision(person, "account").await, Value::Null, "one by one, and not one's own");
    }
    assert_eq!(decision(&lister, "account").await, "kept");
    assert_eq!(decision(&lister, "care_link").await, Value::Null);
    assert_eq!(decision(&robot, "token").await, "kept");
    assert_eq!(kept.json()["kept"], 6);
}

#[tokio::test]
async fn the_time_to_answer_is_a_setting_within_bounds() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let cookie = site.signed_in(&scene.admin).await;
    let set = async |days: u32| {
        let body = json!({ "due_days": days, "unused_days": 90 });
        site.api(Method::PUT, "/api/v1/access-reviews/settings", &cookie, Some(body)).await.status.as_u16()
    };
    assert_eq!((set(2).await, set(61).await, set(3).await), (422, 422, 200));
    scene.at(BEGINS).await;
    let reviews = scene.reviews(&site.signed_in(&scene.admin).await).await;
    assert_eq!(reviews[0]["due_at"], "2026-07-04T13:00:00Z");
}

#[tokio::test]
async fn what_is_gone_is_not_kept_and_nothing_is_kept_any_more_when_it_is_due() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let officer = site.account(scene.practice, Role::PrivacyOfficer).await;
    let left = site.account(scene.practice, Role::Therapist).await;
    let moved = site.account(scene.practice, Role::Therapist).await;
    let stays = site.account(scene.practice, Role::Therapist).await;
    let patient = site.patient(scene.practice, "Ana", "Ruiz").await;
    scene.at("2026-06-20T13:00:00Z").await;
    let places = [site.care_link(&moved, patient).await, site.care_link(&stays, patient).await];
    for person in [&moved, &stays, &left] {
        let cookie = site.signed_in(person).await;
        site.open("/patients", &cookie).await;
        scene.chart(&cookie, patient).await;
    }
    let tokens = [scene.token(&moved).await, scene.token(&stays).await];
    for token in &tokens {
        scene.with_token_at("/api/v1/patients", token).await;
    }
    scene.at(BEGINS).await;

    // Meanwhile somebody leaves, places end, and tokens are revoked, without the review.
    let (admins, officers) = (site.signed_in(&scene.admin).await, site.signed_in(&officer).await);
    assert_eq!(scene.set(&admins, &left, "therapist", "disabled").await, 200);
    for place in places {
        let path = format!("/api/v1/patients/{patient}/care-team/{place}");
        assert_eq!(site.api(Method::DELETE, &path, &admins, None).await.status, 204);
    }
    for person in [&moved, &stays] {
        let cookie = site.signed_in(person).await;
        let list = site.api(Method::GET, "/api/v1/me/tokens", &cookie, None).await.json();
        let id = list["items"][0]["token_id"].as_str().unwrap().to_owned();
        assert_eq!(site.api(Method::DELETE, &format!("/api/v1/me/tokens/{id}"), &cookie, None).await.status, 204);
    }
    for (person, kind) in [(&left, "account"), (&moved, "care_link"), (&moved, "token")] {
        assert_eq!(scene.decide(&officers, person, kind, "keep").await.json()["decision"], "gone", "{kind}");
    }
    let keep = format!("{}/keep-usual", scene.newest(&officers).await);
    assert_eq!(site.api(Method::POST, &keep, &officers, Some(json!({}))).await.status, 200);
    for kind in ["care_link", "token"] {
        assert_eq!(scene.decision(&officers, &stays, kind).await, "gone", "{kind}");
    }
    assert_eq!(scene.decision(&officers, &stays, "account").await, "kept");

    // A second before it is due somebody is kept; then nobody is.
    let due: Timestamp = DUE.parse().unwrap();
    site.clock.set(due - jiff::SignedDuration::from_secs(1));
    let (admins, officers) = (site.signed_in(&scene.admin).await, site.signed_in(&officer).await);
    scene.keep(&officers, &scene.admin, "account").await;
    site.clock.set(due);
    assert_eq!(scene.decide(&admins, &officer, "account", "keep").await.status, 409);
    let usual = site.api(Method::POST, &keep, &admins, Some(json!({}))).await.status;
    assert_eq!(usual, 409, "nor all that is usual");
}

#[tokio::test]
async fn two_administrators_who_end_each_other_do_not_both_succeed() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let other = site.account(scene.practice, Role::Admin).await;
    scene.at(BEGINS).await;
    let (mine, theirs) = (site.signed_in(&scene.admin).await, site.signed_in(&other).await);
    let (one, two) = tokio::join!(
        scene.decide(&mine, &other, "account", "end"),
        scene.decide(&theirs, &scene.admin, "account", "end")
    );
    let mut became = [one.status.as_u16(), two.status.as_u16()];
    became.sort_unstable();
    assert_eq!(became, [200, 409], "{} {}", one.text(), two.text());
    let left = [scene.sign_in(&scene.admin, PASSWORD).await.status, scene.sign_in(&other, PASSWORD).await.status];
    assert_eq!(left.iter().filter(|status| **status == 201).count(), 1, "{left:?}");
    assert_eq!(scene.recorded("change_account", false), 1, "what was recorded and not done is recorded again");

    // Nor does one who ends the other in the review while the other disables them.
    let scene = Scene::new().await;
    let site = &scene.site;
    let other = site.account(scene.practice, Role::Admin).await;
    scene.at(BEGINS).await;
    let (mine, theirs) = (site.signed_in(&scene.admin).await, site.signed_in(&other).await);
    let (_, _) = tokio::join!(
        scene.decide(&mine, &other, "account", "end"),
        scene.set(&theirs, &scene.admin, "admin", "disabled")
    );
    let left = [scene.sign_in(&scene.admin, PASSWORD).await.status, scene.sign_in(&other, PASSWORD).await.status];
    assert_eq!(left.iter().filter(|status| **status == 201).count(), 1, "{left:?}");
}

#[tokio::test]
async fn tokens_of_an_account_that_ends_in_the_review_end_by_the_same_hand() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let officer = site.account(scene.practice, Role::PrivacyOfficer).await;
    let therapist = site.account(scene.practice, Role::Therapist).await;
    let token = scene.token(&therapist).await;
    scene.at(BEGINS).await;
    let officers = site.signed_in(&officer).await;
    assert_eq!(scene.decide(&officers, &therapist, "account", "end").await.status, 200);
    assert_eq!(scene.with_token(&token).await, 401);
    let item = scene.item(&officers, &therapist, "token").await;
    assert_eq!(item["decision"], "ended");
    assert_eq!(item["decided_by"]["account_id"], officer.account().to_string().as_str());
}

#[tokio::test]
async fn a_review_begins_with_the_first_minute_of_the_quarter_where_the_practice_is() {
    let scene = Scene::new().await;
    let cookie = async || scene.site.signed_in(&scene.admin).await;
    scene.at("2026-07-01T03:59:59Z").await;
    assert!(scene.reviews(&cookie().await).await.is_empty(), "in New York it is still June");
    scene.at("2026-07-01T04:00:00Z").await;
    assert_eq!(scene.reviews(&cookie().await).await[0]["quarter"], "2026-Q3");
}

#[tokio::test]
async fn nothing_is_listed_while_the_index_of_the_trail_lags_nor_what_was_given_after_the_review_began() {
    let scene = Scene::new().await;
    let site = &scene.site;
    site.account(scene.practice, Role::PrivacyOfficer).await;
    site.lag.behind.store(1, Ordering::SeqCst);
    site.clock.set(BEGINS.parse().unwrap());
    assert!(matches!(scene.try_round().await, Err(ReviewError::Lagging)));
    let cookie = site.signed_in(&scene.admin).await;
    assert_eq!(scene.reviews(&cookie).await[0]["state"], "listing");
    site.clock.advance_seconds(60);
    scene.token(&scene.admin).await;
    site.account(scene.practice, Role::Billing).await;
    site.lag.behind.store(0, Ordering::SeqCst);
    scene.round().await;
    let reviews = scene.reviews(&cookie).await;
    assert_eq!((&reviews[0]["state"], &reviews[0]["accesses"]), (&json!("open"), &json!(2)));
    assert_eq!(scene.recorded("start_access_review", true), 1);
}

#[tokio::test]
async fn where_no_server_ran_nothing_ends_for_three_days_and_no_second_review_begins_beside_one() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let biller = site.account(scene.practice, Role::Billing).await;
    scene.at(BEGINS).await;
    scene.at_after_absence("2026-10-01T13:00:00Z").await;
    let reviews = scene.reviews(&site.signed_in(&scene.admin).await).await;
    assert_eq!(reviews.len(), 1, "that of the quarter begins when this one is closed");
    assert_eq!((&reviews[0]["state"], &reviews[0]["due_at"]), (&json!("open"), &json!("2026-10-04T13:00:00Z")));
    assert_eq!(scene.recorded("put_off_access_review", true), 1);
    scene.at("2026-10-04T12:59:59Z").await;
    assert_eq!(scene.sign_in(&biller, PASSWORD).await.status, 201);
    scene.at("2026-10-04T13:00:00Z").await;
    assert_eq!(scene.sign_in(&biller, PASSWORD).await.status, 403);
    let reviews = scene.reviews(&site.signed_in(&scene.admin).await).await;
    assert_eq!((&reviews[0]["quarter"], &reviews[1]["state"]), (&json!("2026-Q4"), &json!("closed")));
    // A restart is no absence.
    scene.at("2026-10-18T12:30:00Z").await;
    scene.at_after_absence("2026-10-18T13:00:00Z").await;
    assert_eq!(scene.reviews(&site.signed_in(&scene.admin).await).await[0]["state"], "closed");
}

#[tokio::test]
async fn a_record_without_its_proof_is_not_made_and_the_closing_is_recorded_once() {
    let scene = Scene::new().await;
    let site = &scene.site;
    scene.at(BEGINS).await;
    let cookie = site.signed_in(&scene.admin).await;
    scene.keep(&cookie, &scene.admin, "account").await;
    site.lag.headless.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        assert!(matches!(scene.try_round().await, Err(ReviewError::Unproved)));
    }
    assert_eq!(scene.reviews(&cookie).await[0]["state"], "open");
    site.lag.headless.store(false, Ordering::SeqCst);
    scene.round().await;
    let path = format!("{}/record", scene.newest(&cookie).await);
    let record = site.api(Method::GET, &path, &cookie, None).await.json();
    let said = verify_review(record["note"].as_str().unwrap(), &scene.signing().1).unwrap();
    assert!(said.audit.is_some());
    assert_eq!(scene.recorded("close_access_review", true), 1);
}
