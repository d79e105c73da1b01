//! A practice in which access is reviewed.

use axum::http::Method;
use domain::{PatientId, PracticeId, Role, Unobserved};
use ledger::{Outcome, VerifierKey};
use practice::{
    access_reviews::{self, ReviewError},
    retention::Signing,
};
use serde_json::{Value, json};
use store::{Batch, rows::access_reviews as rows};
use testkit::{
    house::Person,
    site::{Answer, Site},
};

/// The beginning of the quarter after the one in which the practice was made, and when the review that begins then is due.
pub(crate) const BEGINS: &str = "2026-07-01T13:00:00Z";
pub(crate) const DUE: &str = "2026-07-15T13:00:00Z";

pub(crate) struct Scene {
    pub(crate) site: Site,
    pub(crate) practice: PracticeId,
    pub(crate) admin: Person,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let site = Site::new().await;
        let practice = site.practice().await;
        let admin = site.account(practice, Role::Admin).await;
        Self { site, practice, admin }
    }

    pub(crate) fn signing(&self) -> (Signing, VerifierKey) {
        let (log, signer) = self.site.ledger.signing();
        let key = VerifierKey::new(log.clone(), signer.public());
        (Signing { log, signer }, key)
    }

    /// What the server does every few seconds.
    pub(crate) async fn round(&self) {
        self.try_round().await.unwrap();
    }

    pub(crate) async fn try_round(&self) -> Result<(), ReviewError> {
        access_reviews::round(&self.site.house, &self.signing().0, &Unobserved).await
    }

    /// Moves the clock, as if the server had looked after reviews all the while, then does that.
    pub(crate) async fn at(&self, moment: &str) {
        self.site.clock.set(moment.parse().unwrap());
        let (db, now) = (&self.site.house.stores.identity, self.site.now());
        let unfinished = rows::unfinished(db).await.unwrap();
        let looked = |batch, row: &rows::ReviewRow| rows::looked(batch, row.practice_id, row.review_id, now);
        db.commit(unfinished.iter().fold(Batch::new(), looked)).await.unwrap();
        self.round().await;
    }

    /// Moves the clock, as if no server had run meanwhile, then does that.
    pub(crate) async fn at_after_absence(&self, moment: &str) {
        self.site.clock.set(moment.parse().unwrap());
        self.round().await;
    }

    /// Changes an account, as an administrator does.
    pub(crate) async fn set(&self, cookie: &str, person: &Person, role: &str, state: &str) -> u16 {
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
    pub(crate) async fn decision(&self, cookie: &str, person: &Person, kind: &str) -> Value {
        self.item(cookie, person, kind).await["decision"].clone()
    }

    /// How often something was recorded as done or, with `false`, as not done after all.
    pub(crate) fn recorded(&self, action: &str, done: bool) -> usize {
        let outcome = if done { Outcome::Allowed } else { Outcome::Failed };
        let fits = |entry: &&ledger::Entry| entry.action.as_str() == action && entry.outcome == outcome;
        self.site.ledger.entries().iter().filter(fits).count()
    }

    pub(crate) async fn reviews(&self, cookie: &str) -> Vec<Value> {
        let answer = self.site.api(Method::GET, "/api/v1/access-reviews", cookie, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["items"].as_array().unwrap().clone()
    }

    /// The address of the newest review in the API.
    pub(crate) async fn newest(&self, cookie: &str) -> String {
        let newest = self.reviews(cookie).await[0]["review_id"].as_str().unwrap().to_owned();
        format!("/api/v1/access-reviews/{newest}")
    }

    pub(crate) async fn items(&self, cookie: &str) -> Vec<Value> {
        let path = format!("{}/items?limit=200", self.newest(cookie).await);
        self.site.api(Method::GET, &path, cookie, None).await.json()["items"].as_array().unwrap().clone()
    }

    /// An access of somebody.
    pub(crate) async fn item(&self, cookie: &str, person: &Person, kind: &str) -> Value {
        let whose = person.account().to_string();
        let items = self.items(cookie).await;
        let found = items.iter().find(|item| item["whose"]["account_id"] == whose.as_str() && item["kind"] == kind);
        found.unwrap_or_else(|| panic!("no {kind} in {items:#?}")).clone()
    }

    pub(crate) async fn decide(&self, cookie: &str, person: &Person, kind: &str, decision: &str) -> Answer {
        let item = self.item(cookie, person, kind).await["item_id"].as_str().unwrap().to_owned();
        let path = format!("{}/items/{item}", self.newest(cookie).await);
        self.site.api(Method::POST, &path, cookie, Some(json!({ "decision": decision }))).await
    }

    pub(crate) async fn keep(&self, cookie: &str, person: &Person, kind: &str) {
        let answer = self.decide(cookie, person, kind, "keep").await;
        assert_eq!((answer.status.as_u16(), &answer.json()["decision"]), (200, &json!("kept")), "{}", answer.text());
    }

    pub(crate) async fn token(&self, person: &Person) -> String {
        let cookie = self.site.signed_in(person).await;
        let new = json!({ "label": "Nightly", "scopes": ["read_exercise"], "days": 90 });
        let answer = self.site.api(Method::POST, "/api/v1/me/tokens", &cookie, Some(new)).await;
        answer.json()["secret"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn with_token(&self, secret: &str) -> u16 {
        self.with_token_at("/api/v1/me", secret).await
    }

    pub(crate) async fn with_token_at(&self, path: &str, secret: &str) -> u16 {
        let request = axum::http::Request::get(path).header("authorization", format!("Bearer {secret}"));
        self.site.send(request.body(axum::body::Body::empty()).unwrap()).await.status.as_u16()
    }

    pub(crate) async fn sign_in(&self, person: &Person, password: &str) -> Answer {
        let body = json!({ "email": person.email, "password": password });
        self.site.api(Method::POST, "/api/v1/session", "", Some(body)).await
    }

    pub(crate) async fn chart(&self, cookie: &str, patient: PatientId) -> u16 {
        self.site
            .api(Method::GET, &format!("/api/v1/patients/{patient}/program/versions"), cookie, None)
            .await
            .status
            .as_u16()
    }
}
