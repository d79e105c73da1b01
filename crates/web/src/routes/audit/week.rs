//! A week of the audit trail at a glance.

use super::page::{missing, views};
use crate::{
    App, AuditClass, Json, Problem, Query, Route, RouteTable, SignedIn, Verb,
    look::{Head, WeekLine, card, pagination, recorded_line, week_picture, words},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{AccountId, Date, PermissionName, Role};
use jiff::ToSpan;
use maud::{Markup, html};
use practice::audit::{self, PARTS, Week, Whose};
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
    Ok(Json(WeekView { monday: week.monday, rows: rows(&week), complete: week.health.is_whole() }))
}

async fn show(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let week = audit::week(app.house(), &session, asked.day).await?;
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
    let title = format!("{} to {}", words::day_month(week.monday), words::full_date(sunday));
    let content = html! {
        (views(true))
        @if let Some(missing) = missing(week.health) { (missing) }
        (card(&title, None, week_picture("week", week.monday, &lines)))
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
