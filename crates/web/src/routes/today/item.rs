//! One exercise: how it is done, and the form to write it down.

use super::page::line;
use crate::{
    App, AuditClass, Form, FormKey, PathId, Problem, Route, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        ButtonKind, FieldErrors, FigureSize, Head, TimerPlan, Tone, card, exercise_figure, link_button, notice,
        recorded_line, timer, words,
    },
    routes::{
        exercises::Pictures,
        log::{Amounts, Typed, entry_form, errors_of, own},
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{ItemId, PermissionName};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::{
    log::{self, LogError},
    today::{self, OneItem},
};

pub(super) const PAGE: Route = Route::page(Verb::Get, "/today/{item_id}", "How one exercise is done, and its form.")
    .permission(PermissionName::ReadExercise)
    .audit(AuditClass::Patient);
pub(super) const FORM: Route = Route::page(Verb::Post, "/today/{item_id}", "Writes down what was done just now.")
    .permission(PermissionName::LogExercise)
    .audit(AuditClass::Patient);

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(item): PathId<ItemId>,
) -> Result<Markup, Problem> {
    let one = find(&app, &session, item).await?;
    let typed = Typed::of_dose(FormKey::new(&*app.rng), &one.item.dose);
    show(&app, &session, &one, &typed, &FieldErrors::none()).await
}

pub(super) async fn submitted(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(item): PathId<ItemId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let errors = match typed.entry(item) {
        Ok(new) => match log::write(app.house(), &session, own(&session)?, &new, Some(typed.key.as_str())).await {
            Ok(_) => return Ok(see_other("/today")),
            // Here the item is in the address: what is not one's own is not there.
            Err(LogError::Invalid { field, .. }) if field == "item_id" => return Err(Problem::not_found()),
            Err(error) => errors_of(error)?,
        },
        Err(errors) => errors,
    };
    let one = find(&app, &session, item).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &session, &one, &typed, &errors).await?))
}

async fn find(app: &App, session: &Session<Full>, item: ItemId) -> Result<OneItem, Problem> {
    today::item(app.house(), session, own(session)?, item).await?.ok_or(Problem::not_found())
}

async fn show(
    app: &App,
    session: &Session<Full>,
    one: &OneItem,
    typed: &Typed,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let surround = Surround::of(app, session).await?;
    let item = &one.item;
    let pictures = Pictures::of(item.exercise_id, item.source, item.pictures);
    let head = Head {
        above: Some(html! { a href="/today" { "Today" } }),
        heading: Some(&item.name),
        below: Some(html! { (words::dose_today(&item.dose)) }),
        beside: None,
    };
    let guide = timer(TimerPlan::from(&item.dose), Some("sets"));
    let back = link_button("/today", "Not now", ButtonKind::Quiet);
    let content = html! {
        @if let Some(instruction) = &item.instruction {
            (notice(Tone::Info, "Your therapist says", Some(html! { p { (instruction) } })))
        }
        (exercise_figure(pictures.figure(), &item.name, FigureSize::Large))
        @if let Some(exercise) = &one.exercise {
            @if !exercise.steps.is_empty() {
                (card("How to do it", None, html! { ol { @for step in &exercise.steps { li { (step) } } } }))
            }
            @if !exercise.cautions.is_empty() {
                (notice(Tone::Warn, "Mind this", Some(html! { ul { @for caution in &exercise.cautions { li { (caution) } } } })))
            }
        }
        (card("How did it go?", None, html! {
            @for entry in &item.entries { (line(entry, surround.zone())) }
            (entry_form(typed, Amounts::of_dose(&item.dose), errors, guide, "Write it down", back))
        }))
        (recorded_line("This is your own record. Opening it was recorded."))
    };
    Ok(surround.page(Sheet::new("Exercise", "/today").head(head).scripts(&["timer.js"]), content))
}
