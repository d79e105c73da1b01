//! A factor again, in a full session: what changes an account needs a fresh one.

use super::{Code, Credential, SessionAnswer, page::code_fields, promoted, session_cookie};
use crate::{
    App, AuditClass, Form, Json, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::{again_in, form_after, form_again, see_other, with_cookie},
    asset,
    body::Nothing,
    look::{
        ButtonKind, Ceremony, Frame, Passkey, Tone, card, frame::Kind, hidden, notice, page, passkey_form, post_button,
    },
    surround::{Sheet, Surround, landing},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use identity::{FactorKind, Full, Session};
use maud::{Markup, html};
use practice::sign_in::{self, Proving, SignInError};
use serde::Deserialize;
use serde_json::Value;

const TOTP: Route = Route::api(Verb::Post, "/api/v1/session/step-up/totp", "Proves a code again.")
    .proves()
    .audit(AuditClass::Session)
    .body::<Code>()
    .answer::<SessionAnswer>(200);
const PASSKEY_START: Route =
    Route::api(Verb::Post, "/api/v1/session/step-up/passkey/start", "Begins to prove a passkey again.")
        .proves()
        .audit(AuditClass::Session)
        .body::<Nothing>()
        .answer::<Value>(200);
const PASSKEY_FINISH: Route =
    Route::api(Verb::Post, "/api/v1/session/step-up/passkey/finish", "Proves a passkey again.")
        .proves()
        .audit(AuditClass::Session)
        .body::<Credential>()
        .answer::<SessionAnswer>(200);
const PAGE: Route = Route::page(Verb::Get, "/account/confirm", "The second factor again.").proves();
const FORM: Route =
    Route::page(Verb::Post, "/account/confirm", "Proves a code again.").proves().audit(AuditClass::Session);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(TOTP, totp)
        .add(PASSKEY_START, passkey_start)
        .add(PASSKEY_FINISH, passkey_finish)
        .add(PAGE, show)
        .add(FORM, submitted)
}

async fn totp(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(typed): Json<Code>,
) -> Result<Response, Problem> {
    promoted(&sign_in::with_totp(app.house(), Proving::SteppingUp(&session), &typed.code).await?)
}

async fn passkey_start(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(sign_in::passkey_options(app.house(), &Proving::SteppingUp(&session)).await?))
}

/// Answers without a next page: the page that asked knows better where to go.
async fn passkey_finish(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(answer): Json<Credential>,
) -> Result<Response, Problem> {
    let done = sign_in::with_passkey(app.house(), Proving::SteppingUp(&session), &answer.credential).await?;
    let answer = SessionAnswer { level: "full", factors: None, next: None };
    Ok(with_cookie(Json(answer).into_response(), session_cookie(&done.token)?))
}

#[derive(Deserialize)]
struct Next {
    #[serde(default)]
    next: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    code: String,
    #[serde(default)]
    next: String,
}

/// Where to go on; only pages that ask for a fresh factor, so that no link leads elsewhere.
fn onward(next: &str) -> &str {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-".contains(&b);
    let ours = [
        "/account/",
        "/people/",
        "/patients/",
        "/retention",
        "/reviews",
        "/training",
        "/alerts/",
        "/agreements",
        "/incidents/",
        "/emergencies/",
    ];
    let ours = ours.iter().any(|place| next.starts_with(place));
    if ours && next.bytes().all(plain) { next } else { "/account" }
}

/// Where to go on in a session: where its factor is to be proven before anything else, every page of ours is one to which
/// somebody comes back.
fn on<'n>(session: &Session<Full>, next: &'n str) -> &'n str {
    if session.factor_asked_at().is_none() {
        return onward(next);
    }
    if is_ours(next) { next } else { landing(session.role()) }
}

/// Whether an address is the plain path of a page here.
fn is_ours(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-_.".contains(&b);
    path.starts_with('/') && !path.contains("//") && path.bytes().all(plain)
}

/// Where a session goes in which the factor is to be proven before anything else, and from where it comes back to a page.
pub(crate) fn confirm_before(path: &str) -> String {
    format!("/account/confirm?next={}", if is_ours(path) { path } else { "/" })
}

/// Where the factor is asked for again, and from where one comes back to `next`.
pub(in crate::routes) fn confirm_address(next: &str) -> String {
    debug_assert_eq!(onward(next), next, "nobody would come back there");
    format!("/account/confirm?next={next}")
}

async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(query): Query<Next>,
) -> Result<Markup, Problem> {
    confirm(&app, &session, on(&session, &query.next), None).await
}

async fn submitted(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let next = on(&session, &typed.next);
    match sign_in::with_totp(app.house(), Proving::SteppingUp(&session), &typed.code).await {
        Ok(done) => Ok(with_cookie(see_other(next), session_cookie(&done.token)?)),
        Err(SignInError::Refused) => {
            let wrong = "That code is not right, or was used already";
            Ok(form_again(StatusCode::UNAUTHORIZED, confirm(&app, &session, next, Some(wrong)).await?))
        }
        Err(SignInError::Wait(seconds)) => {
            let wrong = format!("Too many tries. {}", again_in(seconds));
            Ok(form_after(seconds, confirm(&app, &session, next, Some(&wrong)).await?))
        }
        Err(other) => Err(other.into()),
    }
}

async fn confirm(app: &App, session: &Session<Full>, next: &str, wrong: Option<&str>) -> Result<Markup, Problem> {
    let found = sign_in::factors(app.house(), session.practice(), session.account(), session.role()).await?;
    let kinds = found.accepted.kinds();
    let passkey = Passkey {
        ceremony: Ceremony::Prove,
        start: "/api/v1/session/step-up/passkey/start",
        finish: "/api/v1/session/step-up/passkey/finish",
        next,
        label: "Use a passkey",
    };
    let (key, totp) = (kinds.contains(&FactorKind::Passkey), kinds.contains(&FactorKind::Totp));
    let asked = session.factor_asked_at().is_some();
    let content = html! {
        @if asked {
            (notice(Tone::Warn, "Something in this session was unusual for your account", Some(html! {
                p { "So it asks for your second factor again before anything else. Confirm that it is you, and you come back to where \
                     you were. Somebody who watches over the practice looks into it." }
            })))
        } @else {
            p { "What comes next needs your second factor again. Confirm that it is you; that lasts five minutes." }
        }
        @if key {
            (card("Passkey", None, passkey_form(passkey, ButtonKind::Quiet, None)))
        }
        @if totp {
            form method="post" action="/account/confirm" class="card stack" {
                (hidden("next", next))
                (code_fields(wrong, "Confirm"))
            }
        }
        @if !key && !totp {
            p { "Nothing can be confirmed here now. Sign in again to go on." }
        }
        @if asked { (post_button("/sign-out", "Sign out", ButtonKind::Quiet, None)) }
    };
    let scripts: &[&str] = if key { &["passkey.js"] } else { &[] };
    if asked {
        // Nothing around it: not even what the practice has to look into is read.
        let frame = Frame::new("Confirm that it is you", Kind::Plain, &asset);
        return Ok(page(frame.demo(app.settings.demo).scripts(scripts), content));
    }
    Ok(Surround::of(app, session)
        .await?
        .page(Sheet::new("Confirm that it is you", "/account").scripts(scripts), content))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_on_leads_to_pages_that_ask_for_a_factor_only() {
        // All that `confirm_address` is asked for; it refuses others in every test that goes there.
        for own in [
            "/account/authenticator",
            "/account/passkeys",
            "/account/password",
            "/account/recovery-codes",
            "/account/tokens",
            "/agreements",
            "/alerts/channels",
            "/alerts/settings",
            "/emergencies/open",
            "/emergencies/0b9e3c1e-6d0a",
            "/people/invite",
            "/people/0b9e3c1e-6d0a",
            "/patients/0b9e3c1e-6d0a/care-team",
            "/patients/0b9e3c1e-6d0a/edit",
            "/patients/0b9e3c1e-6d0a/merge",
            "/patients/0b9e3c1e-6d0a/restrictions",
            "/retention",
            "/retention/plans/0b9e3c1e-6d0a",
            "/reviews/0b9e3c1e-6d0a",
            "/training",
            "/training/courses/0b9e3c1e-6d0a",
        ] {
            assert_eq!(onward(own), own);
            assert_eq!(confirm_address(own), format!("/account/confirm?next={own}"));
        }
        for foreign in
            ["//evil.example", "/patients//evil.example", "/today", "/account/../patients", "/account/x?y=z", ""]
        {
            assert_eq!(onward(foreign), "/account", "{foreign}");
        }
    }
}
