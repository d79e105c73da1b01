//! Reading programs.

use crate::{
    App, AuditClass, Json, PathId, Problem, Route, SignedIn, Tag, Verb,
    look::{
        ButtonKind, Column, FigureSize, Head, RECORDED, Tone, card, empty_state, exercise_figure, link_button, notice,
        recorded_line, table, tag, words,
    },
    routes::{
        exercises::Pictures,
        patients::{TREATS, back_to_patient, views},
        voiding::struck,
    },
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use domain::{PatientId, PermissionName, ProgramId, Timezone};
use maud::{Markup, html};
use phi::WriteExercise;
use practice::{
    patients,
    programs::{self, ProgramView, VersionLine},
};
use serde::Serialize;

pub(super) const API: Route =
    Route::api(Verb::Get, "/api/v1/patients/{patient_id}/program", "The program as it stands.")
        .permission(PermissionName::ReadExercise)
        .audit(AuditClass::Patient)
        .answer::<ProgramView>(200);
pub(super) const VERSIONS: Route =
    Route::api(Verb::Get, "/api/v1/patients/{patient_id}/program/versions", "All signed versions, newest first.")
        .permission(PermissionName::ReadExercise)
        .audit(AuditClass::Patient)
        .answer::<Versions>(200);
pub(super) const VERSION: Route = Route::api(
    Verb::Get,
    "/api/v1/patients/{patient_id}/program/versions/{program_id}/{version}",
    "One signed version, old or in force.",
)
.permission(PermissionName::ReadExercise)
.audit(AuditClass::Patient)
.answer::<ProgramView>(200);
pub(super) const PAGE: Route =
    Route::page(Verb::Get, "/patients/{patient_id}/program", "The program and its versions.")
        .permission(PermissionName::ReadExercise)
        .audit(AuditClass::Patient)
        .roles(TREATS);
pub(super) const VERSION_PAGE: Route = Route::page(
    Verb::Get,
    "/patients/{patient_id}/program/versions/{program_id}/{version}",
    "One signed version of the program.",
)
.permission(PermissionName::ReadExercise)
.audit(AuditClass::Patient)
.roles(TREATS);

/// All versions.
#[derive(Serialize, schemars::JsonSchema)]
pub(super) struct Versions {
    /// Newest first.
    items: Vec<VersionLine>,
}

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let program = programs::current(app.house(), &session, patient).await?.ok_or(Problem::not_found())?;
    let tag = Tag(u64::from(program.version));
    if tag.is_held(&headers) {
        return Ok(tag.not_modified());
    }
    Ok(([tag.pair()], Json(program)).into_response())
}

pub(super) async fn versions(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Json<Versions>, Problem> {
    Ok(Json(Versions { items: programs::versions(app.house(), &session, patient).await? }))
}

pub(super) async fn version(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, program, version)): PathId<(PatientId, ProgramId, u32)>,
) -> Result<Json<ProgramView>, Problem> {
    let found = programs::version(app.house(), &session, patient, program, version).await?;
    found.map(Json).ok_or(Problem::not_found())
}

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Markup, Problem> {
    let current = programs::current(app.house(), &session, patient).await?;
    let versions = programs::versions(app.house(), &session, patient).await?;
    let surround = Surround::of(&app, &session).await?;
    let writes = patients::may::<WriteExercise>(app.house(), &session, patient).await?;
    let edit = format!("/patients/{patient}/program/edit");
    let content = html! {
        (views(patient, "program"))
        @match &current {
            None => (nothing(writes.then_some(edit.as_str()), versions.first(), surround.zone())),
            Some(program) => (sheet_of(program, surround.zone())),
        }
        @if !versions.is_empty() { (card("Versions", None, history(patient, &versions, current.as_ref(), writes, surround.zone()))) }
        (recorded_line(RECORDED))
    };
    let beside = current.as_ref().filter(|_| writes).map(|_| {
        html! {
            (link_button(&format!("/patients/{patient}/program/end"), "End program", ButtonKind::Quiet))
            (link_button(&edit, "Change program", ButtonKind::Primary))
        }
    });
    let head = Head { above: Some(back_to_patient(patient)), beside, ..Head::default() };
    Ok(surround.page(Sheet::new("Program", "/patients").head(head), content))
}

pub(super) async fn version_page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, program, version)): PathId<(PatientId, ProgramId, u32)>,
) -> Result<Markup, Problem> {
    let found = programs::version(app.house(), &session, patient, program, version).await?;
    let found = found.ok_or(Problem::not_found())?;
    let surround = Surround::of(&app, &session).await?;
    let content = html! {
        @if let Some(void) = &found.voided {
            (notice(Tone::Warn, "This version was entered in error", Some(html! { (void.reason) })))
        }
        (sheet_of(&found, surround.zone()))
        (recorded_line(RECORDED))
    };
    let above = html! { a href={ "/patients/" (patient) "/program" } { "The program" } };
    let head = Head { above: Some(above), ..Head::default() };
    Ok(surround.page(Sheet::new("A version of the program", "/patients").head(head), content))
}

/// Where no program is in force: before the first one, or after the last. `edit` is where one is prescribed.
fn nothing(edit: Option<&str>, last: Option<&VersionLine>, zone: &Timezone) -> Markup {
    let Some(last) = last else {
        let begin = edit.map(|edit| link_button(edit, "Prescribe", ButtonKind::Primary));
        return empty_state("Nothing prescribed yet", "Choose exercises and doses to begin.", begin);
    };
    let ended = zone.day_of(last.signed_at);
    html! {
        section class="card stack" {
            div class="row between card-head" {
                h2 { "No program now" }
                @if let Some(edit) = edit { (link_button(edit, "Prescribe a new one", ButtonKind::Primary)) }
            }
            p { "“" (last.title) "” was ended by " (last.signed_by.name) " on " (words::full_date(ended)) "." }
            @if let Some(reason) = &last.end_reason { p class="soft" { (reason) } }
        }
    }
}

/// What was signed, as it was signed.
fn sheet_of(program: &ProgramView, zone: &Timezone) -> Markup {
    let columns = [Column::text("Exercise"), Column::text("Dose"), Column::text("To mind")];
    let rows = program.items.iter().map(|item| {
        let pictures = Pictures::of(item.exercise_id, item.exercise.source, item.exercise.pictures);
        vec![
            html! {
                a class="row" href={ "/exercises/" (item.exercise_id) } {
                    (exercise_figure(pictures.figure(), &item.exercise.name, FigureSize::Small))
                    span { (item.exercise.name) }
                }
            },
            html! { (words::dose(&item.dose)) },
            html! { (item.instruction.as_deref().unwrap_or("–")) },
        ]
    });
    let aside = tag(&format!("version {}", program.version), Tone::Info);
    card(
        &program.title,
        Some(aside),
        html! {
            p class="soft" {
                "From " (words::full_date(program.starts_on))
                @if let Some(end) = program.ends_on.filter(|end| *end >= program.starts_on) { " to " (words::full_date(end)) }
                " · signed by " (program.signed_by.name) ", " (words::full_date(zone.day_of(program.signed_at)))
            }
            @if let Some(reason) = &program.end_reason {
                p { (tag("ends the program", Tone::Warn)) " " (reason) }
            }
            (table("Exercises of the program", &columns, rows))
        },
    )
}

fn history(
    patient: PatientId,
    versions: &[VersionLine],
    current: Option<&ProgramView>,
    writes: bool,
    zone: &Timezone,
) -> Markup {
    let columns = [Column::text("Version"), Column::text("Title"), Column::number("Exercises"), Column::text("Signed")];
    let rows = versions.iter().map(|line| {
        let in_force = current.is_some_and(|now| now.program_id == line.program_id && now.version == line.version);
        vec![
            html! {
                (struck(&html! {
                    a href={ "/patients/" (patient) "/program/versions/" (line.program_id) "/" (line.version) } {
                        "Version " (line.version)
                    }
                }, line.voided.as_ref(), zone))
                @if in_force { " " (tag("in force", Tone::Success)) }
                @if writes && !in_force && line.voided.is_none() {
                    br; a class="small" href={
                        "/patients/" (patient) "/program/versions/" (line.program_id) "/" (line.version) "/void"
                    } { "Entered in error" span class="hidden" { ": version " (line.version) } }
                }
                @if line.end_reason.is_some() { " " (tag("end", Tone::Neutral)) }
            },
            html! { (line.title) },
            html! { (line.items) },
            html! { (words::full_date(zone.day_of(line.signed_at))) ", " (line.signed_by.name) },
        ]
    });
    table("Versions of the program", &columns, rows)
}
