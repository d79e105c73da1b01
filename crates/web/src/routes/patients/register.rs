//! Registering a patient.

use super::{
    REGISTERS, back_to_list,
    details::{Typed, fields},
};
use crate::{
    App, AuditClass, Form, FormKey, IdempotencyKey, Json, Problem, Route, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{FieldErrors, Head},
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{PatientId, PermissionName};
use maud::Markup;
use practice::patients::{self, PatientDetails, RegisterError};
use serde::Serialize;

pub(super) const API: Route = Route::api(Verb::Post, "/api/v1/patients", "Registers a patient.")
    .permission(PermissionName::WriteIdentity)
    .audit(AuditClass::Patient)
    .idempotency_key()
    .body::<PatientDetails>()
    .answer::<Registered>(201);
pub(super) const FORM: Route =
    Route::page(Verb::Get, "/patients/new", "The form to register a patient.").roles(REGISTERS);
pub(super) const SEND: Route = Route::page(Verb::Post, "/patients/new", "Registers a patient.")
    .permission(PermissionName::WriteIdentity)
    .audit(AuditClass::Patient)
    .roles(REGISTERS);

/// A patient who was registered.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct Registered {
    /// The patient.
    patient_id: PatientId,
}

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    key: Option<IdempotencyKey>,
    Json(details): Json<PatientDetails>,
) -> Result<Response, Problem> {
    let key = key.as_ref().map(IdempotencyKey::as_str);
    let patient_id = patients::register(app.house(), &session, &details, key).await?;
    let location = [(header::LOCATION, format!("/api/v1/patients/{patient_id}"))];
    Ok((StatusCode::CREATED, location, Json(Registered { patient_id })).into_response())
}

pub(super) async fn form(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    let surround = Surround::of(&app, &session).await?;
    // A form that is sent twice registers once.
    let typed = Typed::new(FormKey::new(&*app.rng).as_str().to_owned());
    Ok(sheet(&surround, &typed, &FieldErrors::none()))
}

pub(super) async fn send(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let surround = Surround::of(&app, &session).await?;
    let again =
        |errors: &FieldErrors| Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, sheet(&surround, &typed, errors)));
    let details = match typed.read() {
        Ok(details) => details,
        Err(errors) => return again(&errors),
    };
    let key = FormKey::try_from(typed.seen.clone()).map_err(|why| Problem::invalid("seen", &why))?;
    let mut errors = FieldErrors::none();
    match patients::register(app.house(), &session, &details, Some(key.as_str())).await {
        Ok(patient) => return Ok(see_other(&format!("/patients/{patient}"))),
        Err(RegisterError::Invalid { field, why }) => errors.add(field, format!("The date of birth {why}")),
        Err(RegisterError::RecordNumberTaken) => errors.add("record_number", "Another patient has this record number"),
        Err(error) => return Err(error.into()),
    }
    again(&errors)
}

fn sheet(surround: &Surround, typed: &Typed, errors: &FieldErrors) -> Markup {
    let head = Head { above: Some(back_to_list()), ..Head::default() };
    let content = fields(typed, errors, "Register", "/patients");
    surround.page(Sheet::new("Register a patient", "/patients").head(head), content)
}
