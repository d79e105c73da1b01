//! Changing who a patient is, and the form that registration shares.

use super::{REGISTERS, back_to_patient, invitation::account_card};
use crate::{
    App, AuditClass, Form, IfMatch, Json, PathId, Problem, Route, SignedIn, Tag, Verb,
    answer::{form_again, see_other},
    look::{
        ButtonKind, Field, FieldErrors, Head, RECORDED, date_field, email_field, hidden, link_button, recorded_line,
        submit, text_field,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{Date, EmailAddress, Invalid, PatientId, PermissionName, PersonName, PhoneNumber, RecordNumber};
use maud::{Markup, html};
use practice::patients::{self, EditError, PatientDetails, PatientView};
use serde::Deserialize;

pub(super) const API: Route = Route::api(Verb::Put, "/api/v1/patients/{patient_id}", "Changes who a patient is.")
    .permission(PermissionName::WriteIdentity)
    .audit(AuditClass::Patient)
    .if_match()
    .body::<PatientDetails>()
    .answer::<PatientView>(200);
pub(super) const FORM: Route =
    Route::page(Verb::Get, "/patients/{patient_id}/edit", "The form of a patient's details.")
        .permission(PermissionName::ReadIdentity)
        .audit(AuditClass::Patient)
        .roles(REGISTERS);
pub(super) const SEND: Route = Route::page(Verb::Post, "/patients/{patient_id}/edit", "Changes who a patient is.")
    .permission(PermissionName::WriteIdentity)
    .audit(AuditClass::Patient)
    .roles(REGISTERS);

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    IfMatch(seen): IfMatch,
    Json(details): Json<PatientDetails>,
) -> Result<([(axum::http::HeaderName, axum::http::HeaderValue); 1], Json<PatientView>), Problem> {
    let view = patients::edit(app.house(), &session, patient, seen, &details).await?;
    Ok(([Tag(view.version).pair()], Json(view)))
}

/// A patient's details as typed.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    #[serde(default)]
    given_name: String,
    #[serde(default)]
    family_name: String,
    #[serde(default)]
    birth_date: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    record_number: String,
    /// The version that is changed, or the key of a registration.
    #[serde(default)]
    pub(super) seen: String,
}

impl Typed {
    /// An empty form with the key of a registration.
    pub(super) fn new(seen: String) -> Self {
        Self { seen, ..Self::default() }
    }

    fn of(view: &PatientView) -> Self {
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        Self {
            given_name: view.given_name.clone(),
            family_name: view.family_name.clone(),
            birth_date: view.birth_date.to_string(),
            email: text(&view.email),
            phone: text(&view.phone),
            record_number: text(&view.record_number),
            seen: view.version.to_string(),
        }
    }

    /// What was typed as values; or what is wrong with which field.
    pub(super) fn read(&self) -> Result<PatientDetails, FieldErrors> {
        let mut errors = FieldErrors::none();
        let given_name = errors.keep("given_name", "The given name", PersonName::new(&self.given_name));
        let family_name = errors.keep("family_name", "The family name", PersonName::new(&self.family_name));
        let born = self.birth_date.trim().parse::<Date>().map_err(|_| Invalid::new("must be a date"));
        let birth_date = errors.keep("birth_date", "The date of birth", born);
        let email = wanted(&mut errors, "email", "The e-mail address", &self.email, |text| EmailAddress::new(text));
        let phone = wanted(&mut errors, "phone", "The telephone number", &self.phone, |text| PhoneNumber::new(text));
        let record_number = wanted(&mut errors, "record_number", "The record number", &self.record_number, |text| {
            RecordNumber::new(text)
        });
        match (given_name, family_name, birth_date) {
            (Some(given_name), Some(family_name), Some(birth_date)) if errors.is_empty() => {
                Ok(PatientDetails { given_name, family_name, birth_date, email, phone, record_number })
            }
            _ => Err(errors),
        }
    }
}

fn wanted<T>(
    errors: &mut FieldErrors,
    field: &str,
    label: &str,
    typed: &str,
    read: impl Fn(&str) -> Result<T, Invalid>,
) -> Option<T> {
    let typed = typed.trim();
    if typed.is_empty() { None } else { errors.keep(field, label, read(typed)) }
}

/// The form itself.
pub(super) fn fields(typed: &Typed, errors: &FieldErrors, label: &str, back: &str) -> Markup {
    let field = |name, label| Field::new(name, label).error(errors.of(name)).autocomplete("off");
    html! {
        (errors.summary())
        form method="post" class="card stack" {
            (hidden("seen", &typed.seen))
            (text_field(&field("given_name", "Given name").required().value(&typed.given_name).max_length(100)))
            (text_field(&field("family_name", "Family name").required().value(&typed.family_name).max_length(100)))
            (date_field(&field("birth_date", "Date of birth").required().value(&typed.birth_date)))
            (email_field(&field("email", "E-mail").value(&typed.email).max_length(254)))
            (text_field(&field("phone", "Telephone").value(&typed.phone).inputmode("tel").max_length(40)))
            (text_field(&field("record_number", "Record number").value(&typed.record_number).max_length(40)
                .hint("The practice's own number, if it has one")))
            (submit(label, Some(link_button(back, "Cancel", ButtonKind::Quiet))))
        }
    }
}

pub(super) async fn form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Markup, Problem> {
    let (view, account) = patients::read_with_account(app.house(), &session, patient).await?;
    let surround = Surround::of(&app, &session).await?;
    let account = account_card(session.role(), patient, account);
    Ok(sheet(&surround, patient, &Typed::of(&view), &FieldErrors::none(), Some(&account)))
}

pub(super) async fn send(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let surround = Surround::of(&app, &session).await?;
    let again = |status, errors: &FieldErrors| Ok(form_again(status, sheet(&surround, patient, &typed, errors, None)));
    let details = match typed.read() {
        Ok(details) => details,
        Err(errors) => return again(StatusCode::UNPROCESSABLE_ENTITY, &errors),
    };
    let mut errors = FieldErrors::none();
    let seen = typed.seen.parse().unwrap_or_default();
    match patients::edit(app.house(), &session, patient, seen, &details).await {
        Ok(_) => return Ok(see_other(&format!("/patients/{patient}"))),
        Err(EditError::Invalid { field, why }) => errors.add(field, format!("The date of birth {why}")),
        Err(EditError::RecordNumberTaken) => errors.add("record_number", "Another patient has this record number"),
        Err(EditError::Stale) => {
            errors.add("given_name", "Somebody changed these details since you opened them: open the form again");
            return again(StatusCode::CONFLICT, &errors);
        }
        Err(error) => return Err(error.into()),
    }
    again(StatusCode::UNPROCESSABLE_ENTITY, &errors)
}

fn sheet(
    surround: &Surround,
    patient: PatientId,
    typed: &Typed,
    errors: &FieldErrors,
    account: Option<&Markup>,
) -> Markup {
    let head = Head { above: Some(back_to_patient(patient)), ..Head::default() };
    let content = html! {
        (fields(typed, errors, "Save", &format!("/patients/{patient}")))
        @if let Some(account) = account { (account) }
        (recorded_line(RECORDED))
    };
    surround.page(Sheet::new("Patient details", "/patients").head(head), content)
}
