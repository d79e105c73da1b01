//! What a patient wrote down, for who treats them.

use super::{TREATS, back_to_patient, views};
use crate::{
    App, AuditClass, PathId, Problem, Query, Route, SignedIn, Verb,
    look::{Column, Head, RECORDED, Tone, empty_state, pagination, recorded_line, table, tag, words},
    paging::Cursor,
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{EntryId, PatientId, PermissionName, Timestamp};
use maud::{Markup, html};
use practice::{
    log::{self, EntryView},
    progress,
};
use serde::Deserialize;

pub(super) const PAGE: Route = Route::page(Verb::Get, "/patients/{patient_id}/log", "What the patient wrote down.")
    .permission(PermissionName::ReadExercise)
    .audit(AuditClass::Patient)
    .roles(TREATS);

/// Most entries of a page.
const SHOWN: usize = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(default)]
    cursor: Option<Cursor>,
}

/// Milliseconds since 1970 and the entry's id.
fn cursor_of(entry: &EntryView) -> String {
    let at = entry.performed_at.as_millisecond().to_be_bytes();
    String::from(Cursor::new([&at[..], entry.entry_id.as_bytes()].concat()))
}

fn read_cursor(cursor: &Cursor) -> Option<(Timestamp, EntryId)> {
    let (at, id) = cursor.bytes().split_at_checked(8)?;
    let at = Timestamp::from_millisecond(i64::from_be_bytes(at.try_into().ok()?)).ok()?;
    Some((at, EntryId::try_from(id).ok()?))
}

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let wrong = || Problem::invalid_fields().field("cursor", "is not a cursor of this list");
    let before = asked.cursor.as_ref().map(|cursor| read_cursor(cursor).ok_or_else(wrong)).transpose()?;
    let mut entries = log::list(app.house(), &session, patient, before, SHOWN + 1).await?;
    let names = progress::item_names(app.house(), &session, patient).await?;
    let surround = Surround::of(&app, &session).await?;
    let more = entries.len() > SHOWN;
    entries.truncate(SHOWN);
    let next =
        entries.last().filter(|_| more).map(|last| format!("/patients/{patient}/log?cursor={}", cursor_of(last)));
    let columns = [
        Column::text("Exercise"),
        Column::text("When"),
        Column::text("Done"),
        Column::number("Pain"),
        Column::number("Effort"),
        Column::text("In their words"),
    ];
    let line = |entry: &EntryView| {
        let (hour, minute) = surround.zone().hour_minute(entry.performed_at);
        vec![
            html! {
                (names.get(&entry.item_id).map_or("An earlier exercise", String::as_str))
                @if entry.superseded_at.is_some() { " " (tag("corrected later", Tone::Neutral)) }
                @if entry.corrects.is_some() { " " (tag("a correction", Tone::Info)) }
            },
            html! { (words::day_month(entry.performed_on)) ", " (words::time(hour, minute)) },
            html! { (words::performed(&entry.performed)) },
            html! { (entry.pain.value()) },
            html! { (entry.effort.value()) },
            html! { (entry.comment.as_deref().unwrap_or("–")) },
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
