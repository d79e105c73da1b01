//! A week of the audit trail at a glance.

use super::{
    looked,
    page::{missing, views},
};
use crate::{
    App, AuditClass, Json, Problem, Query, Route, RouteTable, SignedIn, Verb,
    look::{Head, WeekLine, card, pagination, recorded_line, week_picture, words},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{AccountId, Date, PermissionName, Role};
use jiff::ToSpan;
use maud::{Markup, html};
use practice::{
    audit::{self, PARTS, Week, Whose},
    watch::{self, LookedThrough},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const HERE: &str = "/audit/week";
const PAGE: Route = Route::page(Verb::Get, HERE, "Who did how much in a week, and when.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);
const API: Route = Route::api(Verb::Get, "/api/v1/audit/week", "Who did how much in a week, and when.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice)
    .query::<Asked>()
    .answer::<WeekView>(200);

/// Adds both.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, show).add(API, api)
}

/// Which week.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A day of it; today when not given.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    day: Option<Date>,
}

/// A week.
#[derive(Serialize, JsonSchema)]
struct WeekView {
    /// Its Monday.
    #[schemars(with = "String", extend("format" = "date"))]
    monday: Date,
    /// Who did something; staff first, who did most at the top.
    rows: Vec<RowView>,
    /// Whether everything that was recorded before this question was counted.
    complete: bool,
    /// Up to when somebody looked through what was done; null while nobody did.
    looked_through: Option<LookedThrough>,
}

/// What somebody did.
#[derive(Serialize, JsonSchema)]
struct RowView {
    /// The account; null for all patients together and for nobody.
    account_id: Option<AccountId>,
    /// The name that others see, `Patients`, or `Nobody signed in`.
    who: String,
    /// As what.
    role: Option<Role>,
    /// Entries on each day from Monday on: from midnight to 6, to noon, to 18, to midnight.
    entries: [[u64; PARTS]; 7],
    /// How many of them were refused or failed.
    refused: [[u64; PARTS]; 7],
}

fn rows(week: &Week) -> Vec<RowView> {
    let row = |row: &audit::WeekRow| {
        let (account_id, who, role) = match &row.whose {
            Whose::Staff { account, name, role } => (Some(*account), name.clone(), *role),
            Whose::Patients => (None, "Patients".to_owned(), Some(Role::Patient)),
            Whose::Nobody => (None, "Nobody signed in".to_owned(), None),
        };
        RowView { account_id, who, role, entries: row.entries, refused: row.refused }
    };
    week.rows.iter().map(row).collect()
}

async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<WeekView>, Problem> {
    let week = audit::week(app.house(), &session, asked.day).await?;
    let looked_through = watch::looked_through(app.house(), &session).await?;
    let (rows, complete) = (rows(&week), week.health.is_whole());
    Ok(Json(WeekView { monday: week.monday, rows, complete, looked_through }))
}

async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let now = app.clock.now();
    let week = audit::week(app.house(), &session, asked.day).await?;
    let looked = watch::looked_through(app.house(), &session).await?;
    let surround = Surround::of(&app, &session).await?;
    let rows = rows(&week);
    let lines: Vec<WeekLine<'_>> = rows
        .iter()
        .map(|row| WeekLine {
            name: &row.who,
            role: row.role.filter(|_| row.account_id.is_some()).map(words::role),
            entries: row.entries,
            refused: row.refused,
        })
        .collect();
    let (before, after) = (week.monday.checked_sub(7.days()), week.monday.checked_add(7.days()));
    let sunday = week.monday.checked_add(6.days()).unwrap_or(week.monday);
    let present = week.monday <= surround.day(app.clock.now()) && surround.day(app.clock.now()) <= sunday;
    let link = |day: Date| format!("{HERE}?day={day}");
    let (before, after) = (before.ok().map(link), after.ok().filter(|_| !present).map(link));
    // Up to the end of what the picture shows.
    let monday_after = week.monday.checked_add(7.days()).unwrap_or(week.monday);
    let until = now.min(week.zone.moment(monday_after, 0, 0));
    let title = format!("{} to {}", words::day_month(week.monday), words::full_date(sunday));
    let content = html! {
        (views(true))
        @if let Some(missing) = missing(week.health) { (missing) }
        (looked::line(&surround, looked.as_ref()))
        (card(&title, None, week_picture("week", week.monday, &lines)))
        @if let Some(button) = looked::button(&surround, until, looked.as_ref()) { (button) }
        @if !lines.is_empty() {
            p { a href={ "/audit?since=" (week.monday) "&until=" (sunday) } { "Show the entries of this week" } }
        }
        (pagination(before.as_deref(), after.as_deref(), None))
        (recorded_line("Looking at the week was recorded."))
    };
    let below = html! { "Who did how much, and when. A dot marks what was refused." };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("The week", "/audit").head(head), content))
}
