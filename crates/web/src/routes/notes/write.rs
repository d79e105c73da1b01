//! Writing a progress note.

use super::list::{LIMIT, show};
use crate::{
    App, AuditClass, Form, FormKey, IdempotencyKey, Json, PathId, Problem, Route, SignedIn, Verb,
    answer::{form_again, see_other},
    look::FieldErrors,
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{NoteBody, PatientId, PermissionName};
use practice::notes::{self, NewNote, NoteView};
use serde::Deserialize;

pub(super) const API: Route = Route::api(Verb::Post, "/api/v1/patients/{patient_id}/notes", "Writes a progress note.")
    .permission(PermissionName::WriteNotes)
    .audit(AuditClass::Patient)
    .body_limit(LIMIT)
    .idempotency_key()
    .body::<NewNote>()
    .answer::<NoteView>(201);
pub(super) const SEND: Route = Route::page(Verb::Post, "/patients/{patient_id}/notes", "Writes a progress note.")
    .permission(PermissionName::WriteNotes)
    .audit(AuditClass::Patient)
    .body_limit(LIMIT);

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    key: Option<IdempotencyKey>,
    Json(new): Json<NewNote>,
) -> Result<Response, Problem> {
    let key = key.as_ref().map(IdempotencyKey::as_str);
    let note = notes::write(app.house(), &session, patient, &new, key).await?;
    Ok((StatusCode::CREATED, Json(note)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    /// Makes a form that is sent twice write once.
    key: FormKey,
    #[serde(default)]
    body: String,
}

pub(super) async fn send(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    // Browsers send a line break as two characters.
    let text = typed.body.replace("\r\n", "\n");
    let body = match NoteBody::new(&text) {
        Ok(body) => body,
        Err(why) => {
            let mut errors = FieldErrors::none();
            errors.add("body", format!("The note {why}"));
            let found = notes::list(app.house(), &session, patient, None, 50).await?;
            let page = show(&app, &session, patient, &found, &typed.key, &text, &errors).await?;
            return Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page));
        }
    };
    notes::write(app.house(), &session, patient, &NewNote { body }, Some(typed.key.as_str())).await?;
    Ok(see_other(&format!("/patients/{patient}/notes")))
}
