//! What a patient asks of who sees their record: written once, and no page of the staff's for the patient.

use super::Clinic;
use axum::{
    body::Body,
    http::{Method, Request, header},
};
use domain::{RestrictionAnswer, RestrictionKind, Role};
use practice::restrictions::{self, NewRestriction};
use serde_json::json;

#[tokio::test]
async fn a_patient_of_whom_something_is_withheld_gets_no_page_of_the_staffs() {
    let clinic = Clinic::new().await;
    let officer = clinic.site.account(clinic.practice, Role::PrivacyOfficer).await;
    let session = clinic.site.session(&officer).await;
    let own = clinic.site.patient_account(clinic.practice, clinic.patient).await;
    let cookie = clinic.site.signed_in(&own).await;
    let path = format!("/patients/{}/notes", clinic.patient);
    let before = clinic.site.open(&path, &cookie).await;
    let new = NewRestriction {
        what: RestrictionKind::Notes,
        account_id: None,
        asked_on: None,
        answer: RestrictionAnswer::Agreed,
    };
    restrictions::answer(&clinic.site.house, &session, clinic.patient, &new, None).await.expect("agreed");
    let after = clinic.site.open(&path, &cookie).await;
    assert_eq!(after.status, before.status);
    assert!(!after.text().contains("Notes are not open to you"), "{}", after.text());
}

#[tokio::test]
async fn what_was_asked_is_written_once_however_often_it_is_sent() {
    let clinic = Clinic::new().await;
    let officer = clinic.site.account(clinic.practice, Role::PrivacyOfficer).await;
    let cookie = clinic.site.signed_in(&officer).await;
    let path = clinic.at("/restrictions");
    let send = async |answer: &str| {
        let request = Request::builder().method(Method::POST).uri(&path).header(header::COOKIE, &cookie);
        let request =
            request.header(header::CONTENT_TYPE, "application/json").header("idempotency-key", "first-answer-1");
        let body = Body::from(json!({ "what": "notes", "answer": answer }).to_string());
        clinic.site.send(request.body(body).expect("a request")).await
    };
    let (first, again) = (send("agreed").await, send("agreed").await);
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201), "{}", again.text());
    assert_eq!(first.json()["restriction_id"], again.json()["restriction_id"]);
    assert_eq!(send("declined").await.status, 422);
    let page = format!("/patients/{}/restrictions", clinic.patient);
    let shown = clinic.site.open(&page, &cookie).await.text();
    let key = shown.split("name=\"key\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a key");
    let form = format!("key={key}&from=notes&asked_on=2026-05-01&answer=agreed");
    for _ in 0..2 {
        assert_eq!(clinic.site.submit(&page, &cookie, &form).await.status, 303);
    }
    let all = clinic.site.api(Method::GET, &path, &cookie, None).await.json();
    assert_eq!(all["items"].as_array().expect("a list").len(), 2);
}

#[tokio::test]
async fn nobody_who_left_is_offered_as_somebody_to_keep_away() {
    let clinic = Clinic::new().await;
    let admin = clinic.site.signed_in(&clinic.site.account(clinic.practice, Role::Admin).await).await;
    let colleague = clinic.site.account(clinic.practice, Role::Therapist).await.account().to_string();
    let page = format!("/patients/{}/restrictions", clinic.patient);
    let offered = async || clinic.site.open(&page, &admin).await.text().contains(&format!("value=\"{colleague}\""));
    assert!(offered().await);
    let fields = "role=therapist&state=disabled&version=1";
    assert_eq!(clinic.site.submit(&format!("/people/{colleague}"), &admin, fields).await.status, 303);
    assert!(!offered().await);
}
