//! The same as pages: what it is about, and a form that asks why.

use crate::{
    App, AuditClass, Form, PathId, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{ButtonKind, Field, FieldErrors, Head, RECORDED, link_button, recorded_line, submit, textarea, words},
    routes::{
        log::own,
        patients::{STAFF, TREATS},
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{EntryId, NoteId, PatientId, PermissionName, ProgramId, VisitId, VoidReason};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::{
    log, notes, programs, visits,
    voiding::{self, NewVoid, VoidError, VoidView},
};
use serde::Deserialize;

const ENTRY: Route =
    Route::page(Verb::Get, "/patients/{patient_id}/log/{entry_id}/void", "A log entry, to be said entered in error.")
        .permission(PermissionName::ReadExercise)
        .audit(AuditClass::Patient)
        .roles(TREATS);
const SEND_ENTRY: Route = Route::page(
    Verb::Post,
    "/patients/{patient_id}/log/{entry_id}/void",
    "Says that a log entry was entered in error.",
)
.permission(PermissionName::WriteExercise)
.audit(AuditClass::Patient)
.roles(TREATS);
const SEND_OWN: Route = Route::page(Verb::Post, "/log/{entry_id}/void", "Says that one's own entry was made in error.")
    .permission(PermissionName::LogExercise)
    .audit(AuditClass::Patient);
const NOTE: Route =
    Route::page(Verb::Get, "/patients/{patient_id}/notes/{note_id}/void", "A note, to be said entered in error.")
        .permission(PermissionName::ReadNotes)
        .audit(AuditClass::Patient);
const SEND_NOTE: Route =
    Route::page(Verb::Post, "/patients/{patient_id}/notes/{note_id}/void", "Says that a note was entered in error.")
        .permission(PermissionName::WriteNotes)
        .audit(AuditClass::Patient);
const VISIT: Route =
    Route::page(Verb::Get, "/patients/{patient_id}/visits/{visit_id}/void", "A visit, to be said entered in error.")
        .permission(PermissionName::ReadVisits)
        .audit(AuditClass::Patient)
        .roles(STAFF);
const SEND_VISIT: Route =
    Route::page(Verb::Post, "/patients/{patient_id}/visits/{visit_id}/void", "Says that a visit was entered in error.")
        .permission(PermissionName::WriteVisits)
        .audit(AuditClass::Patient)
        .roles(STAFF);
const VERSION: Route = Route::page(
    Verb::Get,
    "/patients/{patient_id}/program/versions/{program_id}/{version}/void",
    "A version of a program, to be said entered in error.",
)
.permission(PermissionName::ReadExercise)
.audit(AuditClass::Patient)
.roles(TREATS);
const SEND_VERSION: Route = Route::page(
    Verb::Post,
    "/patients/{patient_id}/program/versions/{program_id}/{version}/void",
    "Says that a version of a program was entered in error.",
)
.permission(PermissionName::WriteExercise)
.audit(AuditClass::Patient)
.roles(TREATS);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(ENTRY, entry)
        .add(SEND_ENTRY, send_entry)
        .add(SEND_OWN, send_own)
        .add(NOTE, note)
        .add(SEND_NOTE, send_note)
        .add(VISIT, visit)
        .add(SEND_VISIT, send_visit)
        .add(VERSION, version)
        .add(SEND_VERSION, send_version)
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    reason: String,
}

impl Typed {
    fn read(&self) -> Result<NewVoid, FieldErrors> {
        // Browsers send a line break as two characters.
        VoidReason::new(self.reason.replace("\r\n", "\n")).map(|reason| NewVoid { reason }).map_err(|why| {
            let mut errors = FieldErrors::none();
            errors.add("reason", format!("The reason {why}"));
            errors
        })
    }
}

/// What a form is about, in words, and where it came from.
struct About {
    what: String,
    back: String,
    place: &'static str,
}

async fn ask(
    app: &App,
    session: &Session<Full>,
    about: &About,
    typed: &Typed,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let content = html! {
        (errors.summary())
        form method="post" class="card stack" {
            p { (about.what) }
            p class="soft" { "It stays in the record, struck out, with your name and the reason, and counts for nothing any more, except for how long the record is kept where it lies more than a week back or was charged. This cannot be taken back." }
            (textarea(&Field::new("reason", "Why is it wrong?").required().value(&typed.reason).rows(2).max_length(500)
                .error(errors.of("reason")).hint("Another patient’s, say, or written down twice.")))
            (submit("It was entered in error", Some(link_button(&about.back, "Leave it as it is", ButtonKind::Quiet))))
        }
        (recorded_line(RECORDED))
    };
    let head = Head { above: Some(html! { a href=(about.back) { (about.place) } }), ..Head::default() };
    Ok(surround.page(Sheet::new("Entered in error", "/patients").head(head), content))
}

fn standing(voided: Option<&VoidView>) -> Result<(), Problem> {
    voided.map_or(Ok(()), |_| Err(VoidError::NotStanding.into()))
}

async fn about_entry(app: &App, session: &Session<Full>, patient: PatientId, entry: EntryId) -> Result<About, Problem> {
    let view = log::one(app.house(), session, patient, entry).await?.ok_or(Problem::not_found())?;
    if view.superseded_at.is_some() {
        return Err(VoidError::NotStanding.into());
    }
    standing(view.voided.as_ref())?;
    let what = format!("The entry of {}: {}.", words::full_date(view.performed_on), words::performed(&view.performed));
    Ok(About { what, back: format!("/patients/{patient}/log"), place: "Log" })
}

async fn entry(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, id)): PathId<(PatientId, EntryId)>,
) -> Result<Markup, Problem> {
    let about = about_entry(&app, &session, patient, id).await?;
    ask(&app, &session, &about, &Typed::default(), &FieldErrors::none()).await
}

async fn send_entry(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, id)): PathId<(PatientId, EntryId)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    match typed.read() {
        Ok(new) => {
            voiding::entry(app.house(), &session, patient, id, &new).await?;
            Ok(see_other(&format!("/patients/{patient}/log")))
        }
        Err(errors) => {
            let about = about_entry(&app, &session, patient, id).await?;
            again(ask(&app, &session, &about, &typed, &errors).await?)
        }
    }
}

async fn send_own(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(id): PathId<EntryId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let patient = own(&session)?;
    let view = log::one(app.house(), &session, patient, id).await?.ok_or(Problem::not_found())?;
    let back = format!("/week?week={}", view.performed_on);
    match typed.read() {
        Ok(new) => {
            voiding::entry(app.house(), &session, patient, id, &new).await?;
            Ok(see_other(&back))
        }
        Err(errors) => {
            let what = format!("What you wrote down for {}.", words::full_date(view.performed_on));
            let about = About { what, back, place: "Week" };
            again(ask(&app, &session, &about, &typed, &errors).await?)
        }
    }
}

async fn about_note(app: &App, session: &Session<Full>, patient: PatientId, note: NoteId) -> Result<About, Problem> {
    let view = notes::one(app.house(), session, patient, note).await?.ok_or(Problem::not_found())?;
    standing(view.voided.as_ref())?;
    let zone = practice::account::zone(app.house(), session).await?;
    let (at, by) = view.first();
    let what = format!("The note of {} by {}, as it stands now.", words::full_date(zone.day_of(at)), by.name);
    Ok(About { what, back: format!("/patients/{patient}/notes"), place: "Notes" })
}

async fn note(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, id)): PathId<(PatientId, NoteId)>,
) -> Result<Markup, Problem> {
    let about = about_note(&app, &session, patient, id).await?;
    ask(&app, &session, &about, &Typed::default(), &FieldErrors::none()).await
}

async fn send_note(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, id)): PathId<(PatientId, NoteId)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    match typed.read() {
        Ok(new) => {
            voiding::note(app.house(), &session, patient, id, &new).await?;
            Ok(see_other(&format!("/patients/{patient}/notes")))
        }
        Err(errors) => {
            let about = about_note(&app, &session, patient, id).await?;
            again(ask(&app, &session, &about, &typed, &errors).await?)
        }
    }
}

async fn about_visit(app: &App, session: &Session<Full>, patient: PatientId, visit: VisitId) -> Result<About, Problem> {
    let view = visits::one(app.house(), session, patient, visit).await?;
    standing(view.voided.as_ref())?;
    if view.charged {
        return Err(VoidError::Charged.into());
    }
    let zone = practice::account::zone(app.house(), session).await?;
    let (hour, minute) = zone.hour_minute(view.starts_at);
    let day = words::full_date(zone.day_of(view.starts_at));
    let time = words::time(hour, minute);
    let what = format!("The visit of {day}, {time}, with {}.", view.therapist.name);
    Ok(About { what, back: format!("/patients/{patient}/visits"), place: "Visits" })
}

async fn visit(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, id)): PathId<(PatientId, VisitId)>,
) -> Result<Markup, Problem> {
    let about = about_visit(&app, &session, patient, id).await?;
    ask(&app, &session, &about, &Typed::default(), &FieldErrors::none()).await
}

async fn send_visit(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, id)): PathId<(PatientId, VisitId)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    match typed.read() {
        Ok(new) => {
            voiding::visit(app.house(), &session, patient, id, &new).await?;
            Ok(see_other(&format!("/patients/{patient}/visits")))
        }
        Err(errors) => {
            let about = about_visit(&app, &session, patient, id).await?;
            again(ask(&app, &session, &about, &typed, &errors).await?)
        }
    }
}

async fn about_version(
    app: &App,
    session: &Session<Full>,
    patient: PatientId,
    program: ProgramId,
    version: u32,
) -> Result<About, Problem> {
    let view = programs::version(app.house(), session, patient, program, version).await?.ok_or(Problem::not_found())?;
    standing(view.voided.as_ref())?;
    let what = format!("Version {version} of “{}”, signed by {}.", view.title, view.signed_by.name);
    Ok(About { what, back: format!("/patients/{patient}/program"), place: "The program" })
}

async fn version(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, program, version)): PathId<(PatientId, ProgramId, u32)>,
) -> Result<Markup, Problem> {
    let about = about_version(&app, &session, patient, program, version).await?;
    ask(&app, &session, &about, &Typed::default(), &FieldErrors::none()).await
}

async fn send_version(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, program, version)): PathId<(PatientId, ProgramId, u32)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    match typed.read() {
        Ok(new) => {
            voiding::program_version(app.house(), &session, patient, program, version, &new).await?;
            Ok(see_other(&format!("/patients/{patient}/program")))
        }
        Err(errors) => {
            let about = about_version(&app, &session, patient, program, version).await?;
            again(ask(&app, &session, &about, &typed, &errors).await?)
        }
    }
}

fn again(page: Markup) -> Result<Response, Problem> {
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}
