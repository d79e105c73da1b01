//! Where one is signed in.

use crate::{
    App, Json, Problem, Route, RouteTable, SignedIn, Verb,
    look::{ButtonKind, Column, Tone, post_button, table, tag},
    routes::account::below_account,
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{LoginSessionId, Timestamp};
use identity::FactorKind;
use maud::{Markup, html};
use practice::account;
use schemars::JsonSchema;
use serde::Serialize;

const LIST: Route = Route::api(Verb::Get, "/api/v1/sessions", "One's own sessions, newest first.").answer::<List>(200);
const PAGE: Route = Route::page(Verb::Get, "/account/sessions", "Where one is signed in.");

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(LIST, list).add(PAGE, show)
}

/// One's own sessions.
#[derive(Serialize, JsonSchema)]
struct List {
    /// Those that are not over, newest first.
    items: Vec<Item>,
}

/// One session.
#[derive(Serialize, JsonSchema)]
struct Item {
    /// The session.
    session_id: LoginSessionId,
    /// When the password was proven.
    created_at: Timestamp,
    /// When it was last used, to the minute.
    last_seen_at: Timestamp,
    /// The factor that was proven last; none while only the password was.
    factor: Option<FactorKind>,
    /// Whether it is the one that asks.
    current: bool,
}

async fn list(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<List>, Problem> {
    let items = account::sessions(app.house(), &session).await?.into_iter().map(|view| Item {
        session_id: view.session_id,
        created_at: view.created_at,
        last_seen_at: view.last_seen,
        factor: view.factor,
        current: view.current,
    });
    Ok(Json(List { items: items.collect() }))
}

async fn show(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    let surround = Surround::of(&app, &session).await?;
    let views = account::sessions(app.house(), &session).await?;
    let columns = [Column::text("Signed in"), Column::text("Last used"), Column::text("With"), Column::actions("End")];
    let rows = views.iter().map(|view| {
        let end = format!("/account/sessions/{}/end", view.session_id);
        vec![
            html! { (surround.moment(view.created_at)) },
            html! { (surround.moment(view.last_seen)) },
            html! { (view.factor.map_or("password only", factor_words)) },
            html! {
                @if view.current { (tag("This one", Tone::Info)) } @else {
                    (post_button(&end, "End", ButtonKind::Quiet, None))
                }
            },
        ]
    });
    let content = html! {
        div class="card stack" {
            (table("Where you are signed in", &columns, rows))
            (post_button("/account/sessions/end-all", "Sign out everywhere", ButtonKind::Danger,
                Some("Sign out everywhere, here too?")))
        }
    };
    Ok(surround.page(
        Sheet::new("Where you are signed in", "/account").head(below_account("Where you are signed in")),
        content,
    ))
}

fn factor_words(kind: FactorKind) -> &'static str {
    match kind {
        FactorKind::Totp => "authenticator app",
        FactorKind::Passkey => "passkey",
        FactorKind::RecoveryCode => "recovery code",
    }
}
