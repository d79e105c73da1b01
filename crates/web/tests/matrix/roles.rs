//! Every route × role × relationship.

use crate::{
    expectation::{ROUTES, Whom, whom},
    request::{name, sent},
    world::{Relation, World},
};
use axum::http::StatusCode;
use domain::Role;
use ledger::Outcome;
use std::collections::{BTreeMap, BTreeSet};
use testkit::{house::TestHouse, postgres::Server, site::Answer};
use web::{Level, Route, Verb, routes};

/// What may not differ between a record that is not for the caller and one that is not there: the status, every header
/// (tags and lengths too), the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    status: StatusCode,
    headers: BTreeMap<String, Vec<u8>>,
    body: String,
}

impl Seen {
    pub(crate) fn of(answer: &Answer) -> Self {
        let id = request_id(answer);
        let headers = answer.headers.iter().filter(|(name, _)| !["x-request-id", "date"].contains(&name.as_str()));
        let headers = headers.map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect();
        Self { status: answer.status, headers, body: answer.text().replace(&id, "(request)") }
    }
}

fn request_id(answer: &Answer) -> String {
    answer.header("x-request-id").expect("every answer has one").to_owned()
}

/// Whether an answer says that the caller was let in: done, or refused because of what was there already.
fn let_in(status: StatusCode) -> bool {
    status.is_success() || status.is_redirection() || [409, 412].contains(&status.as_u16())
}

#[test]
fn every_route_has_a_row_and_every_row_a_route() {
    let routes: BTreeSet<String> = routes::table().routes().iter().map(name).collect();
    let rows: BTreeSet<String> = ROUTES.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(rows.len(), ROUTES.len(), "a route has two rows");
    let bare: Vec<_> = routes.difference(&rows).collect();
    assert!(bare.is_empty(), "say in expectation.rs whom these serve: {bare:#?}");
    let gone: Vec<_> = rows.difference(&routes).collect();
    assert!(gone.is_empty(), "these are no routes: {gone:#?}");
}

#[test]
fn the_levels_of_the_routes_are_those_of_their_rows() {
    for route in routes::table().routes() {
        let Some(whom) = whom(&name(&route)) else { continue };
        let level = match whom {
            Whom::All => Level::Public,
            Whom::Half => Level::Half,
            _ => Level::Full,
        };
        assert_eq!(route.level, level, "{}", name(&route));
    }
}

/// Routes that are about a patient, an account or the practice.
fn guarded() -> Vec<(Route, Whom)> {
    let open = [Whom::All, Whom::Half, Whom::Anyone, Whom::List];
    let rows = routes::table().routes().into_iter().filter_map(|route| whom(&name(&route)).map(|whom| (route, whom)));
    let mut rows: Vec<_> = rows.filter(|(_, whom)| !open.contains(whom)).collect();
    // What opens a record to whoever asks comes last, so that it was closed to them before.
    rows.sort_by_key(|(_, whom)| *whom == Whom::BreaksGlass);
    rows
}

/// Asks every guarded route as each of `roles` in every relation.
async fn each_is_served_as_it_stands(world: &World, roles: &[Role]) {
    let (mut wrong, mut served) = (Vec::new(), BTreeSet::new());
    let mut refused = BTreeMap::new();
    for (route, whom) in guarded() {
        for role in roles {
            // First of what is not there: the others are held against it.
            let (mut nothing, mut no_head) = (None, None);
            for relation in Relation::ALL {
                let cookie = &world.cookies[role];
                let request = sent(world, &route, relation).await;
                let answer = world.site.send(request.with(route.method, cookie)).await;
                let cell = format!("{} as {role}, {relation:?}: {}", name(&route), answer.status);
                match whom.serves(*role, relation) {
                    true if let_in(answer.status) => {
                        if !answer.status.is_client_error() {
                            served.insert(name(&route));
                        }
                    }
                    false if answer.status == 404 => {
                        let mut answers = vec![(answer, &mut nothing)];
                        if route.method == Verb::Get {
                            answers.push((world.site.send(request.head(cookie)).await, &mut no_head));
                        }
                        for (answer, nothing) in answers {
                            if whom.about_a_patient() {
                                refused.insert(request_id(&answer), cell.clone());
                            }
                            let seen = Seen::of(&answer);
                            let nothing = nothing.get_or_insert_with(|| seen.clone());
                            if *nothing != seen || seen.headers.contains_key("etag") {
                                wrong.push(format!("{cell}: {seen:?}, unlike what is not there: {nothing:?}"));
                            }
                        }
                    }
                    _ => wrong.push(cell),
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let reach =
        |whom: Whom| roles.iter().any(|role| Relation::ALL.iter().any(|relation| whom.serves(*role, *relation)));
    let reachable = guarded().into_iter().filter(|(_, whom)| reach(*whom)).map(|(route, _)| name(&route));
    let never: Vec<_> = reachable.filter(|name| !served.contains(name)).collect();
    assert!(never.is_empty(), "never seen to work: {never:#?}");

    let entries = world.site.ledger.entries();
    let denied = entries.iter().filter(|entry| entry.outcome == Outcome::Denied).map(|entry| entry.request.to_string());
    let denied: BTreeSet<String> = denied.collect();
    let silent: Vec<_> = refused.iter().filter(|(id, _)| !denied.contains(*id)).map(|(_, cell)| cell).collect();
    assert!(silent.is_empty(), "refused without a record: {silent:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_role_is_served_as_it_stands_to_the_patient_and_every_no_is_recorded_and_looks_like_nothing() {
    each_is_served_as_it_stands(&World::new().await, Role::ALL).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgresql_therapists_patients_and_administrators_are_served_just_so() {
    let Some(server) = Server::shared().expect("PostgreSQL starts") else { return };
    let world = World::over(TestHouse::on_postgres(server).await).await;
    each_is_served_as_it_stands(&world, &[Role::Therapist, Role::Patient, Role::Admin]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_signed_in_reaches_their_own_account_and_the_library() {
    let mut world = World::new().await;
    let mut wrong = Vec::new();
    for route in routes::table().routes() {
        if !matches!(whom(&name(&route)), Some(Whom::Anyone | Whom::List)) {
            continue;
        }
        for role in Role::ALL {
            let request = sent(&world, &route, Relation::Own).await;
            let answer = world.site.send(request.with(route.method, &world.cookies[role])).await;
            // What is not one's own is not there; a code that is wrong is refused, but not the session.
            let others = ["{session_id}", "{token_id}", "{passkey_id}", "{emergency_id}"]
                .iter()
                .any(|id| route.path.contains(id));
            let code = ["/api/v1/session/step-up/totp", "/api/v1/session/step-up/passkey/finish", "/account/confirm"]
                .contains(&route.path);
            let shut = answer.status == 403 || (answer.status == 401 && !code);
            let refused = shut || (answer.status == 404) != others;
            if refused || answer.status.is_server_error() {
                wrong.push(format!("{} as {role}: {} {}", name(&route), answer.status, answer.text()));
            }
            let ends = route.path.contains("sessions") || route.path.contains("password");
            if ends {
                world.sign_in(*role).await;
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
