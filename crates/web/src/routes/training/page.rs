//! Training as pages: how everybody stands, which courses there are, and a new one.

use super::{
    course::COURSES,
    forms::{TypedCourse, course_form},
    own::{day, state},
    setting,
};
use crate::{
    App, AuditClass, Form, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        ButtonKind, Column, FieldErrors, Head, Tone, breadcrumbs, card, empty_state, link_button, recorded_line, table,
        tabs, tag,
        words::{self, training as said},
    },
    routes::{
        account::{confirm_first, is_fresh},
        people,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{PermissionName, TrainingState};
use identity::{EnrollmentError, Full, Session};
use maud::{Markup, html};
use practice::training::{self, CourseView, StandingView, TrainingError};
use serde::Deserialize;

pub(super) const HERE: &str = "/training";
const NEW: &str = "/training/new";

pub(super) const fn route(verb: Verb, path: &'static str, what: &'static str) -> Route {
    Route::page(verb, path, what).permission(PermissionName::Oversee).audit(AuditClass::Practice)
}

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(route(Verb::Get, HERE, "How everybody who works here stands to the courses asked of them."), page)
        .add(route(Verb::Get, NEW, "The form of a new course."), form)
        .add(route(Verb::Post, NEW, "Makes a course."), make)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    state: Option<TrainingState>,
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    show(&app, &session, asked.state, None, &FieldErrors::none()).await
}

/// Everybody with each course, the courses, and what is set, with what was typed.
pub(super) async fn show(
    app: &App,
    session: &Session<Full>,
    only: Option<TrainingState>,
    typed: Option<&setting::Typed>,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let found = training::table(app.house(), session, only).await?;
    let courses = training::courses(app.house(), session).await?;
    let settings = training::settings(app.house(), session).await?;
    let surround = Surround::of(app, session).await?;
    let content = html! {
        (errors.summary())
        (filters(only))
        @if found.items.is_empty() {
            (empty_state("Nothing here", "Each person stands here with each course that is asked of their role.", None))
        } @else {
            (card("People and courses", None, people_and_courses(&found.items)))
        }
        (card("Courses", Some(link_button(NEW, "Make a course", ButtonKind::Primary)), listed(&courses)))
        @if is_fresh(app, session) { (setting::form(&settings, typed, errors)) } @else { (confirm_first(HERE)) }
        (recorded_line("Looking at training was recorded."))
    };
    let below =
        html! { "Who was trained in what, and what is due. What was recorded is kept for six years and longer." };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Training", HERE).head(head), content))
}

fn filters(only: Option<TrainingState>) -> Markup {
    let mut views = vec![(HERE.to_owned(), "All", only.is_none())];
    for state in [TrainingState::Overdue, TrainingState::Soon, TrainingState::Due, TrainingState::Current] {
        views.push((format!("{HERE}?state={}", state.word()), said::tab(state), only == Some(state)));
    }
    let views: Vec<(&str, &str, bool)> =
        views.iter().map(|(href, label, here)| (href.as_str(), *label, *here)).collect();
    tabs("Training", &views)
}

fn people_and_courses(items: &[StandingView]) -> Markup {
    let columns = ["Who", "Course", "Trained on", "Due by", "State"].map(Column::text);
    let rows = items.iter().map(|item| {
        vec![
            html! { (item.whom.name) br; span class="soft small" { (words::role(item.role)) } },
            html! { a href={ (COURSES) "/" (item.course_id) } { (item.title) } },
            day(item.last_trained_on, "not yet"),
            day(item.due_on, "for good"),
            state(item.state),
        ]
    });
    table("People and courses", &columns, rows)
}

fn listed(courses: &[CourseView]) -> Markup {
    if courses.is_empty() {
        return html! { p class="soft" { "No course yet. One for everybody about privacy and security is a beginning." } };
    }
    let columns = ["Course", "For", "Again after", "State"].map(Column::text);
    let rows = courses.iter().map(|course| {
        vec![
            html! { a href={ (COURSES) "/" (course.course_id) } { (course.title) } },
            html! { (said::roles(&course.roles)) },
            html! { (said::renewal(course.renewal_months)) },
            ended(course),
        ]
    });
    table("Courses", &columns, rows)
}

pub(super) fn ended(course: &CourseView) -> Markup {
    if course.ended.is_some() { tag("ended", Tone::Neutral) } else { tag("asked", Tone::Success) }
}

async fn form(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    new(&app, &session, &TypedCourse::default(), &FieldErrors::none()).await
}

async fn new(app: &App, session: &Session<Full>, typed: &TypedCourse, errors: &FieldErrors) -> Result<Markup, Problem> {
    // The form says nothing about anybody, but who may not make a course gets none.
    training::settings(app.house(), session).await?;
    let surround = Surround::of(app, session).await?;
    let content = html! {
        (breadcrumbs(&[(HERE, "Training")], "Make a course"))
        (errors.summary())
        @if is_fresh(app, session) { (course_form(NEW, "Make it", typed, errors)) } @else { (confirm_first(NEW)) }
    };
    Ok(surround.page(Sheet::new("Make a course", HERE), content))
}

async fn make(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<TypedCourse>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    if let Some(new) = typed.read(&mut errors) {
        return match training::make(app.house(), &session, &new).await {
            Ok(course) => Ok(see_other(&format!("{COURSES}/{course}"))),
            Err(TrainingError::NotInPerson(EnrollmentError::StepUp)) => Ok(people::confirm_first(NEW)),
            Err(other) => Err(other.into()),
        };
    }
    let page = new(&app, &session, &typed, &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}
