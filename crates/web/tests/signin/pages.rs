//! The same through pages, as a browser without JavaScript does it.

use crate::support::{is_full, site_with};
use domain::Role;
use testkit::house::PASSWORD;

fn encoded(text: &str) -> String {
    text.replace('@', "%40").replace(' ', "+")
}

#[tokio::test]
async fn forms_lead_from_the_start_to_the_first_page_of_the_role() {
    for (role, landing) in [(Role::Therapist, "/patients"), (Role::Admin, "/people"), (Role::PrivacyOfficer, "/audit")]
    {
        let (site, person) = site_with(role).await;
        assert_eq!(site.open("/", "").await.header("location"), Some("/sign-in"));
        let fields = format!("email={}&password={}", encoded(&person.email), encoded(PASSWORD));
        let answer = site.submit("/sign-in", "", &fields).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/sign-in/factor")));
        let half = answer.cookie().expect("a cookie");
        // A page behind a full session leads to the factor.
        assert_eq!(site.open("/account", &half).await.header("location"), Some("/sign-in/factor"));
        assert!(site.open("/sign-in/factor", &half).await.text().contains("name=\"code\""));
        let code = person.code(site.now());
        let answer = site.submit("/sign-in/factor", &half, &format!("code={code}")).await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some(landing)));
        let full = answer.cookie().expect("a cookie");
        assert_eq!(site.open("/", &full).await.header("location"), Some(landing));
        let account = site.open("/account", &full).await;
        assert!(account.status == 200 && account.text().contains(&person.email));
    }
}

#[tokio::test]
async fn a_refused_form_keeps_the_address_and_never_the_password() {
    let (site, person) = site_with(Role::Therapist).await;
    let fields = format!("email={}&password=canary-password", encoded(&person.email));
    let answer = site.submit("/sign-in", "", &fields).await;
    assert_eq!(answer.status, 401);
    let page = answer.text();
    assert!(page.contains(&person.email) && page.contains("did not match") && !page.contains("canary-password"));
    let empty = site.submit("/sign-in", "", "email=&password=").await;
    assert!(empty.status == 422 && empty.text().contains("Fill in both"));
}

#[tokio::test]
async fn a_wrong_code_shows_the_form_again() {
    let (site, person) = site_with(Role::Therapist).await;
    let half = site.half_signed_in(&person).await;
    let answer = site.submit("/sign-in/factor", &half, "code=000000").await;
    assert!(answer.status == 401 && answer.text().contains("That code is not right"));
    let answer = site.submit("/sign-in/recovery", &half, "code=7kq2-m0xd-c9fp").await;
    assert!(answer.status == 401 && answer.text().contains("name=\"code\""));
}

#[tokio::test]
async fn every_page_of_ones_account_opens_and_asks_for_a_fresh_factor_where_it_must() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    let pages = ["password", "passkeys", "authenticator", "recovery-codes", "tokens"];
    for page in pages {
        let answer = site.open(&format!("/account/{page}"), &cookie).await;
        assert!(answer.status == 200 && !answer.text().contains("/account/confirm"), "{page}");
    }
    assert_eq!(site.open("/account/sessions", &cookie).await.status, 200);
    site.clock.advance_seconds(5 * 60);
    for page in pages {
        let answer = site.open(&format!("/account/{page}"), &cookie).await;
        assert!(answer.text().contains(&format!("/account/confirm?next=/account/{page}")), "{page}");
    }
    let sent = site.submit("/account/recovery-codes", &cookie, "").await;
    assert_eq!(sent.header("location"), Some("/account/confirm?next=/account/recovery-codes"));
    let fields = format!("code={}&next=/account/recovery-codes", person.code(site.now()));
    let answer = site.submit("/account/confirm", &cookie, &fields).await;
    assert_eq!(answer.header("location"), Some("/account/recovery-codes"));
    let fresh = answer.cookie().expect("a new token");
    let codes = site.submit("/account/recovery-codes", &fresh, "").await;
    assert_eq!((codes.status.as_u16(), codes.text().matches("<code>").count()), (200, 10));
}

#[tokio::test]
async fn an_app_and_a_token_are_set_up_by_forms() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    assert_eq!(site.submit("/account/authenticator", &cookie, "").await.status, 303);
    assert!(site.open("/account/authenticator", &cookie).await.text().contains("<svg"));
    let wrong = site.submit("/account/authenticator/confirm", &cookie, "code=000000").await;
    assert!(wrong.status == 422 && wrong.text().contains("not the code"));

    let fields = "label=Report&scopes=read_exercise&scopes=read_notes&days=7";
    let issued = site.submit("/account/tokens", &cookie, fields).await;
    assert!(issued.status == 200 && issued.text().contains("pat_"));
    let refused = site.submit("/account/tokens", &cookie, "label=&days=7").await;
    assert_eq!(refused.status, 422);
}

#[tokio::test]
async fn signing_out_leads_to_the_start_with_or_without_a_session() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    for _ in 0..2 {
        let answer = site.submit("/sign-out", &cookie, "").await;
        assert_eq!((answer.status.as_u16(), answer.header("location")), (303, Some("/sign-in")));
    }
    assert!(!is_full(&site, &cookie).await);
}
