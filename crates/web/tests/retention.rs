//! The pages of retention: what they offer, and when.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use axum::http::Method;
use domain::{AccountId, Role, VisitId, VisitState};
use phi::Sealed;
use store::{
    Batch,
    rows::visits::{self, VisitRow},
};
use testkit::site::Site;

/// The page of a plan that is made by pressing the button.
async fn made(site: &Site, officer: &str) -> String {
    let made = site.submit("/retention", officer, "").await;
    assert_eq!(made.status, 303, "{}", made.text());
    let page = site.open(made.header("location").unwrap(), officer).await;
    assert_eq!(page.status, 200);
    page.text()
}

#[tokio::test]
async fn a_plan_is_offered_for_approval_only_when_somebody_is_due() {
    let site = Site::new().await;
    let practice = site.practice().await;
    let patient = site.patient(practice, "Ana", "Ruiz").await;
    let officer = site.account(practice, Role::PrivacyOfficer).await;
    let cookie = site.signed_in(&officer).await;
    let page = made(&site, &cookie).await;
    assert!(page.contains("/withdraw\"") && !page.contains("/approve\""), "{page}");

    let (visit_id, long_ago) = (VisitId::random(&*site.house.rng), "2001-03-01T15:00:00Z".parse().unwrap());
    let row = VisitRow {
        practice_id: practice,
        patient_id: patient,
        visit_id,
        therapist_id: AccountId::from_bytes([7; 16]),
        starts_at: long_ago,
        state: VisitState::Held,
        minutes: Sealed::stored(VisitRow::row_id(visit_id), vec![1; 40]),
        clinic: None,
        remark: None,
        recorded_by: AccountId::from_bytes([7; 16]),
        recorded_at: long_ago,
        changed_at: long_ago,
        version: 1,
        voided: None,
    };
    site.house.stores.clinical.commit(visits::insert(Batch::new(), &row)).await.unwrap();
    let page = made(&site, &cookie).await;
    assert!(page.contains("/withdraw\"") && page.contains("/approve\""), "{page}");
}

#[tokio::test]
async fn a_plan_of_billing_accounts_names_them_by_pseudonym_and_nobody_behind_them() {
    let site = Site::new().await;
    let practice = site.practice().await;
    let patient = site.patient(practice, "Ana", "Ruiz").await;
    let officer = site.account(practice, Role::PrivacyOfficer).await;
    let therapist = site.account(practice, Role::Therapist).await;
    // An account without a charge: what there is of it is as old as its key.
    let now = site.now();
    site.clock.set("2010-01-01T15:00:00Z".parse().unwrap());
    site.care_link(&therapist, patient).await;
    let session_then = site.session(&therapist).await;
    let purpose = phi::Purpose::operations(ledger::Resource::whole(ledger::Word::new("visit")));
    let grant = site.house.guard.charge(&session_then, patient, purpose).await.unwrap();
    drop(grant.open_account().await.unwrap());
    site.clock.set(now);

    let cookie = site.signed_in(&officer).await;
    let made = site.submit("/retention/billing", &cookie, "").await;
    assert_eq!(made.status, 303, "{}", made.text());
    let place = made.header("location").unwrap().to_owned();
    let page = site.open(&place, &cookie).await.text();
    assert!(page.contains("/approve\"") && page.contains("us-false-claims"), "{page}");
    assert!(page.contains("1 billing account looked at"), "{page}");
    assert!(!page.contains("Ruiz") && !page.contains(&patient.to_string()), "{page}");
    let plans = site.open("/retention", &cookie).await.text();
    assert!(plans.contains(">billing accounts<"), "{plans}");
    let plan = place.rsplit('/').next().unwrap();
    let listed = site.api(Method::GET, &format!("/api/v1/retention/plans/{plan}/accounts"), &cookie, None).await;
    let listed = listed.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1, "{listed}");
    assert_eq!((&listed["items"][0]["verdict"], &listed["items"][0]["step"]), (&"due".into(), &"planned".into()));
    let patients = site.api(Method::GET, &format!("/api/v1/retention/plans/{plan}/patients"), &cookie, None).await;
    assert_eq!(patients.json()["items"].as_array().unwrap().len(), 0);
    let details = site.api(Method::GET, &format!("/api/v1/retention/plans/{plan}"), &cookie, None).await.json();
    assert_eq!(details["kind"], "billing");
}
