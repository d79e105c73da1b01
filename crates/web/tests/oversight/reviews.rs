//! Reviews of access, from their beginning to their record.

use axum::http::Method;
use domain::{PatientId, PracticeId, Role, Timestamp, Unobserved};
use ledger::{Outcome, VerifierKey};
use practice::{
    access_reviews::{self, verify_review},
    retention::Signing,
};
use serde_json::{Value, json};
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
        access_reviews::round(&self.site.house, &self.signing().0, &Unobserved).await.unwrap();
    }

    /// Moves the clock, then does that.
    async fn at(&self, moment: &str) {
        self.site.clock.set(moment.parse().unwrap());
        self.round().await;
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
        let request = axum::http::Request::get("/api/v1/me").header("authorization", format!("Bearer {secret}"));
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
    let set = async |state: &str| {
        let path = format!("/api/v1/accounts/{}", biller.account());
        let version = site.api(Method::GET, &path, &admins, None).await.header("etag").unwrap().to_owned();
        let request = axum::http::Request::put(path)
            .header("cookie", &admins)
            .header("content-type", "application/json")
            .header("if-match", version);
        let body = json!({ "role": "billing", "state": state }).to_string();
        assert_eq!(site.send(request.body(body.into()).unwrap()).await.status, 200);
    };
    set("active").await;
    assert_eq!(scene.sign_in(&biller, PASSWORD).await.status, 201);
    set("disabled").await;
    assert_eq!(scene.sign_in(&biller, PASSWORD).await.status, 401);
}

#[tokio::test]
async fn nobody_attests_their_own_access_and_where_somebody_is_alone_it_is_marked() {
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
    // Now there is one alone.
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
    let suspect = site.account(scene.practice, Role::Billing).await;
    let officer = site.account(scene.practice, Role::PrivacyOfficer).await;
    let patient = site.patient(scene.practice, "Ana", "Ruiz").await;
    for person in [&used, &unused] {
        site.care_link(person, patient).await;
    }
    let token = scene.token(&used).await;
    scene.at("2026-06-20T13:00:00Z").await;
    let admins = site.signed_in(&scene.admin).await;
    let path = format!("/api/v1/accounts/{}", changed.account());
    let request = axum::http::Request::put(&path)
        .header("cookie", &admins)
        .header("content-type", "application/json")
        .header("if-match", site.api(Method::GET, &path, &admins, None).await.header("etag").unwrap());
    let body = json!({ "role": "front_desk", "state": "active" }).to_string();
    assert_eq!(site.send(request.body(body.into()).unwrap()).await.status, 200);
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
    // With the front desk that registered the patient.
    assert_eq!(kept.json()["kept"], 5);
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
