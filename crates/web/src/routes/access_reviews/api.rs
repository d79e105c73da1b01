//! Reviews of access, for programs.

use crate::{
    App, AuditClass, Json, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::attachment,
    paging::{Cursor, Limit, Page},
};
use axum::{extract::State, response::Response};
use domain::{AccessDecision, AccessItemId, AccessReviewId, AccessVerdict, PermissionName};
use practice::access_reviews::{
    self as reviews, EndedAccess, ItemView, Kept, OverseeSettings, ReviewRecord, ReviewView,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const LIST: Route = Route::api(Verb::Get, "/api/v1/access-reviews", "Reviews of who has access, newest first.")
    .permission(PermissionName::Oversee)
    .audit(AuditClass::Practice)
    .answer::<Reviews>(200);
const SETTINGS: Route =
    Route::api(Verb::Get, "/api/v1/access-reviews/settings", "What the practice set for reviews of access.")
        .permission(PermissionName::Oversee)
        .audit(AuditClass::Practice)
        .answer::<OverseeSettings>(200);
const SET: Route = Route::api(
    Verb::Put,
    "/api/v1/access-reviews/settings",
    "Changes it, with a factor proven just now. Holds from the next review on.",
)
.permission(PermissionName::Oversee)
.audit(AuditClass::Practice)
.body::<NewSettings>()
.answer::<OverseeSettings>(200);
const ONE: Route = Route::api(Verb::Get, "/api/v1/access-reviews/{review_id}", "A review and how far it has come.")
    .permission(PermissionName::Oversee)
    .audit(AuditClass::Practice)
    .answer::<ReviewView>(200);
const ITEMS: Route = Route::api(
    Verb::Get,
    "/api/v1/access-reviews/{review_id}/items",
    "What is looked at: accounts with their roles, places on care teams, API tokens, each with its last use.",
)
.permission(PermissionName::Oversee)
.audit(AuditClass::Practice)
.query::<Asked>()
.answer::<Page<ItemView>>(200);
const DECIDE: Route = Route::api(
    Verb::Post,
    "/api/v1/access-reviews/{review_id}/items/{access_item_id}",
    "Keeps an access or ends it, with a factor proven just now; not one's own unless nobody else could.",
)
.permission(PermissionName::Oversee)
.audit(AuditClass::Practice)
.body::<Verdict>()
.answer::<Became>(200);
const KEEP: Route = Route::api(
    Verb::Post,
    "/api/v1/access-reviews/{review_id}/keep-usual",
    "Keeps at once everything about which nothing is unusual, with a factor proven just now.",
)
.permission(PermissionName::Oversee)
.audit(AuditClass::Practice)
.answer::<Kept>(200);
const RECORD: Route = Route::api(
    Verb::Get,
    "/api/v1/access-reviews/{review_id}/record",
    "The record of a closed review, and the signed note that says it.",
)
.permission(PermissionName::Oversee)
.audit(AuditClass::Practice)
.takes_out()
.answer::<Record>(200);
const SHEET: Route =
    Route::api(Verb::Get, "/api/v1/access-reviews/{review_id}/record.pdf", "The record of a closed review, as PDF.")
        .permission(PermissionName::Oversee)
        .audit(AuditClass::Practice)
        .takes_out()
        .media("application/pdf");
const ENDED: Route =
    Route::api(Verb::Get, "/api/v1/me/ended-access", "What of one's own access ended in reviews lately, and why.")
        .answer::<Ended>(200);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(LIST, list)
        .add(SETTINGS, settings)
        .add(SET, set)
        .add(ONE, one)
        .add(ITEMS, items)
        .add(DECIDE, decide)
        .add(KEEP, keep)
        .add(RECORD, record)
        .add(SHEET, sheet)
        .add(ENDED, ended)
}

#[derive(Serialize, JsonSchema)]
struct Reviews {
    /// Newest first.
    items: Vec<ReviewView>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewSettings {
    /// Days from the moment when everything is listed until what nobody attested ends: 3 to 60.
    due_days: u32,
    /// Days without use after which an access is unusual: 7 to 180.
    unused_days: u32,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Those alone that wait for an answer.
    #[serde(default)]
    waiting: bool,
    /// How many at once.
    #[serde(default)]
    limit: Limit,
    /// Where to go on.
    #[serde(default)]
    cursor: Option<Cursor>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Verdict {
    /// `keep` or `end`.
    decision: AccessVerdict,
}

#[derive(Serialize, JsonSchema)]
struct Became {
    /// What became of it: `kept` or `ended`; `gone` where it had ended by then without the review, whatever was answered.
    decision: AccessDecision,
}

/// A record and its note.
#[derive(Serialize, JsonSchema)]
pub(super) struct Record {
    /// What it says.
    record: ReviewRecord,
    /// The signed note that says it: what counts.
    note: String,
}

#[derive(Serialize, JsonSchema)]
struct Ended {
    /// Newest first.
    items: Vec<EndedAccess>,
}

async fn list(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<Reviews>, Problem> {
    Ok(Json(Reviews { items: reviews::reviews(app.house(), &session).await? }))
}

async fn settings(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<OverseeSettings>, Problem> {
    Ok(Json(reviews::settings(app.house(), &session).await?))
}

async fn set(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(new): Json<NewSettings>,
) -> Result<Json<OverseeSettings>, Problem> {
    reviews::change_settings(app.house(), &session, new.due_days, new.unused_days).await?;
    Ok(Json(OverseeSettings { due_days: new.due_days, unused_days: new.unused_days }))
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(review): PathId<AccessReviewId>,
) -> Result<Json<ReviewView>, Problem> {
    Ok(Json(reviews::review(app.house(), &session, review).await?))
}

async fn items(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(review): PathId<AccessReviewId>,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<ItemView>>, Problem> {
    let after = Cursor::place(asked.cursor.as_ref())?;
    let limit = asked.limit.entries();
    let (items, next) = reviews::items(app.house(), &session, review, asked.waiting, after, limit).await?;
    Ok(Json(Page { items, next: next.as_ref().map(Cursor::at) }))
}

async fn decide(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((review, item)): PathId<(AccessReviewId, AccessItemId)>,
    Json(verdict): Json<Verdict>,
) -> Result<Json<Became>, Problem> {
    let decision = reviews::attest(app.house(), &session, review, item, verdict.decision).await?;
    Ok(Json(Became { decision }))
}

async fn keep(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(review): PathId<AccessReviewId>,
) -> Result<Json<Kept>, Problem> {
    Ok(Json(reviews::keep_usual(app.house(), &session, review).await?))
}

async fn record(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(review): PathId<AccessReviewId>,
) -> Result<Json<Record>, Problem> {
    let (record, note) = reviews::record(app.house(), &session, review).await?;
    Ok(Json(Record { record, note }))
}

/// The record on paper; the same for people and programs.
pub(super) async fn sheet(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(review): PathId<AccessReviewId>,
) -> Result<Response, Problem> {
    let (record, note) = reviews::record(app.house(), &session, review).await?;
    let name = format!("access-review-{}.pdf", record.quarter);
    Ok(attachment("application/pdf", &name, reviews::record_pdf(&record, &note)))
}

/// The record as a file.
pub(super) async fn file(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(review): PathId<AccessReviewId>,
) -> Result<Response, Problem> {
    let (record, note) = reviews::record(app.house(), &session, review).await?;
    let name = format!("access-review-{}.json", record.quarter);
    // Ids, words and moments: that cannot fail.
    let text = serde_json::to_string_pretty(&Record { record, note }).unwrap_or_default();
    Ok(attachment("application/json", &name, text))
}

async fn ended(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<Ended>, Problem> {
    Ok(Json(Ended { items: reviews::ended_lately(app.house(), &session).await? }))
}
