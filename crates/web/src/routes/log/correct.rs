//! Correcting an entry: a new one in its place; the old one stays readable.

use super::{
    form::{Amounts, Typed, entry_form, errors_of},
    own,
    write::{Made, made},
};
use crate::{
    App, AuditClass, Form, FormKey, IdempotencyKey, Json, PathId, Problem, Route, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{ButtonKind, Field, FieldErrors, Head, link_button, recorded_line, submit, textarea, words},
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{EntryId, PatientId, PermissionName};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::log::{self, EntryView, NewEntry};

pub(super) const API: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/log/{entry_id}/correction",
    "Puts a new entry in the place of this one, which stays readable. 409 when it was corrected already.",
)
.permission(PermissionName::LogExercise)
.audit(AuditClass::Patient)
.idempotency_key()
.body::<NewEntry>()
.answer::<EntryView>(201);
pub(super) const PAGE: Route = Route::page(Verb::Get, "/log/{entry_id}/correct", "One's own entry, to be corrected.")
    .permission(PermissionName::ReadExercise)
    .audit(AuditClass::Patient);
pub(super) const FORM: Route = Route::page(Verb::Post, "/log/{entry_id}/correct", "Corrects one's own entry.")
    .permission(PermissionName::LogExercise)
    .audit(AuditClass::Patient);

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, entry)): PathId<(PatientId, EntryId)>,
    key: Option<IdempotencyKey>,
    Json(new): Json<NewEntry>,
) -> Result<Made, Problem> {
    let key = key.as_ref().map(IdempotencyKey::as_str);
    Ok(made(patient, log::correct(app.house(), &session, patient, entry, &new, key).await?))
}

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(entry): PathId<EntryId>,
) -> Result<Markup, Problem> {
    let entry = in_force(&app, &session, entry).await?;
    let key = FormKey::new(&*app.rng);
    show(&app, &session, &entry, &Typed::of_entry(key, &entry), &FieldErrors::none()).await
}

pub(super) async fn submitted(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(entry): PathId<EntryId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let patient = own(&session)?;
    let old = log::one(app.house(), &session, patient, entry).await?.ok_or(Problem::not_found())?;
    let errors = match typed.entry(old.item_id) {
        Ok(new) => match log::correct(app.house(), &session, patient, entry, &new, Some(typed.key.as_str())).await {
            Ok(done) => return Ok(see_other(&format!("/week?week={}", done.performed_on))),
            Err(error) => errors_of(error)?,
        },
        Err(errors) => errors,
    };
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &session, &old, &typed, &errors).await?))
}

async fn in_force(app: &App, session: &Session<Full>, entry: EntryId) -> Result<EntryView, Problem> {
    let found = log::one(app.house(), session, own(session)?, entry).await?.ok_or(Problem::not_found())?;
    if found.voided.is_some() {
        return Err(practice::log::LogError::Voided.into());
    }
    match found.superseded_at {
        None => Ok(found),
        Some(_) => Err(practice::log::LogError::Corrected.into()),
    }
}

async fn show(
    app: &App,
    session: &Session<Full>,
    entry: &EntryView,
    typed: &Typed,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let (hour, minute) = surround.zone().hour_minute(entry.performed_at);
    let back = format!("/week?week={}", entry.performed_on);
    let head = Head {
        above: Some(html! { a href=(back) { "Week" } }),
        below: Some(html! { "Done on " (words::day(entry.performed_on)) " at " (words::time(hour, minute)) }),
        ..Head::default()
    };
    let cancel = link_button(&back, "Leave it as it is", ButtonKind::Quiet);
    let amounts = Amounts::of_performed(&entry.performed);
    let content = html! {
        section class="card stack" {
            p class="soft" { "What you wrote before is kept beside the correction: " (words::performed(&entry.performed)) "." }
            (entry_form(typed, amounts, errors, html! {}, "Correct it", cancel))
        }
        form method="post" action={ "/log/" (entry.entry_id) "/void" } class="card stack" {
            h2 { "Did you not do it at all?" }
            p class="soft" { "The entry stays, struck out, and counts for nothing. This cannot be taken back." }
            (textarea(&Field::new("reason", "What happened?").required().rows(2).max_length(500)
                .hint("Written down twice, say, or on the wrong day.")))
            (submit("It was entered in error", None))
        }
        (recorded_line("This is your own record. Opening it was recorded."))
    };
    Ok(surround.page(Sheet::new("Correct an entry", "/week").head(head), content))
}
