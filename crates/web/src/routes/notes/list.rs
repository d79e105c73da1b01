//! Reading progress notes, with the form for a new one.

use crate::{
    App, AuditClass, FormKey, Json, PathId, Problem, Query, Route, SignedIn, Verb,
    look::{
        Field, FieldErrors, Head, RECORDED, Tone, card, empty_state, hidden, pagination, recorded_line, submit, tag,
        textarea, words,
    },
    paging::{Cursor, Page, Stretch},
    routes::{
        patients::{TREATS, back_to_patient, views},
        voiding::struck,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode};
use domain::{Date, PatientId, PermissionName};
use identity::{Full, Session};
use maud::{Markup, html};
use phi::WriteNotes;
use practice::{
    amendments,
    notes::{self, NoteView, Notes},
    patients, restrictions,
};

/// A note has up to 20,000 characters, which a form may write with nine bytes each.
pub(super) const LIMIT: usize = 256 * 1024;

pub(super) const API: Route =
    Route::api(Verb::Get, "/api/v1/patients/{patient_id}/notes", "Progress notes, newest first.")
        .permission(PermissionName::ReadNotes)
        .audit(AuditClass::Patient)
        .query::<Stretch>()
        .answer::<Page<NoteView>>(200);
pub(super) const PAGE: Route = Route::page(Verb::Get, "/patients/{patient_id}/notes", "Progress notes.")
    .permission(PermissionName::ReadNotes)
    .audit(AuditClass::Patient)
    .roles(TREATS);

async fn found(app: &App, session: &Session<Full>, patient: PatientId, asked: &Stretch) -> Result<Notes, Problem> {
    let before = Cursor::place(asked.cursor.as_ref())?;
    Ok(notes::list(app.house(), session, patient, before, asked.limit.entries()).await?)
}

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Query(asked): Query<Stretch>,
) -> Result<Json<Page<NoteView>>, Problem> {
    let found = found(&app, &session, patient, &asked).await?;
    Ok(Json(Page { items: found.items, next: found.next.as_ref().map(Cursor::at) }))
}

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Query(asked): Query<Stretch>,
) -> Result<Markup, Problem> {
    let found = match found(&app, &session, patient, &asked).await {
        Ok(found) => found,
        Err(problem) if problem.status() == StatusCode::NOT_FOUND => {
            let withheld = restrictions::notes_withheld(app.house(), &session, patient).await?;
            return if withheld { withheld_page(&app, &session, patient).await } else { Err(problem) };
        }
        Err(problem) => return Err(problem),
    };
    let key = FormKey::new(&*app.rng);
    show(&app, &session, patient, &found, &key, "", &FieldErrors::none()).await
}

/// For who sees the rest of the record: no notes, and no dead end either.
async fn withheld_page(app: &App, session: &Session<Full>, patient: PatientId) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let text = "The patient asked that their notes be for their own therapist only, and the practice agreed.";
    let content = html! {
        (views(patient, "notes"))
        (empty_state("Notes are not open to you", text, None))
        (amendments_asked(patient, amendments::waits(app.house(), session, patient).await?))
        (recorded_line("That you asked was recorded."))
    };
    let head = Head { above: Some(back_to_patient(patient)), ..Head::default() };
    Ok(surround.page(Sheet::new("Progress notes", "/patients").head(head), content))
}

/// The page with what was typed. `key` makes a form that is sent twice write once.
pub(super) async fn show(
    app: &App,
    session: &Session<Full>,
    patient: PatientId,
    found: &Notes,
    key: &FormKey,
    typed: &str,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let writes = patients::may::<WriteNotes>(app.house(), session, patient).await?;
    let waits = amendments::waits(app.house(), session, patient).await?;
    let next = found.next.map(|last| format!("/patients/{patient}/notes?cursor={}", String::from(Cursor::at(&last))));
    let content = html! {
        (views(patient, "notes"))
        (errors.summary())
        @if writes {
            form method="post" action={ "/patients/" (patient) "/notes" } class="card stack" {
                (hidden("key", key))
                (textarea(&Field::new("body", "New note").required().value(typed).rows(6).max_length(20_000)
                    .error(errors.of("body")).hint("A note that was written can be amended; what it said before is kept.")))
                (submit("Write it down", None))
            }
        }
        @if found.items.is_empty() {
            (empty_state("No notes yet", "What you write after a visit stands here.", None))
        }
        @for note in &found.items { (one(patient, note, writes && changes(session, found, note), &surround)) }
        (amendments_asked(patient, waits))
        (pagination(None, next.as_deref(), None))
        (recorded_line(RECORDED))
    };
    let head = Head { above: Some(back_to_patient(patient)), ..Head::default() };
    Ok(surround.page(Sheet::new("Progress notes", "/patients").head(head), content))
}

/// Leads to what was asked to be amended, where something was.
fn amendments_asked(patient: PatientId, (asked, due): (usize, Option<Date>)) -> Markup {
    html! {
        @if asked > 0 {
            p {
                a href={ "/patients/" (patient) "/amendments" } { "What the patient asked to be amended" }
                @if let Some(due) = due { " " (tag(&format!("waits, until {}", words::full_date(due)), Tone::Warn)) }
            }
        }
    }
}

/// Whether somebody who writes notes changes this one too: in an emergency only their own.
fn changes(session: &Session<Full>, found: &Notes, note: &NoteView) -> bool {
    let me = session.account();
    !found.emergency || (note.written_by.account_id == me && note.earlier.iter().all(|e| e.written_by.account_id == me))
}

fn one(patient: PatientId, note: &NoteView, writes: bool, surround: &Surround) -> Markup {
    let (first_at, first_by) = note.first();
    let (hour, minute) = surround.zone().hour_minute(first_at);
    let heading = words::full_date(surround.day(first_at));
    let who = html! { span class="soft small" { (words::time(hour, minute)) " · " (first_by.name) } };
    card(
        &heading,
        Some(who),
        html! {
            @match &note.voided {
                None => (paragraphs(&note.body)),
                Some(_) => {
                    p { (struck(&html! { "This note" }, note.voided.as_ref(), surround.zone())) }
                    details class="more" { summary { "What it said" } (paragraphs(&note.body)) }
                }
            }
            @if !note.earlier.is_empty() {
                p class="soft small" { "Amended " (surround.moment(note.written_at)) " by " (note.written_by.name) "." }
                details class="more" {
                    summary { "What it said before" }
                    @for earlier in &note.earlier {
                        div class="earlier stack" {
                            p class="soft small" {
                                "Version " (earlier.version) " · " (surround.moment(earlier.written_at)) " · " (earlier.written_by.name)
                            }
                            (paragraphs(&earlier.body))
                        }
                    }
                }
            }
            @if writes && note.voided.is_none() {
                p {
                    a href={ "/patients/" (patient) "/notes/" (note.note_id) "/amend" } {
                        "Amend" span class="hidden" { " the note of " (heading) ", " (words::time(hour, minute)) }
                    }
                    " · "
                    a href={ "/patients/" (patient) "/notes/" (note.note_id) "/void" } {
                        "Entered in error" span class="hidden" { ": the note of " (heading) ", " (words::time(hour, minute)) }
                    }
                }
            }
        },
    )
}

/// A text with its paragraphs and line breaks.
pub(in crate::routes) fn paragraphs(text: &str) -> Markup {
    html! {
        @for part in text.split("\n\n") {
            p { @for (n, line) in part.lines().enumerate() { @if n > 0 { br; } (line) } }
        }
    }
}
