//! Emergencies, for programs.

use crate::{
    App, AuditClass, Json, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    paging::{Cursor, Limit, Page},
};
use axum::{extract::State, http::StatusCode};
use domain::{EmergencyId, PermissionName, Unobserved};
use practice::emergencies::{self, EmergencyView, NewEmergency, NewSignature, OpenNow, Opened, Signed};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const OPEN: Route = Route::api(
    Verb::Post,
    "/api/v1/emergencies",
    "Opens one patient's record in an emergency, saying why, for an hour, with a factor proven just now.",
)
.permission(PermissionName::BreakGlass)
.audit(AuditClass::Patient)
.body::<NewEmergency>()
.answer::<Opened>(201);
const OPEN_NOW: Route =
    Route::api(Verb::Get, "/api/v1/emergencies/open", "What the caller has open in an emergency in this session.")
        .answer::<AllOpen>(200);
const CLOSE: Route = Route::api(
    Verb::Delete,
    "/api/v1/emergencies/{emergency_id}",
    "Closes a record that the caller opened in an emergency, before its hour is over.",
)
.audit(AuditClass::Practice)
.no_content();
const LIST: Route = Route::api(
    Verb::Get,
    "/api/v1/emergencies",
    "What was opened in an emergency in the practice: what waits to be signed for, or what was.",
)
.permission(PermissionName::ReadAudit)
.audit(AuditClass::Practice)
.query::<Asked>()
.answer::<Page<EmergencyView>>(200);
const ONE: Route = Route::api(Verb::Get, "/api/v1/emergencies/{emergency_id}", "One opening in an emergency, and why.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice)
    .answer::<EmergencyView>(200);
const SIGN: Route = Route::api(
    Verb::Post,
    "/api/v1/emergencies/{emergency_id}/signature",
    "Signs for having looked into an emergency of somebody else, when it is closed, with a factor proven just now.",
)
.permission(PermissionName::ReadAudit)
.audit(AuditClass::Practice)
.body::<NewSignature>()
.no_content();

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(OPEN, open).add(LIST, list).add(OPEN_NOW, open_now).add(ONE, one).add(CLOSE, close).add(SIGN, sign)
}

#[derive(Serialize, JsonSchema)]
struct AllOpen {
    /// In the order in which they close by themselves.
    items: Vec<OpenNow>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// `waiting` (nobody signed) or `signed`.
    #[serde(default)]
    state: Signed,
    /// How many at once.
    #[serde(default)]
    limit: Limit,
    /// Where to go on.
    #[serde(default)]
    cursor: Option<Cursor>,
}

async fn open(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(new): Json<NewEmergency>,
) -> Result<(StatusCode, Json<Opened>), Problem> {
    let opened = emergencies::open(app.house(), &session, &new, &Unobserved).await?;
    Ok((StatusCode::CREATED, Json(opened)))
}

async fn open_now(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<AllOpen>, Problem> {
    Ok(Json(AllOpen { items: emergencies::open_now(app.house(), &session).await? }))
}

async fn close(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(emergency): PathId<EmergencyId>,
) -> Result<StatusCode, Problem> {
    emergencies::close(app.house(), &session, emergency).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn list(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<EmergencyView>>, Problem> {
    let place = Cursor::place(asked.cursor.as_ref())?;
    let page = emergencies::emergencies(app.house(), &session, asked.state, place, asked.limit.entries()).await?;
    Ok(Json(Page { items: page.items, next: page.next.map(|next| Cursor::at(&next)) }))
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(emergency): PathId<EmergencyId>,
) -> Result<Json<EmergencyView>, Problem> {
    Ok(Json(emergencies::emergency(app.house(), &session, emergency).await?))
}

async fn sign(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(emergency): PathId<EmergencyId>,
    Json(new): Json<NewSignature>,
) -> Result<StatusCode, Problem> {
    emergencies::sign(app.house(), &session, emergency, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}
