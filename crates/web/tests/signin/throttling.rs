//! Guessing gets slower, whoever is guessed at.

use crate::support::{half, is_full, recorded, site_with, type_code, type_password, without_request};
use crypto::SystemRng;
use domain::{Role, Timestamp};
use identity::{NewPassword, Password, TotpSecret};
use practice::accounts::{FirstFactor, enroll};
use store::{Batch, rows::throttle};
use testkit::house::{PASSWORD, code};

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

#[tokio::test]
async fn a_hundred_failures_lock_an_account_until_it_is_enrolled_anew() {
    let (site, person) = site_with(Role::Therapist).await;
    let (house, now) = (&site.house, site.now());
    let session = site.session(&person).await;
    let index = house.indexes.typed_email(&person.email);
    let counted = (0..100).fold(Batch::new(), |batch, _| throttle::count(batch, &index, true, now, Timestamp::MIN));
    house.stores.identity.commit(counted).await.expect("stored");
    let enrollment = house.sessions.enrollment(&session, now).expect("a fresh factor");
    // No wait is long enough.
    site.clock.advance_seconds(30 * 24 * 60 * 60);
    assert_eq!(type_password(&site, &person.email, PASSWORD).await.status, 429);

    let cookie = site.signed_in(&person).await;
    let secret = TotpSecret::random(person.account(), &SystemRng);
    let (_, step) = secret.verify(&code(&secret, site.now()), None, site.now()).expect("its code");
    let chosen = Password::new("gravel mirror 88 slowly".to_owned()).expect("a password");
    let chosen = NewPassword::new(chosen, &[]).expect("strong");
    enroll(house, &enrollment, chosen, FirstFactor::Totp { secret, step }).await.expect("enrolled");
    assert_eq!(type_password(&site, &person.email, "gravel mirror 88 slowly").await.status, 201);
    assert!(!is_full(&site, &cookie).await, "sessions from before are over");
}
