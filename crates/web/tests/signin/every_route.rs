//! Law 6 over the whole table: a password alone is not a session, and nobody is nobody.

use axum::{
    body::Body,
    http::{Request, header},
};
use domain::Role;
use testkit::site::{Answer, Site};
use web::{Kind, Level, Route, Verb, routes};

/// Routes that a password alone opens: what leads to a full session, or out of it. Whoever adds one here says why.
const HALF: [&str; 9] = [
    "DELETE /api/v1/session",
    "GET /sign-in/factor",
    "GET /sign-in/recovery",
    "POST /api/v1/session/passkey/finish",
    "POST /api/v1/session/passkey/start",
    "POST /api/v1/session/recovery",
    "POST /api/v1/session/totp",
    "POST /sign-in/factor",
    "POST /sign-in/recovery",
];

fn name(route: &Route) -> String {
    format!("{} {}", route.method.word(), route.path)
}

async fn call(site: &Site, route: &Route, cookie: &str) -> Answer {
    let id = "0b9e3c1e-6d0a-4a39-9d3c-0a0a0a0a0a0a";
    let path = route.path_parameters().fold(route.path.to_owned(), |path, parameter| {
        path.replace(&format!("{{*{parameter}}}"), id).replace(&format!("{{{parameter}}}"), id)
    });
    let request = Request::builder()
        .method(route.method.word())
        .uri(path)
        .header(header::COOKIE, cookie)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Body::from("{}"));
    site.send(request.expect("a request")).await
}

/// Whether the answer is that of a door that stays shut.
fn is_shut(route: &Route, answer: &Answer, leads_to: &str) -> bool {
    match (route.kind, route.method) {
        (Kind::Page, Verb::Get) => answer.status == 303 && answer.header("location") == Some(leads_to),
        _ => answer.status == 401,
    }
}

#[tokio::test]
async fn no_route_beyond_the_public_ones_opens_to_nobody_and_none_but_the_ways_on_to_a_password_alone() {
    let site = Site::new().await;
    let practice = site.practice().await;
    let mut halves = Vec::new();
    for role in [Role::Admin, Role::Patient] {
        halves.push(site.half_signed_in(&site.account(practice, role).await).await);
    }
    let forged = format!("{}={}", web::cookie::SESSION_COOKIE, "A".repeat(43));
    let routes = routes::table().routes();
    assert!(routes.len() > 40);
    for route in routes.iter().filter(|route| route.level != Level::Public) {
        for cookie in ["", forged.as_str()] {
            let answer = call(&site, route, cookie).await;
            assert!(is_shut(route, &answer, "/sign-in"), "{}: {}", name(route), answer.status);
        }
    }
    for route in routes.iter().filter(|route| route.level == Level::Full) {
        for half in &halves {
            let answer = call(&site, route, half).await;
            assert!(is_shut(route, &answer, "/sign-in/factor"), "{}: {}", name(route), answer.status);
        }
    }
    // Nothing of it was as much as asked for.
    assert!(site.ledger.entries().is_empty());
}

#[test]
fn the_routes_that_a_password_alone_opens_are_these() {
    let mut half: Vec<String> =
        routes::table().routes().iter().filter(|route| route.level == Level::Half).map(name).collect();
    half.sort();
    assert_eq!(half, HALF);
}
