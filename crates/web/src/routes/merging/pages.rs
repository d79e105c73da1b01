//! The same as a page.

use crate::{
    App, AuditClass, Form, PathId, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    body::Nothing,
    look::{
        ButtonKind, Field, FieldErrors, Head, RECORDED, Tone, card, notice, post_button, recorded_line, submit,
        text_field,
    },
    routes::{
        account::{confirm_first as ask_first, is_fresh},
        people::confirm_first,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{PatientId, PermissionName};
use identity::{EnrollmentError, Full, Session};
use maud::{Markup, html};
use practice::merging::{self, MergeError, NewMerge};
use serde::Deserialize;

const PAGE: Route =
    Route::page(Verb::Get, "/patients/{patient_id}/merge", "How a record stands to others of the same person.")
        .permission(PermissionName::AnswerRequests)
        .audit(AuditClass::Patient);
const MERGE: Route = Route::page(Verb::Post, "/patients/{patient_id}/merge", "Closes a record that was made in error.")
    .permission(PermissionName::AnswerRequests)
    .audit(AuditClass::Patient);
const PART: Route = Route::page(Verb::Post, "/patients/{patient_id}/merge/undo", "Takes a merge back.")
    .permission(PermissionName::AnswerRequests)
    .audit(AuditClass::Patient);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(MERGE, merge).add(PART, part)
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    into: String,
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Markup, Problem> {
    show(&app, &session, patient, &Typed::default(), &FieldErrors::none()).await
}

async fn show(
    app: &App,
    session: &Session<Full>,
    patient: PatientId,
    typed: &Typed,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let view = merging::standing(app.house(), session, patient).await?;
    let surround = Surround::of(app, session).await?;
    let undo = format!("/patients/{patient}/merge/undo");
    let here = format!("/patients/{patient}/merge");
    let fresh = is_fresh(app, session);
    let ask = Some("Its care team is given anew. Take it back?");
    let content = html! {
        (errors.summary())
        @if let Some(into) = view.into {
            (notice(Tone::Warn, "This record was made in error and is closed", Some(html! {
                "It goes on as " code class="id" { (into) } ". "
                @if let (Some(by), Some(at)) = (&view.decided_by, view.decided_at) {
                    "Closed by " (by.name) ", " (surround.moment(at)) "."
                }
            })))
            @if fresh { p { (post_button(&undo, "Take it back", ButtonKind::Danger, ask)) } } @else { (ask_first(&here)) }
        } @else {
            @if !view.others.is_empty() {
                (card("Closed records of the same person", None, html! {
                    ul { @for other in &view.others {
                        li { a href={ "/patients/" (other) "/merge" } { code class="id" { (other) } } }
                    } }
                }))
            }
            form method="post" class="card stack" {
                h2 { "Was this person registered twice?" }
                p class="soft" { "This record is closed and stays readable for whoever treats the other one. Nothing is moved or erased, and it is kept as long as the other. Its care team ends; what the patient asked about either holds for both. Whoever is on the care team of one of them cannot close it." }
                @if fresh {
                    (text_field(&Field::new("into", "The record goes on as").required().value(&typed.into)
                        .error(errors.of("into")).hint("The id of the other patient").autocomplete("off")))
                    (submit("Close this record", None))
                } @else { (ask_first(&here)) }
            }
        }
        p { a href={ "/policy/patients/" (patient) } { "Who can see this patient, why, since when" } }
        (recorded_line(RECORDED))
    };
    let below = html! { "Patient " code class="id" { (patient) } };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Registered twice", "/policy").head(head), content))
}

async fn merge(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    match typed.into.trim().parse() {
        Ok(into) => match merging::merge(app.house(), &session, patient, &NewMerge { into }).await {
            Err(MergeError::Other) => errors.add("into", "There is no such other patient here"),
            done => return self::done(patient, done),
        },
        Err(why) => errors.add("into", format!("The patient {why}")),
    }
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &session, patient, &typed, &errors).await?))
}

async fn part(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    done(patient, merging::part(app.house(), &session, patient).await)
}

/// Back to the page, over the one that asks for the factor again where that is needed.
fn done(patient: PatientId, result: Result<(), MergeError>) -> Result<Response, Problem> {
    let page = format!("/patients/{patient}/merge");
    match result {
        Ok(()) => Ok(see_other(&page)),
        Err(MergeError::NotInPerson(EnrollmentError::StepUp)) => Ok(confirm_first(&page)),
        Err(other) => Err(other.into()),
    }
}
