//! API tokens.

use crate::support::{recorded, site_with};
use axum::{
    body::Body,
    http::{Method, Request, header},
};
use domain::Role;
use serde_json::{Value, json};
use testkit::site::{Answer, Site};

async fn issue(site: &Site, cookie: &str, scopes: Value, days: u16) -> Answer {
    let new = json!({ "label": "Nightly report", "scopes": scopes, "days": days });
    site.api(Method::POST, "/api/v1/me/tokens", cookie, Some(new)).await
}

async fn bearer(site: &Site, method: Method, path: &str, secret: &str) -> u16 {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {secret}"))
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{}"))
        .expect("a request");
    site.send(request).await.status.as_u16()
}

#[tokio::test]
async fn a_token_acts_for_its_account_until_it_is_revoked() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    let issued = issue(&site, &cookie, json!(["read_exercise"]), 30).await;
    assert_eq!(issued.status, 201, "{}", issued.text());
    let issued = issued.json();
    let secret = issued["secret"].as_str().expect("a secret");
    assert!(secret.starts_with("pat_"));
    assert_eq!(bearer(&site, Method::GET, "/api/v1/me", secret).await, 200);
    let listed = site.api(Method::GET, "/api/v1/me/tokens", &cookie, None).await;
    assert_eq!(listed.json()["items"][0]["label"], "Nightly report");
    assert!(!listed.text().contains(secret));

    let path = format!("/api/v1/me/tokens/{}", issued["token_id"].as_str().expect("an id"));
    assert_eq!(site.api(Method::DELETE, &path, &cookie, None).await.status, 204);
    assert_eq!(bearer(&site, Method::GET, "/api/v1/me", secret).await, 401);
    assert_eq!(site.api(Method::DELETE, &path, &cookie, None).await.status, 404);
}

#[tokio::test]
async fn a_token_changes_nothing_about_how_its_account_signs_in() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    let issued = issue(&site, &cookie, json!(["read_exercise"]), 30).await.json();
    let secret = issued["secret"].as_str().expect("a secret");
    for (method, path) in [
        (Method::POST, "/api/v1/me/totp"),
        (Method::POST, "/api/v1/me/recovery-codes"),
        (Method::POST, "/api/v1/me/passkeys/start"),
        (Method::POST, "/api/v1/session/step-up/passkey/start"),
        (Method::GET, "/api/v1/me/tokens"),
        (Method::DELETE, "/api/v1/sessions"),
        (Method::DELETE, "/api/v1/session"),
    ] {
        assert_eq!(bearer(&site, method, path, secret).await, 403, "{path}");
    }
}

#[tokio::test]
async fn a_token_asks_for_no_more_than_its_role_and_ninety_days() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    for (scopes, days, field) in
        [(json!(["govern"]), 30, "scopes"), (json!([]), 30, "scopes"), (json!(["read_exercise"]), 91, "days")]
    {
        let answer = issue(&site, &cookie, scopes, days).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["field"]), (422, &field.into()));
    }
    site.clock.advance_seconds(5 * 60);
    assert_eq!(issue(&site, &cookie, json!(["read_exercise"]), 30).await.status, 401);
}

#[tokio::test]
async fn a_token_ends_on_its_day_and_the_ledger_says_so() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    let issued = issue(&site, &cookie, json!(["read_exercise"]), 1).await.json();
    let secret = issued["secret"].as_str().expect("a secret");
    site.clock.advance_seconds(24 * 60 * 60);
    assert_eq!(bearer(&site, Method::GET, "/api/v1/me", secret).await, 401);
    assert_eq!(recorded(&site).last().map(String::as_str), Some("resume_session denied expired"));
}
