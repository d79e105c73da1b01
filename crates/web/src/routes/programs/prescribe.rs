//! Signing a version by the API.

use crate::{App, AuditClass, IfMatch, Json, PathId, Problem, Route, SignedIn, Tag, Verb};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{PatientId, PermissionName};
use practice::programs::{self, NewProgram, ProgramView};

/// Thirty exercises with an instruction of 500 characters each.
pub(super) const LIMIT: usize = 256 * 1024;

pub(super) const API: Route = Route::api(
    Verb::Put,
    "/api/v1/patients/{patient_id}/program",
    "Signs the first version of a program (without If-Match) or the next one (with the version in force).",
)
.permission(PermissionName::WriteExercise)
.audit(AuditClass::Patient)
.if_match()
.body_limit(LIMIT)
.body::<NewProgram>()
.answer::<ProgramView>(200);

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    seen: Option<IfMatch>,
    Json(new): Json<NewProgram>,
) -> Result<Response, Problem> {
    // A number that no version can have is a version that is not in force.
    let seen = seen.map(|IfMatch(seen)| u32::try_from(seen).unwrap_or(u32::MAX));
    let status = if seen.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let program = programs::prescribe(app.house(), &session, patient, seen, new).await?;
    Ok((status, [Tag(u64::from(program.version)).pair()], Json(program)).into_response())
}
