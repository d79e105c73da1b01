//! A change of an account that was let in before a reset and is stored after it: the reset wins.

use crate::support::site_with;
use domain::{PermissionName, Role};
use identity::{Full, NewPassword, Password, Session};
use practice::{account, accounts};
use serde_json::Value;
use store::rows::{api_tokens, passkeys, recovery_codes, totp_factors};
use testkit::{
    authenticator::Authenticator,
    house::{ORIGIN, PASSWORD, Person, code_of},
    site::Site,
};

/// A session of somebody as a request in flight holds it.
async fn in_flight() -> (Site, Person, Session<Full>) {
    let (site, person) = site_with(Role::Therapist).await;
    let session = site.session(&person).await;
    (site, person, session)
}

/// What the command line and an administrator do when somebody lost their factors.
async fn reset(site: &Site, person: &Person) {
    accounts::invite(&site.house, person.practice(), person.account()).await.expect("invited");
}

/// How much opens the account: tokens, passkeys, recovery codes, apps.
async fn left(site: &Site, person: &Person) -> [usize; 4] {
    let (db, practice, account) = (&site.house.stores.identity, person.practice(), person.account());
    [
        api_tokens::of_account(db, practice, account).await.expect("read").len(),
        passkeys::of_account(db, practice, account).await.expect("read").len(),
        recovery_codes::unused(db, practice, account).await.expect("read").len(),
        usize::from(totp_factors::of_account(db, practice, account).await.expect("read").is_some()),
    ]
}

#[tokio::test]
async fn a_token_is_not_issued_after_a_reset() {
    let (site, person, session) = in_flight().await;
    reset(&site, &person).await;
    let issued = account::issue_token(&site.house, &session, "Mine", vec![PermissionName::ReadExercise], 30).await;
    assert!(issued.is_err());
    assert_eq!(left(&site, &person).await, [0; 4]);
}

#[tokio::test]
async fn a_token_is_not_issued_after_signing_out_everywhere() {
    let (site, person, session) = in_flight().await;
    let other = site.session(&person).await;
    account::end_all_sessions(&site.house, &other).await.expect("ended");
    let issued = account::issue_token(&site.house, &session, "Mine", vec![PermissionName::ReadExercise], 30).await;
    assert!(issued.is_err());
    assert_eq!(left(&site, &person).await[0], 0);
}

/// The list shows 200: one behind them would be good for 90 days, and its owner could neither see nor revoke it.
#[tokio::test]
async fn no_token_hides_behind_many_others() {
    let (site, person, session) = in_flight().await;
    let issue = async |days: u16| {
        account::issue_token(&site.house, &session, "Mine", vec![PermissionName::ReadExercise], days).await
    };
    let hidden = issue(90).await.expect("issued").token_id;
    for _ in 1..100 {
        issue(1).await.expect("issued");
    }
    assert!(matches!(issue(1).await, Err(account::AccountError::TooMany)));
    let shown = account::tokens(&site.house, &session).await.expect("read");
    assert!(shown.iter().any(|token| token.token_id == hidden));
    site.clock.advance_seconds(2 * 24 * 3600);
    let session = site.session(&person).await;
    account::issue_token(&site.house, &session, "Mine", vec![PermissionName::ReadExercise], 1).await.expect("issued");
    assert_eq!(left(&site, &person).await[0], 2, "those that have ended are gone");
}

#[tokio::test]
async fn a_passkey_is_not_registered_after_a_reset() {
    let (site, person, session) = in_flight().await;
    let options: Value = account::start_passkey(&site.house, &session).await.expect("begun");
    let mut key = Authenticator::new(1, "localhost", ORIGIN);
    let answer = key.create(&options);
    reset(&site, &person).await;
    assert!(account::finish_passkey(&site.house, &session, "Mine", &answer).await.is_err());
    assert_eq!(left(&site, &person).await, [0; 4]);
}

#[tokio::test]
async fn an_app_is_not_set_up_after_a_reset() {
    let (site, person, session) = in_flight().await;
    let setup = account::start_totp(&site.house, &session).await.expect("begun");
    let code = code_of(&setup.secret, site.now());
    reset(&site, &person).await;
    assert!(account::confirm_totp(&site.house, &session, &code).await.is_err());
    assert_eq!(left(&site, &person).await, [0; 4]);
}

#[tokio::test]
async fn recovery_codes_are_not_made_after_a_reset() {
    let (site, person, session) = in_flight().await;
    reset(&site, &person).await;
    assert!(account::new_recovery_codes(&site.house, &session).await.is_err());
    assert_eq!(left(&site, &person).await, [0; 4]);
}

#[tokio::test]
async fn a_password_is_not_changed_after_ones_session_was_ended() {
    let (site, person, session) = in_flight().await;
    let other = site.session(&person).await;
    account::end_all_sessions(&site.house, &other).await.expect("ended");
    let typed = |text: &str| Password::new(text.to_owned()).expect("a password");
    assert!(NewPassword::new(typed("gravel mirror 88 slowly"), &[]).is_ok());
    let changed =
        account::change_password(&site.house, &session, typed(PASSWORD), typed("gravel mirror 88 slowly")).await;
    assert!(changed.is_err());
}
