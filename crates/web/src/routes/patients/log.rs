//! What a patient wrote down, for who treats them.

use super::{TREATS, back_to_patient, views};
use crate::{
    App, AuditClass, PathId, Problem, Query, Route, SignedIn, Verb,
    look::{Column, Head, RECORDED, Tone, empty_state, pagination, recorded_line, table, tag, words},
    paging::{Cursor, PageQuery},
    routes::voiding::struck,
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{PatientId, PermissionName};
use maud::{Markup, html};
use phi::WriteExercise;
use practice::{
    log::{self, EntryView},
    patients, progress,
};

pub(super) const PAGE: Route = Route::page(Verb::Get, "/patients/{patient_id}/log", "What the patient wrote down.")
    .permission(PermissionName::ReadExercise)
    .audit(AuditClass::Patient)
    .roles(TREATS);

/// Most entries of a page.
const SHOWN: usize = 50;

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Query(asked): Query<PageQuery>,
) -> Result<Markup, Problem> {
    let before = Cursor::place(asked.cursor.as_ref())?;
    let mut entries = log::list(app.house(), &session, patient, before, SHOWN + 1).await?;
    let names = progress::item_names(app.house(), &session, patient).await?;
    let surround = Surround::of(&app, &session).await?;
    let writes = patients::may::<WriteExercise>(app.house(), &session, patient).await?;
    let more = entries.len() > SHOWN;
    entries.truncate(SHOWN);
    let last = entries.last().filter(|_| more).map(|last| Cursor::at(&(last.performed_at, last.entry_id)));
    let next = last.map(|cursor| format!("/patients/{patient}/log?cursor={}", String::from(cursor)));
    let columns = [
        Column::text("Exercise"),
        Column::text("When"),
        Column::text("Done"),
        Column::number("Pain"),
        Column::number("Effort"),
        Column::text("In their words"),
        Column::actions("Wrong?"),
    ];
    let line = |entry: &EntryView| {
        let (hour, minute) = surround.zone().hour_minute(entry.performed_at);
        vec![
            html! {
                (struck(&html! { (names.get(&entry.item_id).map_or("An earlier exercise", String::as_str)) }, entry.voided.as_ref(), surround.zone()))
                @if entry.superseded_at.is_some() { " " (tag("corrected later", Tone::Neutral)) }
                @if entry.corrects.is_some() { " " (tag("a correction", Tone::Info)) }
            },
            html! { (words::day_month(entry.performed_on)) ", " (words::time(hour, minute)) },
            html! { (words::performed(&entry.performed)) },
            html! { (entry.pain.value()) },
            html! { (entry.effort.value()) },
            html! { (entry.comment.as_deref().unwrap_or("–")) },
            html! {
                @if writes && entry.voided.is_none() && entry.superseded_at.is_none() {
                    a class="small" href={ "/patients/" (patient) "/log/" (entry.entry_id) "/void" } {
                        "Entered in error" span class="hidden" { ": " (words::day_month(entry.performed_on)) ", " (words::time(hour, minute)) }
                    }
                }
            },
        ]
    };
    let content = html! {
        (views(patient, "log"))
        section class="card stack" aria-label="Entries" {
            @if entries.is_empty() {
                (empty_state("Nothing written down yet", "What the patient does stands here, newest first.", None))
            } @else {
                (table("What was done, newest first", &columns, entries.iter().map(line)))
            }
        }
        (pagination(None, next.as_deref(), None))
        (recorded_line(RECORDED))
    };
    let head = Head { above: Some(back_to_patient(patient)), ..Head::default() };
    Ok(surround.page(Sheet::new("Log", "/patients").head(head), content))
}
