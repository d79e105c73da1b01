//! Who looked at a patient's record, told to the patient.

use crate::{
    App, AuditClass, Json, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    look::{Column, Head, Tone, card, empty_state, recorded_line, table, tabs, tag, words},
    routes::log::own,
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{PatientId, PermissionName};
use maud::{Markup, html};
use practice::access_log::{self, AccessLog, Look, access_log};
use schemars::JsonSchema;
use serde::Deserialize;

const API: Route = Route::api(
    Verb::Get,
    "/api/v1/patients/{patient_id}/access-log",
    "Who looked at one's own record in the last 30 days, newest first.",
)
.permission(PermissionName::ReadAccessLog)
.audit(AuditClass::Patient)
.query::<Asked>()
.answer::<AccessLog>(200);
const PAGE: Route = Route::page(Verb::Get, "/who-looked", "Who looked at one's own record.")
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    #[serde(default)]
    own: bool,
}

async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Query(asked): Query<Asked>,
) -> Result<Json<AccessLog>, Problem> {
    Ok(Json(access_log(app.house(), &session, patient, asked.others).await?))
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(shown): Query<Shown>,
) -> Result<Markup, Problem> {
    let log = access_log(app.house(), &session, own(&session)?, !shown.own).await?;
    let surround = Surround::of(&app, &session).await?;
    let columns = [Column::text("When"), Column::text("Who"), Column::text("What"), Column::text("Why")];
    let rows = log.items.iter().map(|look| row(look, &surround));
    let views = [("/who-looked", "Others", !shown.own), ("/who-looked?own=true", "With my own", shown.own)];
    let content = html! {
        (tabs("Whose looks", &views))
        @if log.items.is_empty() {
            (empty_state("Nobody else looked", "Whoever opens your record is written down, and stands here.", None))
        } @else {
            (card("Looks", None, table("Who looked at my record", &columns, rows)))
        }
        @if log.more { p class="soft small" { "There are more. The newest " (access_log::MOST) " are shown." } }
        (recorded_line("This list cannot be changed by anyone. Opening it was recorded too."))
    };
    let below = html! { "Who opened your record in the last " (access_log::DAYS) " days" };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Who looked", "/who-looked").head(head), content))
}

fn row(look: &Look, surround: &Surround) -> Vec<Markup> {
    let what = match look.permission {
        // Who makes it may change who the patient is: more than that is to be said.
        Some(PermissionName::WriteIdentity) if look.part == "invitation" => words::action("invite_account").to_owned(),
        Some(permission) => words::permission(permission).to_owned(),
        None => words::action(&look.action).to_owned(),
    };
    vec![
        html! { span class="num" { (surround.moment(look.at)) } },
        html! {
            @if look.own { "You" } @else { (look.who.as_deref().unwrap_or("Nobody signed in")) }
            @if let (Some(role), false) = (look.role, look.own) { br; span class="soft small" { (words::role(role)) } }
        },
        html! { (what) @if !look.allowed { " " (tag("refused", Tone::Warn)) } },
        html! { @if let Some(purpose) = look.purpose { (words::purpose(purpose)) } @else { "–" } },
    ]
}
