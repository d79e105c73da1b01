//! A practice that is watched, and people who do things in it from somewhere.

use axum::{
    body::Body,
    http::{Method, Request, header},
};
use domain::{PatientId, PracticeId, Role};
use practice::watch::Follower;
use serde_json::{Value, json};
use std::{collections::BTreeSet, net::SocketAddr, sync::Arc};
use testkit::{
    house::{PASSWORD, Person},
    site::{Answer, Site},
};
use web::server::Peer;

/// The practice's own network, and others.
pub(crate) const HERE: &str = "198.51.100.7:40000";
pub(crate) const ELSEWHERE: &str = "203.0.113.9:40000";
pub(crate) const HOUR: i64 = 3600;
pub(crate) const DAY: i64 = 24 * HOUR;

pub(crate) struct Scene {
    pub(crate) site: Site,
    pub(crate) practice: PracticeId,
    follower: Arc<Follower>,
    officer: Person,
}

impl Scene {
    /// It is Thursday, 9 o'clock, and the watch has begun.
    pub(crate) async fn new() -> Self {
        let site = Site::new().await;
        let practice = site.practice().await;
        let officer = site.account(practice, Role::PrivacyOfficer).await;
        let follower = site.follower();
        follower.round().await.expect("begun");
        Self { site, practice, follower, officer }
    }

    pub(crate) async fn person(&self, role: Role) -> Person {
        self.site.account(self.practice, role).await
    }

    /// Patients whom a person treats.
    pub(crate) async fn patients_of(&self, person: &Person, count: usize) -> Vec<PatientId> {
        let patients = self.patients(count).await;
        for patient in &patients {
            self.site.care_link(person, *patient).await;
        }
        patients
    }

    /// Patients, registered by a front desk.
    pub(crate) async fn patients(&self, count: usize) -> Vec<PatientId> {
        let desk = self.person(Role::FrontDesk).await;
        let cookie = self.site.signed_in(&desk).await;
        let mut patients = Vec::new();
        for nth in 0..count {
            let new = json!({ "given_name": "Ana", "family_name": format!("Ruiz {nth}"), "birth_date": "1984-03-02" });
            let answer = self.site.api(Method::POST, "/api/v1/patients", &cookie, Some(new)).await;
            assert_eq!(answer.status, 201, "{}", answer.text());
            patients.push(answer.json()["patient_id"].as_str().unwrap().parse().unwrap());
        }
        patients
    }

    /// A request from an address.
    pub(crate) async fn from(
        &self,
        peer: &str,
        method: Method,
        path: &str,
        cookie: &str,
        body: Option<Value>,
    ) -> Answer {
        let (name, value) = match cookie.strip_prefix("Bearer ") {
            Some(_) => (header::AUTHORIZATION, cookie),
            None => (header::COOKIE, cookie),
        };
        let request = Request::builder().method(method).uri(path).header(name, value);
        let request = request.extension(Peer(peer.parse::<SocketAddr>().unwrap()));
        let request = match body {
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(serde_json::to_vec(&body).unwrap())),
            None => request.body(Body::empty()),
        };
        self.site.send(request.unwrap()).await
    }

    pub(crate) async fn type_password(&self, peer: &str, email: &str, password: &str) -> Answer {
        let typed = json!({ "email": email, "password": password });
        self.from(peer, Method::POST, "/api/v1/session", "", Some(typed)).await
    }

    pub(crate) async fn type_code(&self, peer: &str, cookie: &str, code: &str) -> Answer {
        self.from(peer, Method::POST, "/api/v1/session/totp", cookie, Some(json!({ "code": code }))).await
    }

    /// Password and code, as people type them. The clock moves on, for no code is taken twice.
    pub(crate) async fn sign_in(&self, person: &Person, peer: &str) -> String {
        self.site.clock.advance_seconds(60);
        let half = self.type_password(peer, &person.email, PASSWORD).await;
        assert_eq!(half.status, 201, "{}", half.text());
        let code = person.code(self.site.now());
        let full = self.type_code(peer, &half.cookie().unwrap(), &code).await;
        assert_eq!(full.status, 200, "{}", full.text());
        full.cookie().unwrap()
    }

    /// Opens charts, one after the other.
    pub(crate) async fn open(&self, cookie: &str, peer: &str, patients: &[PatientId]) {
        for patient in patients {
            let answer = self.from(peer, Method::GET, &format!("/api/v1/patients/{patient}"), cookie, None).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
    }

    /// Changes a setting, as the privacy officer does.
    pub(crate) async fn set(&self, name: &str, value: &str) {
        let cookie = self.site.signed_in(&self.officer).await;
        let path = format!("/api/v1/alerts/settings/{name}");
        let answer = self.site.api(Method::PUT, &path, &cookie, Some(json!({ "value": value }))).await;
        assert_eq!(answer.status, 204, "{}", answer.text());
    }

    /// Lets the watch look at everything that was recorded. The clock stands still meanwhile, so what it finds is there
    /// in the moment of the act.
    pub(crate) async fn watched(&self) {
        while self.follower.round().await.expect("watched").behind > 0 {}
    }

    /// The alerts that there are, newest first.
    pub(crate) async fn alerts(&self) -> Vec<Value> {
        self.watched().await;
        let cookie = self.site.signed_in(&self.officer).await;
        let answer = self.site.api(Method::GET, "/api/v1/alerts?state=all", &cookie, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["items"].as_array().unwrap().clone()
    }

    /// Which rules found something about somebody, or about nobody.
    pub(crate) async fn found(&self, whom: Option<&Person>) -> BTreeSet<String> {
        let whom = whom.map(|person| person.account().to_string());
        let about = |alert: &Value| alert["whom"]["account_id"].as_str().map(str::to_owned) == whom;
        let alerts = self.alerts().await;
        alerts.iter().filter(|alert| about(alert)).map(|alert| alert["rule"].as_str().unwrap().to_owned()).collect()
    }

    pub(crate) async fn officer(&self) -> String {
        self.site.signed_in(&self.officer).await
    }
    pub(crate) const fn watcher(&self) -> &Person {
        &self.officer
    }
}

/// A set of rules.
pub(crate) fn only(rules: &[&str]) -> BTreeSet<String> {
    rules.iter().map(|rule| (*rule).to_owned()).collect()
}
