//! Amending a progress note: the next version of it, beside what it said before.

use super::list::{LIMIT, paragraphs};
use crate::{
    App, AuditClass, Form, IfMatch, Json, PathId, Problem, Route, SignedIn, Tag, Verb,
    answer::{form_again, see_other},
    look::{
        ButtonKind, Field, FieldErrors, Head, RECORDED, Tone, card, hidden, link_button, notice, recorded_line, submit,
        textarea,
    },
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use domain::{NoteBody, NoteId, PatientId, PermissionName};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::notes::{self, AmendError, NewNote, NoteView};
use serde::Deserialize;

pub(super) const ONE: Route = Route::api(
    Verb::Get,
    "/api/v1/patients/{patient_id}/notes/{note_id}",
    "A progress note with its earlier versions.",
)
.permission(PermissionName::ReadNotes)
.audit(AuditClass::Patient)
.answer::<NoteView>(200);
pub(super) const API: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/notes/{note_id}/amendment",
    "Amends a progress note: its next version. What it said before stays readable.",
)
.permission(PermissionName::WriteNotes)
.audit(AuditClass::Patient)
.body_limit(LIMIT)
.if_match()
.body::<NewNote>()
.answer::<NoteView>(201);
pub(super) const FORM: Route =
    Route::page(Verb::Get, "/patients/{patient_id}/notes/{note_id}/amend", "A progress note, to be amended.")
        .permission(PermissionName::ReadNotes)
        .audit(AuditClass::Patient);
pub(super) const SEND: Route =
    Route::page(Verb::Post, "/patients/{patient_id}/notes/{note_id}/amend", "Amends a progress note.")
        .permission(PermissionName::WriteNotes)
        .audit(AuditClass::Patient)
        .body_limit(LIMIT);

pub(super) async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, note)): PathId<(PatientId, NoteId)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let note = notes::one(app.house(), &session, patient, note).await?.ok_or(Problem::not_found())?;
    // One that was entered in error is amended no more: it has no tag, and nobody who holds that of before is told that
    // nothing changed.
    if note.voided.is_some() {
        return Ok(Json(note).into_response());
    }
    let tag = Tag(u64::from(note.version));
    if tag.is_held(&headers) {
        return Ok(tag.not_modified());
    }
    Ok(([tag.pair()], Json(note)).into_response())
}

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, note)): PathId<(PatientId, NoteId)>,
    IfMatch(seen): IfMatch,
    Json(new): Json<NewNote>,
) -> Result<Response, Problem> {
    // A number that no version can have is a version that is not the newest.
    let seen = u32::try_from(seen).unwrap_or(u32::MAX);
    let note = notes::amend(app.house(), &session, patient, note, seen, &new).await?;
    Ok((StatusCode::CREATED, [Tag(u64::from(note.version)).pair()], Json(note)).into_response())
}

pub(super) async fn form(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, note)): PathId<(PatientId, NoteId)>,
) -> Result<Markup, Problem> {
    let note = notes::one(app.house(), &session, patient, note).await?.ok_or(Problem::not_found())?;
    let typed = Typed { seen: note.version.to_string(), body: note.body.clone() };
    show(&app, &session, patient, &note, &typed, &FieldErrors::none(), None).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    #[serde(default)]
    seen: String,
    #[serde(default)]
    body: String,
}

pub(super) async fn send(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, note_id)): PathId<(PatientId, NoteId)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    // Browsers send a line break as two characters.
    let mut typed = Typed { body: typed.body.replace("\r\n", "\n"), ..typed };
    let house = app.house();
    let body = match NoteBody::new(&typed.body) {
        Ok(body) => body,
        Err(why) => {
            let mut errors = FieldErrors::none();
            errors.add("body", format!("The note {why}"));
            let note = notes::one(house, &session, patient, note_id).await?.ok_or(Problem::not_found())?;
            let page = show(&app, &session, patient, &note, &typed, &errors, None).await?;
            return Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page));
        }
    };
    let seen = typed.seen.parse().unwrap_or(u32::MAX);
    match notes::amend(house, &session, patient, note_id, seen, &NewNote { body }).await {
        Ok(_) => Ok(see_other(&format!("/patients/{patient}/notes"))),
        Err(AmendError::Stale) => {
            let note = notes::one(house, &session, patient, note_id).await?.ok_or(Problem::not_found())?;
            let words =
                html! { "What you typed is still here, and was not written. Below it is what the note says now." };
            let words = notice(Tone::Error, "Somebody else amended this note since you began", Some(words));
            // Now they have seen it.
            typed.seen = note.version.to_string();
            let page = show(&app, &session, patient, &note, &typed, &FieldErrors::none(), Some(words)).await?;
            Ok(form_again(StatusCode::CONFLICT, page))
        }
        Err(error) => Err(error.into()),
    }
}

async fn show(
    app: &App,
    session: &Session<Full>,
    patient: PatientId,
    note: &NoteView,
    typed: &Typed,
    errors: &FieldErrors,
    notice: Option<Markup>,
) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let back = format!("/patients/{patient}/notes");
    let (at, by) = note.first();
    let content = html! {
        (errors.summary())
        form method="post" class="card stack" data-unsaved {
            (hidden("seen", &typed.seen))
            (textarea(&Field::new("body", "The note, as it should say").required().value(&typed.body).rows(10)
                .max_length(20_000).error(errors.of("body"))
                .hint("What it says now is kept beside it, with your name and the time of the change.")))
            (submit("Amend the note", Some(link_button(&back, "Leave it as it is", ButtonKind::Quiet))))
        }
        @if typed.body != note.body { (card("What it says now", None, paragraphs(&note.body))) }
        (recorded_line(RECORDED))
    };
    let head = Head {
        above: Some(html! { a href=(back) { "Notes" } }),
        below: Some(html! { "First written " (surround.moment(at)) " by " (by.name) }),
        ..Head::default()
    };
    Ok(surround.page(Sheet::new("Amend a note", "/patients").head(head).notice(notice), content))
}
