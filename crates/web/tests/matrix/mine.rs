//! What belongs to an account: sessions, API tokens and passkeys are ended by their owner and by nobody else.

use crate::{
    request::{Sent, name},
    roles::Seen,
    world::World,
};
use axum::http::Method;
use crypto::SystemRng;
use domain::{AccountId, Role};
use serde_json::{Value, json};
use testkit::{
    authenticator::Authenticator,
    house::{ORIGIN, Person},
};
use web::{Kind, Route, Verb, routes};

/// Routes whose address names something of an account, with the name of the parameter.
fn doors() -> Vec<(Route, &'static str)> {
    let named = |route: &Route| {
        let parameters = ["session_id", "token_id", "passkey_id"];
        parameters.into_iter().find(|parameter| route.path_parameters().any(|one| one == *parameter))
    };
    routes::table().routes().into_iter().filter_map(|route| named(&route).map(|parameter| (route, parameter))).collect()
}

async fn made(world: &World, cookie: &str, path: &str, body: Value) -> Value {
    let answer = world.site.api(Method::POST, path, cookie, Some(body)).await;
    assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text());
    answer.json()
}

/// Makes one for somebody, and gives its id.
async fn one_of(world: &World, person: &Person, kind: &str, number: u8) -> String {
    let cookie = world.site.signed_in(person).await;
    let made = match kind {
        "session_id" => {
            let sessions = world.site.api(Method::GET, "/api/v1/sessions", &cookie, None).await.json();
            let all = sessions["items"].as_array().expect("a list").clone();
            all.into_iter().find(|one| one["current"] == true).expect("this one")
        }
        "token_id" => {
            let scopes = practice::account::scopes_of(person.claims.role);
            let new = json!({ "label": "Nightly report", "scopes": scopes, "days": 30 });
            made(world, &cookie, "/api/v1/me/tokens", new).await
        }
        _ => {
            let options = made(world, &cookie, "/api/v1/me/passkeys/start", json!({})).await;
            let credential = Authenticator::new(number, "localhost", ORIGIN).create(&options);
            let new = json!({ "label": "Desk key", "credential": credential });
            made(world, &cookie, "/api/v1/me/passkeys/finish", new).await
        }
    };
    made[kind].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_tokens_and_passkeys_are_their_owners_alone() {
    let world = World::new().await;
    let (doors, mut wrong, mut number) = (doors(), Vec::new(), 0);
    assert!(doors.len() >= 6, "there are pages and an API");
    for (route, kind) in doors {
        number += 3;
        let colleagues = one_of(&world, &world.colleague, kind, number).await;
        let strangers = one_of(&world, &world.stranger, kind, number + 1).await;
        for role in Role::ALL {
            number += 3;
            let person = &world.people[role];
            // A second key, so that the first is not the last that opens the account.
            if kind == "passkey_id" && *role == Role::Admin {
                one_of(&world, person, kind, number).await;
            }
            let own = one_of(&world, person, kind, number + 1).await;
            let cookie = world.site.signed_in(person).await;
            let mut nothing = None;
            for (relation, id) in [
                ("unknown", AccountId::random(&SystemRng).to_string()),
                ("other", colleagues.clone()),
                ("of another practice", strangers.clone()),
                ("own", own),
            ] {
                let path = route.path.replace(&format!("{{{kind}}}"), &id);
                let form = route.kind == Kind::Page;
                let media = if form { "application/x-www-form-urlencoded" } else { "" };
                let request = Sent { path, body: Vec::new(), media, if_match: None };
                let answer = world.site.send(request.with(route.method, &cookie)).await;
                let seen = Seen::of(&answer);
                let fits = match relation {
                    "own" => answer.status.is_success() || (form && answer.status.is_redirection()),
                    _ => answer.status == 404 && *nothing.get_or_insert_with(|| seen.clone()) == seen,
                };
                if !fits {
                    wrong.push(format!("{} as {role}, {relation}: {seen:?}", name(&route)));
                }
            }
        }
        // Whatever was tried, they are still there.
        for person in [&world.colleague, &world.stranger] {
            let cookie = world.site.signed_in(person).await;
            let list = ["/api/v1/sessions", "/api/v1/me/tokens", "/api/v1/me/passkeys"];
            let list = list.into_iter().find(|path| path.ends_with(&kind.replace("_id", "s"))).expect("a list");
            let listed = world.site.api(Method::GET, list, &cookie, None).await;
            assert!(
                listed
                    .text()
                    .contains([&colleagues, &strangers][usize::from(person.account() == world.stranger.account())])
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lists_of_ones_own_hold_nothing_of_anybody_else() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for (number, kind) in (0..).zip(["session_id", "token_id", "passkey_id"]) {
        ids.push(one_of(&world, &world.colleague, kind, number).await);
        ids.push(one_of(&world, &world.stranger, kind, number + 100).await);
    }
    for route in routes::table().routes().into_iter().filter(|route| route.method == Verb::Get) {
        if route.path.contains('{') {
            continue;
        }
        for role in Role::ALL {
            let answer = world.site.open(route.path, &world.cookies[role]).await;
            let told = ids.iter().find(|id| answer.text().contains(*id));
            // The trail names what was made, to those who watch over it.
            let watches = route.path.contains("audit") && matches!(role, Role::Admin | Role::PrivacyOfficer);
            assert!(told.is_none() || watches, "{} as {role}: {told:?}", name(&route));
        }
    }
}
