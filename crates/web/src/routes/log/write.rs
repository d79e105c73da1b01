//! Writing down what was done.

use crate::{App, AuditClass, IdempotencyKey, Json, PathId, Problem, Route, SignedIn, Verb};
use axum::{
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use domain::{PatientId, PermissionName};
use practice::log::{self, EntryView, NewEntry};

pub(super) const API: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/log",
    "Writes down what was done, as often a day as it was done.",
)
.permission(PermissionName::LogExercise)
.audit(AuditClass::Patient)
.idempotency_key()
.body::<NewEntry>()
.answer::<EntryView>(201);

/// An entry that was made, with where it can be read.
pub(super) type Made = (StatusCode, [(HeaderName, String); 1], Json<EntryView>);

pub(super) fn made(patient: PatientId, entry: EntryView) -> Made {
    let location = format!("/api/v1/patients/{patient}/log/{}", entry.entry_id);
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(entry))
}

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    key: Option<IdempotencyKey>,
    Json(new): Json<NewEntry>,
) -> Result<Made, Problem> {
    let key = key.as_ref().map(IdempotencyKey::as_str);
    Ok(made(patient, log::write(app.house(), &session, patient, &new, key).await?))
}
