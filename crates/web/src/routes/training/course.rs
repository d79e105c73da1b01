//! One course as a page: what it asks, who was trained, and what can be done about it.

use super::{
    forms::{TypedCourse, TypedRecord, correction_form, course_form, record_form},
    own::day,
    page::{HERE, ended, route},
};
use crate::{
    App, Form, PathId, Problem, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        ButtonKind, Column, FieldErrors, Head, Tone, breadcrumbs, button, card, definitions, empty_state, hidden,
        recorded_line, table, tag,
        words::{self, training as said},
    },
    routes::{
        account::{confirm_first, is_fresh},
        people,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{CourseId, TrainingId};
use identity::{EnrollmentError, Full, Session};
use maud::{Markup, html};
use practice::training::{self, CourseDetails, CourseView, RecordView, TrainingError};
use serde::Deserialize;

pub(super) const COURSES: &str = "/training/courses";

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    const COURSE: &str = "/training/courses/{course_id}";
    const RECORD: &str = "/training/records/{training_id}";
    table
        .add(route(Verb::Get, COURSE, "A course: what it asks, and who was trained."), page)
        .add(route(Verb::Post, COURSE, "Makes the next version of a course."), supersede)
        .add(route(Verb::Post, "/training/courses/{course_id}/end", "Ends a course."), end)
        .add(route(Verb::Post, "/training/courses/{course_id}/records", "Records that somebody was trained."), record)
        .add(route(Verb::Get, RECORD, "A record of training, to be corrected."), one_record)
        .add(route(Verb::Post, RECORD, "Corrects a record of training."), correct)
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(course): PathId<CourseId>,
) -> Result<Markup, Problem> {
    show(&app, &session, course, None, &TypedRecord::default(), &FieldErrors::none()).await
}

async fn show(
    app: &App,
    session: &Session<Full>,
    course: CourseId,
    typed: Option<&TypedCourse>,
    record: &TypedRecord,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let details = training::course(app.house(), session, course).await?;
    let everybody = training::table(app.house(), session, None).await?;
    let asked = everybody.items.iter().filter(|item| item.course_id == course);
    let mut people: Vec<(String, String)> =
        asked.map(|item| (item.whom.account_id.to_string(), item.whom.name.clone())).collect();
    people.sort_by_cached_key(|(_, name)| name.to_lowercase());
    let surround = Surround::of(app, session).await?;
    let here = format!("{COURSES}/{course}");
    let now = TypedCourse::of(&details.course);
    let content = html! {
        (breadcrumbs(&[(HERE, "Training")], &details.course.title))
        (errors.summary())
        (card("What it asks", None, facts(&details.course)))
        @if details.records.is_empty() {
            (empty_state("Nobody was trained yet", "Each record stands here, with who made it.", None))
        } @else {
            (card("Who was trained", None, records(&surround, &details.records)))
        }
        @if details.course.ended.is_none() {
            @if is_fresh(app, session) {
                (record_form(&format!("{here}/records"), &people, record, errors))
                (course_form(&here, "Make it the next version", typed.unwrap_or(&now), errors))
                form method="post" action={ (here) "/end" } class="card stack"
                    data-ask="Nothing is asked of anybody any more. End the course?" {
                    h2 { "End the course" }
                    p class="soft" { "What was recorded stays." }
                    (hidden("seen", details.course.version))
                    div { (button("End it", ButtonKind::Danger)) }
                }
            } @else { (confirm_first(&here)) }
        }
        @if !details.earlier.is_empty() { (card("Versions before", None, versions(&surround, &details))) }
        (recorded_line("Looking at this course was recorded."))
    };
    let head = Head { heading: Some(&details.course.title), ..Head::default() };
    Ok(surround.page(Sheet::new("Course", HERE).head(head), content))
}

fn facts(course: &CourseView) -> Markup {
    definitions(&[
        ("State", ended(course)),
        ("What for", html! { (course.purpose) }),
        ("For whom", html! { (said::roles(&course.roles)) }),
        ("Again after", html! { (said::renewal(course.renewal_months)) }),
        ("To be done within", html! { (words::count(course.due_days.into(), "day", "days")) }),
        ("Version", html! { (course.version) ", by " (course.made_by.name) }),
    ])
}

fn versions(surround: &Surround, details: &CourseDetails) -> Markup {
    let columns = ["Version", "Title", "For", "Again after", "Within", "By"].map(Column::text);
    let rows = details.earlier.iter().rev().map(|course| {
        vec![
            html! { (course.version) },
            html! { (course.title) br; span class="soft small" { (course.purpose) } },
            html! { (said::roles(&course.roles)) },
            html! { (said::renewal(course.renewal_months)) },
            html! { (words::count(course.due_days.into(), "day", "days")) },
            html! { (course.made_by.name) br; span class="soft small" { (surround.moment(course.made_at)) } },
        ]
    });
    table("Versions before", &columns, rows)
}

fn records(surround: &Surround, records: &[RecordView]) -> Markup {
    let columns = [
        Column::text("Who"),
        Column::text("Trained on"),
        Column::text("How"),
        Column::text("Recorded"),
        Column::actions("Correct"),
    ];
    let rows = records.iter().map(|record| {
        vec![
            html! { (record.whom.name) },
            html! { (day(record.trained_on, "taken back")) " " (marks(record)) },
            html! { (record.how) },
            html! {
                (record.recorded_by.name) br;
                span class="soft small" { (surround.moment(record.recorded_at)) ", version " (record.version) }
            },
            html! {
                @if record.superseded_by.is_none() {
                    a href={ "/training/records/" (record.training_id) } {
                        "Correct" span class="hidden" { ": " (record.whom.name) }
                    }
                }
            },
        ]
    });
    table("Who was trained", &columns, rows)
}

fn marks(record: &RecordView) -> Markup {
    html! {
        @if record.superseded_by.is_some() { (tag("corrected since", Tone::Warn)) " " }
        @if record.corrects.is_some() { (tag("a correction", Tone::Info)) " " }
        @if record.nobody_else { (tag("about themself: there was nobody else", Tone::Warn)) }
    }
}

/// Where only a fresh factor is missing, the way to one.
fn done(result: Result<(), TrainingError>, page: &str) -> Result<Response, Problem> {
    match result {
        Ok(()) => Ok(see_other(page)),
        Err(TrainingError::NotInPerson(EnrollmentError::StepUp)) => Ok(people::confirm_first(page)),
        Err(other) => Err(other.into()),
    }
}

fn seen(typed: &str) -> i64 {
    // What is no number was seen of no version.
    typed.trim().parse().unwrap_or(0)
}

async fn supersede(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(course): PathId<CourseId>,
    Form(typed): Form<TypedCourse>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    if let Some(new) = typed.read(&mut errors) {
        let made = training::supersede(app.house(), &session, course, &new, seen(&typed.seen)).await;
        return done(made, &format!("{COURSES}/{course}"));
    }
    let page = show(&app, &session, course, Some(&typed), &TypedRecord::default(), &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    #[serde(default)]
    seen: String,
}

async fn end(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(course): PathId<CourseId>,
    Form(typed): Form<Seen>,
) -> Result<Response, Problem> {
    let ended = training::end(app.house(), &session, course, seen(&typed.seen)).await;
    done(ended, &format!("{COURSES}/{course}"))
}

async fn record(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(course): PathId<CourseId>,
    Form(typed): Form<TypedRecord>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    if let Some(new) = typed.read(&mut errors) {
        match training::record(app.house(), &session, course, &new).await {
            Err(TrainingError::NotYet) => errors.add("trained_on", "This day has not come yet"),
            recorded => return done(recorded.map(drop), &format!("{COURSES}/{course}")),
        }
    }
    let page = show(&app, &session, course, None, &typed, &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}

async fn one_record(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(training): PathId<TrainingId>,
) -> Result<Markup, Problem> {
    show_record(&app, &session, training, None, &FieldErrors::none()).await
}

async fn show_record(
    app: &App,
    session: &Session<Full>,
    training: TrainingId,
    typed: Option<&TypedRecord>,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let (course, record) = training::one_record(app.house(), session, training).await?;
    let surround = Surround::of(app, session).await?;
    let here = format!("/training/records/{training}");
    let back = format!("{COURSES}/{course}");
    let now = TypedRecord::of(&record);
    let content = html! {
        (breadcrumbs(&[(HERE, "Training"), (&back, "Course")], "Record"))
        (errors.summary())
        (card("As it was recorded", None, definitions(&[
            ("Who", html! { (record.whom.name) }),
            ("Trained on", html! { (day(record.trained_on, "taken back")) " " (marks(&record)) }),
            ("How", html! { (record.how) }),
            ("Recorded", html! { (record.recorded_by.name) ", " (surround.moment(record.recorded_at)) }),
        ])))
        @if record.superseded_by.is_none() {
            @if is_fresh(app, session) { (correction_form(&here, typed.unwrap_or(&now), errors)) }
            @else { (confirm_first(&here)) }
        }
        (recorded_line("Looking at this record was recorded."))
    };
    Ok(surround.page(Sheet::new("Record of training", HERE), content))
}

async fn correct(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(training): PathId<TrainingId>,
    Form(typed): Form<TypedRecord>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    if let Some(new) = typed.correction(&mut errors) {
        match training::correct(app.house(), &session, training, &new).await {
            Err(TrainingError::NotYet) => errors.add("trained_on", "This day has not come yet"),
            Ok(next) => return Ok(see_other(&format!("/training/records/{next}"))),
            Err(TrainingError::NotInPerson(EnrollmentError::StepUp)) => {
                return Ok(people::confirm_first(&format!("/training/records/{training}")));
            }
            Err(other) => return Err(other.into()),
        }
    }
    let page = show_record(&app, &session, training, Some(&typed), &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}
