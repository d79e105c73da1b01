//! Looking through the library.

use super::Pictures;
use crate::{
    App, Json, Problem, Query, Route, SignedIn, Verb,
    look::{
        ButtonKind, Field, FigureSize, Head, empty_state, exercise_figure, link_button, pagination, select, submit,
        text_field, words,
    },
    paging::{Cursor, Limit, Page},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{BodyRegion, Exercise};
use identity::{Full, Session};
use maud::{Markup, html};
use practice::exercises::{self, Filter};
use serde::Deserialize;

pub(super) const API: Route = Route::api(Verb::Get, "/api/v1/exercises", "The exercise library, by name.")
    .any_token()
    .roles(super::READERS)
    .query::<Asked>()
    .answer::<Page<Exercise>>(200);
pub(super) const PAGE: Route = Route::page(Verb::Get, "/exercises", "The exercise library.").roles(super::READERS);

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// For this part of the body.
    #[serde(default)]
    region: Option<BodyRegion>,
    /// Words that stand in the name.
    #[serde(default)]
    q: Option<String>,
    /// How many.
    #[serde(default)]
    limit: Limit,
    /// Where the page begins.
    #[serde(default)]
    cursor: Option<Cursor>,
}

async fn found(app: &App, session: &Session<Full>, asked: &Asked) -> Result<Page<Exercise>, Problem> {
    let after = Cursor::place(asked.cursor.as_ref())?;
    let filter = Filter { region: asked.region, words: asked.q.clone() };
    let (items, more) = exercises::list(app.house(), session, &filter, after, asked.limit.entries()).await?;
    let next = items.last().filter(|_| more).map(|last| Cursor::at(&last.exercise_id));
    Ok(Page { items, next })
}

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<Exercise>>, Problem> {
    Ok(Json(found(&app, &session, &asked).await?))
}

pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let surround = Surround::of(&app, &session).await?;
    let page = found(&app, &session, &asked).await?;
    let region = asked.region.map(BodyRegion::word).unwrap_or_default();
    let wanted = asked.q.as_deref().unwrap_or_default();
    let next = page.next.map(|cursor| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !region.is_empty() {
            query.append_pair("region", region);
        }
        if !wanted.is_empty() {
            query.append_pair("q", wanted);
        }
        format!("/exercises?{}", query.append_pair("cursor", &String::from(cursor)).finish())
    });
    let regions: Vec<(&str, &str)> = std::iter::once(("", "Every part of the body"))
        .chain(BodyRegion::ALL.iter().map(|region| (region.word(), words::region(*region))))
        .collect();
    let narrowed = !region.is_empty() || !wanted.is_empty();
    let content = html! {
        section class="card stack" aria-label="Exercises" {
            form method="get" role="search" class="stack" {
                (text_field(&Field::new("q", "Find an exercise").value(wanted).max_length(100)))
                (select(&Field::new("region", "For").value(region), &regions))
                (submit("Find", narrowed.then(|| link_button("/exercises", "Show all", ButtonKind::Quiet))))
            }
            @if page.items.is_empty() {
                (empty_state("No exercise found", "Try fewer words, or every part of the body.", None))
            } @else {
                ul class="list" role="list" {
                    @for exercise in &page.items {
                        @let pictures = Pictures::of(exercise.exercise_id, exercise.source, exercise.pictures);
                        li {
                            a href={ "/exercises/" (exercise.exercise_id) } {
                                (exercise_figure(pictures.figure(), &exercise.name, FigureSize::Small))
                                span {
                                    span class="person-name" { (exercise.name) } br;
                                    span class="soft small" { (words::region(exercise.region)) " · " (words::equipment(exercise.equipment)) }
                                }
                            }
                        }
                    }
                }
            }
        }
        (pagination(None, next.as_deref(), None))
    };
    Ok(surround.page(Sheet::new("Exercises", "/exercises").head(Head::default()), content))
}
