//! Plans of destruction, for programs.

use crate::{
    App, AuditClass, Json, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    paging::{Cursor, Page, Stretch},
};
use axum::{extract::State, http::StatusCode};
use domain::{PermissionName, PlanId, Unobserved};
use practice::retention::{self, ItemView, PlanDetails, PlanView};
use schemars::JsonSchema;
use serde::Serialize;

const LIST: Route = Route::api(Verb::Get, "/api/v1/retention/plans", "Plans of destruction, newest first.")
    .permission(PermissionName::Retain)
    .audit(AuditClass::Practice)
    .answer::<Plans>(200);
const MAKE: Route =
    Route::api(Verb::Post, "/api/v1/retention/plans", "Looks at every patient and lists who is due. Destroys nothing.")
        .permission(PermissionName::Retain)
        .audit(AuditClass::Practice)
        .answer::<Made>(201);
const ONE: Route = Route::api(Verb::Get, "/api/v1/retention/plans/{plan_id}", "A plan and how far it has come.")
    .permission(PermissionName::Retain)
    .audit(AuditClass::Practice)
    .answer::<PlanDetails>(200);
const PATIENTS: Route =
    Route::api(Verb::Get, "/api/v1/retention/plans/{plan_id}/patients", "The patients of a plan, by id.")
        .permission(PermissionName::Retain)
        .audit(AuditClass::Practice)
        .query::<Stretch>()
        .answer::<Page<ItemView>>(200);
const APPROVE: Route = Route::api(
    Verb::Post,
    "/api/v1/retention/plans/{plan_id}/approval",
    "Approves a plan: two different people do, each with a factor proven just now.",
)
.permission(PermissionName::Retain)
.audit(AuditClass::Practice)
.no_content();
const WITHDRAW: Route =
    Route::api(Verb::Delete, "/api/v1/retention/plans/{plan_id}", "Takes a plan back that was not carried out.")
        .permission(PermissionName::Retain)
        .audit(AuditClass::Practice)
        .no_content();

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(LIST, list)
        .add(MAKE, make)
        .add(ONE, one)
        .add(PATIENTS, patients)
        .add(APPROVE, approve)
        .add(WITHDRAW, withdraw)
}

#[derive(Serialize, JsonSchema)]
struct Plans {
    /// Newest first.
    items: Vec<PlanView>,
}

#[derive(Serialize, JsonSchema)]
struct Made {
    /// The plan.
    plan_id: PlanId,
}

async fn list(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<Plans>, Problem> {
    Ok(Json(Plans { items: retention::plans(app.house(), &session).await? }))
}

async fn make(State(app): State<App>, SignedIn(session): SignedIn) -> Result<(StatusCode, Json<Made>), Problem> {
    let plan_id = retention::plan(app.house(), &session, &Unobserved).await?;
    Ok((StatusCode::CREATED, Json(Made { plan_id })))
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(plan): PathId<PlanId>,
) -> Result<Json<PlanDetails>, Problem> {
    Ok(Json(retention::plan_details(app.house(), &session, plan).await?))
}

async fn patients(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(plan): PathId<PlanId>,
    Query(asked): Query<Stretch>,
) -> Result<Json<Page<ItemView>>, Problem> {
    let after = Cursor::place(asked.cursor.as_ref())?;
    let (items, next) = retention::plan_items(app.house(), &session, plan, after, asked.limit.entries()).await?;
    Ok(Json(Page { items, next: next.as_ref().map(Cursor::at) }))
}

async fn approve(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(plan): PathId<PlanId>,
) -> Result<StatusCode, Problem> {
    retention::approve(app.house(), &session, plan).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn withdraw(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(plan): PathId<PlanId>,
) -> Result<StatusCode, Problem> {
    retention::withdraw(app.house(), &session, plan).await?;
    Ok(StatusCode::NO_CONTENT)
}
