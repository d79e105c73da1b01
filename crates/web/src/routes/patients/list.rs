//! The patients whom one treats; for the front desk, all of the practice.

use super::STAFF;
use crate::{
    App, AuditClass, Form, Json, Problem, Query, Route, SignedIn, Verb,
    look::{
        ButtonKind, Column, Field, Head, empty_state, link_button, pagination, person_line, recorded_line, submit,
        table, text_field, words,
    },
    paging::{Cursor, Limit, Page},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{PatientId, PermissionName, Role};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::patients::{self, Exact, PatientLine, Whose};
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
        let id = |cursor: &Cursor| {
            PatientId::try_from(cursor.bytes())
                .map_err(|_| Problem::invalid_fields().field("cursor", "is not a cursor of this list"))
        };
        self.cursor.as_ref().map(id).transpose()
    }
}

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<PatientLine>>, Problem> {
    let (after, limit) = (asked.after()?, asked.limit.entries());
    let listed = patients::list(app.house(), &session, asked.whose(), after, limit).await?;
    Ok(Json(Page { items: listed.items, next: listed.next.map(|id| Cursor::new(*id.as_bytes())) }))
}

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let listed = patients::list(app.house(), &session, asked.whose(), asked.after()?, SHOWN).await?;
    let next = listed.next.map(|id| {
        let everybody = if asked.everybody { "&everybody=true" } else { "" };
        format!("/patients?cursor={}{everybody}", String::from(Cursor::new(*id.as_bytes())))
    });
    show(&app, &session, asked.whose(), listed.items, "", next).await
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
) -> Result<Markup, Problem> {
    let whose = if wanted.everybody { Whose::Everybody } else { Whose::Own };
    let listed = patients::list(app.house(), &session, whose, None, SHOWN).await?;
    let words = wanted.q.to_lowercase();
    let fits = |line: &PatientLine| {
        let name = line.name().to_lowercase();
        words.split_whitespace().all(|word| name.contains(word))
    };
    let mut lines: Vec<PatientLine> = listed.items.into_iter().filter(fits).collect();
    if lines.is_empty()
        && let Ok(exact) = Exact::new(&wanted.q)
    {
        lines = patients::find(app.house(), &session, &exact).await?;
    }
    show(&app, &session, whose, lines, &wanted.q, None).await
}

async fn show(
    app: &App,
    session: &Session<Full>,
    whose: Whose,
    mut lines: Vec<PatientLine>,
    wanted: &str,
    next: Option<String>,
) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    lines.sort_by_cached_key(|line| (line.family_name.to_lowercase(), line.given_name.to_lowercase()));
    let registers = matches!(session.role(), Role::FrontDesk | Role::Admin);
    let everybody = whose == Whose::Everybody;
    let beside = html! {
        @if session.role() == Role::Admin {
            @if everybody { (link_button("/patients", "Only mine", ButtonKind::Quiet)) }
            @else { (link_button("/patients?everybody=true", "Everybody", ButtonKind::Quiet)) }
        }
        @if registers { (link_button("/patients/new", "Register a patient", ButtonKind::Primary)) }
    };
    let count = words::count(lines.len() as u64, "patient", "patients");
    let below = html! { (count) @if !wanted.is_empty() { " found" } };
    let head = Head { below: Some(below), beside: Some(beside), ..Head::default() };
    let rows = lines.iter().map(|line| {
        vec![
            html! { a href={ "/patients/" (line.patient_id) } { (person_line(&line.name(), None)) } },
            html! { (words::full_date(line.birth_date)) },
        ]
    });
    let content = html! {
        section class="card stack" aria-label="Patients" {
            form method="post" action="/patients" role="search" class="stack" {
                (text_field(&Field::new("q", "Find").value(wanted).autocomplete("off")
                    .hint("A name, or a whole e-mail address, telephone or record number")))
                @if everybody { input type="hidden" name="everybody" value="true"; }
                (submit("Find", (!wanted.is_empty()).then(|| link_button("/patients", "Show all", ButtonKind::Quiet))))
            }
            @if lines.is_empty() && wanted.is_empty() {
                (empty_state("Nobody here yet", "Patients stand here once you are on their care team, or once they are registered.", None))
            } @else if lines.is_empty() {
                (empty_state("Nobody found", "No patient who is open to you has that.", None))
            } @else {
                (table("Patients", &[Column::text("Patient"), Column::text("Born")], rows))
            }
        }
        (pagination(None, next.as_deref(), None))
        (recorded_line("This list shows names. Opening it was recorded."))
    };
    Ok(surround.page(Sheet::new("Patients", "/patients").head(head), content))
}
