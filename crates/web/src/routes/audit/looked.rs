//! That somebody looked through what was done: a line on the trail's pages, and a button on the week.

use crate::{
    App, AuditClass, Form, Json, Problem, Route, RouteTable, SignedIn, Verb,
    answer::see_other,
    look::{hidden, submit},
    surround::Surround,
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{PermissionName, Timestamp};
use maud::{Markup, html};
use practice::watch::{self, LookedThrough};
use schemars::JsonSchema;
use serde::Deserialize;

const WEEK: &str = "/audit/week";
const SAY: Route = Route::page(Verb::Post, WEEK, "Says that somebody looked through what was done up to a moment.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);
const API: Route = Route::api(
    Verb::Post,
    "/api/v1/audit/reviews",
    "Says that somebody looked through what was done up to a moment; in person.",
)
.permission(PermissionName::ReadAudit)
.audit(AuditClass::Practice)
.body::<Looked>()
.no_content();

/// Adds both.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(SAY, say).add(API, api)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Looked {
    /// Up to when; not ahead, and later than anybody looked before.
    #[schemars(with = "String", extend("format" = "date-time"))]
    until: Timestamp,
}

/// Since when nobody looked, and who did last.
pub(super) fn line(surround: &Surround, looked: Option<&LookedThrough>) -> Markup {
    html! {
        p class="hint" {
            @match looked {
                Some(looked) => {
                    "Looked through up to " (surround.moment(looked.until)) " by " (looked.by.name) "."
                },
                None => "Nobody has said yet that they looked through what was done. Say it on the week.",
            }
        }
    }
}

/// The button by which somebody says so, where there is more to look through than anybody said.
pub(super) fn button(surround: &Surround, until: Timestamp, looked: Option<&LookedThrough>) -> Option<Markup> {
    let label = format!("I looked through it up to {}", surround.moment(until));
    looked.is_none_or(|looked| looked.until < until).then(|| {
        html! { form method="post" action=(WEEK) { (hidden("until", until.to_string())) (submit(&label, None)) } }
    })
}

async fn say(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(looked): Form<Looked>,
) -> Result<Response, Problem> {
    watch::look_through(app.house(), &session, looked.until).await?;
    Ok(see_other(WEEK))
}

async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(looked): Json<Looked>,
) -> Result<StatusCode, Problem> {
    watch::look_through(app.house(), &session, looked.until).await?;
    Ok(StatusCode::NO_CONTENT)
}
