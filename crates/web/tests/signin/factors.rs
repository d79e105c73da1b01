//! Codes of an app, and recovery codes.

use crate::support::{half, is_full, recorded, site_with, type_code};
use axum::http::Method;
use domain::Role;
use serde_json::json;

#[tokio::test]
async fn a_code_works_once_even_for_two_requests_at_the_same_time() {
    let (site, person) = site_with(Role::Therapist).await;
    let (one, two) = (half(&site, &person).await, half(&site, &person).await);
    let code = person.code(site.now());
    let (first, second) = tokio::join!(type_code(&site, &one, &code), type_code(&site, &two, &code));
    let mut statuses = [first.status.as_u16(), second.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
    assert_eq!(type_code(&site, &two, &code).await.status, 401);
    assert!(recorded(&site).contains(&"sign_in denied used-code".to_owned()));
}

#[tokio::test]
async fn a_recovery_code_opens_once() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    let answer = site.api(Method::POST, "/api/v1/me/recovery-codes", &cookie, Some(json!({}))).await;
    assert_eq!(answer.status, 201);
    let code = answer.json()["codes"][0].clone();
    for expected in [200, 401] {
        let half = half(&site, &person).await;
        let answer = site.api(Method::POST, "/api/v1/session/recovery", &half, Some(json!({ "code": code }))).await;
        assert_eq!(answer.status, expected);
    }
}

#[tokio::test]
async fn an_administrator_gets_no_recovery_codes() {
    let (site, person) = site_with(Role::Admin).await;
    let cookie = site.signed_in(&person).await;
    let answer = site.api(Method::POST, "/api/v1/me/recovery-codes", &cookie, Some(json!({}))).await;
    assert_eq!(answer.status, 409);
}

#[tokio::test]
async fn a_factor_grows_stale_and_a_step_up_makes_it_fresh_under_a_new_token() {
    let (site, person) = site_with(Role::Therapist).await;
    let stale = site.signed_in(&person).await;
    site.clock.advance_seconds(5 * 60);
    let answer = site.api(Method::POST, "/api/v1/me/recovery-codes", &stale, Some(json!({}))).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["type"]), (401, &"/problems/fresh-factor-required".into()));
    let code = json!({ "code": person.code(site.now()) });
    let answer = site.api(Method::POST, "/api/v1/session/step-up/totp", &stale, Some(code)).await;
    assert_eq!(answer.status, 200);
    let fresh = answer.cookie().expect("a new token");
    assert!(!is_full(&site, &stale).await);
    let answer = site.api(Method::POST, "/api/v1/me/recovery-codes", &fresh, Some(json!({}))).await;
    assert_eq!(answer.status, 201);
}
