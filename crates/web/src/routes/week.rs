//! A patient's own week.

use crate::{
    App, AuditClass, Problem, Query, Route, RouteTable, SignedIn, Verb,
    look::{Head, Tone, card, pagination, recorded_line, tag, words},
    routes::{log::own, voiding::struck},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{Date, PermissionName, Timezone};
use maud::{Markup, html};
use practice::today::{self, WeekDay, WeekEntry};
use serde::Deserialize;

const PAGE: Route = Route::page(Verb::Get, "/week", "One's own week: what was due, what was done.")
    .permission(PermissionName::ReadExercise)
    .audit(AuditClass::Patient);

/// Adds the route.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    week: Option<Date>,
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let week = today::week(app.house(), &session, own(&session)?, asked.week).await?;
    let surround = Surround::of(&app, &session).await?;
    let below = match week.next() {
        None => html! { "This week" },
        Some(_) => html! { "Week from " (words::full_date(week.monday)) },
    };
    let previous = format!("/week?week={}", week.previous());
    let next = week.next().map(|monday| format!("/week?week={monday}"));
    let content = html! {
        @for day in week.days.iter().rev() { (day_card(day, week.today, &week.zone)) }
        (pagination(Some(&previous), next.as_deref(), None))
        (recorded_line("This is your own record. Opening it was recorded."))
    };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("My week", "/week").head(head), content))
}

fn day_card(day: &WeekDay, today: Date, zone: &Timezone) -> Markup {
    let heading =
        if day.date == today { format!("Today, {}", words::day_month(day.date)) } else { words::day(day.date) };
    let said = format!("{} of {} done", day.done, day.due);
    let aside = match (day.due, day.done) {
        (0, _) => tag("nothing due", Tone::Neutral),
        (due, done) if done >= due => tag(&said, Tone::Success),
        _ => tag(&said, Tone::Neutral),
    };
    card(
        &heading,
        Some(aside),
        html! {
            @if day.entries.is_empty() {
                p class="soft" { "Nothing was written down." }
            } @else {
                ul class="list" role="list" { @for entry in &day.entries { li { (entry_line(entry, zone)) } } }
            }
        },
    )
}

fn entry_line(line: &WeekEntry, zone: &Timezone) -> Markup {
    let entry = &line.entry;
    let (hour, minute) = zone.hour_minute(entry.performed_at);
    let time = words::time(hour, minute);
    html! {
        p {
            span class="num" { (time) } " " (struck(&html! { strong { (line.exercise) } }, entry.voided.as_ref(), zone))
            @if line.corrects.is_some() { " " (tag("corrected", Tone::Info)) }
        }
        p class="soft small" {
            (words::performed(&entry.performed)) " · pain " (entry.pain.value()) ", " (words::pain(entry.pain))
            " · effort " (entry.effort.value()) ", " (words::effort(entry.effort))
        }
        @if let Some(comment) = &entry.comment { blockquote { "“" (comment) "”" } }
        @if entry.voided.is_none() { p {
            a href={ "/log/" (entry.entry_id) "/correct" } {
                "Correct" span class="hidden" { " " (line.exercise) " at " (time) }
            }
        } }
    }
}
