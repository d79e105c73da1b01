//! Address and password.

use super::{SessionAnswer, page, session_cookie};
use crate::{
    App, AuditClass, Caller, Form, Json, Problem, Route, RouteTable, Verb, Visitor,
    answer::{again_in, form_after, form_again, see_other, with_cookie},
    look::words::reviews,
    surround::landing,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use identity::Password;
use practice::sign_in::{self, SignInError};
use schemars::JsonSchema;
use serde::Deserialize;

const START: Route = Route::api(Verb::Post, "/api/v1/session", "Proves a password and begins a half session.")
    .public()
    .audit(AuditClass::Session)
    .body::<Credentials>()
    .answer::<SessionAnswer>(201);
const PAGE: Route = Route::page(Verb::Get, "/sign-in", "Address and password.").public();
const FORM: Route = Route::page(Verb::Post, "/sign-in", "Proves a password.").public().audit(AuditClass::Session);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(START, start).add(PAGE, show).add(FORM, submitted)
}

/// Address and password, as somebody typed them.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    /// The address that signs in. What is none is refused like an unknown one.
    email: String,
    /// The password.
    password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: String,
}

async fn start(
    State(app): State<App>,
    Caller(origin): Caller,
    Json(typed): Json<Credentials>,
) -> Result<Response, Problem> {
    let password = Password::new(typed.password).map_err(|why| Problem::invalid("password", &why))?;
    let started = sign_in::start(app.house(), &typed.email, password, origin).await?;
    let answer = SessionAnswer { level: "half", factors: Some(started.factors), next: None };
    let response = (StatusCode::CREATED, Json(answer)).into_response();
    Ok(with_cookie(response, session_cookie(&started.token)?))
}

async fn show(State(app): State<App>, visitor: Visitor) -> Response {
    match visitor {
        Visitor::Full(session) => see_other(landing(session.role())),
        Visitor::Half(_) | Visitor::Nobody => page::sign_in(&app, "", None).into_response(),
    }
}

async fn submitted(
    State(app): State<App>,
    Caller(origin): Caller,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let again = |status, wrong: &str| form_again(status, page::sign_in(&app, &typed.email, Some(wrong)));
    let Ok(password) = Password::new(typed.password) else {
        return Ok(again(StatusCode::UNPROCESSABLE_ENTITY, "Fill in both, please."));
    };
    match sign_in::start(app.house(), &typed.email, password, origin).await {
        Ok(started) => Ok(with_cookie(see_other("/sign-in/factor"), session_cookie(&started.token)?)),
        Err(SignInError::Refused) => Ok(again(StatusCode::UNAUTHORIZED, "E-mail or password did not match.")),
        Err(SignInError::Suspended(why)) => Ok(again(StatusCode::FORBIDDEN, &reviews::suspended(&why))),
        Err(SignInError::Wait(seconds)) => {
            let wrong = format!("Too many tries. {}", again_in(seconds));
            Ok(form_after(seconds, page::sign_in(&app, &typed.email, Some(&wrong))))
        }
        Err(other) => Err(other.into()),
    }
}
