//! Legal holds, for programs.

use crate::{App, AuditClass, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb};
use axum::{extract::State, http::StatusCode};
use domain::{HoldId, PermissionName};
use practice::retention::{self, HoldView, NewHold, RetentionError};
use schemars::JsonSchema;
use serde::Serialize;

const LIST: Route = Route::api(Verb::Get, "/api/v1/retention/holds", "Legal holds, those in force first.")
    .permission(PermissionName::Retain)
    .audit(AuditClass::Practice)
    .answer::<Holds>(200);
const PLACE: Route = Route::api(Verb::Post, "/api/v1/retention/holds", "Places a legal hold.")
    .permission(PermissionName::Retain)
    .audit(AuditClass::Practice)
    .body::<NewHold>()
    .answer::<Placed>(201);
const LIFT: Route =
    Route::api(Verb::Delete, "/api/v1/retention/holds/{hold_id}", "Lifts a hold; not by who asks for destruction.")
        .permission(PermissionName::Retain)
        .audit(AuditClass::Practice)
        .no_content();

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(LIST, list).add(PLACE, place).add(LIFT, lift)
}

#[derive(Serialize, JsonSchema)]
struct Holds {
    /// Those in force first.
    items: Vec<HoldView>,
}

#[derive(Serialize, JsonSchema)]
struct Placed {
    /// The hold.
    hold_id: HoldId,
}

async fn list(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<Holds>, Problem> {
    Ok(Json(Holds { items: retention::holds(app.house(), &session).await? }))
}

async fn place(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(new): Json<NewHold>,
) -> Result<(StatusCode, Json<Placed>), Problem> {
    match retention::place(app.house(), &session, &new).await {
        Ok(hold_id) => Ok((StatusCode::CREATED, Json(Placed { hold_id }))),
        Err(RetentionError::Unknown) => Err(Problem::invalid_fields().field("patient_id", "is no patient here")),
        Err(error) => Err(error.into()),
    }
}

async fn lift(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(hold): PathId<HoldId>,
) -> Result<StatusCode, Problem> {
    retention::lift(app.house(), &session, hold).await?;
    Ok(StatusCode::NO_CONTENT)
}
