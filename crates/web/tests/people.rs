//! Opening accounts and care teams to others is done in person.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use axum::http::Method;
use domain::Role;
use serde_json::json;
use testkit::site::Site;

#[tokio::test]
async fn inviting_needs_a_factor_that_was_proven_just_now() {
    let site = Site::new().await;
    let practice = site.practice().await;
    let admin = site.account(practice, Role::Admin).await;
    let cookie = site.signed_in(&admin).await;
    let invite = async |email: &str| {
        let body = json!({ "email": email, "display_name": "Nadia Petrova", "role": "therapist" });
        site.api(Method::POST, "/api/v1/invitations", &cookie, Some(body)).await
    };
    assert_eq!(invite("nadia@example.org").await.status, 201);
    site.clock.advance_seconds(6 * 60);
    assert_eq!(invite("nora@example.org").await.status, 401);
}

#[tokio::test]
async fn nobody_gives_themself_a_place_in_a_care_team() {
    let site = Site::new().await;
    let practice = site.practice().await;
    let admin = site.account(practice, Role::Admin).await;
    let therapist = site.account(practice, Role::Therapist).await;
    let patient = site.patient(practice, "Ana", "Ruiz").await;
    let cookie = site.signed_in(&admin).await;
    let path = format!("/api/v1/patients/{patient}/care-team");
    let assign = async |account| {
        let body = json!({ "account_id": account, "kind": "assigned" });
        site.api(Method::POST, &path, &cookie, Some(body)).await
    };
    assert_eq!(assign(admin.account()).await.status, 409);
    assert_eq!(assign(therapist.account()).await.status, 201);
    let backdated =
        json!({ "account_id": therapist.account(), "kind": "covering", "starts_at": "2026-05-01T00:00:00Z" });
    let refused = site.api(Method::POST, &path, &cookie, Some(backdated)).await;
    assert_eq!((refused.status.as_u16(), &refused.json()["errors"][0]["field"]), (422, &json!("starts_at")));
}

#[tokio::test]
async fn a_disabled_account_is_not_opened_again_by_the_link_that_it_was_sent() {
    let site = Site::new().await;
    let practice = site.practice().await;
    let admin = site.account(practice, Role::Admin).await;
    let cookie = site.signed_in(&admin).await;
    let body = json!({ "email": "nadia@example.org", "display_name": "Nadia Petrova", "role": "therapist" });
    let invited = site.api(Method::POST, "/api/v1/invitations", &cookie, Some(body)).await.json();
    let account = invited["account_id"].as_str().unwrap().to_owned();
    let link = invited["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    let opened = format!("/api/v1/invitations/{link}");
    assert_eq!(site.api(Method::GET, &opened, "", None).await.status, 200);
    let page = site.submit(&format!("/people/{account}"), &cookie, "role=therapist&state=disabled&version=1").await;
    assert_eq!(page.status, 303);
    assert_eq!(site.api(Method::GET, &opened, "", None).await.status, 404);
}
