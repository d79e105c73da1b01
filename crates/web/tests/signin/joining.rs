//! Accepting an invitation: what its link shows, and what it leaves of the account that was there before.

use crate::support::{half, is_full, recorded, site_with, type_code, type_password};
use axum::http::Method;
use domain::{PasskeyId, Role};
use serde_json::{Value, json};
use store::{
    Batch,
    rows::{
        invitations,
        passkeys::{self, PasskeyRow},
    },
};
use testkit::{
    house::{PASSWORD, Person, code_of},
    site::{Answer, Site},
};

const NEW: &str = "gravel mirror 88 slowly";

/// Invites somebody new; gives the secret of the link.
async fn invited(site: &Site, admin: &Person) -> String {
    let cookie = site.signed_in(admin).await;
    let new = json!({ "email": "nadia@example.org", "display_name": "Nadia Petrova", "role": "therapist" });
    let answer = site.api(Method::POST, "/api/v1/invitations", &cookie, Some(new)).await;
    secret_of(&answer)
}

fn secret_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.text());
    let link = answer.json()["link"].as_str().expect("a link").to_owned();
    link.rsplit('/').next().expect("a secret").to_owned()
}

/// An invitation that lies beside an account as it is, as one that was made before a command line or another node
/// changed it.
async fn beside(site: &Site, person: &Person) -> String {
    let (secret, record) =
        site.house.sessions.invite(person.practice(), person.account(), site.now(), &crypto::SystemRng);
    site.house.stores.identity.commit(invitations::replace(Batch::new(), &record)).await.expect("stored");
    secret.text().to_string()
}

async fn begin(site: &Site, link: &str) -> Answer {
    site.api(Method::POST, &format!("/api/v1/invitations/{link}/totp"), "", Some(json!({}))).await
}

async fn accept(site: &Site, link: &str, generator: &Value) -> Answer {
    let code = code_of(generator["secret"].as_str().expect("a secret"), site.now());
    let path = format!("/api/v1/invitations/{link}/accept");
    site.api(Method::POST, &path, "", Some(json!({ "password": NEW, "code": code }))).await
}

#[tokio::test]
async fn opening_the_link_shows_nobodys_name_and_no_secret() {
    let (site, admin) = site_with(Role::Admin).await;
    let link = invited(&site, &admin).await;
    let entries = site.ledger.entries().len();
    let seen = async || {
        let page = site.open(&format!("/join/{link}"), "").await;
        let api = site.api(Method::GET, &format!("/api/v1/invitations/{link}"), "", None).await;
        assert_eq!((page.status.as_u16(), api.status.as_u16()), (200, 200));
        for text in [page.text(), api.text()] {
            assert!(text.contains("Northside Physical Therapy"), "{text}");
            for hidden in ["Nadia", "nadia@example.org", "otpauth", "herapist"] {
                assert!(!text.contains(hidden), "{hidden}: {text}");
            }
        }
        page.text()
    };
    seen().await;
    assert_eq!(site.ledger.entries().len(), entries, "nothing was shown that wants an entry");

    let begun = site.submit(&format!("/join/{link}/begin"), "", "").await;
    assert_eq!(begun.status, 200, "the answer itself shows the secret: {}", begun.text());
    assert!(begun.text().contains("Nadia Petrova") && begun.text().contains("nadia@example.org"));
    assert_eq!(recorded(&site).last().map(String::as_str), Some("begin_totp allowed own-account"));
    let secret = begun
        .text()
        .split(|c: char| !c.is_ascii_uppercase() && !c.is_ascii_digit())
        .find(|word| word.len() == 32)
        .map(str::to_owned);
    let secret = secret.expect("a secret in base32");
    assert!(!seen().await.contains(&secret), "opening the link again does not show it");

    let wrong =
        site.submit(&format!("/join/{link}"), "", &format!("password={}&code=000000", NEW.replace(' ', "+"))).await;
    assert_eq!(wrong.status, 422);
    for hidden in ["Nadia", "otpauth", secret.as_str()] {
        assert!(!wrong.text().contains(hidden), "{hidden}");
    }
    let fields = format!("password={}&code={}", NEW.replace(' ', "+"), code_of(&secret, site.now()));
    let joined = site.submit(&format!("/join/{link}"), "", &fields).await;
    assert_eq!(joined.status, 200, "{}", joined.text());
    assert_eq!(type_password(&site, "nadia@example.org", NEW).await.status, 201);
}

#[tokio::test]
async fn whoever_holds_a_link_fills_no_disk_with_it() {
    let (site, admin) = site_with(Role::Admin).await;
    let link = invited(&site, &admin).await;
    let before = site.ledger.entries().len();
    let mut begun = 0;
    for _ in 0..60 {
        let status = begin(&site, &link).await.status.as_u16();
        assert!([200, 429].contains(&status), "{status}");
        begun += usize::from(status == 200);
    }
    assert!(begun <= 20, "{begun}");
    assert_eq!(site.ledger.entries().len(), before + begun + 1);
    // The link still works after a while.
    site.clock.advance_seconds(30);
    let generator = begin(&site, &link).await;
    assert_eq!(generator.status, 200, "{}", generator.text());
}

#[tokio::test]
async fn an_app_that_is_begun_by_a_link_takes_over_once_its_first_code_was_right() {
    let (site, person) = site_with(Role::Therapist).await;
    let link = beside(&site, &person).await;
    let generator = begin(&site, &link).await.json();
    let halved = half(&site, &person).await;
    assert_eq!(type_code(&site, &halved, &person.code(site.now())).await.status, 200, "the old app still opens");
    site.clock.advance_seconds(60);
    assert_eq!(accept(&site, &link, &generator).await.status, 201);
    assert_eq!(type_password(&site, &person.email, PASSWORD).await.status, 401);
}

#[tokio::test]
async fn whoever_accepts_leaves_nothing_of_the_factors_that_were_there_before() {
    let (site, person) = site_with(Role::Therapist).await;
    let (practice, account) = (person.practice(), person.account());
    let (house, db) = (&site.house, &site.house.stores.identity);
    // A passkey that came to lie there after the account was reset.
    let passkey = PasskeyId::random(&crypto::SystemRng);
    let row_id = PasskeyRow::row_id(passkey);
    let row = PasskeyRow {
        practice_id: practice,
        account_id: account,
        passkey_id: passkey,
        credential_index: [7; 32],
        credential: house.vault.seal(practice, account, row_id, &vec![1, 2, 3]).await.expect("sealed"),
        label: house.vault.seal(practice, account, row_id, &"Theirs".to_owned()).await.expect("sealed"),
        created_at: site.now(),
        last_used_at: None,
    };
    db.commit(passkeys::insert(Batch::new(), &row)).await.expect("stored");
    let cookie = site.signed_in(&person).await;
    let started = site.api(Method::POST, "/api/v1/me/totp", &cookie, Some(json!({}))).await;
    assert_eq!(started.status, 201);
    let link = beside(&site, &person).await;
    let generator = begin(&site, &link).await.json();
    assert_eq!(accept(&site, &link, &generator).await.status, 201);
    assert!(passkeys::of_account(db, practice, account).await.expect("read").is_empty());
    assert!(!is_full(&site, &cookie).await);
    let sql = "SELECT COUNT(*) FROM ceremonies";
    assert_eq!(db.one(sql, &[]).await.expect("read").int(0).expect("a number"), 0, "nothing is under way");
}
