//! The same for programs.

use crate::{App, AuditClass, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb};
use axum::{extract::State, http::StatusCode};
use domain::{EntryId, NoteId, PatientId, PermissionName, ProgramId, VisitId};
use practice::voiding::{self, NewVoid};

const ENTRY: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/log/{entry_id}/void",
    "Says that a log entry was entered in error. It stays, and counts for nothing.",
)
.permission(PermissionName::WriteExercise)
.audit(AuditClass::Patient)
.body::<NewVoid>()
.no_content();
const NOTE: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/notes/{note_id}/void",
    "Says that a note, as it stands, was entered in error. It stays readable.",
)
.permission(PermissionName::WriteNotes)
.audit(AuditClass::Patient)
.body::<NewVoid>()
.no_content();
const VISIT: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/visits/{visit_id}/void",
    "Says that a visit was entered in error. It stays, and counts for nothing.",
)
.permission(PermissionName::WriteVisits)
.audit(AuditClass::Patient)
.body::<NewVoid>()
.no_content();
const VERSION: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/program/versions/{program_id}/{version}/void",
    "Says that a version of a program was entered in error; 409 while it is in force.",
)
.permission(PermissionName::WriteExercise)
.audit(AuditClass::Patient)
.body::<NewVoid>()
.no_content();

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(ENTRY, entry).add(NOTE, note).add(VISIT, visit).add(VERSION, version)
}

async fn entry(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, entry)): PathId<(PatientId, EntryId)>,
    Json(new): Json<NewVoid>,
) -> Result<StatusCode, Problem> {
    voiding::entry(app.house(), &session, patient, entry, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn note(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, note)): PathId<(PatientId, NoteId)>,
    Json(new): Json<NewVoid>,
) -> Result<StatusCode, Problem> {
    voiding::note(app.house(), &session, patient, note, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn visit(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, visit)): PathId<(PatientId, VisitId)>,
    Json(new): Json<NewVoid>,
) -> Result<StatusCode, Problem> {
    voiding::visit(app.house(), &session, patient, visit, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn version(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, program, version)): PathId<(PatientId, ProgramId, u32)>,
    Json(new): Json<NewVoid>,
) -> Result<StatusCode, Problem> {
    voiding::program_version(app.house(), &session, patient, program, version, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}
