//! Changing one's own password and authenticator app.

use crate::support::{half, is_full, recorded, site_with, type_code, type_password};
use axum::http::Method;
use domain::Role;
use serde_json::json;
use testkit::house::{PASSWORD, code_of};

const NEW: &str = "gravel mirror 88 slowly";

#[tokio::test]
async fn a_changed_password_ends_the_other_sessions_and_the_old_one_opens_nothing() {
    let (site, person) = site_with(Role::Therapist).await;
    let (mine, other) = (site.signed_in(&person).await, site.signed_in(&person).await);
    let change = json!({ "current_password": PASSWORD, "new_password": NEW });
    let answer = site.api(Method::PUT, "/api/v1/me/password", &mine, Some(change)).await;
    assert_eq!(answer.status, 204, "{}", answer.text());
    assert!(is_full(&site, &mine).await && !is_full(&site, &other).await);
    assert_eq!(type_password(&site, &person.email, PASSWORD).await.status, 401);
    assert_eq!(type_password(&site, &person.email, NEW).await.status, 201);
}

#[tokio::test]
async fn a_wrong_present_password_and_a_weak_new_one_are_named_and_recorded() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    for (present, new, field) in [("wrong", NEW, "current_password"), (PASSWORD, "password1234", "new_password")] {
        let change = json!({ "current_password": present, "new_password": new });
        let answer = site.api(Method::PUT, "/api/v1/me/password", &cookie, Some(change)).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["errors"][0]["field"]), (422, &field.into()));
        assert!(!answer.text().contains(new));
    }
    assert_eq!(recorded(&site), ["change_password denied wrong-password"]);
}

#[tokio::test]
async fn a_new_app_takes_over_once_its_first_code_was_right() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    let setup = site.api(Method::POST, "/api/v1/me/totp", &cookie, Some(json!({}))).await;
    assert_eq!(setup.status, 201);
    let secret = setup.json()["secret"].as_str().expect("a secret").to_owned();
    let confirm = |code: String| json!({ "code": code });
    let path = "/api/v1/me/totp/confirm";
    assert_eq!(site.api(Method::POST, path, &cookie, Some(confirm("000000".into()))).await.status, 422);

    // Until then the old app opens.
    let halved = half(&site, &person).await;
    assert_eq!(type_code(&site, &halved, &person.code(site.now())).await.status, 200);
    let code = code_of(&secret, site.now());
    assert_eq!(site.api(Method::POST, path, &cookie, Some(confirm(code))).await.status, 204);
    site.clock.advance_seconds(60);
    let halved = half(&site, &person).await;
    assert_eq!(type_code(&site, &halved, &person.code(site.now())).await.status, 401);
    assert_eq!(type_code(&site, &halved, &code_of(&secret, site.now())).await.status, 200);
}
