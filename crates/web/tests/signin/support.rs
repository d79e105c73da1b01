//! What the tests do again and again.

use axum::http::Method;
use domain::Role;
use serde_json::{Value, json};
use testkit::{
    house::{PASSWORD, Person},
    site::{Answer, Site},
};

/// A site with one practice and one account.
pub(crate) async fn site_with(role: Role) -> (Site, Person) {
    let site = Site::new().await;
    let practice = site.practice().await;
    let person = site.account(practice, role).await;
    (site, person)
}

/// Tries an address and a password.
pub(crate) async fn type_password(site: &Site, email: &str, password: &str) -> Answer {
    let typed = json!({ "email": email, "password": password });
    site.api(Method::POST, "/api/v1/session", "", Some(typed)).await
}

/// The cookie of a half session, begun through the API.
pub(crate) async fn half(site: &Site, person: &Person) -> String {
    let answer = type_password(site, &person.email, PASSWORD).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.cookie().expect("a cookie")
}

/// Sends a code.
pub(crate) async fn type_code(site: &Site, cookie: &str, code: &str) -> Answer {
    site.api(Method::POST, "/api/v1/session/totp", cookie, Some(json!({ "code": code }))).await
}

/// Whether a cookie opens a full session.
pub(crate) async fn is_full(site: &Site, cookie: &str) -> bool {
    site.api(Method::GET, "/api/v1/me", cookie, None).await.status == 200
}

/// The body without the request's id, which is another each time.
pub(crate) fn without_request(answer: &Answer) -> Value {
    let mut body = answer.json();
    body.as_object_mut().expect("an object").remove("request_id");
    body
}

/// What the ledger says, newest last: `action outcome reason`.
pub(crate) fn recorded(site: &Site) -> Vec<String> {
    let line = |entry: ledger::Entry| {
        let outcome = format!("{:?}", entry.outcome).to_lowercase();
        format!("{} {outcome} {}", entry.action, entry.reason)
    };
    site.ledger.entries().into_iter().map(line).collect()
}
