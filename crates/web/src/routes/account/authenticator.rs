//! Setting up an authenticator app.

use super::{below_account, confirm_first, is_fresh, or_confirm};
use crate::{
    App, AuditClass, Form, Json, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    body::Nothing,
    look::{ButtonKind, card, post_button, secret},
    routes::session::{Code, code_fields},
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use identity::{Full, Session};
use maud::{Markup, PreEscaped, html};
use practice::account::{self, AccountError, TotpSetup};
use qrcode::{QrCode, render::svg};
use schemars::JsonSchema;
use serde::Serialize;

const START: Route =
    Route::api(Verb::Post, "/api/v1/me/totp", "Makes a secret for an authenticator app. Needs a fresh factor.")
        .audit(AuditClass::Session)
        .body::<Nothing>()
        .answer::<Setup>(201);
const CONFIRM: Route =
    Route::api(Verb::Post, "/api/v1/me/totp/confirm", "Takes the app's first code: the app is set up.")
        .audit(AuditClass::Session)
        .body::<Code>()
        .no_content();
const PAGE: Route = Route::page(Verb::Get, "/account/authenticator", "Setting up an authenticator app.");
const START_FORM: Route = Route::page(Verb::Post, "/account/authenticator", "Makes a secret for an authenticator app.")
    .audit(AuditClass::Session);
const CONFIRM_FORM: Route =
    Route::page(Verb::Post, "/account/authenticator/confirm", "Takes the app's first code.").audit(AuditClass::Session);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(START, start)
        .add(CONFIRM, confirm)
        .add(PAGE, show)
        .add(START_FORM, start_form)
        .add(CONFIRM_FORM, confirm_form)
}

/// A secret to be put into an app.
#[derive(Serialize, JsonSchema)]
struct Setup {
    /// In base32.
    secret: String,
    /// The `otpauth://` address behind the QR code.
    uri: String,
}

async fn start(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(Nothing {}): Json<Nothing>,
) -> Result<(StatusCode, Json<Setup>), Problem> {
    let setup = account::start_totp(app.house(), &session).await?;
    let answer = Setup { secret: setup.secret.to_string(), uri: setup.uri.to_string() };
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn confirm(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(typed): Json<Code>,
) -> Result<StatusCode, Problem> {
    match account::confirm_totp(app.house(), &session, &typed.code).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(AccountError::NotConfirmed) => {
            Err(Problem::invalid_fields().field("code", "is not the app's present code"))
        }
        Err(other) => Err(other.into()),
    }
}

async fn show(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    page(&app, &session, None).await
}

async fn start_form(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Response, Problem> {
    match account::start_totp(app.house(), &session).await {
        Ok(_) => Ok(see_other("/account/authenticator")),
        Err(error) => or_confirm(error, "/account/authenticator"),
    }
}

async fn confirm_form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Code>,
) -> Result<Response, Problem> {
    match account::confirm_totp(app.house(), &session, &typed.code).await {
        Ok(()) => Ok(see_other("/account")),
        Err(AccountError::NotConfirmed) => {
            let page = page(&app, &session, Some("That is not the code that the app shows now")).await?;
            Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
        }
        Err(AccountError::NothingPending) => Ok(see_other("/account/authenticator")),
        Err(error) => or_confirm(error, "/account/authenticator"),
    }
}

async fn page(app: &App, session: &Session<Full>, wrong: Option<&str>) -> Result<Markup, Problem> {
    let fresh = is_fresh(app, session);
    let pending = if fresh { account::pending_totp(app.house(), session).await? } else { None };
    let content = html! {
        @if !fresh {
            (confirm_first("/account/authenticator"))
        } @else if let Some(setup) = &pending {
            (card("1. Put the secret into the app", None, shown(setup)))
            section class="card stack" {
                h2 { "2. Type the code that it shows" }
                form method="post" action="/account/authenticator/confirm" class="stack" { (code_fields(wrong, "Done")) }
            }
        } @else {
            section class="card stack" {
                p { "The app that you use now works until the new one has shown its first code." }
                (post_button("/account/authenticator", "Set up an app", ButtonKind::Primary, None))
            }
        }
    };
    Ok(Surround::of(app, session)
        .await?
        .page(Sheet::new("Authenticator app", "/account").head(below_account("Authenticator app")), content))
}

fn shown(setup: &TotpSetup) -> Markup {
    html! {
        @if let Some(picture) = qr(&setup.uri) { div class="qr" { (picture) } }
        (secret("Or type this secret", &setup.secret))
    }
}

/// The address as a QR code; none if it were too long for one.
pub(in crate::routes) fn qr(uri: &str) -> Option<Markup> {
    let code = QrCode::new(uri.as_bytes()).ok()?;
    let picture = code.render::<svg::Color<'_>>().min_dimensions(200, 200).quiet_zone(true).build();
    // The drawing alone, without the XML declaration, which HTML does not take.
    picture.find("<svg").map(|from| PreEscaped(picture[from..].to_owned()))
}
