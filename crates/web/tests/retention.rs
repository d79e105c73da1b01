//! The pages of retention: what they offer, and when.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

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
