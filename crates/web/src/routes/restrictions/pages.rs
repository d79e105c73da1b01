//! Restrictions, as a page.

use crate::{
    App, AuditClass, Form, FormKey, PathId, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    body::Nothing,
    look::{
        ButtonKind, Column, Field, FieldErrors, Head, RECORDED, Tone, card, date_field, empty_state, hidden,
        post_button, radio_group, recorded_line, select, submit, table, tag, words,
    },
    routes::people::confirm_first,
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{AccountId, Date, PatientId, PermissionName, RestrictionAnswer, RestrictionId, RestrictionKind};
use identity::{EnrollmentError, Full, Session};
use maud::{Markup, html};
use practice::restrictions::{self, NewRestriction, RestrictionError, RestrictionView};
use serde::Deserialize;

const PAGE: Route =
    Route::page(Verb::Get, "/patients/{patient_id}/restrictions", "What a patient asked of who sees their record.")
        .permission(PermissionName::AnswerRequests)
        .audit(AuditClass::Patient);
const ANSWER: Route =
    Route::page(Verb::Post, "/patients/{patient_id}/restrictions", "Writes down what a patient asked, and the answer.")
        .permission(PermissionName::AnswerRequests)
        .audit(AuditClass::Patient);
const END: Route =
    Route::page(Verb::Post, "/patients/{patient_id}/restrictions/{restriction_id}/end", "Ends a restriction now.")
        .permission(PermissionName::AnswerRequests)
        .audit(AuditClass::Patient);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(ANSWER, answer).add(END, end)
}

/// What stands for notes in the form's choice of whom something is kept from.
const NOTES: &str = "notes";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    /// Makes a form that is sent twice write once.
    key: FormKey,
    /// An account, or [`NOTES`].
    #[serde(default)]
    from: String,
    #[serde(default)]
    asked_on: String,
    #[serde(default)]
    answer: String,
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Markup, Problem> {
    let (key, nothing) = (FormKey::new(&*app.rng), String::new);
    let typed = Typed { key, from: nothing(), asked_on: nothing(), answer: nothing() };
    show(&app, &session, patient, &typed, &FieldErrors::none()).await
}

async fn show(
    app: &App,
    session: &Session<Full>,
    patient: PatientId,
    typed: &Typed,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let asked = restrictions::list(app.house(), session, patient).await?;
    let colleagues = restrictions::colleagues(app.house(), session, patient).await?;
    let surround = Surround::of(app, session).await?;
    let today = surround.day(app.clock.now()).to_string();
    let day = if typed.asked_on.is_empty() { &today } else { &typed.asked_on };
    let ids: Vec<(String, &str)> =
        colleagues.iter().map(|person| (person.account_id.to_string(), person.name.as_str())).collect();
    let mut choices = vec![(NOTES, "Notes, from all but their own therapist")];
    choices.extend(ids.iter().map(|(id, name)| (id.as_str(), *name)));
    let content = html! {
        (errors.summary())
        @if asked.is_empty() {
            (empty_state("Nothing was asked", "What the patient asks of who sees their record is written down below.", None))
        } @else {
            (card("What was asked", None, listed(&surround, &asked)))
        }
        @if ids.is_empty() {
            p class="soft" { "This record was made twice and is closed: what the patient asks is written down for the one that goes on." }
        } @else {
            form method="post" action={ "/patients/" (patient) "/restrictions" } class="card stack" {
                h2 { "Write down what they asked" }
                (hidden("key", &typed.key))
                (select(&Field::new("from", "Keep from").required().value(&typed.from).error(errors.of("from"))
                    .hint("One colleague, from the whole record; or the notes, from whoever stands in"), &choices))
                (date_field(&Field::new("asked_on", "Asked on").required().value(day).error(errors.of("asked_on"))))
                (radio_group(&Field::new("answer", "Your answer").required().value(&typed.answer).error(errors.of("answer")), &[
                    ("agreed", "Agreed", Some("It holds from the next request on")),
                    ("declined", "Declined", Some("It is written down and changes nothing")),
                ]))
                (submit("Write it down", None))
            }
        }
        p { a href={ "/policy/patients/" (patient) } { "Who can see this patient, why, since when" } }
        (recorded_line(RECORDED))
    };
    let below = html! { "Patient " code class="id" { (patient) } };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("What this patient asked", "/policy").head(head), content))
}

fn listed(surround: &Surround, asked: &[RestrictionView]) -> Markup {
    let columns = [
        Column::text("Keep"),
        Column::text("Asked"),
        Column::text("Answer"),
        Column::text("State"),
        Column::actions("End"),
    ];
    let rows = asked.iter().map(|one| {
        let path = format!("/patients/{}/restrictions/{}/end", one.patient_id, one.restriction_id);
        let ask =
            Some("Only when the patient agrees or asks. Others see the record again at the next request. End it?");
        vec![
            html! { @match &one.account {
                Some(person) => { "the record from " (person.name) },
                None => "notes to their own therapist",
            } },
            html! { (words::full_date(one.asked_on)) },
            html! { (one.answer.word()) " by " (one.decided_by.name) ", " (surround.moment(one.decided_at)) },
            html! {
                @if one.in_force { (tag("kept", Tone::Warn)) }
                @else if let (Some(person), Some(at)) = (&one.ended_by, one.ended_at) {
                    "ended by " (person.name) ", " (surround.moment(at))
                }
                @else { (tag("declined", Tone::Neutral)) }
            },
            html! { @if one.in_force { (post_button(&path, "End", ButtonKind::Danger, ask)) } },
        ]
    });
    table("What the patient asked, newest first", &columns, rows)
}

async fn answer(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    let from = match typed.from.as_str() {
        NOTES => Some((RestrictionKind::Notes, None)),
        id => id.parse::<AccountId>().ok().map(|account| (RestrictionKind::Account, Some(account))),
    };
    let asked_on = typed.asked_on.parse::<Date>().ok();
    let said = typed.answer.parse::<RestrictionAnswer>().ok();
    if from.is_none() {
        errors.add("from", "Choose from whom to keep what");
    }
    if asked_on.is_none() {
        errors.add("asked_on", "Say the day on which they asked");
    }
    if said.is_none() {
        errors.add("answer", "Choose an answer");
    }
    if let (Some((what, account_id)), Some(asked_on), Some(answer)) = (from, asked_on, said) {
        let new = NewRestriction { what, account_id, asked_on: Some(asked_on), answer };
        match restrictions::answer(app.house(), &session, patient, &new, Some(typed.key.as_str())).await {
            Ok(_) => return Ok(see_other(&back(patient))),
            Err(RestrictionError::Account) => errors.add("from", "Choose somebody who works here"),
            Err(RestrictionError::Day) => errors.add("asked_on", "The day must not be in the future"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &session, patient, &typed, &errors).await?))
}

async fn end(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, restriction)): PathId<(PatientId, RestrictionId)>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    match restrictions::end(app.house(), &session, patient, restriction).await {
        Ok(()) => Ok(see_other(&back(patient))),
        Err(RestrictionError::NotInPerson(EnrollmentError::StepUp)) => Ok(confirm_first(&back(patient))),
        Err(other) => Err(other.into()),
    }
}

fn back(patient: PatientId) -> String {
    format!("/patients/{patient}/restrictions")
}
