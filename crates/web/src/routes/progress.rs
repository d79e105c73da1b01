//! How it goes, in numbers.

use crate::{App, AuditClass, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb};
use axum::extract::State;
use domain::{PatientId, PermissionName};
use practice::progress::{self, Progress};

const API: Route = Route::api(
    Verb::Get,
    "/api/v1/patients/{patient_id}/progress",
    "What was due and done, pain and effort by week, and each exercise over the last 14 days.",
)
.permission(PermissionName::ReadExercise)
.audit(AuditClass::Patient)
.answer::<Progress>(200);

/// Adds the routes.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(API, api)
}

async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Json<Progress>, Problem> {
    Ok(Json(progress::progress(app.house(), &session, patient).await?))
}
