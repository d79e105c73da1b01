//! Who looked at a patient's record, told to the patient: everything, page by page.

use crate::{
    App, AuditClass, Json, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    look::{
        Column, Head, Tone, card, empty_state, notice, pagination, recorded_line, table, tabs, tag,
        words::{self, trail},
    },
    paging::{Cursor, Limit},
    routes::{audit::no_more, log::own},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{PatientId, PermissionName, Timestamp};
use maud::{Markup, html};
use practice::access_log::{Look, access_log};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const HERE: &str = "/who-looked";
/// Looks on a page.
const AT_ONCE: usize = 50;

const API: Route =
    Route::api(Verb::Get, "/api/v1/patients/{patient_id}/access-log", "Who looked at one's own record, newest first.")
        .permission(PermissionName::ReadAccessLog)
        .audit(AuditClass::Patient)
        .query::<Asked>()
        .answer::<Looks>(200);
const PAGE: Route = Route::page(Verb::Get, HERE, "Who looked at one's own record.")
    .permission(PermissionName::ReadAccessLog)
    .audit(AuditClass::Patient);

/// Adds the routes.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(API, api).add(PAGE, page)
}

/// Whose looks.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Whether one's own looks are left out.
    #[serde(default)]
    others: bool,
    /// How many.
    #[serde(default)]
    limit: Limit,
    /// Where to go on.
    #[serde(default)]
    cursor: Option<Cursor>,
}

/// A stretch of the looks.
#[derive(Serialize, JsonSchema)]
struct Looks {
    /// Newest first.
    items: Vec<Look>,
    /// `cursor` of the next stretch; null at the end.
    next: Option<Cursor>,
    /// Whether everything that was recorded before this question was looked at. If not, ask again in a moment.
    complete: bool,
    /// Entries up to this moment were dropped when their time was over, as the practice is allowed to after six years. Null where
    /// nothing was.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    dropped_until: Option<Timestamp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    #[serde(default)]
    own: bool,
    #[serde(default)]
    cursor: Option<Cursor>,
}

async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Query(asked): Query<Asked>,
) -> Result<Json<Looks>, Problem> {
    let (before, limit) = (Cursor::place(asked.cursor.as_ref())?, asked.limit.entries());
    let log = access_log(app.house(), &session, patient, asked.others, before, limit).await?;
    Ok(Json(Looks {
        items: log.items,
        next: log.next.as_ref().map(Cursor::at),
        complete: log.health.is_whole(),
        dropped_until: log.health.dropped.map(|dropped| dropped.until),
    }))
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Markup, Problem> {
    let before = Cursor::place(shown.cursor.as_ref())?;
    let log = access_log(app.house(), &session, own(&session)?, !shown.own, before, AT_ONCE).await?;
    let surround = Surround::of(&app, &session).await?;
    let columns = ["When", "Who", "What", "Why"].map(Column::text);
    let rows = log.items.iter().map(|look| row(look, &surround));
    let views = [(HERE, "Others", !shown.own), ("/who-looked?own=true", "With my own", shown.own)];
    let first = if shown.own { "/who-looked?own=true" } else { HERE };
    let newest = before.is_some().then_some(first);
    let older = log.next.map(|next| format!("{HERE}?own={}&cursor={}", shown.own, String::from(Cursor::at(&next))));
    let content = html! {
        (tabs("Whose looks", &views))
        @if !log.health.is_whole() {
            @let text = html! { "The newest looks are written down safely, but cannot all be listed yet. Load this page again in a moment." };
            (notice(Tone::Warn, "Not everything is shown here", Some(text)))
        }
        @if log.items.is_empty() && log.next.is_none() {
            (empty_state("Nobody else looked", "Whoever opens your record is written down, and stands here.", None))
        } @else {
            (card("Looks, newest first", None, table("Who looked at my record", &columns, rows)))
        }
        (pagination(newest, older.as_deref(), None))
        @if let Some(dropped) = log.health.dropped { (no_more(&surround, dropped)) }
        p { a href="/amendments" { "Is something in your record wrong? Ask that it be amended" } }
        (recorded_line("This list cannot be changed by anyone. Opening it was recorded too."))
    };
    let below = match log.health.dropped {
        None => html! { "Who opened your record, since the first day" },
        Some(dropped) => html! { "Who opened your record, in the last " (dropped.years) " years" },
    };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Who looked", HERE).head(head), content))
}

fn row(look: &Look, surround: &Surround) -> Vec<Markup> {
    let what = match look.permission {
        // Who makes it may change who the patient is: more than that is to be said.
        Some(PermissionName::WriteIdentity) if look.part == "invitation" => words::action("invite_account").into(),
        None if words::action(&look.action) != look.action => words::action(&look.action).into(),
        _ => trail::action(&look.action),
    };
    vec![
        html! { span class="num" { (surround.moment(look.at)) } },
        html! {
            @if look.own { "You" } @else { (look.who.as_deref().unwrap_or("Nobody signed in")) }
            @if let (Some(role), false) = (look.role, look.own) { br; span class="soft small" { (words::role(role)) } }
        },
        html! {
            (what)
            @if !look.allowed { " " (tag("refused", Tone::Warn)) }
            br; span class="soft small" { (trail::part(&look.part)) }
        },
        html! { @if let Some(purpose) = look.purpose { (words::purpose(purpose)) } @else { "–" } },
    ]
}
