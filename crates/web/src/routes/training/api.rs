//! Training, for programs.

use crate::{App, AuditClass, IfMatch, Json, PathId, Problem, Query, Route, RouteTable, SignedIn, Tag, Verb};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{CourseId, PermissionName, TrainingId, TrainingState};
use practice::training::{
    self, CourseDetails, CourseView, NewCorrection, NewCourse, NewTraining, OwnTraining, TrainingSettings,
    TrainingTable,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const fn route(verb: Verb, path: &'static str, what: &'static str) -> Route {
    Route::api(verb, path, what).permission(PermissionName::Oversee).audit(AuditClass::Practice)
}

const COURSE: &str = "/api/v1/training/courses/{course_id}";

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    let own = Route::api(Verb::Get, "/api/v1/me/training", "Which training is asked of oneself, and until when.")
        .answer::<OwnTraining>(200);
    table
        .add(
            route(Verb::Get, "/api/v1/training", "How everybody who works here stands to the courses asked of them.")
                .query::<Asked>()
                .answer::<TrainingTable>(200),
            list,
        )
        .add(
            route(Verb::Get, "/api/v1/training/settings", "What the practice set for training.")
                .answer::<TrainingSettings>(200),
            settings,
        )
        .add(
            route(
                Verb::Put,
                "/api/v1/training/settings",
                "Changes it, with a factor proven just now. Counts at everybody's next request.",
            )
            .body::<NewSettings>()
            .answer::<TrainingSettings>(200),
            set,
        )
        .add(
            route(
                Verb::Get,
                "/api/v1/training/export",
                "Every course with all its versions, and everybody who was trained in it, corrected records too.",
            )
            .takes_out()
            .answer::<Export>(200),
            export,
        )
        .add(
            route(Verb::Get, "/api/v1/training/courses", "The courses as they stand.").answer::<Courses>(200),
            courses,
        )
        .add(
            route(Verb::Post, "/api/v1/training/courses", "Makes a course, with a factor proven just now.")
                .body::<NewCourse>()
                .answer::<Made>(201),
            make,
        )
        .add(
            route(Verb::Get, COURSE, "A course, with its versions and everybody who was trained.")
                .answer::<CourseDetails>(200),
            one,
        )
        .add(
            route(Verb::Put, COURSE, "Makes the next version of a course, with a factor proven just now.")
                .if_match()
                .body::<NewCourse>()
                .no_content(),
            supersede,
        )
        .add(
            route(
                Verb::Delete,
                COURSE,
                "Ends a course, with a factor proven just now: nothing is asked any more, and what was recorded stays.",
            )
            .if_match()
            .no_content(),
            end,
        )
        .add(
            route(
                Verb::Post,
                "/api/v1/training/courses/{course_id}/records",
                "Records that somebody was trained, with a factor proven just now; not oneself unless nobody else could.",
            )
            .body::<NewTraining>()
            .answer::<Recorded>(201),
            record,
        )
        .add(
            route(
                Verb::Post,
                "/api/v1/training/records/{training_id}/correction",
                "Puts another record in the place of one, or takes it back, with a factor proven just now.",
            )
            .body::<NewCorrection>()
            .answer::<Recorded>(201),
            correct,
        )
        .add(own, mine)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Those alone that stand so.
    #[serde(default)]
    state: Option<TrainingState>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewSettings {
    /// Whether nobody of staff is let in whose training is overdue.
    enforced: bool,
    /// From so many days before the last one on whoever it is about is warned: 0 to 90.
    warn_days: u16,
}

#[derive(Serialize, JsonSchema)]
struct Courses {
    /// Those that ended too.
    items: Vec<CourseView>,
}

#[derive(Serialize, JsonSchema)]
struct Export {
    /// The courses, with everything about them.
    courses: Vec<CourseDetails>,
}

#[derive(Serialize, JsonSchema)]
struct Made {
    /// The course.
    course_id: CourseId,
}

#[derive(Serialize, JsonSchema)]
struct Recorded {
    /// The record.
    training_id: TrainingId,
}

async fn list(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<TrainingTable>, Problem> {
    Ok(Json(training::table(app.house(), &session, asked.state).await?))
}

async fn settings(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<TrainingSettings>, Problem> {
    Ok(Json(training::settings(app.house(), &session).await?))
}

async fn set(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(new): Json<NewSettings>,
) -> Result<Json<TrainingSettings>, Problem> {
    let new = TrainingSettings { enforced: new.enforced, warn_days: new.warn_days };
    training::change_settings(app.house(), &session, new).await?;
    Ok(Json(new))
}

async fn export(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<Export>, Problem> {
    let mut courses = Vec::new();
    for course in training::courses(app.house(), &session).await? {
        courses.push(training::course(app.house(), &session, course.course_id).await?);
    }
    Ok(Json(Export { courses }))
}

async fn courses(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<Courses>, Problem> {
    Ok(Json(Courses { items: training::courses(app.house(), &session).await? }))
}

async fn make(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(new): Json<NewCourse>,
) -> Result<(StatusCode, Json<Made>), Problem> {
    let course_id = training::make(app.house(), &session, &new).await?;
    Ok((StatusCode::CREATED, Json(Made { course_id })))
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(course): PathId<CourseId>,
) -> Result<Response, Problem> {
    let details = training::course(app.house(), &session, course).await?;
    let tag = Tag(u64::try_from(details.course.version).unwrap_or(0));
    Ok(([tag.pair()], Json(details)).into_response())
}

fn seen(IfMatch(version): IfMatch) -> i64 {
    i64::try_from(version).unwrap_or(i64::MAX)
}

async fn supersede(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(course): PathId<CourseId>,
    if_match: IfMatch,
    Json(new): Json<NewCourse>,
) -> Result<StatusCode, Problem> {
    training::supersede(app.house(), &session, course, &new, seen(if_match)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn end(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(course): PathId<CourseId>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    training::end(app.house(), &session, course, seen(if_match)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn record(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(course): PathId<CourseId>,
    Json(new): Json<NewTraining>,
) -> Result<(StatusCode, Json<Recorded>), Problem> {
    let training_id = training::record(app.house(), &session, course, &new).await?;
    Ok((StatusCode::CREATED, Json(Recorded { training_id })))
}

async fn correct(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(record): PathId<TrainingId>,
    Json(new): Json<NewCorrection>,
) -> Result<(StatusCode, Json<Recorded>), Problem> {
    let training_id = training::correct(app.house(), &session, record, &new).await?;
    Ok((StatusCode::CREATED, Json(Recorded { training_id })))
}

async fn mine(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<OwnTraining>, Problem> {
    Ok(Json(training::own(app.house(), &session).await?))
}
