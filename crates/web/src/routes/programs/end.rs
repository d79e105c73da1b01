//! Ending a program.

use crate::{
    App, AuditClass, Form, IfMatch, Json, PathId, Problem, Route, SignedIn, Tag, Verb,
    answer::{form_again, see_other},
    look::{
        ButtonKind, Field, FieldErrors, Head, RECORDED, Tone, date_field, hidden, link_button, notice, radio_group,
        recorded_line, submit, textarea,
    },
    routes::patients::TREATS,
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{EndReason, PatientId, PermissionName};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::programs::{self, EndProgram, PrescribeError, ProgramView};
use serde::Deserialize;

pub(super) const API: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/program/end",
    "Ends the program: now, or after a last day. A last version of it, which stays readable.",
)
.permission(PermissionName::WriteExercise)
.audit(AuditClass::Patient)
.if_match()
.body::<EndProgram>()
.answer::<ProgramView>(200);
pub(super) const FORM: Route =
    Route::page(Verb::Get, "/patients/{patient_id}/program/end", "How and why to end the program.")
        .permission(PermissionName::ReadExercise)
        .audit(AuditClass::Patient)
        .roles(TREATS);
pub(super) const SEND: Route = Route::page(Verb::Post, "/patients/{patient_id}/program/end", "Ends the program.")
    .permission(PermissionName::WriteExercise)
    .audit(AuditClass::Patient)
    .roles(TREATS);

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    IfMatch(seen): IfMatch,
    Json(end): Json<EndProgram>,
) -> Result<Response, Problem> {
    // A number that no version can have is a version that is not in force.
    let seen = u32::try_from(seen).unwrap_or(u32::MAX);
    let program = programs::end(app.house(), &session, patient, seen, &end).await?;
    Ok(([Tag(u64::from(program.version)).pair()], Json(program)).into_response())
}

/// What stands in the form.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    #[serde(default)]
    seen: String,
    #[serde(default)]
    when: String,
    #[serde(default)]
    last_day: String,
    #[serde(default)]
    reason: String,
}

impl Typed {
    /// What it says, or what is wrong with which field.
    fn end(&self) -> Result<EndProgram, FieldErrors> {
        let mut errors = FieldErrors::none();
        // A day that is none is refused even where it is not asked for: whoever typed it meant something by it.
        let typed = (!self.last_day.trim().is_empty()).then(|| self.last_day.trim().parse());
        if matches!(typed, Some(Err(_))) || (typed.is_none() && self.when == "after") {
            errors.add("last_day", "The last day must be a date");
        }
        let last_day = match self.when.as_str() {
            "now" => None,
            "after" => typed.and_then(Result::ok),
            _ => {
                errors.add("when", "Say when the program ends");
                None
            }
        };
        // Browsers send a line break as two characters.
        let reason = EndReason::new(self.reason.replace("\r\n", "\n"));
        let reason = reason.map_err(|why| errors.add("reason", format!("The reason {why}"))).ok();
        match reason {
            Some(reason) if errors.is_empty() => Ok(EndProgram { last_day, reason }),
            _ => Err(errors),
        }
    }
}

pub(super) async fn form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Response, Problem> {
    let Some(program) = programs::current(app.house(), &session, patient).await? else {
        return Ok(see_other(&format!("/patients/{patient}/program")));
    };
    let typed = Typed { seen: program.version.to_string(), when: "now".to_owned(), ..Typed::default() };
    Ok(show(&app, &session, patient, &program, &typed, &FieldErrors::none(), None).await?.into_response())
}

pub(super) async fn send(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Form(mut typed): Form<Typed>,
) -> Result<Response, Problem> {
    let there = format!("/patients/{patient}/program");
    let mut status = StatusCode::UNPROCESSABLE_ENTITY;
    let (mut errors, mut words) = (FieldErrors::none(), None);
    match typed.end() {
        Err(wrong) => errors = wrong,
        Ok(end) => {
            let seen = typed.seen.parse().unwrap_or(u32::MAX);
            match programs::end(app.house(), &session, patient, seen, &end).await {
                Ok(_) => return Ok(see_other(&there)),
                Err(PrescribeError::Invalid { why, .. }) => errors.add("last_day", format!("The last day {why}")),
                Err(PrescribeError::Stale) => {
                    status = StatusCode::CONFLICT;
                    let link = html! { "It was not ended. " a href=(there) { "See the version that is in force now" } };
                    words = Some(notice(Tone::Error, "Somebody else changed the program since you began", Some(link)));
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    let Some(program) = programs::current(app.house(), &session, patient).await? else { return Ok(see_other(&there)) };
    if words.is_some() {
        // Now they have seen it.
        typed.seen = program.version.to_string();
    }
    Ok(form_again(status, show(&app, &session, patient, &program, &typed, &errors, words).await?))
}

async fn show(
    app: &App,
    session: &Session<Full>,
    patient: PatientId,
    program: &ProgramView,
    typed: &Typed,
    errors: &FieldErrors,
    notice: Option<Markup>,
) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let today = surround.day(app.clock.now()).to_string();
    let back = format!("/patients/{patient}/program");
    let when = [
        ("now", "Now", Some("Nothing is due any more, today included.")),
        ("after", "After a last day", Some("Until then everything stays as it is.")),
    ];
    let content = html! {
        (errors.summary())
        form method="post" class="card stack" data-unsaved {
            (hidden("seen", &typed.seen))
            (radio_group(&Field::new("when", "When").required().value(&typed.when).error(errors.of("when")), &when))
            (date_field(&Field::new("last_day", "Last day").value(&typed.last_day).between(&today, "9999-12-31")
                .hint("Only for “After a last day”").error(errors.of("last_day"))))
            (textarea(&Field::new("reason", "Why").required().value(&typed.reason).rows(3).max_length(500)
                .hint("The patient reads this on their page. Say it kindly.").error(errors.of("reason"))))
            (submit("End the program", Some(link_button(&back, "Keep it", ButtonKind::Quiet))))
        }
        (recorded_line(RECORDED))
    };
    let below = html! { "“" (program.title) "”, version " (program.version) ". All versions stay readable." };
    let above = html! { a href=(back) { "The program" } };
    let head = Head { above: Some(above), below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("End the program", "/patients").head(head).notice(notice), content))
}
