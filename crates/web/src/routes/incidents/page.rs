//! Incidents as pages: the list, the log of a year, and one with everything that is decided about it.

use super::{opening, telling, working};
use crate::{
    App, AuditClass, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    look::{
        ButtonKind, Column, FieldErrors, Head, Tone, card, empty_state, link_button, recorded_line, table, tabs, tag,
        words::{self, incidents as said},
    },
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{IncidentConclusion, IncidentId, PermissionName};
use maud::{Markup, html};
use practice::incidents::{self, IncidentLine};
use serde::Deserialize;

pub(super) const HERE: &str = "/incidents";
const LOG: &str = "/incidents/log";

pub(super) const fn route(verb: Verb, path: &'static str, what: &'static str) -> Route {
    Route::page(verb, path, what).permission(PermissionName::HandleIncidents).audit(AuditClass::Practice)
}

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(route(Verb::Get, HERE, "Incidents of the practice, those discovered last first."), list)
        .add(route(Verb::Get, LOG, "The log of breaches of a year that affect fewer than 500."), log)
        .add(route(Verb::Get, "/incidents/{incident_id}", "An incident, with its time line from the audit trail."), one)
        .with(opening::add)
        .with(working::add)
        .with(telling::add)
}

/// The views of incidents.
pub(super) fn views(here: &str) -> Markup {
    tabs(
        "Incidents",
        &[
            (HERE, "Incidents", here == HERE),
            ("/incidents/affected", "Whom it affects", here == "/incidents/affected"),
            (LOG, "Log of the year", here == LOG),
        ],
    )
}

async fn list(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    let found = incidents::incidents(app.house(), &session).await?;
    let surround = Surround::of(&app, &session).await?;
    let columns = ["Discovered", "Whose doing", "Affected", "State", "Notices due"].map(Column::text);
    let rows = found.items.iter().map(|line| {
        vec![
            html! { a href={ (HERE) "/" (line.incident_id) } { (words::full_date(line.discovered_on)) } },
            whose(line),
            html! { span class="num" { (line.affected) } },
            state(line),
            due(line),
        ]
    });
    let content = html! {
        (views(HERE))
        @if found.items.is_empty() {
            (empty_state("No incidents", "What happened and whom it affects stands here, with what was decided and who was told.", None))
        } @else {
            (card("Those discovered last first", None, table("Incidents", &columns, rows)))
        }
        @if found.more { p class="hint" { "There are older ones: the log of each year has its breaches." } }
        (link_button("/incidents/new", "Open an incident", ButtonKind::Primary))
        (recorded_line("Looking at incidents was recorded."))
    };
    let below = html! { "What happened, whom it affects, who must be told and by when (45 CFR 164.400-414)." };
    Ok(surround.page(Sheet::new("Incidents", HERE).head(Head { below: Some(below), ..Head::default() }), content))
}

pub(super) fn whose(line: &IncidentLine) -> Markup {
    html! { @match &line.about { Some(whom) => (whom.name), None => span class="soft" { "not one account’s" } } }
}

pub(super) fn state(line: &IncidentLine) -> Markup {
    match (line.closed, line.conclusion) {
        (true, _) => tag("closed", Tone::Success),
        (false, None) => tag("to assess", Tone::Warn),
        (false, Some(IncidentConclusion::Breach)) => tag("a breach", Tone::Error),
        (false, Some(IncidentConclusion::LowProbability)) => tag("no breach", Tone::Neutral),
    }
}

/// By when notices are given, as long as they may be needed.
pub(super) fn due(line: &IncidentLine) -> Markup {
    if line.closed || line.conclusion == Some(IncidentConclusion::LowProbability) {
        return html! { span class="soft" { "none" } };
    }
    html! {
        span class="num" { (words::full_date(line.due_on)) } " "
        @if line.days_left < 0 { (tag("late", Tone::Error)) }
        @else { span class="soft num" { (line.days_left) " days left" } }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfYear {
    #[serde(default)]
    year: Option<i16>,
}

async fn log(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<OfYear>,
) -> Result<Markup, Problem> {
    let surround = Surround::of(&app, &session).await?;
    let this_year = surround.day(app.clock.now()).year();
    let log = incidents::year_log(app.house(), &session, asked.year.unwrap_or(this_year)).await?;
    let columns = ["Discovered", "Whose doing", "Affected", "Told each", "Told the Secretary"].map(Column::text);
    let day = |day: Option<domain::Date>| html! { @match day { Some(day) => (words::full_date(day)), None => span class="soft" { "not yet" } } };
    let rows = log.breaches.iter().map(|breach| {
        vec![
            html! { a href={ (HERE) "/" (breach.line.incident_id) } { (words::full_date(breach.line.discovered_on)) } },
            whose(&breach.line),
            html! { span class="num" { (breach.line.affected) } },
            html! { (day(breach.individuals_told_on)) @if breach.individuals_late { " " (tag("late", Tone::Error)) } },
            html! { (day(breach.secretary_told_on)) @if breach.secretary_late { " " (tag("late", Tone::Error)) } },
        ]
    });
    let content = html! {
        (views(LOG))
        @if log.breaches.is_empty() {
            (empty_state(&format!("No breaches under 500 in {}", log.year), "Each stands here once it is assessed as one.", None))
        } @else {
            (card(&format!("Breaches under 500 discovered in {}", log.year), None, table("Breaches", &columns, rows)))
        }
        p { "The Secretary is told of these by " strong { (words::full_date(log.due_on)) } ", 60 days after the end of the year (45 CFR 164.408(c))." }
        (link_button(&format!("{LOG}?year={}", (log.year - 1).max(2000)), format!("{}", log.year - 1), ButtonKind::Quiet))
        (recorded_line("Looking at this log was recorded."))
    };
    Ok(surround.page(Sheet::new("Breaches of a year", HERE), content))
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
) -> Result<Markup, Problem> {
    working::show(&app, &session, incident, &working::Typed::default(), &FieldErrors::none()).await
}

/// A choice of a form, with the words of each.
pub(super) fn choices<C: Copy>(
    all: &[C],
    word: impl Fn(C) -> &'static str,
    words: impl Fn(C) -> &'static str,
) -> Vec<(&'static str, &'static str)> {
    let mut options = vec![("", "Choose")];
    options.extend(all.iter().map(|choice| (word(*choice), words(*choice))));
    options
}

/// What a class of data is called.
pub(super) fn classes(classes: &[String]) -> String {
    classes.iter().map(|class| said::class(class)).collect::<Vec<_>>().join(", ")
}
