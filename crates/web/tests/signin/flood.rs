//! Whoever asks without being let in fills no disk, and how often they asked is still known.

use crate::support::{recorded, site_with, type_password};
use axum::{
    body::Body,
    http::{Request, header},
};
use domain::Role;
use ledger::Entry;
use serde_json::json;
use testkit::{
    house::PASSWORD,
    site::{Answer, Site},
};
use web::Peer;

/// Tries a password from a network address.
async fn from_address(site: &Site, address: &str, email: &str, password: &str) -> Answer {
    let typed = json!({ "email": email, "password": password });
    let mut request = Request::post("/api/v1/session")
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from(typed.to_string()))
        .expect("a request");
    request.extensions_mut().insert(Peer(format!("{address}:4711").parse().expect("an address")));
    site.send(request).await
}

/// What the ledger says of tries that were refused without being looked at: the entry of the first, and their number.
fn refused(site: &Site) -> (Vec<Entry>, Vec<(Entry, u32)>) {
    let throttled: Vec<Entry> =
        site.ledger.entries().into_iter().filter(|entry| entry.reason.as_str() == "throttled").collect();
    let (told, first): (Vec<_>, Vec<_>) =
        throttled.into_iter().partition(|entry| entry.action.as_str() == "refused_tries");
    let number = |entry: Entry| {
        let count = entry.resource.id().parse().expect("a number");
        (entry, count)
    };
    (first, told.into_iter().map(number).collect())
}

#[tokio::test]
async fn a_flood_from_one_address_is_recorded_once_a_window_and_counted() {
    let (site, person) = site_with(Role::Therapist).await;
    let mut looked_at = 0;
    for n in 0..200 {
        let answer = from_address(&site, "203.0.113.9", &format!("nobody{n}@example.org"), "not the password").await;
        looked_at += u32::from(answer.status == 401);
    }
    assert_eq!(looked_at, 20, "an address has 20 tries before it waits");
    assert_eq!(site.ledger.entries().len(), 20 + 1, "{:?}", recorded(&site));
    let (first, told) = refused(&site);
    assert!(told.is_empty());
    assert_eq!(first[0].address, Some("203.0.113.9".parse().expect("an address")));

    // Anybody's next try after the window, from anywhere, brings the number to the ledger.
    site.clock.advance_seconds(15 * 60);
    assert_eq!(from_address(&site, "198.51.100.4", &person.email, PASSWORD).await.status, 201);
    let (first, told) = refused(&site);
    let [(entry, count)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(looked_at + count, 200, "every try is accounted for");
    assert_eq!(entry.request, first[0].request, "the entry of the first says where they came from");
}

#[tokio::test]
async fn tries_that_one_account_did_not_get_are_told_when_it_signs_in() {
    let (site, person) = site_with(Role::Therapist).await;
    for n in 0..40 {
        from_address(&site, &format!("203.0.113.{n}"), &person.email, "not the password").await;
    }
    assert_eq!(site.ledger.entries().len(), 5 + 1, "{:?}", recorded(&site));
    site.clock.advance_seconds(30);
    assert_eq!(from_address(&site, "198.51.100.4", &person.email, PASSWORD).await.status, 201);
    let (_, told) = refused(&site);
    let [(entry, count)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((*count, entry.actor), (35, Some(person.account())));
    // The next window begins anew.
    for _ in 0..10 {
        assert!([401, 429].contains(&type_password(&site, &person.email, "not the password").await.status.as_u16()));
    }
    assert_eq!(refused(&site).0.len(), 2);
}

#[tokio::test]
async fn of_many_refused_at_once_one_is_recorded() {
    let (site, person) = site_with(Role::Therapist).await;
    for _ in 0..5 {
        type_password(&site, &person.email, "not the password").await;
    }
    let answers = futures::future::join_all((0..50).map(|_| type_password(&site, &person.email, "again"))).await;
    assert!(answers.iter().all(|answer| answer.status == 429));
    assert_eq!(refused(&site).0.len(), 1);
}

#[tokio::test]
async fn a_refusal_that_cannot_be_recorded_is_no_answer_and_the_next_is_the_first() {
    let (site, person) = site_with(Role::Therapist).await;
    for _ in 0..5 {
        type_password(&site, &person.email, "not the password").await;
    }
    site.ledger.backend().set_failing(true);
    for _ in 0..2 {
        assert_eq!(type_password(&site, &person.email, "again").await.status, 503);
    }
    site.ledger.backend().set_failing(false);
    assert_eq!(type_password(&site, &person.email, "again").await.status, 429);
    assert_eq!(refused(&site).0.len(), 1);
}

async fn get(site: &Site, path: &str, bearer: Option<&str>) -> u16 {
    let mut request = Request::get(path);
    if let Some(secret) = bearer {
        request = request.header(header::AUTHORIZATION, format!("Bearer {secret}"));
    }
    site.send(request.body(Body::empty()).expect("a request")).await.status.as_u16()
}

#[tokio::test]
async fn an_ended_token_that_is_still_used_is_recorded_once_a_window_and_counted() {
    let (site, person) = site_with(Role::Therapist).await;
    let cookie = site.signed_in(&person).await;
    let new = json!({ "label": "Nightly report", "scopes": ["read_exercise"], "days": 1 });
    let issued = site.api(axum::http::Method::POST, "/api/v1/me/tokens", &cookie, Some(new)).await.json();
    let secret = issued["secret"].as_str().expect("a secret");
    site.clock.advance_seconds(24 * 60 * 60);
    let before = site.ledger.entries().len();
    for _ in 0..30 {
        assert_eq!(get(&site, "/api/v1/me", Some(secret)).await, 401);
    }
    assert_eq!(site.ledger.entries().len(), before + 1, "{:?}", recorded(&site));
    site.clock.advance_seconds(15 * 60);
    assert_eq!(type_password(&site, &person.email, PASSWORD).await.status, 201);
    assert_eq!(refused(&site).1[0].1, 30);
}

#[tokio::test]
async fn secrets_that_nobody_was_given_leave_nothing_behind() {
    let (site, _) = site_with(Role::Therapist).await;
    let wrong = "A".repeat(43);
    for _ in 0..30 {
        assert_eq!(get(&site, "/api/v1/me", Some(&format!("pat_{wrong}"))).await, 401);
        for path in [format!("/join/{wrong}"), format!("/api/v1/invitations/{wrong}")] {
            assert_eq!(get(&site, &path, None).await, 404);
        }
        let begun = site.submit(&format!("/join/{wrong}/begin"), "", "").await;
        assert_eq!(begun.status, 404);
    }
    assert!(site.ledger.entries().is_empty());
}
