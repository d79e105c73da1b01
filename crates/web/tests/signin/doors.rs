//! From a password to a full session, and out again.

use crate::support::{half, is_full, recorded, site_with, type_code, type_password, without_request};
use axum::http::Method;
use domain::Role;
use store::{
    Batch,
    rows::accounts::{self, AccountState},
};
use testkit::house::PASSWORD;

#[tokio::test]
async fn a_password_opens_a_half_session_and_a_code_makes_it_full() {
    let (site, person) = site_with(Role::Therapist).await;
    let answer = type_password(&site, &person.email, PASSWORD).await;
    assert_eq!(answer.json(), serde_json::json!({ "level": "half", "factors": ["totp"] }));
    let half = answer.cookie().expect("a cookie");
    assert!(!is_full(&site, &half).await);

    let answer = type_code(&site, &half, &person.code(site.now())).await;
    assert_eq!(answer.json(), serde_json::json!({ "level": "full", "next": "/patients" }));
    let full = answer.cookie().expect("a cookie");
    let me = site.api(Method::GET, "/api/v1/me", &full, None).await.json();
    assert_eq!(me["account_id"], person.account().to_string());
    assert_eq!((&me["email"], &me["role"]), (&person.email.clone().into(), &"therapist".into()));
    assert_eq!(recorded(&site), ["sign_in allowed password", "sign_in allowed totp"]);
    // The token of the half session died with the rotation.
    assert_eq!(type_code(&site, &half, &person.code(site.now())).await.status, 401);
}

#[tokio::test]
async fn an_unknown_account_a_wrong_password_and_a_disabled_account_answer_the_same() {
    let (site, person) = site_with(Role::Therapist).await;
    let disabled = site.account(person.practice(), Role::Therapist).await;
    let batch = accounts::set_role_and_state(
        Batch::new(),
        disabled.practice(),
        disabled.account(),
        Role::Therapist,
        AccountState::Disabled,
        1,
    );
    site.house.stores.identity.commit(batch).await.expect("stored");
    let answers = [
        type_password(&site, "nobody@example.org", PASSWORD).await,
        type_password(&site, "no address at all", PASSWORD).await,
        type_password(&site, &person.email, "not the password").await,
        type_password(&site, &disabled.email, PASSWORD).await,
    ];
    for answer in &answers {
        assert_eq!(answer.status, 401);
        assert_eq!(answer.json()["type"], "/problems/sign-in-refused");
        assert_eq!(without_request(answer), without_request(&answers[0]));
        assert!(answer.cookie().is_none());
    }
    let unknown = "sign_in denied unknown-account";
    assert_eq!(recorded(&site), [unknown, unknown, "sign_in denied wrong-password", "sign_in denied disabled"]);
    assert_eq!(site.ledger.entries()[0].actor, None);
    assert_eq!(site.ledger.entries()[2].actor, Some(person.account()));
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    let (site, person) = site_with(Role::Therapist).await;
    site.ledger.backend().set_failing(true);
    let answer = type_password(&site, &person.email, PASSWORD).await;
    assert_eq!((answer.status.as_u16(), answer.cookie()), (503, None));
    assert!(answer.header("retry-after").is_some());
    site.ledger.backend().set_failing(false);
    let cookie = half(&site, &person).await;
    site.ledger.backend().set_failing(true);
    let code = person.code(site.now());
    assert_eq!(type_code(&site, &cookie, &code).await.status, 503);
    site.ledger.backend().set_failing(false);
    // Neither the session nor the code was used up.
    assert_eq!(type_code(&site, &cookie, &code).await.status, 200);
}

#[tokio::test]
async fn an_idle_session_is_over_and_the_ledger_says_so() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    site.clock.advance_seconds(14 * 60);
    assert!(is_full(&site, &cookie).await);
    site.clock.advance_seconds(14 * 60);
    assert!(is_full(&site, &cookie).await);
    site.clock.advance_seconds(15 * 60);
    assert!(!is_full(&site, &cookie).await);
    assert!(!is_full(&site, &cookie).await);
    assert_eq!(recorded(&site), ["resume_session denied idle"]);
}

#[tokio::test]
async fn a_disabled_account_is_out_at_the_next_request() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    let (practice, account) = (person.practice(), person.account());
    let (role, state) = (Role::Therapist, AccountState::Disabled);
    let batch = accounts::set_role_and_state(Batch::new(), practice, account, role, state, 1);
    site.house.stores.identity.commit(batch).await.expect("stored");
    assert!(!is_full(&site, &cookie).await);
    assert_eq!(recorded(&site), ["resume_session denied disabled"]);
}

#[tokio::test]
async fn signing_out_ends_the_session_on_the_server() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    let answer = site.api(Method::DELETE, "/api/v1/session", &cookie, None).await;
    assert_eq!(answer.status, 204);
    assert!(answer.header("set-cookie").expect("cleared").contains("Max-Age=0"));
    assert!(!is_full(&site, &cookie).await);
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session() {
    let (site, person) = site_with(Role::Therapist).await;
    let (first, second) = (site.signed_in(&person).await, site.signed_in(&person).await);
    let listed = site.api(Method::GET, "/api/v1/sessions", &first, None).await.json();
    assert_eq!(listed["items"].as_array().expect("a list").len(), 2);
    assert_eq!(site.api(Method::DELETE, "/api/v1/sessions", &first, None).await.status, 204);
    assert!(!is_full(&site, &first).await && !is_full(&site, &second).await);
}

#[tokio::test]
async fn one_of_ones_sessions_is_ended_and_nobody_elses() {
    let (site, person) = site_with(Role::Therapist).await;
    let other = site.account(person.practice(), Role::Therapist).await;
    let (mine, lost, foreign) =
        (site.signed_in(&person).await, site.signed_in(&person).await, site.signed_in(&other).await);
    let listed = site.api(Method::GET, "/api/v1/sessions", &lost, None).await.json();
    let current = listed["items"].as_array().expect("a list").iter().find(|item| item["current"] == true);
    let path = format!("/api/v1/sessions/{}", current.expect("itself")["session_id"].as_str().expect("an id"));
    assert_eq!(site.api(Method::DELETE, &path, &foreign, None).await.status, 404);
    assert_eq!(site.api(Method::DELETE, &path, &mine, None).await.status, 204);
    assert!(is_full(&site, &mine).await && !is_full(&site, &lost).await);
}

#[tokio::test]
async fn what_was_typed_is_never_in_the_ledger() {
    let (site, person) = site_with(Role::Therapist).await;
    for (email, password) in
        [("canary@example.org", "canary password"), (&person.email, "canary password"), (&person.email, PASSWORD)]
    {
        let answer = type_password(&site, email, password).await;
        if let Some(cookie) = answer.cookie() {
            type_code(&site, &cookie, "987654").await;
        }
    }
    let entries = site.ledger.entries();
    assert_eq!(entries.len(), 4);
    for entry in entries {
        let text = format!("{entry:?}");
        for typed in ["canary", person.email.as_str(), "example.org", "987654", PASSWORD] {
            assert!(!text.contains(typed), "{text}");
        }
    }
}
