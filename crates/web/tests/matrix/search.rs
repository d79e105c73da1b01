//! Searching for a patient by something exact, and registering one twice under one key: the guard is asked first, whoever
//! asks and whatever is found.

use crate::{
    chart::Chart,
    world::{Relation, World},
};
use axum::{
    body::Body,
    http::{Request, header},
};
use domain::Role;
use ledger::{Entry, Outcome};
use store::{
    Batch,
    rows::accounts::{self, AccountState},
};
use testkit::site::Answer;

/// Searches for the address of a patient, by somebody who treats nobody.
async fn search(world: &World, cookie: &str, chart: &Chart) -> (Answer, Vec<Entry>) {
    let before = world.site.ledger.entries().len();
    let typed = format!("q={}%40example.org", chart.patient);
    let answer = world.site.submit("/patients", cookie, &typed).await;
    (answer, world.site.ledger.entries().split_off(before))
}

/// What is the same of two entries about different patients.
fn shape(entries: &[Entry]) -> Vec<(String, bool, Outcome, String)> {
    let of = |entry: &Entry| {
        let (action, reason) = (entry.action.to_string(), entry.reason.to_string());
        (action, entry.patient.is_some(), entry.outcome, reason)
    };
    entries.iter().map(of).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_is_recorded_before_anything_is_looked_up_and_a_hit_that_is_not_open_is_like_a_miss() {
    let world = World::new().await;
    // Somebody who treats nobody, so that no list of names is recorded besides.
    let newcomer = world.site.account(world.practice, Role::Therapist).await;
    let cookie = world.site.signed_in(&newcomer).await;
    let mut shapes = Vec::new();
    for relation in [Relation::Unknown, Relation::Other, Relation::Foreign] {
        let chart = &world.charts[&relation];
        let (answer, entries) = search(&world, &cookie, chart).await;
        let page = answer.text();
        assert!(answer.status == 200 && !page.contains(&format!("/patients/{}", chart.patient)), "{relation:?}");
        assert_eq!(
            (entries[0].patient, entries[0].outcome),
            (None, Outcome::Allowed),
            "{relation:?}: the search itself"
        );
        shapes.push(shape(&entries));
    }
    assert_eq!(shapes[1], shapes[0], "of the practice, as if there were nobody");
    assert_eq!(shapes[2], shapes[0], "of another practice, as if there were nobody");

    let (answer, entries) = search(&world, &world.cookies[&Role::FrontDesk], &world.charts[&Relation::Other]).await;
    assert!(answer.text().contains(&format!("/patients/{}", world.charts[&Relation::Other].patient)));
    assert_eq!(entries.last().expect("recorded").patient, Some(world.charts[&Relation::Other].patient));

    world.site.ledger.backend().set_failing(true);
    let (answer, _) = search(&world, &cookie, &world.charts[&Relation::Unknown]).await;
    assert_eq!(answer.status, 503, "{}", answer.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_see_no_patient_searches_for_none() {
    let world = World::new().await;
    for role in [Role::Billing, Role::PrivacyOfficer, Role::Operator, Role::Researcher, Role::Patient] {
        let (answer, entries) = search(&world, &world.cookies[&role], &world.charts[&Relation::Own]).await;
        assert_eq!(answer.status, 404, "{role}");
        assert_eq!(entries.len(), 1, "{role}: refused at once, and recorded: {:?}", shape(&entries));
        assert_eq!(entries[0].outcome, Outcome::Denied, "{role}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_registration_that_is_sent_again_asks_the_guard_again() {
    let world = World::new().await;
    let desk = world.site.account(world.practice, Role::FrontDesk).await;
    let register = async |cookie: &str| {
        let request = Request::post("/api/v1/patients")
            .header(header::COOKIE, cookie)
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "6f1c9d2e-registration")
            .body(Body::from(r#"{"given_name":"Eve","family_name":"New","birth_date":"1984-03-02"}"#));
        world.site.send(request.expect("a request")).await
    };
    let cookie = world.site.signed_in(&desk).await;
    let first = register(&cookie).await;
    assert_eq!(first.status, 201, "{}", first.text());
    let patient = first.json()["patient_id"].clone();
    let again = register(&cookie).await;
    assert_eq!((again.status.as_u16(), &again.json()["patient_id"]), (201, &patient));
    let last = world.site.ledger.entries().pop().expect("recorded");
    assert_eq!(last.patient.map(|id| id.to_string().into()), Some(patient), "the second answer is a look of its own");

    world.site.ledger.backend().set_failing(true);
    assert_eq!(register(&cookie).await.status, 503);
    world.site.ledger.backend().set_failing(false);
    // The same person in another role has the key, and no longer the permission.
    let (practice, account) = (desk.practice(), desk.account());
    let moved = accounts::set_role_and_state(Batch::new(), practice, account, Role::Billing, AccountState::Active, 1);
    world.site.house.stores.identity.commit(moved).await.expect("stored");
    let mut desk = desk;
    desk.claims.role = Role::Billing;
    let cookie = world.site.signed_in(&desk).await;
    assert_eq!(register(&cookie).await.status, 404);
}
