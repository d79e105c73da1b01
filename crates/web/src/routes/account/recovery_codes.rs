//! One's own recovery codes.

use super::{below_account, confirm_first, is_fresh, or_confirm};
use crate::{
    App, AuditClass, Json, Problem, Route, RouteTable, SignedIn, Verb,
    body::Nothing,
    look::{ButtonKind, Tone, link_button, notice, post_button, row, words},
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use maud::{Markup, html};
use practice::account;
use schemars::JsonSchema;
use serde::Serialize;

const NEW: Route = Route::api(
    Verb::Post,
    "/api/v1/me/recovery-codes",
    "Ten new recovery codes in place of the old ones. Needs a fresh factor.",
)
.audit(AuditClass::Session)
.body::<Nothing>()
.answer::<Codes>(201);
const PAGE: Route = Route::page(Verb::Get, "/account/recovery-codes", "One's own recovery codes.");
const FORM: Route =
    Route::page(Verb::Post, "/account/recovery-codes", "Makes new recovery codes.").audit(AuditClass::Session);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(NEW, new).add(PAGE, show).add(FORM, submitted)
}

/// New codes.
#[derive(Serialize, JsonSchema)]
struct Codes {
    /// Each works once. They are not shown again.
    codes: Vec<String>,
}

async fn new(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(Nothing {}): Json<Nothing>,
) -> Result<(StatusCode, Json<Codes>), Problem> {
    let codes = account::new_recovery_codes(app.house(), &session).await?;
    Ok((StatusCode::CREATED, Json(Codes { codes: codes.iter().map(|code| code.to_string()).collect() })))
}

async fn show(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    let left = account::codes_left(app.house(), &session).await?;
    let content = html! {
        section class="card stack" {
            p { (words::count(left as u64, "code", "codes")) " left. Each lets you in once, when you have neither app nor passkey." }
            @if is_fresh(&app, &session) {
                (post_button("/account/recovery-codes", "Make new codes", ButtonKind::Primary,
                    Some("Make new codes? The old ones stop working.")))
            } @else { (confirm_first("/account/recovery-codes")) }
        }
    };
    Ok(Surround::of(&app, &session)
        .await?
        .page(Sheet::new("Recovery codes", "/account").head(below_account("Recovery codes")), content))
}

/// Shows the codes in the answer itself: they are stored nowhere, so there is no other page to lead to.
async fn submitted(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Response, Problem> {
    let codes = match account::new_recovery_codes(app.house(), &session).await {
        Ok(codes) => codes,
        Err(error) => return or_confirm(error, "/account/recovery-codes"),
    };
    let content = html! {
        (notice(Tone::Warn, "Write these down now", Some(html! { p { "They are not shown again. The old codes no longer work." } })))
        section class="card stack" {
            ul class="codes num" role="list" { @for code in &codes { li { code { (code.as_str()) } } } }
            (row(link_button("/account", "I have written them down", ButtonKind::Primary)))
        }
    };
    let page = Surround::of(&app, &session)
        .await?
        .page(Sheet::new("Recovery codes", "/account").head(below_account("Recovery codes")), content);
    Ok(page.into_response())
}
