//! Passkeys: registering, proving, removing.

use crate::support::{half, is_full, site_with, type_code};
use axum::http::Method;
use domain::Role;
use serde_json::{Value, json};
use store::rows::practices;
use testkit::{
    authenticator::Authenticator,
    house::{ORIGIN, Person},
    site::{Answer, Site},
};

fn key(name: u8) -> Authenticator {
    Authenticator::new(name, "localhost", ORIGIN)
}

async fn register(site: &Site, cookie: &str, key: &mut Authenticator) -> Answer {
    let options = site.api(Method::POST, "/api/v1/me/passkeys/start", cookie, Some(json!({}))).await;
    assert_eq!(options.status, 200, "{}", options.text());
    let new = json!({ "label": "Desk key", "credential": key.create(&options.json()) });
    site.api(Method::POST, "/api/v1/me/passkeys/finish", cookie, Some(new)).await
}

async fn prove(site: &Site, person: &Person, key: &mut Authenticator) -> (Answer, Value) {
    let cookie = half(site, person).await;
    let options = site.api(Method::POST, "/api/v1/session/passkey/start", &cookie, Some(json!({}))).await;
    let answer = json!({ "credential": key.get(&options.json()) });
    (site.api(Method::POST, "/api/v1/session/passkey/finish", &cookie, Some(answer.clone())).await, answer)
}

#[tokio::test]
async fn a_passkey_is_registered_and_signs_in() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    let mut key = key(1);
    let answer = register(&site, &cookie, &mut key).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let listed = site.api(Method::GET, "/api/v1/me/passkeys", &cookie, None).await.json();
    assert_eq!(listed["items"][0]["label"], "Desk key");

    let (answer, _) = prove(&site, &person, &mut key).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(is_full(&site, &answer.cookie().expect("a cookie")).await);
}

#[tokio::test]
async fn an_answer_to_a_challenge_counts_once() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    let mut key = key(1);
    register(&site, &cookie, &mut key).await;
    let (_, answer) = prove(&site, &person, &mut key).await;
    let again = half(&site, &person).await;
    let replayed = site.api(Method::POST, "/api/v1/session/passkey/finish", &again, Some(answer)).await;
    assert_eq!(replayed.status, 401);
}

#[tokio::test]
async fn the_first_administrators_passkey_ends_the_bootstrap_and_codes_no_longer_open_the_account() {
    let (site, person) = site_with(Role::Admin).await;
    let cookie = half(&site, &person).await;
    let answer = type_code(&site, &cookie, &person.code(site.now())).await;
    let cookie = answer.cookie().expect("the bootstrap is open");
    let mut first = key(1);
    let registered = register(&site, &cookie, &mut first).await;
    assert_eq!(registered.status, 201);
    let practice = practices::by_id(&site.house.stores.identity, person.practice()).await.expect("read");
    assert!(!practice.expect("there").bootstrap_open);

    site.clock.advance_seconds(60);
    let halved = half(&site, &person).await;
    assert_eq!(type_code(&site, &halved, &person.code(site.now())).await.status, 401);
    let (answer, _) = prove(&site, &person, &mut first).await;
    let cookie = answer.cookie().expect("the passkey opens it");

    // The last one stays; one of two may go.
    let path = format!("/api/v1/me/passkeys/{}", registered.json()["passkey_id"].as_str().expect("an id"));
    assert_eq!(site.api(Method::DELETE, &path, &cookie, None).await.status, 409);
    assert_eq!(register(&site, &cookie, &mut key(2)).await.status, 201);
    assert_eq!(site.api(Method::DELETE, &path, &cookie, None).await.status, 204);
}

#[tokio::test]
async fn a_key_is_registered_once() {
    let (site, person) = site_with(Role::Therapist).await;
    let other = site.account(person.practice(), Role::Therapist).await;
    let mut key = key(1);
    // The browser is told not to offer a known key; whoever sends it all the same is refused.
    for (person, expected) in [(&person, 201), (&person, 422), (&other, 409)] {
        let cookie = site.signed_in(person).await;
        assert_eq!(register(&site, &cookie, &mut key).await.status, expected);
    }
}
