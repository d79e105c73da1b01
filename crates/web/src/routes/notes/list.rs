//! Reading progress notes, with the form for a new one.

use crate::{
    App, AuditClass, Json, PathId, Problem, Query, Route, SignedIn, Verb,
    look::{
        Field, FieldErrors, Head, RECORDED, card, empty_state, hidden, pagination, recorded_line, submit, textarea,
        words,
    },
    paging::{Cursor, Limit, Page},
    routes::patients::{back_to_patient, views},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{NoteId, PatientId, PermissionName, Timestamp, Timezone};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::notes::{self, NoteView, Notes};
use serde::Deserialize;

pub(super) const API: Route =
    Route::api(Verb::Get, "/api/v1/patients/{patient_id}/notes", "Progress notes, newest first.")
        .permission(PermissionName::ReadNotes)
        .audit(AuditClass::Patient)
        .query::<Asked>()
        .answer::<Page<NoteView>>(200);
pub(super) const PAGE: Route = Route::page(Verb::Get, "/patients/{patient_id}/notes", "Progress notes.")
    .permission(PermissionName::ReadNotes)
    .audit(AuditClass::Patient);

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// How many.
    #[serde(default)]
    limit: Limit,
    /// Where the page begins.
    #[serde(default)]
    cursor: Option<Cursor>,
}

/// Milliseconds since 1970 and the note's id.
fn cursor_of((at, id): (Timestamp, NoteId)) -> Cursor {
    Cursor::new([&at.as_millisecond().to_be_bytes()[..], id.as_bytes()].concat())
}

fn read_cursor(cursor: &Cursor) -> Option<(Timestamp, NoteId)> {
    let (at, id) = cursor.bytes().split_at_checked(8)?;
    let at = Timestamp::from_millisecond(i64::from_be_bytes(at.try_into().ok()?)).ok()?;
    Some((at, NoteId::try_from(id).ok()?))
}

async fn found(app: &App, session: &Session<Full>, patient: PatientId, asked: &Asked) -> Result<Notes, Problem> {
    let wrong = || Problem::invalid_fields().field("cursor", "is not a cursor of this list");
    let before = asked.cursor.as_ref().map(|cursor| read_cursor(cursor).ok_or_else(wrong)).transpose()?;
    Ok(notes::list(app.house(), session, patient, before, asked.limit.entries()).await?)
}

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<NoteView>>, Problem> {
    let found = found(&app, &session, patient, &asked).await?;
    Ok(Json(Page { items: found.items, next: found.next.map(cursor_of) }))
}

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let found = found(&app, &session, patient, &asked).await?;
    let key = NoteId::random(&*app.rng).to_string();
    show(&app, &session, patient, &found, &key, "", &FieldErrors::none()).await
}

/// The page with what was typed. `key` makes a form that is sent twice write once.
pub(super) async fn show(
    app: &App,
    session: &Session<Full>,
    patient: PatientId,
    found: &Notes,
    key: &str,
    typed: &str,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let next = found.next.map(|last| format!("/patients/{patient}/notes?cursor={}", String::from(cursor_of(last))));
    let content = html! {
        (views(patient, "notes"))
        (errors.summary())
        form method="post" action={ "/patients/" (patient) "/notes" } class="card stack" {
            (hidden("key", key))
            (textarea(&Field::new("body", "New note").required().value(typed).rows(6).max_length(20_000)
                .error(errors.of("body")).hint("A note stays as it is once it is written.")))
            (submit("Write it down", None))
        }
        @if found.items.is_empty() {
            (empty_state("No notes yet", "What you write after a visit stands here.", None))
        }
        @for note in &found.items { (one(note, surround.zone())) }
        (pagination(None, next.as_deref(), None))
        (recorded_line(RECORDED))
    };
    let head = Head { above: Some(back_to_patient(patient)), ..Head::default() };
    Ok(surround.page(Sheet::new("Progress notes", "/patients").head(head), content))
}

fn one(note: &NoteView, zone: &Timezone) -> Markup {
    let (hour, minute) = zone.hour_minute(note.written_at);
    let heading = words::full_date(zone.day_of(note.written_at));
    let who = html! { span class="soft small" { (words::time(hour, minute)) " · " (note.written_by.name) } };
    card(
        &heading,
        Some(who),
        html! {
            @for part in note.body.split("\n\n") {
                p { @for (n, line) in part.lines().enumerate() { @if n > 0 { br; } (line) } }
            }
        },
    )
}
