//! A practice in which a therapist opened two charts, and those who can handle that.

use axum::http::Method;
use domain::{PatientId, PracticeId, Role};
use serde_json::{Value, json};
use testkit::{
    house::Person,
    site::{Answer, Site},
};

/// A therapist who opened the charts of two patients, and three who can handle that.
pub(super) struct Scene {
    pub(super) site: Site,
    pub(super) practice: PracticeId,
    pub(super) therapist: Person,
    pub(super) session: String,
    pub(super) patients: [PatientId; 2],
    pub(super) officer: String,
    pub(super) other: String,
    pub(super) admin: Person,
}

impl Scene {
    pub(super) async fn new() -> Self {
        let site = Site::new().await;
        let practice = site.practice().await;
        let patients = [site.patient(practice, "Ana", "Ruiz").await, site.patient(practice, "Bea", "Ruiz").await];
        let therapist = site.account(practice, Role::Therapist).await;
        let session = site.signed_in(&therapist).await;
        for patient in patients {
            site.care_link(&therapist, patient).await;
            assert_eq!(site.api(Method::GET, &format!("/api/v1/patients/{patient}"), &session, None).await.status, 200);
        }
        let officer = site.account(practice, Role::PrivacyOfficer).await;
        let officer = site.signed_in(&officer).await;
        let other = site.account(practice, Role::PrivacyOfficer).await;
        let other = site.signed_in(&other).await;
        let admin = site.account(practice, Role::Admin).await;
        site.clock.advance_seconds(1);
        Self { site, practice, therapist, session, patients, officer, other, admin }
    }

    pub(super) async fn post(&self, cookie: &str, path: &str, body: Value) -> Answer {
        self.site.api(Method::POST, &format!("/api/v1/incidents{path}"), cookie, Some(body)).await
    }

    pub(super) async fn done(&self, cookie: &str, path: &str, body: Value) {
        let answer = self.post(cookie, path, body).await;
        assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text());
    }

    pub(super) async fn open(&self, about: &Person) -> String {
        let new = json!({
            "subject": "account", "subject_id": about.account(), "from": "2026-05-14T00:00:00Z", "to": self.site.now(),
            "discovered_on": "2026-05-14", "what": "Charts were opened at night.",
        });
        let answer = self.post(&self.officer, "", new).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        format!("/{}", answer.json()["incident_id"].as_str().unwrap())
    }

    pub(super) async fn read(&self, incident: &str) -> Value {
        let answer = self.site.api(Method::GET, &format!("/api/v1/incidents{incident}"), &self.officer, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    pub(super) async fn holds(&self) -> Vec<Value> {
        let holds = self.site.api(Method::GET, "/api/v1/retention/holds", &self.officer, None).await.json();
        holds["items"].as_array().unwrap().clone()
    }
}

pub(super) fn assessment(conclusion: &str) -> Value {
    json!({
        "nature": "care", "nature_words": "Two charts.", "recipient": "bound", "recipient_words": "A colleague.",
        "acquired": "viewed", "acquired_words": "The entries show it.", "mitigated": "partly",
        "mitigated_words": "She said that nothing was written down.", "conclusion": conclusion,
    })
}
