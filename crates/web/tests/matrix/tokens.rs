//! API tokens over every route: each opens what its scopes name and its account may, pages take none, and a token that
//! is over opens nothing.

use crate::{
    expectation::{Whom, whom},
    request::{name, sent},
    world::{Relation, World},
};
use axum::http::Method;
use domain::{PermissionName, Role};
use ledger::Outcome;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use testkit::{
    house::{PASSWORD, Person, code_of},
    site::Answer,
};
use web::{Kind, Level, Route, Verb, routes};

/// What a token of any scope opens: who one is, and the library, which is about nobody. Whoever adds one says why.
const OPEN_TO_ANY: [&str; 4] = [
    "GET /api/v1/me",
    "GET /api/v1/exercises",
    "GET /api/v1/exercises/{exercise_id}",
    "GET /api/v1/exercises/{exercise_id}/pictures/{n}",
];

/// What the scope would lead to, but only a person in their own session does: it opens accounts or records to others.
const IN_PERSON: [&str; 32] = [
    "POST /api/v1/audit/reviews",
    "POST /api/v1/alerts/{alert_id}/lift",
    "POST /api/v1/emergencies/{emergency_id}/signature",
    "POST /api/v1/patients/{patient_id}/amendments/{amendment_id}/answer",
    "POST /api/v1/patients/{patient_id}/amendments/{amendment_id}/disagreement",
    "POST /api/v1/patients/{patient_id}/merge",
    "DELETE /api/v1/patients/{patient_id}/merge",
    "DELETE /api/v1/patients/{patient_id}/restrictions/{restriction_id}",
    "PUT /api/v1/alerts/settings/{setting}",
    "POST /api/v1/alerts/channels",
    "DELETE /api/v1/alerts/channels/{channel_id}",
    "PUT /api/v1/alerts/channels/{channel_id}/agreement",
    "POST /api/v1/agreements",
    "DELETE /api/v1/agreements/{agreement_id}",
    "PUT /api/v1/training/settings",
    "POST /api/v1/training/courses",
    "PUT /api/v1/training/courses/{course_id}",
    "DELETE /api/v1/training/courses/{course_id}",
    "POST /api/v1/training/courses/{course_id}/records",
    "POST /api/v1/training/records/{training_id}/correction",
    "PUT /api/v1/access-reviews/settings",
    "POST /api/v1/access-reviews/{review_id}/items/{access_item_id}",
    "POST /api/v1/access-reviews/{review_id}/keep-usual",
    "DELETE /api/v1/retention/holds/{hold_id}",
    "POST /api/v1/retention/plans/{plan_id}/approval",
    "DELETE /api/v1/retention/plans/{plan_id}",
    "PUT /api/v1/accounts/{account_id}",
    "POST /api/v1/invitations",
    "POST /api/v1/accounts/{account_id}/invitation",
    "POST /api/v1/patients/{patient_id}/invitation",
    "POST /api/v1/patients/{patient_id}/care-team",
    "DELETE /api/v1/patients/{patient_id}/care-team/{care_link_id}",
];

/// Where another scope leads too: to who patients are, for who registers them, and to one's own entries.
fn also(route: &Route, role: Role) -> Option<PermissionName> {
    const DETAILS: [&str; 3] =
        ["GET /api/v1/patients", "GET /api/v1/patients/{patient_id}", "POST /api/v1/patients/find"];
    // Patients say it of their own entries.
    if name(route) == "POST /api/v1/patients/{patient_id}/log/{entry_id}/void" && role == Role::Patient {
        return Some(PermissionName::LogExercise);
    }
    (DETAILS.contains(&name(route).as_str()) && matches!(role, Role::Admin | Role::FrontDesk))
        .then_some(PermissionName::ReadIdentity)
}

struct Token {
    id: String,
    secret: String,
}

/// Issues a token, in a new session, which has a fresh factor. None where the role cannot have these scopes.
async fn token(world: &World, person: &Person, scopes: &[PermissionName], days: u16) -> Option<Token> {
    let cookie = world.site.signed_in(person).await;
    let new = json!({ "label": "Nightly report", "scopes": scopes, "days": days });
    let answer = world.site.api(Method::POST, "/api/v1/me/tokens", &cookie, Some(new)).await;
    if answer.status == 422 {
        return None;
    }
    assert_eq!(answer.status, 201, "{}", answer.text());
    let issued = answer.json();
    let text = |key: &str| issued[key].as_str().expect("text").to_owned();
    Some(Token { id: text("token_id"), secret: text("secret") })
}

/// Everything that a role can ask for.
async fn widest(world: &World, person: &Person) -> Token {
    token(world, person, practice::account::scopes_of(person.claims.role), 30).await.expect("its own scopes")
}

fn api(level: Level) -> Vec<Route> {
    let api = |route: &Route| route.kind == Kind::Api && route.level == level;
    routes::table().routes().into_iter().filter(api).collect()
}

/// Whether the answer holds anything of the patient that the request was about.
fn tells(world: &World, answer: &Answer) -> bool {
    let chart = &world.charts[&Relation::Own];
    let text = answer.text();
    answer.status.is_success() && [&chart.patient.to_string(), &chart.item].iter().any(|id| text.contains(id.as_str()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_of_one_scope_is_let_in_where_that_scope_leads_and_nowhere_else() {
    let world = World::new().await;
    let (mut wrong, mut used, mut tokens) = (Vec::new(), BTreeSet::new(), BTreeMap::new());
    for role in Role::ALL {
        for scope in PermissionName::ALL {
            let Some(token) = token(&world, &world.people[role], &[*scope], 30).await else { continue };
            for route in api(Level::Full) {
                let request = sent(&world, &route, Relation::Own).await;
                let answer = world.site.send(request.with_token(route.method, &token.secret)).await;
                let cell = format!("{} as {role} with {scope}: {}", name(&route), answer.status);
                let serves = whom(&name(&route)).is_some_and(|whom| whom.serves(*role, Relation::Own));
                let also = also(&route, *role);
                let done = answer.status.is_success() || [409, 412].contains(&answer.status.as_u16());
                let fits = match route.permission {
                    Some(_) if also == Some(*scope) && serves => done,
                    Some(_) if IN_PERSON.contains(&name(&route).as_str()) => {
                        [403, 404].contains(&answer.status.as_u16())
                    }
                    Some(permission) if permission == *scope && serves => {
                        used.insert((*role, *scope));
                        done || also.is_some()
                    }
                    // A list may come, but empty.
                    Some(_) => !tells(&world, &answer) && (answer.status == 404 || route.path == "/api/v1/patients"),
                    None if OPEN_TO_ANY.contains(&name(&route).as_str()) => {
                        done == serves && (done || answer.status == 404)
                    }
                    None => answer.status == 403,
                };
                if !fits {
                    wrong.push(cell);
                }
            }
            for route in api(Level::Half) {
                let request = sent(&world, &route, Relation::Own).await;
                let answer = world.site.send(request.with_token(route.method, &token.secret)).await;
                if answer.status != 403 {
                    wrong.push(format!("{} as {role} with {scope}: {}", name(&route), answer.status));
                }
            }
            tokens.insert(token.id, *scope);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(tokens.len() >= 20 && used.len() >= 10, "{} tokens, of use: {used:?}", tokens.len());
    for entry in world.site.ledger.entries() {
        let scope = entry.login_session.and_then(|session| tokens.get(&session.to_string()));
        if let (Some(scope), Outcome::Allowed, Some(permission)) = (scope, &entry.outcome, entry.permission) {
            assert_eq!(permission, *scope, "{}", entry.action);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_page_takes_a_token_not_even_beside_a_cookie() {
    let world = World::new().await;
    let mut tokens = Vec::new();
    for role in Role::ALL {
        tokens.push((role, widest(&world, &world.people[role]).await.secret));
    }
    let recorded = world.site.ledger.backend().size();
    let mut wrong = Vec::new();
    for route in routes::table().routes().into_iter().filter(|route| route.kind == Kind::Page) {
        let request = sent(&world, &route, Relation::Own).await;
        for (role, secret) in &tokens {
            for cookie in [None, Some(&world.cookies[role])] {
                let mut request = request.with_token(route.method, secret);
                if let Some(cookie) = cookie {
                    request.headers_mut().insert("cookie", cookie.parse().expect("a cookie"));
                    request.headers_mut().insert("sec-fetch-site", "same-origin".parse().expect("a word"));
                }
                let answer = world.site.send(request).await;
                let shut = match (route.level, route.method) {
                    // What anybody may open knows nobody: it leads to signing in, or shows its form.
                    (Level::Public, _) => answer.header("location").is_none_or(|to| to == "/sign-in"),
                    (_, Verb::Get) => answer.status == 303 && answer.header("location") == Some("/sign-in"),
                    _ => answer.status == 401,
                };
                if !shut {
                    wrong.push(format!(
                        "{} as {role}: {} {:?}",
                        name(&route),
                        answer.status,
                        answer.header("location")
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let entries = world.site.ledger.entries();
    let named = entries[usize::try_from(recorded).expect("few")..].iter().find(|entry| entry.actor.is_some());
    assert!(named.is_none(), "a page knew who came: {named:?}");
}

/// What ends every token of an account.
#[derive(Debug, Clone, Copy)]
enum End {
    Revoked,
    Expired,
    SignedOutEverywhere,
    Disabled,
    DisabledAndBack,
    AnotherRole,
    InvitedAgain,
    AnotherPassword,
    AnotherAuthenticator,
}

impl End {
    const ALL: [Self; 9] = [
        Self::Revoked,
        Self::SignedOutEverywhere,
        Self::Disabled,
        Self::DisabledAndBack,
        Self::AnotherRole,
        Self::InvitedAgain,
        Self::AnotherPassword,
        Self::AnotherAuthenticator,
        // Last, since everybody's time passes.
        Self::Expired,
    ];

    async fn come(self, world: &World, person: &Person, token: &Token) {
        let own = world.site.signed_in(person).await;
        let account = format!("/api/v1/accounts/{}", person.account());
        match self {
            Self::Revoked => done(world, Method::DELETE, &format!("/api/v1/me/tokens/{}", token.id), &own, None).await,
            Self::Expired => {
                world.site.clock.advance_seconds(24 * 60 * 60);
                Value::Null
            }
            Self::SignedOutEverywhere => done(world, Method::DELETE, "/api/v1/sessions", &own, None).await,
            Self::Disabled => change(world, person, "therapist", "disabled").await,
            Self::DisabledAndBack => {
                change(world, person, "therapist", "disabled").await;
                change(world, person, "therapist", "active").await
            }
            Self::AnotherRole => change(world, person, "billing", "active").await,
            Self::InvitedAgain => {
                let admin = &world.cookies[&Role::Admin];
                done(world, Method::POST, &format!("{account}/invitation"), admin, Some(json!({}))).await
            }
            Self::AnotherPassword => {
                let new = json!({ "current_password": PASSWORD, "new_password": "gravel mirror 88 slowly" });
                done(world, Method::PUT, "/api/v1/me/password", &own, Some(new)).await
            }
            Self::AnotherAuthenticator => {
                let setup = done(world, Method::POST, "/api/v1/me/totp", &own, Some(json!({}))).await;
                let code = code_of(setup["secret"].as_str().expect("a secret"), world.site.now());
                done(world, Method::POST, "/api/v1/me/totp/confirm", &own, Some(json!({ "code": code }))).await
            }
        };
    }
}

async fn done(world: &World, method: Method, path: &str, cookie: &str, body: Option<Value>) -> Value {
    let answer = world.site.api(method, path, cookie, body).await;
    assert!(answer.status.is_success(), "{path}: {} {}", answer.status, answer.text());
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

async fn change(world: &World, person: &Person, role: &str, state: &str) -> Value {
    let request = axum::http::Request::put(format!("/api/v1/accounts/{}", person.account()))
        .header("cookie", &world.cookies[&Role::Admin])
        .header("content-type", "application/json")
        .header("if-match", format!("\"{}\"", world.account_version(person.account()).await))
        .body(json!({ "role": role, "state": state }).to_string().into())
        .expect("a request");
    let answer = world.site.send(request).await;
    assert!(answer.status.is_success(), "{role} {state}: {} {}", answer.status, answer.text());
    Value::Null
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_over_opens_no_route_whatever_ended_it() {
    let world = World::new().await;
    let mut wrong = Vec::new();
    for end in End::ALL {
        let person = world.site.account(world.practice, Role::Therapist).await;
        world.site.care_link(&person, world.charts[&Relation::Own].patient).await;
        let token = token(&world, &person, practice::account::scopes_of(Role::Therapist), 1).await.expect("scopes");
        let list = |secret: &str| {
            let sent = crate::request::Sent {
                path: "/api/v1/patients".to_owned(),
                body: Vec::new(),
                media: "",
                if_match: None,
            };
            world.site.send(sent.with_token(Verb::Get, secret))
        };
        assert!(tells(&world, &list(&token.secret).await), "{end:?}: it works before");
        end.come(&world, &person, &token).await;
        for route in api(Level::Full).into_iter().chain(api(Level::Half)) {
            let request = sent(&world, &route, Relation::Own).await;
            let answer = world.site.send(request.with_token(route.method, &token.secret)).await;
            if answer.status != 401 {
                wrong.push(format!("{end:?}: {}: {}", name(&route), answer.status));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_reads_patients_words_only_with_the_scope_for_notes() {
    let world = World::new().await;
    let path = format!("/api/v1/patients/{}/log", world.charts[&Relation::Own].patient);
    use PermissionName::{ReadExercise, ReadNotes};
    for (scopes, comment) in
        [(&[ReadExercise][..], None), (&[ReadExercise, ReadNotes][..], Some("It went well")), (&[ReadNotes][..], None)]
    {
        let token = token(&world, &world.people[&Role::Therapist], scopes, 30).await.expect("a therapist's scopes");
        let sent = crate::request::Sent { path: path.clone(), body: Vec::new(), media: "", if_match: None };
        let answer = world.site.send(sent.with_token(Verb::Get, &token.secret)).await;
        let shown = answer.json()["items"][0]["comment"].as_str().map(str::to_owned);
        assert_eq!(shown.as_deref(), comment, "{scopes:?}");
    }
}

#[test]
fn what_any_token_opens_is_about_nobody_else() {
    for open in OPEN_TO_ANY {
        assert!(matches!(whom(open), Some(Whom::Anyone | Whom::Library | Whom::Shelf)), "{open}");
    }
}
