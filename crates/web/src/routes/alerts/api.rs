//! Alerts, for programs.

use super::Shown;
use crate::{
    App, AuditClass, Json, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    paging::{Cursor, Limit, Page},
    routes::audit::Item,
};
use axum::{extract::State, http::StatusCode};
use domain::{AlertId, PermissionName, ReviewWords};
use practice::watch::{self, AlertLine, SettingView};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const LIST: Route = Route::api(Verb::Get, "/api/v1/alerts", "Alerts of the practice, newest first.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice)
    .query::<Asked>()
    .answer::<Page<AlertLine>>(200);
const ONE: Route =
    Route::api(Verb::Get, "/api/v1/alerts/{alert_id}", "An alert, with the entries of the audit trail that show it.")
        .permission(PermissionName::ReadAudit)
        .audit(AuditClass::Practice)
        .answer::<Details>(200);
const REVIEW: Route = Route::api(
    Verb::Post,
    "/api/v1/alerts/{alert_id}/review",
    "Says what somebody found who looked into an alert: once, and not about oneself.",
)
.permission(PermissionName::ReadAudit)
.audit(AuditClass::Practice)
.body::<Review>()
.no_content();
const LIFT: Route = Route::api(
    Verb::Post,
    "/api/v1/alerts/{alert_id}/lift",
    "Lets the account that an alert is about take things out again, with a factor proven just now, and not of oneself.",
)
.permission(PermissionName::ReadAudit)
.audit(AuditClass::Practice)
.no_content();
const SETTINGS: Route = Route::api(Verb::Get, "/api/v1/alerts/settings", "What the practice set for alerts.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice)
    .answer::<AllSettings>(200);
const SET: Route =
    Route::api(Verb::Put, "/api/v1/alerts/settings/{setting}", "Changes a setting, with a factor proven just now.")
        .permission(PermissionName::ReadAudit)
        .audit(AuditClass::Practice)
        .body::<NewValue>()
        .no_content();

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(LIST, list).add(SETTINGS, settings).add(SET, set).add(ONE, one).add(REVIEW, review).add(LIFT, lift)
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// `open` (those that wait for somebody), `reviewed` or `all`.
    #[serde(default)]
    state: Shown,
    /// How many at once.
    #[serde(default)]
    limit: Limit,
    /// Where to go on.
    #[serde(default)]
    cursor: Option<Cursor>,
}

/// An alert and what shows it.
#[derive(Serialize, JsonSchema)]
struct Details {
    #[serde(flatten)]
    alert: AlertLine,
    /// The entries of the audit trail, in their order.
    entries: Vec<Item>,
    /// How many there were; more than those when some cannot be read any more.
    entry_count: usize,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Review {
    /// What was found.
    words: ReviewWords,
}

#[derive(Serialize, JsonSchema)]
struct AllSettings {
    /// Numbers first, then what follows from each rule.
    items: Vec<SettingView>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewValue {
    /// A number within its bounds, or `note`, `alert`, `ask_factor`, `hold_exports`, `end_session`.
    value: String,
}

async fn list(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<AlertLine>>, Problem> {
    let before = Cursor::place(asked.cursor.as_ref())?;
    let page = watch::alerts(app.house(), &session, asked.state.into(), before, asked.limit.entries()).await?;
    Ok(Json(Page { items: page.items, next: page.next.map(|next| Cursor::at(&next)) }))
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(alert): PathId<AlertId>,
) -> Result<Json<Details>, Problem> {
    let details = watch::alert(app.house(), &session, alert).await?;
    let entries = details.entries.into_iter().map(Item::from).collect();
    Ok(Json(Details { alert: details.alert, entries, entry_count: details.pointed_to }))
}

async fn review(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(alert): PathId<AlertId>,
    Json(review): Json<Review>,
) -> Result<StatusCode, Problem> {
    watch::review(app.house(), &session, alert, &review.words).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn lift(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(alert): PathId<AlertId>,
) -> Result<StatusCode, Problem> {
    watch::lift_export_hold(app.house(), &session, alert).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn settings(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<AllSettings>, Problem> {
    Ok(Json(AllSettings { items: watch::settings(app.house(), &session).await? }))
}

async fn set(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(name): PathId<String>,
    Json(new): Json<NewValue>,
) -> Result<StatusCode, Problem> {
    watch::change_setting(app.house(), &session, &name, &new.value).await?;
    Ok(StatusCode::NO_CONTENT)
}
