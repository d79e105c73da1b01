//! Law 6 over every route, with the ids of real things in the addresses of somebody's own: neither nobody, nor a
//! password alone, nor a session that was ended opens any of them.

use crate::{
    expectation::{Whom, whom},
    request::{name, sent},
    world::{Relation, World},
};
use axum::http::Method;
use domain::Role;
use identity::SessionToken;
use store::{Batch, rows::login_sessions};
use testkit::site::Answer;
use web::{Kind, Route, Verb, routes};

fn is_shut(route: &Route, answer: &Answer, leads_to: &str) -> bool {
    match (route.kind, route.method) {
        (Kind::Page, Verb::Get) => answer.status == 303 && answer.header("location") == Some(leads_to),
        _ => answer.status == 401,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_half_sessions_and_ended_sessions_open_nothing_that_is_really_there() {
    let world = World::new().await;
    let mut cookies = vec![(String::new(), "/sign-in")];
    for role in [Role::Therapist, Role::Admin, Role::Patient, Role::FrontDesk] {
        let person = &world.people[&role];
        cookies.push((world.site.half_signed_in(person).await, "/sign-in/factor"));
        let ended = world.site.signed_in(person).await;
        let out = world.site.api(Method::DELETE, "/api/v1/session", &ended, None).await;
        assert_eq!(out.status, 204, "{}", out.text());
        cookies.push((ended, "/sign-in"));
    }
    let recorded = world.site.ledger.backend().size();
    let mut open = Vec::new();
    for route in routes::table().routes() {
        if matches!(whom(&name(&route)), Some(Whom::All | Whom::Half)) {
            continue;
        }
        let request = sent(&world, &route, Relation::Own).await;
        for (cookie, leads_to) in &cookies {
            let answer = world.site.send(request.with(route.method, cookie)).await;
            if !is_shut(&route, &answer, leads_to) {
                open.push(format!("{}: {}", name(&route), answer.status));
            }
        }
    }
    assert!(open.is_empty(), "{open:#?}");
    assert_eq!(world.site.ledger.backend().size(), recorded, "nothing was as much as asked for");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_a_factor_is_to_be_proven_again_nothing_else_opens_but_signing_out() {
    let world = World::new().await;
    let (house, db) = (&world.site.house, &world.site.house.stores.identity);
    let (mut open, mut recorded) = (Vec::new(), world.site.ledger.backend().size());
    for role in [Role::Therapist, Role::Admin, Role::Patient, Role::Billing] {
        let cookie = &world.cookies[&role];
        let (_, token) = cookie.split_once('=').expect("a cookie");
        let hash = SessionToken::parse(token).expect("a token").hash();
        let (record, _) = login_sessions::with_account(db, &hash).await.expect("read").expect("there");
        let asked = house.sessions.ask_factor(&record, world.site.now()).expect("genuine");
        db.commit(login_sessions::ask_factor(Batch::new(), &record, &asked)).await.expect("stored");
        for route in routes::table().routes() {
            if whom(&name(&route)) == Some(Whom::All) || route.proves {
                continue;
            }
            let request = sent(&world, &route, Relation::Own).await;
            recorded = world.site.ledger.backend().size();
            let answer = world.site.send(request.with(route.method, cookie)).await;
            let leads_to = format!("/account/confirm?next={}", request.path.split('?').next().unwrap_or_default());
            if !is_shut(&route, &answer, &leads_to) || world.site.ledger.backend().size() != recorded {
                open.push(format!("{} as {role}: {}", name(&route), answer.status));
            }
        }
        let proving = world.site.open("/account/confirm?next=/account", cookie).await;
        assert_eq!(proving.status, 200, "{}", proving.text());
        let out = world.site.api(Method::DELETE, "/api/v1/session", cookie, None).await;
        assert_eq!(out.status, 204, "{}", out.text());
    }
    assert!(open.is_empty(), "{open:#?}");
    assert!(recorded > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exercise_pictures_need_a_full_session() {
    let world = World::new().await;
    let patient = &world.people[&Role::Patient];
    let half = world.site.half_signed_in(patient).await;
    for path in [
        format!("/exercises/{}/pictures/0", world.exercise),
        format!("/api/v1/exercises/{}/pictures/0", world.exercise),
    ] {
        for cookie in ["", half.as_str()] {
            let answer = world.site.open(&path, cookie).await;
            assert!([303, 401].contains(&answer.status.as_u16()), "{path}: {}", answer.status);
            assert!(answer.header("etag").is_none(), "{path}");
        }
        let answer = world.site.open(&path, &world.cookies[&Role::Patient]).await;
        assert_eq!(answer.status, 200, "{path}");
        let kept = answer.header("cache-control").unwrap_or_default();
        assert!(kept.contains("private") || kept == "no-store", "in nobody else's cache: {path}: {kept}");
        let stranger = world.site.signed_in(&world.stranger).await;
        assert_eq!(world.site.open(&path, &stranger).await.status, 404, "another practice's library: {path}");
    }
}
