//! Restrictions, for programs.

use crate::{App, AuditClass, IdempotencyKey, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb};
use axum::{extract::State, http::StatusCode};
use domain::{PatientId, PermissionName, RestrictionId};
use practice::restrictions::{self, NewRestriction, RestrictionView};
use schemars::JsonSchema;
use serde::Serialize;

const LIST: Route = Route::api(
    Verb::Get,
    "/api/v1/patients/{patient_id}/restrictions",
    "What a patient asked of who sees their record.",
)
.permission(PermissionName::AnswerRequests)
.audit(AuditClass::Patient)
.answer::<Restrictions>(200);
const ANSWER: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/restrictions",
    "Writes down what a patient asked, and the practice's answer.",
)
.permission(PermissionName::AnswerRequests)
.audit(AuditClass::Patient)
.idempotency_key()
.body::<NewRestriction>()
.answer::<Answered>(201);
const END: Route = Route::api(
    Verb::Delete,
    "/api/v1/patients/{patient_id}/restrictions/{restriction_id}",
    "Ends a restriction now, by an entry of its own.",
)
.permission(PermissionName::AnswerRequests)
.audit(AuditClass::Patient)
.no_content();

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(LIST, list).add(ANSWER, answer).add(END, end)
}

#[derive(Serialize, JsonSchema)]
struct Restrictions {
    /// Newest first, with those that ended.
    items: Vec<RestrictionView>,
}

#[derive(Serialize, JsonSchema)]
struct Answered {
    /// The restriction.
    restriction_id: RestrictionId,
}

async fn list(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Json<Restrictions>, Problem> {
    Ok(Json(Restrictions { items: restrictions::list(app.house(), &session, patient).await? }))
}

async fn answer(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    key: Option<IdempotencyKey>,
    Json(new): Json<NewRestriction>,
) -> Result<(StatusCode, Json<Answered>), Problem> {
    let key = key.as_ref().map(IdempotencyKey::as_str);
    let restriction_id = restrictions::answer(app.house(), &session, patient, &new, key).await?;
    Ok((StatusCode::CREATED, Json(Answered { restriction_id })))
}

async fn end(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, restriction)): PathId<(PatientId, RestrictionId)>,
) -> Result<StatusCode, Problem> {
    restrictions::end(app.house(), &session, patient, restriction).await?;
    Ok(StatusCode::NO_CONTENT)
}
