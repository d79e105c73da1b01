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
    voiding::{self, NewVoid, VoidError},
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
        .add(ENTRY, ask::<(PatientId, EntryId)>)
        .add(SEND_ENTRY, send::<(PatientId, EntryId)>)
        .add(SEND_OWN, send_own)
        .add(NOTE, ask::<(PatientId, NoteId)>)
        .add(SEND_NOTE, send::<(PatientId, NoteId)>)
        .add(VISIT, ask::<(PatientId, VisitId)>)
        .add(SEND_VISIT, send::<(PatientId, VisitId)>)
        .add(VERSION, ask::<(PatientId, ProgramId, u32)>)
        .add(SEND_VERSION, send::<(PatientId, ProgramId, u32)>)
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

/// What somebody says was entered in error.
#[derive(Clone, Copy)]
enum Wrong {
    Entry(EntryId),
    Note(NoteId),
    Visit(VisitId),
    Version(ProgramId, u32),
}

/// What an address of these forms names: a patient, and something of theirs.
#[derive(Clone, Copy)]
struct Named {
    patient: PatientId,
    wrong: Wrong,
}

macro_rules! named {
    ($($id:ty => $wrong:ident),*) => {$(
        impl From<(PatientId, $id)> for Named {
            fn from((patient, id): (PatientId, $id)) -> Self {
                Self { patient, wrong: Wrong::$wrong(id) }
            }
        }
    )*};
}
named!(EntryId => Entry, NoteId => Note, VisitId => Visit);

impl From<(PatientId, ProgramId, u32)> for Named {
    fn from((patient, program, version): (PatientId, ProgramId, u32)) -> Self {
        Self { patient, wrong: Wrong::Version(program, version) }
    }
}

impl Named {
    /// The page where it stands, and what that is called.
    fn stands(self) -> (String, &'static str) {
        let (place, name) = match self.wrong {
            Wrong::Entry(_) => ("log", "Log"),
            Wrong::Note(_) => ("notes", "Notes"),
            Wrong::Visit(_) => ("visits", "Visits"),
            Wrong::Version(..) => ("program", "The program"),
        };
        (format!("/patients/{}/{place}", self.patient), name)
    }

    /// What it is in words; refused where it cannot be said entered in error any more.
    async fn words(self, app: &App, session: &Session<Full>) -> Result<String, Problem> {
        let (house, patient) = (app.house(), self.patient);
        let zone = practice::account::zone(house, session).await?;
        let (what, voided) = match self.wrong {
            Wrong::Entry(entry) => {
                let view = log::one(house, session, patient, entry).await?.ok_or(Problem::not_found())?;
                if view.superseded_at.is_some() {
                    return Err(VoidError::NotStanding.into());
                }
                let (day, done) = (words::full_date(view.performed_on), words::performed(&view.performed));
                (format!("The entry of {day}: {done}."), view.voided)
            }
            Wrong::Note(note) => {
                let view = notes::one(house, session, patient, note).await?.ok_or(Problem::not_found())?;
                let (at, by) = view.first();
                let day = words::full_date(zone.day_of(at));
                (format!("The note of {day} by {}, as it stands now.", by.name), view.voided)
            }
            Wrong::Visit(visit) => {
                let view = visits::one(house, session, patient, visit).await?;
                if view.charged && view.voided.is_none() {
                    return Err(VoidError::Charged.into());
                }
                let (hour, minute) = zone.hour_minute(view.starts_at);
                let day = words::full_date(zone.day_of(view.starts_at));
                let time = words::time(hour, minute);
                (format!("The visit of {day}, {time}, with {}.", view.therapist.name), view.voided)
            }
            Wrong::Version(program, version) => {
                let view = programs::version(house, session, patient, program, version).await?;
                let view = view.ok_or(Problem::not_found())?;
                (format!("Version {version} of “{}”, signed by {}.", view.title, view.signed_by.name), view.voided)
            }
        };
        if voided.is_some() { Err(VoidError::NotStanding.into()) } else { Ok(what) }
    }

    async fn void(self, app: &App, session: &Session<Full>, new: &NewVoid) -> Result<(), VoidError> {
        let (house, patient) = (app.house(), self.patient);
        match self.wrong {
            Wrong::Entry(entry) => voiding::entry(house, session, patient, entry, new).await,
            Wrong::Note(note) => voiding::note(house, session, patient, note, new).await,
            Wrong::Visit(visit) => voiding::visit(house, session, patient, visit, new).await,
            Wrong::Version(program, version) => {
                voiding::program_version(house, session, patient, program, version, new).await
            }
        }
    }

    async fn asked(
        self,
        app: &App,
        session: &Session<Full>,
        typed: &Typed,
        errors: &FieldErrors,
    ) -> Result<Markup, Problem> {
        let what = self.words(app, session).await?;
        let (back, place) = self.stands();
        sheet(app, session, &what, (&back, place), typed, errors).await
    }
}

/// The form about something, with the page to which it leads back.
async fn sheet(
    app: &App,
    session: &Session<Full>,
    what: &str,
    (back, place): (&str, &str),
    typed: &Typed,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let content = html! {
        (errors.summary())
        form method="post" class="card stack" {
            p { (what) }
            p class="soft" { "It stays in the record, struck out, with your name and the reason, and counts for nothing any more, except for how long the record is kept where it lies more than a week back or was charged. This cannot be taken back." }
            (textarea(&Field::new("reason", "Why is it wrong?").required().value(&typed.reason).rows(2).max_length(500)
                .error(errors.of("reason")).hint("Another patient’s, say, or written down twice.")))
            (submit("It was entered in error", Some(link_button(back, "Leave it as it is", ButtonKind::Quiet))))
        }
        (recorded_line(RECORDED))
    };
    let head = Head { above: Some(html! { a href=(back) { (place) } }), ..Head::default() };
    Ok(surround.page(Sheet::new("Entered in error", "/patients").head(head), content))
}

async fn ask<T: Into<Named>>(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(named): PathId<T>,
) -> Result<Markup, Problem> {
    named.into().asked(&app, &session, &Typed::default(), &FieldErrors::none()).await
}

async fn send<T: Into<Named>>(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(named): PathId<T>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let named: Named = named.into();
    match typed.read() {
        Ok(new) => {
            named.void(&app, &session, &new).await?;
            Ok(see_other(&named.stands().0))
        }
        Err(errors) => again(named.asked(&app, &session, &typed, &errors).await?),
    }
}

/// Of a patient's own entry; the form stands on the page on which they correct it.
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
            again(sheet(&app, &session, &what, (&back, "Week"), &typed, &errors).await?)
        }
    }
}

fn again(page: Markup) -> Result<Response, Problem> {
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}
