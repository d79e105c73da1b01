//! Guessing gets slower, whoever is guessed at.

use crate::support::{half, is_full, recorded, site_with, type_code, type_password, without_request};
use domain::Role;
use testkit::house::PASSWORD;

#[tokio::test]
async fn five_wrong_passwords_make_anyone_wait_known_or_not() {
    let (site, person) = site_with(Role::Therapist).await;
    for email in [person.email.as_str(), "nobody@example.org"] {
        for _ in 0..5 {
            assert_eq!(type_password(&site, email, "not the password").await.status, 401);
        }
    }
    // The right password is not even looked at.
    let known = type_password(&site, &person.email.to_uppercase(), PASSWORD).await;
    let unknown = type_password(&site, "nobody@example.org", PASSWORD).await;
    for answer in [&known, &unknown] {
        assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, Some("30")));
    }
    assert_eq!(without_request(&known), without_request(&unknown));
    assert_eq!(recorded(&site).last().map(String::as_str), Some("sign_in denied throttled"));
    site.clock.advance_seconds(30);
    assert_eq!(type_password(&site, &person.email, PASSWORD).await.status, 201);
}

#[tokio::test]
async fn whoever_has_the_password_cannot_guess_codes_for_ever() {
    let (site, person) = site_with(Role::Therapist).await;
    let mut looked_at = 0;
    for _ in 0..10 {
        let answer = type_password(&site, &person.email, PASSWORD).await;
        let Some(cookie) = answer.cookie() else { break };
        match type_code(&site, &cookie, "000000").await.status.as_u16() {
            401 => looked_at += 1,
            status => assert_eq!(status, 429),
        }
    }
    assert!(looked_at <= 3, "{looked_at} codes were looked at");
}

#[tokio::test]
async fn a_full_session_clears_what_was_mistyped() {
    let (site, person) = site_with(Role::Therapist).await;
    for _ in 0..2 {
        for _ in 0..3 {
            assert_eq!(type_password(&site, &person.email, "not the password").await.status, 401);
        }
        let cookie = half(&site, &person).await;
        let answer = type_code(&site, &cookie, &person.code(site.now())).await;
        assert!(is_full(&site, &answer.cookie().expect("a cookie")).await);
        site.clock.advance_seconds(60);
    }
}

#[tokio::test]
async fn many_at_once_count_as_many() {
    let (site, person) = site_with(Role::Therapist).await;
    let tries = (0..20).map(|_| type_password(&site, &person.email, "not the password"));
    let answers = futures::future::join_all(tries).await;
    let looked_at = answers.iter().filter(|answer| answer.status == 401).count();
    assert!(looked_at <= 5, "{looked_at} passwords were looked at");
}
