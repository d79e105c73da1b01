//! Amendments, for programs.

use crate::{App, AuditClass, IdempotencyKey, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb};
use axum::{extract::State, http::StatusCode};
use domain::{AmendmentId, PatientId, PermissionName};
use practice::amendments::{self, AmendmentView, Disagreement, NewAmendment, NewAnswer, Waiting};
use schemars::JsonSchema;
use serde::Serialize;

const LIST: Route = Route::api(
    Verb::Get,
    "/api/v1/patients/{patient_id}/amendments",
    "What a patient asked to be amended in their record, with every answer.",
)
.permission(PermissionName::ReadExercise)
.audit(AuditClass::Patient)
.answer::<Amendments>(200);
const ASK: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/amendments",
    "Asks that something in one's own record be amended.",
)
.permission(PermissionName::LogExercise)
.audit(AuditClass::Patient)
.idempotency_key()
.body::<NewAmendment>()
.answer::<Asked>(201);
const ANSWER: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/amendments/{amendment_id}/answer",
    "Puts off, accepts or denies what a patient asked to be amended, or replies to their disagreement.",
)
.permission(PermissionName::WriteNotes)
.audit(AuditClass::Patient)
.body::<NewAnswer>()
.no_content();
const DISAGREE: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/amendments/{amendment_id}/disagreement",
    "Files a statement of disagreement with a denial.",
)
.permission(PermissionName::LogExercise)
.audit(AuditClass::Patient)
.body::<Disagreement>()
.no_content();
const WAITING: Route = Route::api(
    Verb::Get,
    "/api/v1/amendments",
    "What patients of the practice asked to be amended and waits for an answer, the soonest due first.",
)
.permission(PermissionName::AnswerRequests)
.audit(AuditClass::Practice)
.answer::<Waiting>(200);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(LIST, list).add(ASK, ask).add(ANSWER, answer).add(DISAGREE, disagree).add(WAITING, waiting)
}

#[derive(Serialize, JsonSchema)]
struct Amendments {
    /// Newest first, answered or not.
    items: Vec<AmendmentView>,
}

#[derive(Serialize, JsonSchema)]
struct Asked {
    /// What was asked.
    amendment_id: AmendmentId,
}

async fn list(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Json<Amendments>, Problem> {
    Ok(Json(Amendments { items: amendments::list(app.house(), &session, patient).await? }))
}

async fn ask(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    key: Option<IdempotencyKey>,
    Json(new): Json<NewAmendment>,
) -> Result<(StatusCode, Json<Asked>), Problem> {
    let key = key.as_ref().map(IdempotencyKey::as_str);
    let amendment_id = amendments::ask(app.house(), &session, patient, &new, key).await?;
    Ok((StatusCode::CREATED, Json(Asked { amendment_id })))
}

async fn answer(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, amendment)): PathId<(PatientId, AmendmentId)>,
    Json(new): Json<NewAnswer>,
) -> Result<StatusCode, Problem> {
    amendments::answer(app.house(), &session, patient, amendment, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn disagree(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, amendment)): PathId<(PatientId, AmendmentId)>,
    Json(new): Json<Disagreement>,
) -> Result<StatusCode, Problem> {
    amendments::disagree(app.house(), &session, patient, amendment, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn waiting(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<Waiting>, Problem> {
    Ok(Json(amendments::waiting(app.house(), &session).await?))
}
