//! A practice in which somebody lies in the hall.

use axum::http::Method;
use domain::{AlertRule, PatientId, PracticeId, Role, TaskObserver};
use ledger::Entry;
use practice::{emergencies::NewEmergency, watch::Follower};
use serde_json::{Value, json};
use std::sync::Arc;
use testkit::{
    house::Person,
    site::{Answer, Site},
};

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;
pub(crate) const REASON: &str = "Collapsed in the hall, her therapist is away";

pub(crate) struct Scene {
    pub(crate) site: Site,
    pub(crate) practice: PracticeId,
    pub(crate) ana: PatientId,
    pub(crate) therapist: Person,
    pub(crate) officer: Person,
    pub(crate) follower: Arc<Follower>,
}

impl Scene {
    pub(crate) async fn new() -> Self {
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
    pub(crate) async fn with_token(&self, method: Method, path: &str, token: &str, body: Value) -> u16 {
        let request = axum::http::Request::builder().method(method).uri(path);
        let request =
            request.header("authorization", format!("Bearer {token}")).header("content-type", "application/json");
        self.site.send(request.body(body.to_string().into()).expect("a request")).await.status.as_u16()
    }

    pub(crate) async fn ask(&self, cookie: &str, new: Value) -> Answer {
        self.site.api(Method::POST, "/api/v1/emergencies", cookie, Some(new)).await
    }

    /// Opens Ana's record; gives the opening.
    pub(crate) async fn open(&self, cookie: &str) -> String {
        let answer = self.ask(cookie, json!({ "patient_id": self.ana, "reason": REASON })).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        assert_eq!(answer.json()["patient_id"], json!(self.ana));
        answer.json()["emergency_id"].as_str().expect("an id").to_owned()
    }

    pub(crate) async fn close(&self, cookie: &str, emergency: &str) -> u16 {
        self.site.api(Method::DELETE, &format!("/api/v1/emergencies/{emergency}"), cookie, None).await.status.as_u16()
    }

    pub(crate) async fn sees(&self, cookie: &str) -> bool {
        let answer = self.site.api(Method::GET, &format!("/api/v1/patients/{}/notes", self.ana), cookie, None).await;
        assert!([200, 404].contains(&answer.status.as_u16()), "{}", answer.text());
        answer.status == 200
    }

    pub(crate) async fn sign(&self, cookie: &str, emergency: &str) -> Answer {
        let path = format!("/api/v1/emergencies/{emergency}/signature");
        let signed = json!({ "finding": "not_justified", "words": "Nobody was in the hall." });
        self.site.api(Method::POST, &path, cookie, Some(signed)).await
    }

    /// The rules of the alerts that there are.
    pub(crate) async fn alerts(&self) -> Vec<String> {
        while self.follower.round().await.expect("watched").behind > 0 {}
        let cookie = self.site.signed_in(&self.officer).await;
        let answer = self.site.api(Method::GET, "/api/v1/alerts?state=all", &cookie, None).await.json();
        let items = answer["items"].as_array().expect("a list");
        items.iter().map(|alert| alert["rule"].as_str().expect("a rule").to_owned()).collect()
    }

    pub(crate) fn told(&self, rules: &[String], rule: AlertRule) -> usize {
        rules.iter().filter(|one| *one == rule.word()).count()
    }

    pub(crate) fn entries(&self, wanted: impl Fn(&Entry) -> bool) -> Vec<Entry> {
        self.site.ledger.entries().into_iter().filter(|entry| wanted(entry)).collect()
    }
}

/// What is asked for in code: Ana's record.
pub(crate) fn wanted(scene: &Scene) -> NewEmergency {
    serde_json::from_value(json!({ "patient_id": scene.ana, "reason": REASON })).expect("fits")
}

/// Kills what it looks on behind a step.
pub(crate) struct Stopped(pub(crate) &'static str);
impl TaskObserver for Stopped {
    fn reached(&self, step: &'static str) {
        assert_ne!(step, self.0, "stopped here");
    }
    fn progress(&self, _: u64, _: u64) {}
}
