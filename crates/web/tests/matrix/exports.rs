//! What is taken out of the practice, over every route that does: whose exports are held gets none of it, in no session and with
//! no token, and gets it again when somebody gave them free.

use crate::{
    expectation::whom,
    fail_closed::role_of,
    request::{name, sent},
    world::{Relation, World, alert},
};
use axum::http::Method;
use domain::Role;
use ledger::Outcome;
use serde_json::json;
use std::collections::BTreeSet;
use web::{Kind, Route, routes};

/// What takes something out. A route that sends a file and is not among them sends nothing; for a list that is an export in JSON,
/// say it here too.
const TAKES_OUT: [&str; 22] = [
    "POST /api/v1/incidents/{incident_id}/letters/pdf",
    "POST /api/v1/incidents/{incident_id}/letters/csv",
    "POST /api/v1/incidents/{incident_id}/file",
    "POST /api/v1/incidents/{incident_id}/file/pdf",
    "POST /incidents/{incident_id}/letters/pdf",
    "POST /incidents/{incident_id}/letters/csv",
    "POST /incidents/{incident_id}/file",
    "POST /incidents/{incident_id}/file/pdf",
    "GET /api/v1/training/export",
    "GET /api/v1/audit/export",
    "GET /api/v1/incidents/affected",
    "GET /api/v1/incidents/log",
    "GET /api/v1/access-reviews/{review_id}/record",
    "GET /api/v1/access-reviews/{review_id}/record.pdf",
    "GET /reviews/{review_id}/record.pdf",
    "GET /reviews/{review_id}/record.json",
    "GET /billing/bookings.csv",
    "GET /api/v1/billing/bookings.csv",
    "GET /billing/accounts/{billing_account_id}/statement.pdf",
    "GET /billing/accounts/{billing_account_id}/bookings/{booking_id}/receipt.pdf",
    "GET /api/v1/billing/accounts/{billing_account_id}/statement.pdf",
    "GET /api/v1/billing/accounts/{billing_account_id}/bookings/{booking_id}/receipt.pdf",
];

fn taking_out() -> Vec<(Route, Role)> {
    let routes = routes::table().routes().into_iter().filter(|route| route.takes_out);
    routes.map(|route| (route, whom(&name(&route)).and_then(role_of).expect("somebody may"))).collect()
}

#[test]
fn what_takes_something_out_is_as_reviewed() {
    let flagged: BTreeSet<String> = taking_out().iter().map(|(route, _)| name(route)).collect();
    assert_eq!(flagged, TAKES_OUT.into_iter().map(str::to_owned).collect());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_exports_are_held_takes_nothing_out_until_they_are_given_free() {
    let world = World::new().await;
    let roles: BTreeSet<Role> = taking_out().iter().map(|(_, role)| *role).collect();
    let other = world.site.signed_in(&world.people[&Role::PrivacyOfficer]).await;
    for role in &roles {
        let person = &world.people[role];
        let mine = || taking_out().into_iter().filter(|(_, of)| of == role).map(|(route, _)| route);
        let another = world.site.signed_in(person).await;
        let new = json!({ "label": "Nightly", "scopes": practice::account::scopes_of(*role), "days": 30 });
        let issued = world.site.api(Method::POST, "/api/v1/me/tokens", &another, Some(new)).await;
        let token = issued.json()["secret"].as_str().expect("a secret").to_owned();
        let alert = alert(&world.site, world.practice, Some(person.account())).await;
        let recorded = world.site.ledger.entries().len();
        let mut refused = 0;
        for route in mine() {
            let request = sent(&world, &route, Relation::Own).await;
            let mut asked =
                vec![request.with(route.method, &world.cookies[role]), request.with(route.method, &another)];
            if route.kind == Kind::Api && !route.path.starts_with("/api/v1/incidents") {
                asked.push(request.with_token(route.method, &token));
            }
            for request in asked {
                let answer = world.site.send(request).await;
                assert_eq!(answer.status, 409, "{}: {}", name(&route), answer.text());
                let text = answer.text();
                assert!(text.contains("held back") && text.contains("Ask a privacy officer"), "{text}");
                refused += 1;
            }
        }
        let entries = world.site.ledger.entries();
        let denied = entries[recorded..].iter().filter(|entry| {
            entry.outcome == Outcome::Denied
                && entry.reason.as_str() == "exports-held"
                && entry.actor == Some(person.account())
        });
        assert_eq!(
            (denied.count(), entries.len() - recorded),
            (refused, refused),
            "each is an entry, and no other is there"
        );
        let path = format!("/api/v1/alerts/{alert}/lift");
        assert_eq!(world.site.api(Method::POST, &path, &other, None).await.status, 204);
        for route in mine() {
            let request = sent(&world, &route, Relation::Own).await;
            let answer = world.site.send(request.with(route.method, &world.cookies[role])).await;
            assert_eq!(answer.status, 200, "{}: {}", name(&route), answer.text());
        }
    }
}
