//! What was opened in an emergency is looked at once more in a review.

use crate::scene::{BEGINS, DUE, Scene};
use axum::http::Method;
use domain::{PatientId, Role};
use ledger::Outcome;
use practice::access_reviews::verify_review;
use serde_json::{Value, json};
use testkit::house::Person;

impl Scene {
    /// Opens a record in an emergency, and gives it back.
    async fn opened(&self, person: &Person, patient: PatientId) -> String {
        let cookie = self.site.signed_in(person).await;
        let new = json!({ "patient_id": patient, "reason": "Collapsed in the hall" });
        let opened = self.site.api(Method::POST, "/api/v1/emergencies", &cookie, Some(new)).await;
        let emergency = opened.json()["emergency_id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/emergencies/{emergency}");
        assert_eq!(self.site.api(Method::DELETE, &path, &cookie, None).await.status, 204);
        emergency
    }

    async fn emergencies(&self, cookie: &str) -> Vec<Value> {
        self.items(cookie).await.into_iter().filter(|item| item["kind"] == "emergency").collect()
    }
}

#[tokio::test]
async fn what_was_opened_in_an_emergency_is_attested_one_by_one_and_whoever_opened_it_is_told_where_nobody_did() {
    let scene = Scene::new().await;
    let site = &scene.site;
    let officer = site.account(scene.practice, Role::PrivacyOfficer).await;
    let (therapist, other) =
        (site.account(scene.practice, Role::Therapist).await, site.account(scene.practice, Role::Therapist).await);
    let (ana, ben) =
        (site.patient(scene.practice, "Ana", "Ruiz").await, site.patient(scene.practice, "Ben", "Lee").await);
    let signed = scene.opened(&therapist, ana).await;
    scene.opened(&other, ben).await;
    let officers = site.signed_in(&officer).await;
    let words = json!({ "finding": "justified", "words": "She had fallen." });
    let sign = format!("/api/v1/emergencies/{signed}/signature");
    assert_eq!(site.api(Method::POST, &sign, &officers, Some(words)).await.status, 204);

    scene.at(BEGINS).await;
    scene.opened(&therapist, ben).await;
    scene.round().await;
    let officers = site.signed_in(&officer).await;
    let listed = scene.emergencies(&officers).await;
    assert_eq!(listed.len(), 2, "what was opened since the review began is for the next one: {listed:#?}");
    let of = |person: &Person| {
        let whose = person.account().to_string();
        listed.iter().find(|item| item["whose"]["account_id"] == whose.as_str()).unwrap()
    };
    let unusual = |person: &Person| of(person)["unusual"].as_array().unwrap().contains(&json!("not_justified"));
    assert!(!unusual(&therapist) && unusual(&other), "{listed:#?}");
    assert_eq!(of(&other)["patient_id"], ben.to_string().as_str());
    let page = site.open(&scene.newest(&officers).await.replace("/api/v1/access-reviews", "/reviews"), &officers).await;
    assert!(page.text().contains("nobody signed for it as justified"), "{}", page.text());
    scene.keep(&officers, &therapist, "emergency").await;
    scene.keep(&officers, &other, "account").await;

    scene.keep(&officers, &scene.admin, "account").await;

    scene.at(DUE).await;
    let admins = site.signed_in(&scene.admin).await;
    let lapsed = scene.item(&admins, &other, "emergency").await;
    assert_eq!(lapsed["decision"], "lapsed");
    let told = site.open("/account", &site.signed_in(&other).await).await.text().replace('\u{a0}', " ");
    assert!(told.contains("1 record that you opened in an emergency: nobody had attested it"), "{told}");
    let entries = site.ledger.entries();
    let said = entries.iter().find(|entry| entry.action.as_str() == "disapprove_emergency").unwrap();
    assert_eq!((said.patient, said.outcome, said.actor), (Some(ben), Outcome::Allowed, None));
    assert_eq!(said.reason.as_str(), "review-not-answered");
    let record = site.api(Method::GET, &format!("{}/record", scene.newest(&admins).await), &admins, None).await.json();
    let record = verify_review(record["note"].as_str().unwrap(), &scene.signing().1).unwrap();
    let kinds = record.accesses.iter().filter(|access| access.kind.word() == "emergency").count();
    assert_eq!(kinds, 2, "the signed record has both");
}
