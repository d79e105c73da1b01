//! The same for programs.

use crate::{App, AuditClass, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb};
use axum::{extract::State, http::StatusCode};
use domain::{PatientId, PermissionName};
use practice::merging::{self, MergeView, NewMerge};

const READ: Route =
    Route::api(Verb::Get, "/api/v1/patients/{patient_id}/merge", "How a record stands to others of the same person.")
        .permission(PermissionName::AnswerRequests)
        .audit(AuditClass::Patient)
        .answer::<MergeView>(200);
const MERGE: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/merge",
    "Closes a record that was made in error; it goes on as another patient's. Nothing is moved or erased.",
)
.permission(PermissionName::AnswerRequests)
.audit(AuditClass::Patient)
.body::<NewMerge>()
.no_content();
const PART: Route =
    Route::api(Verb::Delete, "/api/v1/patients/{patient_id}/merge", "Takes it back, by an entry of its own.")
        .permission(PermissionName::AnswerRequests)
        .audit(AuditClass::Patient)
        .no_content();

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(READ, read).add(MERGE, merge).add(PART, part)
}

async fn read(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Json<MergeView>, Problem> {
    Ok(Json(merging::standing(app.house(), &session, patient).await?))
}

async fn merge(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Json(new): Json<NewMerge>,
) -> Result<StatusCode, Problem> {
    merging::merge(app.house(), &session, patient, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn part(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<StatusCode, Problem> {
    merging::part(app.house(), &session, patient).await?;
    Ok(StatusCode::NO_CONTENT)
}
