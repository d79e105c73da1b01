//! The patients whom one treats; for the front desk, all of the practice.

use super::STAFF;
use crate::{
    App, AuditClass, Form, Json, Problem, Query, Route, SignedIn, Verb,
    answer::{again_in, form_after, form_again, see_other},
    look::{
        ButtonKind, Column, Field, Head, Tone, empty_state, link_button, notice, pagination, person_line,
        recorded_line, submit, table, text_field, words,
    },
    paging::{Cursor, Limit, Page},
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{PatientId, PermissionName, Role};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::{
    access_reviews,
    patients::{self, PatientLine, SearchError, Whose},
    sign_in::AttemptError,
};
use serde::Deserialize;

pub(super) const API: Route =
    Route::api(Verb::Get, "/api/v1/patients", "The patients whom one treats; for the front desk, all of the practice.")
        .permission(PermissionName::ReadExercise)
        .audit(AuditClass::PatientList)
        .query::<Asked>()
        .answer::<Page<PatientLine>>(200);
pub(super) const PAGE: Route = Route::page(Verb::Get, "/patients", "The list of patients.")
    .permission(PermissionName::ReadExercise)
    .audit(AuditClass::PatientList)
    .roles(STAFF);
pub(super) const FIND: Route = Route::page(
    Verb::Post,
    "/patients",
    "The list of patients, narrowed down. By POST, so that no name is in an address.",
)
.permission(PermissionName::ReadExercise)
.audit(AuditClass::PatientList)
.roles(STAFF);

/// Most lines of the page.
const SHOWN: usize = 200;

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// How many.
    #[serde(default)]
    limit: Limit,
    /// Where the page begins.
    #[serde(default)]
    cursor: Option<Cursor>,
    /// All of the practice, for who may read who they are (administrators), instead of those whom one treats.
    #[serde(default)]
    everybody: bool,
}

impl Asked {
    fn whose(&self) -> Whose {
        if self.everybody { Whose::Everybody } else { Whose::Own }
    }
    fn after(&self) -> Result<Option<PatientId>, Problem> {
        Cursor::place(self.cursor.as_ref())
    }
}

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<PatientLine>>, Problem> {
    let (after, limit) = (asked.after()?, asked.limit.entries());
    let listed = patients::list(app.house(), &session, asked.whose(), after, limit).await?;
    Ok(Json(Page { items: listed.items, next: listed.next.as_ref().map(Cursor::at) }))
}

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let listed = patients::list(app.house(), &session, asked.whose(), asked.after()?, SHOWN).await?;
    let next = listed.next.map(|id| {
        let everybody = if asked.everybody { "&everybody=true" } else { "" };
        format!("/patients?cursor={}{everybody}", String::from(Cursor::at(&id)))
    });
    let shown = Shown { lines: listed.items, wanted: "", next, more: false, error: None };
    show(&app, &session, asked.whose(), shown).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    q: String,
    #[serde(default)]
    everybody: bool,
}

pub(super) async fn find(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Problem> {
    let whose = if wanted.everybody { Whose::Everybody } else { Whose::Own };
    if wanted.q.trim().is_empty() {
        return Ok(see_other(if wanted.everybody { "/patients?everybody=true" } else { "/patients" }));
    }
    match patients::search(app.house(), &session, whose, &wanted.q).await {
        Ok(found) => {
            let shown = Shown { lines: found.items, wanted: &wanted.q, next: None, more: found.more, error: None };
            Ok(show(&app, &session, whose, shown).await?.into_response())
        }
        Err(SearchError::Query(why)) => {
            let error = format!("What you look for {why}");
            let shown = Shown { lines: Vec::new(), wanted: &wanted.q, next: None, more: false, error: Some(&error) };
            Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &session, whose, shown).await?))
        }
        Err(SearchError::Tried(AttemptError::Wait(seconds))) => {
            let error = format!("You have searched very often in a short time. {}", again_in(seconds));
            let shown = Shown { lines: Vec::new(), wanted: &wanted.q, next: None, more: false, error: Some(&error) };
            Ok(form_after(seconds, show(&app, &session, whose, shown).await?))
        }
        Err(error) => Err(error.into()),
    }
}

/// What the page shows.
struct Shown<'a> {
    lines: Vec<PatientLine>,
    /// What was looked for; empty for the whole list.
    wanted: &'a str,
    next: Option<String>,
    /// Whether more fit than are shown.
    more: bool,
    error: Option<&'a str>,
}

async fn show(app: &App, session: &Session<Full>, whose: Whose, shown: Shown<'_>) -> Result<Markup, Problem> {
    let Shown { mut lines, wanted, next, more, error } = shown;
    let surround = Surround::of(app, session).await?;
    let ended = access_reviews::ended_lately(app.house(), session).await?;
    lines.sort_by_cached_key(|line| (line.family_name.to_lowercase(), line.given_name.to_lowercase()));
    let registers = matches!(session.role(), Role::FrontDesk | Role::Admin);
    let everybody = whose == Whose::Everybody;
    let all = if everybody { "/patients?everybody=true" } else { "/patients" };
    let beside = html! {
        @if session.role() == Role::Admin {
            @if everybody { (link_button("/patients", "Only mine", ButtonKind::Quiet)) }
            @else { (link_button("/patients?everybody=true", "Everybody", ButtonKind::Quiet)) }
        }
        @if registers { (link_button("/patients/new", "Register a patient", ButtonKind::Primary)) }
    };
    let count = words::count(lines.len() as u64, "patient", "patients");
    let below = html! { @if more { "The first " } (count) @if !wanted.is_empty() { " found" } };
    let head = Head { below: Some(below), beside: Some(beside), ..Head::default() };
    let rows = lines.iter().map(|line| {
        vec![
            html! { a href={ "/patients/" (line.patient_id) } { (person_line(&line.name(), None)) } },
            html! { (words::full_date(line.birth_date)) },
        ]
    });
    let content = html! {
        (super::super::access_reviews::told(surround.zone(), &ended))
        section class="card stack" aria-label="Patients" {
            form method="post" action="/patients" role="search" class="stack" {
                (text_field(&Field::new("q", "Find").required().value(wanted).autocomplete("off").max_length(100).error(error)
                    .hint("How a name begins, or a whole e-mail address, telephone or record number")))
                @if everybody { input type="hidden" name="everybody" value="true"; }
                (submit("Find", (!wanted.is_empty()).then(|| link_button(all, "Show all", ButtonKind::Quiet))))
            }
            @if error.is_some() {} @else if lines.is_empty() && wanted.is_empty() {
                (empty_state("Nobody here yet", "Patients stand here once you are on their care team, or once they are registered.", None))
            } @else if lines.is_empty() {
                (empty_state("Nobody found", "No patient who is open to you has that.", None))
            } @else {
                (table("Patients", &[Column::text("Patient"), Column::text("Born")], rows))
            }
        }
        @if more { (notice(Tone::Info, "More patients fit", Some(html! { "Type more of the name to find the others." }))) }
        (pagination(None, next.as_deref(), None))
        (recorded_line("This list shows names. Opening it was recorded."))
    };
    Ok(surround.page(Sheet::new("Patients", "/patients").head(head), content))
}
