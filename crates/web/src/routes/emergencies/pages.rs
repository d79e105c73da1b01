//! Opening a record in an emergency, and closing it again, as pages.

use crate::{
    App, AuditClass, Form, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::{again_in, form_after, form_again, see_other},
    body::Nothing,
    look::{
        ButtonKind, Field, FieldErrors, Head, Tone, card, date_field, hidden, link_button, notice, submit, text_field,
        textarea,
    },
    routes::account::{confirm_first, is_fresh},
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{
    BirthDate, EmergencyId, EmergencyReason, PatientId, PermissionName, PersonName, RecordNumber,
    Role::{self, Admin, Therapist},
    Unobserved,
};
use identity::{EnrollmentError, Full, Session};
use maud::{Markup, html};
use phi::AccessError;
use practice::{
    emergencies::{self, EmergencyError, NewEmergency},
    record::RecordError,
    sign_in::AttemptError,
};
use serde::Deserialize;

/// Who may open a record in an emergency.
const BREAKERS: &[Role] = &[Therapist, Admin];
const HERE: &str = "/emergencies/open";
const FORM: Route =
    Route::page(Verb::Get, HERE, "The form by which a record is opened in an emergency.").roles(BREAKERS);
const OPEN: Route = Route::page(Verb::Post, HERE, "Opens one patient's record in an emergency, for an hour.")
    .permission(PermissionName::BreakGlass)
    .audit(AuditClass::Patient)
    .roles(BREAKERS);
const CLOSE: Route = Route::page(
    Verb::Post,
    "/emergencies/{emergency_id}/close",
    "Closes a record that one opened in an emergency, before its hour is over.",
)
.audit(AuditClass::Practice);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(FORM, form).add(OPEN, open).add(CLOSE, close)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Whose record, where somebody comes from the patient's page.
    #[serde(default)]
    patient_id: Option<PatientId>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    patient_id: String,
    #[serde(default)]
    record_number: String,
    #[serde(default)]
    given_name: String,
    #[serde(default)]
    family_name: String,
    #[serde(default)]
    birth_date: String,
}

async fn form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let patient_id = asked.patient_id.map(|patient| patient.to_string()).unwrap_or_default();
    show(&app, &session, &Typed { patient_id, ..Typed::default() }, &FieldErrors::none()).await
}

async fn show(app: &App, session: &Session<Full>, typed: &Typed, errors: &FieldErrors) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let known = !typed.patient_id.is_empty();
    let back = back(typed);
    let content = html! {
        (errors.summary())
        (card("What happens", None, html! {
            ul {
                li { "The record opens for one hour, in this session: exercises, notes and visits to read, notes of your own to write." }
                li { "The privacy officer is told at once, and somebody else must look into it and sign within three working days." }
                li { "The patient sees that it was an emergency, and everything that you opened." }
                li { "Each try is recorded, whether anybody is found or not." }
            }
        }))
        @if is_fresh(app, session) {
            form method="post" action=(HERE) class="card stack" {
                @if known {
                    (hidden("patient_id", &typed.patient_id))
                    p { "The record of patient " code class="id" { (typed.patient_id) } "." }
                } @else {
                    fieldset class="stack" {
                        legend { "Whose record" }
                        p class="soft" { "The record number, or the whole name and the birth date." }
                        (text_field(&Field::new("record_number", "Record number").value(&typed.record_number).max_length(40)
                            .autocomplete("off").error(errors.of("record_number"))))
                        (text_field(&Field::new("given_name", "Given name").value(&typed.given_name).max_length(100)
                            .autocomplete("off").error(errors.of("given_name"))))
                        (text_field(&Field::new("family_name", "Family name").value(&typed.family_name).max_length(100)
                            .autocomplete("off").error(errors.of("family_name"))))
                        (date_field(&Field::new("birth_date", "Born").value(&typed.birth_date).error(errors.of("birth_date"))))
                    }
                }
                (textarea(&Field::new("reason", "Why you need the record now").required().value(&typed.reason).rows(4)
                    .max_length(1000).error(errors.of("reason"))
                    .hint("A sentence at least. It is sealed, and read by whoever looks into it.")))
                (submit("Open the record for one hour", Some(link_button("/patients", "Leave it closed", ButtonKind::Quiet))))
            }
        } @else { (confirm_first(&back)) }
    };
    let below = html! { "For a patient whom you do not treat, when care cannot wait." };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Open a record in an emergency", HERE).head(head), content))
}

/// Where a factor that is proven on the way leads back to: the form, or the patient's page, which leads here.
fn back(typed: &Typed) -> String {
    let patient = typed.patient_id.parse::<PatientId>().ok();
    patient.map_or_else(|| HERE.to_owned(), |patient| format!("/patients/{patient}"))
}

/// What was typed, if all of it makes sense.
fn read(typed: &Typed, errors: &mut FieldErrors) -> Option<NewEmergency> {
    fn optional<T, E>(
        name: &'static str,
        typed: &str,
        errors: &mut FieldErrors,
        wrong: &str,
        new: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        let text = typed.trim();
        if text.is_empty() {
            return None;
        }
        new(text).map_err(|_| errors.add(name, wrong)).ok()
    }
    let text = "At most 100 characters of plain text";
    let day = |text: &str| serde_json::from_value::<BirthDate>(text.into());
    let patient_id = optional("patient_id", &typed.patient_id, errors, "Not a patient", str::parse);
    let number = |text: &str| RecordNumber::new(text);
    let record_number = optional("record_number", &typed.record_number, errors, "Not a record number", number);
    let given_name = optional("given_name", &typed.given_name, errors, text, |text| PersonName::new(text));
    let family_name = optional("family_name", &typed.family_name, errors, text, |text| PersonName::new(text));
    let birth_date = optional("birth_date", &typed.birth_date, errors, "Not a day", day);
    let reason = EmergencyReason::new(&typed.reason);
    if reason.is_err() {
        errors.add("reason", "Say why in a sentence: 10 to 1000 characters");
    }
    let reason = reason.ok().filter(|_| errors.is_empty())?;
    Some(NewEmergency { reason, patient_id, record_number, given_name, family_name, birth_date })
}

async fn open(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    let by_id = !typed.patient_id.is_empty();
    if let Some(new) = read(&typed, &mut errors) {
        match emergencies::open(app.house(), &session, &new, &Unobserved).await {
            Ok(opened) => return Ok(see_other(&format!("/patients/{}", opened.patient_id))),
            Err(EmergencyError::NotInPerson(EnrollmentError::StepUp)) => {
                return Ok(see_other(&crate::routes::session::confirm_address(&back(&typed))));
            }
            Err(EmergencyError::AlreadyOpen(patient)) => return Ok(see_other(&format!("/patients/{patient}"))),
            Err(EmergencyError::Whom) => {
                errors.add("record_number", "Say the record number alone, or the whole name and the birth date");
            }
            Err(EmergencyError::Several) => {
                errors.add("record_number", "Two records have this name and birth date: say the record number");
            }
            Err(EmergencyError::Record(RecordError::Access(AccessError::Denied))) if !by_id => {
                errors.add(
                    "record_number",
                    "No record that you could open is found like this. Look at how it is spelled",
                );
            }
            Err(EmergencyError::Tried(AttemptError::Wait(seconds))) => {
                errors
                    .add("record_number", format!("You have tried very often in a short time. {}", again_in(seconds)));
                return Ok(form_after(seconds, show(&app, &session, &typed, &errors).await?));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &session, &typed, &errors).await?))
}

async fn close(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(emergency): PathId<EmergencyId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    match emergencies::close(app.house(), &session, emergency).await {
        // Its hour went by while the page was looked at: it is as it was to be.
        Ok(()) | Err(EmergencyError::NotOpen) => Ok(see_other("/patients")),
        Err(error) => Err(error.into()),
    }
}

/// What stands on each page while records are open in an emergency.
pub(crate) fn banner(surround: &Surround, open: &[emergencies::OpenNow]) -> Option<Markup> {
    (!open.is_empty()).then(|| {
        html! {
            aside class="glass stack" aria-label="Open in an emergency" {
                @for one in open {
                    (notice(Tone::Warn, "A record is open in an emergency", Some(html! {
                        p {
                            "Until " strong class="num" { (surround.time(one.expires_at)) } ", "
                            span class="num" { (left(one.seconds_left)) } " left. Everything that you open is recorded, and somebody else looks into it."
                        }
                        div class="row" {
                            (link_button(&format!("/patients/{}", one.patient_id), "To the record", ButtonKind::Quiet))
                            form method="post" action={ "/emergencies/" (one.emergency_id) "/close" } {
                                button type="submit" class="button quiet" { "Close it now" }
                            }
                        }
                    })))
                }
            }
        }
    })
}

fn left(seconds: i64) -> String {
    match seconds {
        ..60 => "less than a minute".to_owned(),
        60..120 => "1 minute".to_owned(),
        more => format!("{} minutes", more / 60),
    }
}
