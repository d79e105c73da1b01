//! One's own passkeys.

use super::{below_account, confirm_first, is_fresh, or_confirm};
use crate::{
    App, AuditClass, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb,
    answer::see_other,
    body::Nothing,
    look::{
        ButtonKind, Ceremony, Column, Field, Passkey, card, empty_state, passkey_form, post_button, table, text_field,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{PasskeyId, Timestamp};
use maud::{Markup, html};
use practice::account;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

const LIST: Route = Route::api(Verb::Get, "/api/v1/me/passkeys", "One's own passkeys.").answer::<List>(200);
const START: Route =
    Route::api(Verb::Post, "/api/v1/me/passkeys/start", "Begins to register a passkey: WebAuthn's options.")
        .audit(AuditClass::Session)
        .body::<Nothing>()
        .answer::<Value>(200);
const FINISH: Route =
    Route::api(Verb::Post, "/api/v1/me/passkeys/finish", "Registers a passkey. Needs a fresh factor.")
        .audit(AuditClass::Session)
        .body::<NewPasskey>()
        .answer::<Registered>(201);
const REMOVE: Route = Route::api(Verb::Delete, "/api/v1/me/passkeys/{passkey_id}", "Takes a passkey away.")
    .audit(AuditClass::Session)
    .no_content();
const PAGE: Route = Route::page(Verb::Get, "/account/passkeys", "One's own passkeys.");
const REMOVE_FORM: Route = Route::page(Verb::Post, "/account/passkeys/{passkey_id}/remove", "Takes a passkey away.")
    .audit(AuditClass::Session);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(LIST, list)
        .add(START, start)
        .add(FINISH, finish)
        .add(REMOVE, remove)
        .add(PAGE, show)
        .add(REMOVE_FORM, remove_form)
}

/// One's own passkeys.
#[derive(Serialize, JsonSchema)]
struct List {
    /// Oldest first.
    items: Vec<Item>,
}

/// A passkey.
#[derive(Serialize, JsonSchema)]
struct Item {
    /// The passkey.
    passkey_id: PasskeyId,
    /// What its owner calls it.
    label: String,
    /// When it was registered.
    created_at: Timestamp,
    /// When it was last used.
    last_used_at: Option<Timestamp>,
}

/// A new passkey.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewPasskey {
    /// What its owner calls it: 1 to 60 characters.
    label: String,
    /// What the browser answered, as WebAuthn's JSON.
    credential: Value,
}

/// A passkey that was registered.
#[derive(Serialize, JsonSchema)]
struct Registered {
    /// The passkey.
    passkey_id: PasskeyId,
}

async fn list(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<List>, Problem> {
    let items = account::passkeys(app.house(), &session).await?.into_iter().map(|view| Item {
        passkey_id: view.passkey_id,
        label: view.label,
        created_at: view.created_at,
        last_used_at: view.last_used_at,
    });
    Ok(Json(List { items: items.collect() }))
}

async fn start(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(Nothing {}): Json<Nothing>,
) -> Result<Json<Value>, Problem> {
    Ok(Json(account::start_passkey(app.house(), &session).await?))
}

async fn finish(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(new): Json<NewPasskey>,
) -> Result<(StatusCode, Json<Registered>), Problem> {
    let passkey_id = account::finish_passkey(app.house(), &session, &new.label, &new.credential).await?;
    Ok((StatusCode::CREATED, Json(Registered { passkey_id })))
}

async fn remove(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(passkey): PathId<PasskeyId>,
) -> Result<StatusCode, Problem> {
    account::remove_passkey(app.house(), &session, passkey).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn remove_form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(passkey): PathId<PasskeyId>,
) -> Result<Response, Problem> {
    match account::remove_passkey(app.house(), &session, passkey).await {
        Ok(()) => Ok(see_other("/account/passkeys")),
        Err(error) => or_confirm(error, "/account/passkeys"),
    }
}

async fn show(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    let surround = Surround::of(&app, &session).await?;
    let keys = account::passkeys(app.house(), &session).await?;
    let columns =
        [Column::text("Name"), Column::text("Registered"), Column::text("Last used"), Column::actions("Remove")];
    let ask = "Remove this passkey? It can no longer sign in.";
    let rows = keys.iter().map(|key| {
        let remove = format!("/account/passkeys/{}/remove", key.passkey_id);
        vec![
            html! { (key.label) },
            html! { (surround.moment(key.created_at)) },
            html! { (key.last_used_at.map_or_else(|| "never".to_owned(), |at| surround.moment(at))) },
            post_button(&remove, "Remove", ButtonKind::Danger, Some(ask)),
        ]
    });
    let passkey = Passkey {
        ceremony: Ceremony::Create,
        start: "/api/v1/me/passkeys/start",
        finish: "/api/v1/me/passkeys/finish",
        next: "/account/passkeys",
        label: "Register",
    };
    let label = Field::new("label", "Name").hint("For you, to tell your keys apart: Front desk key").required();
    let content = html! {
        @if keys.is_empty() {
            (empty_state("No passkey yet", "A passkey is a device or a security key that confirms that it is you.", None))
        } @else {
            div class="card" { (table("Your passkeys", &columns, rows)) }
        }
        @if is_fresh(&app, &session) {
            (card("Register a passkey", None,
                passkey_form(passkey, ButtonKind::Primary, Some(text_field(&label.max_length(60).autocomplete("off"))))))
        } @else { (confirm_first("/account/passkeys")) }
    };
    Ok(surround
        .page(Sheet::new("Passkeys", "/account").head(below_account("Passkeys")).scripts(&["passkey.js"]), content))
}
