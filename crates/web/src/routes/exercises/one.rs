//! One exercise.

use super::Pictures;
use crate::{
    App, Json, PathId, Problem, Route, SignedIn, Verb,
    look::{FigureSize, Head, Tone, card, definitions, exercise_figure, notice, tag, words},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{Exercise, ExerciseId, Role};
use maud::{Markup, html};
use practice::exercises;

pub(super) const API: Route = Route::api(Verb::Get, "/api/v1/exercises/{exercise_id}", "One exercise of the library.")
    .any_token()
    .roles(super::READERS)
    .answer::<Exercise>(200);
pub(super) const PAGE: Route =
    Route::page(Verb::Get, "/exercises/{exercise_id}", "One exercise: how to do it.").roles(super::READERS);

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(exercise): PathId<ExerciseId>,
) -> Result<Json<Exercise>, Problem> {
    exercises::one(app.house(), &session, exercise).await?.map(Json).ok_or(Problem::not_found())
}

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(exercise): PathId<ExerciseId>,
) -> Result<Markup, Problem> {
    let exercise = exercises::one(app.house(), &session, exercise).await?.ok_or(Problem::not_found())?;
    let surround = Surround::of(&app, &session).await?;
    let pictures = Pictures::of(exercise.exercise_id, exercise.source, exercise.pictures);
    let region = words::region(exercise.region);
    let content = html! {
        (card("How to do it", Some(tag(region, Tone::Info)), html! {
            (exercise_figure(pictures.figure(), &exercise.name, FigureSize::Large))
            ol class="steps" { @for step in &exercise.steps { li { (step) } } }
            @if !exercise.cautions.is_empty() {
                (notice(Tone::Warn, "Mind this", Some(html! {
                    ul { @for caution in &exercise.cautions { li { (caution) } } }
                })))
            }
        }))
        (card("About it", None, definitions(&[
            ("For", html! { (region) }),
            ("You need", html! { (words::equipment(exercise.equipment)) }),
        ])))
    };
    let above = match session.role() {
        Role::Patient => html! { a href="/today" { "Today" } },
        _ => html! { a href="/exercises" { "Exercises" } },
    };
    let head = Head { above: Some(above), ..Head::default() };
    Ok(surround.page(Sheet::new(&exercise.name, "/exercises").head(head), content))
}
