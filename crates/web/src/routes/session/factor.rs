//! The second factor, after the password.

use super::{Code, Credential, SessionAnswer, page, promoted, session_cookie};
use crate::{
    App, AuditClass, Form, HalfSignedIn, Json, Problem, Route, RouteTable, Verb, Visitor,
    answer::{again_in, form_after, form_again, see_other, with_cookie},
    body::Nothing,
    cookie,
    surround::landing,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use identity::{FactorKind, Half, Session};
use practice::{
    sign_in::{self, Promoted, Proving, SignInError},
    training,
};
use serde_json::Value;

const TOTP: Route = Route::api(Verb::Post, "/api/v1/session/totp", "Proves a code of an authenticator app.")
    .half()
    .audit(AuditClass::Session)
    .body::<Code>()
    .answer::<SessionAnswer>(200);
const RECOVERY: Route = Route::api(Verb::Post, "/api/v1/session/recovery", "Proves a recovery code and uses it up.")
    .half()
    .audit(AuditClass::Session)
    .body::<Code>()
    .answer::<SessionAnswer>(200);
const PASSKEY_START: Route =
    Route::api(Verb::Post, "/api/v1/session/passkey/start", "Begins to prove a passkey: WebAuthn's options.")
        .half()
        .audit(AuditClass::Session)
        .body::<Nothing>()
        .answer::<Value>(200);
const PASSKEY_FINISH: Route = Route::api(Verb::Post, "/api/v1/session/passkey/finish", "Proves a passkey.")
    .half()
    .audit(AuditClass::Session)
    .body::<Credential>()
    .answer::<SessionAnswer>(200);
const PAGE: Route = Route::page(Verb::Get, "/sign-in/factor", "The second factor.").half();
const FORM: Route = Route::page(Verb::Post, "/sign-in/factor", "Proves a code of an authenticator app.")
    .half()
    .audit(AuditClass::Session);
const RECOVERY_PAGE: Route = Route::page(Verb::Get, "/sign-in/recovery", "A recovery code.").half();
const RECOVERY_FORM: Route =
    Route::page(Verb::Post, "/sign-in/recovery", "Proves a recovery code.").half().audit(AuditClass::Session);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(TOTP, totp)
        .add(RECOVERY, recovery)
        .add(PASSKEY_START, passkey_start)
        .add(PASSKEY_FINISH, passkey_finish)
        .add(PAGE, show)
        .add(FORM, submitted)
        .add(RECOVERY_PAGE, show_recovery)
        .add(RECOVERY_FORM, recovery_submitted)
}

async fn totp(
    State(app): State<App>,
    HalfSignedIn(session): HalfSignedIn,
    Json(typed): Json<Code>,
) -> Result<Response, Problem> {
    promoted(&sign_in::with_totp(app.house(), Proving::SigningIn(session), &typed.code).await?)
}

async fn recovery(
    State(app): State<App>,
    HalfSignedIn(session): HalfSignedIn,
    Json(typed): Json<Code>,
) -> Result<Response, Problem> {
    promoted(&sign_in::with_recovery_code(app.house(), Proving::SigningIn(session), &typed.code).await?)
}

async fn passkey_start(
    State(app): State<App>,
    HalfSignedIn(session): HalfSignedIn,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(sign_in::passkey_options(app.house(), &Proving::SigningIn(session)).await?))
}

async fn passkey_finish(
    State(app): State<App>,
    HalfSignedIn(session): HalfSignedIn,
    Json(answer): Json<Credential>,
) -> Result<Response, Problem> {
    promoted(&sign_in::with_passkey(app.house(), Proving::SigningIn(session), &answer.credential).await?)
}

async fn kinds(app: &App, session: &Session<Half>) -> Result<Vec<FactorKind>, Problem> {
    let found = sign_in::factors(app.house(), session.practice(), session.account(), session.role()).await?;
    Ok(found.accepted.kinds().to_vec())
}

async fn show(State(app): State<App>, visitor: Visitor) -> Result<Response, Problem> {
    match visitor {
        Visitor::Nobody => Ok(see_other("/sign-in")),
        Visitor::Half(session) => Ok(page::factor(&app, &kinds(&app, &session).await?, None).into_response()),
        Visitor::Full(session) => Ok(see_other(landing(session.role()))),
    }
}

async fn submitted(
    State(app): State<App>,
    HalfSignedIn(session): HalfSignedIn,
    Form(typed): Form<Code>,
) -> Result<Response, Problem> {
    let kinds = kinds(&app, &session).await?;
    let proven = sign_in::with_totp(app.house(), Proving::SigningIn(session), &typed.code).await;
    let wrong = "That code is not right, or was used already";
    taken(&app, proven, wrong, |words| page::factor(&app, &kinds, Some(words))).await
}

async fn show_recovery(State(app): State<App>, visitor: Visitor) -> Response {
    match visitor {
        Visitor::Full(session) => see_other(landing(session.role())),
        Visitor::Half(_) | Visitor::Nobody => page::recovery(&app, None).into_response(),
    }
}

async fn recovery_submitted(
    State(app): State<App>,
    HalfSignedIn(session): HalfSignedIn,
    Form(typed): Form<Code>,
) -> Result<Response, Problem> {
    let proven = sign_in::with_recovery_code(app.house(), Proving::SigningIn(session), &typed.code).await;
    let wrong = "That code is not right, or was used already";
    taken(&app, proven, wrong, |words| page::recovery(&app, Some(words))).await
}

/// On to the first page of the role, or the form again.
async fn taken(
    app: &App,
    proven: Result<Promoted, SignInError>,
    wrong: &str,
    again: impl Fn(&str) -> maud::Markup,
) -> Result<Response, Problem> {
    match proven {
        Ok(promoted) => Ok(with_cookie(see_other(landing(promoted.role)), session_cookie(&promoted.token)?)),
        Err(SignInError::Refused) => Ok(form_again(StatusCode::UNAUTHORIZED, again(wrong))),
        Err(SignInError::Wait(seconds)) => {
            Ok(form_after(seconds, again(&format!("Too many tries. {}", again_in(seconds)))))
        }
        Err(SignInError::Untrained(why)) => {
            let courses = training::told(app.house(), &why).await?;
            Ok(with_cookie(form_again(StatusCode::FORBIDDEN, page::untrained(app, &courses)), cookie::clear_session()))
        }
        Err(SignInError::Over) => Ok(see_other("/sign-in")),
        Err(other) => Err(other.into()),
    }
}
