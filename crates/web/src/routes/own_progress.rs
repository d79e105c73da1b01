//! A patient's own progress.

use crate::{
    App, AuditClass, Problem, Route, RouteTable, SignedIn, Verb,
    look::{
        Column, DayDone, LineChart, Series, Tone, WeekValue, adherence_heatmap, card, line_chart, recorded_line, table,
        tag, words,
    },
    routes::log::own,
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{PermissionName, progress::WeekMedian};
use maud::{Markup, html};
use practice::progress;

const PAGE: Route = Route::page(Verb::Get, "/progress", "One's own progress: what was done, pain and effort.")
    .permission(PermissionName::ReadExercise)
    .audit(AuditClass::Patient);

/// Adds the route.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page)
}

async fn page(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    let progress = progress::progress(app.house(), &session, own(&session)?).await?;
    let surround = Surround::of(&app, &session).await?;
    let days: Vec<DayDone> = progress
        .adherence
        .iter()
        .map(|day| DayDone { day: day.date, due: day.due, done: day.done })
        // Weeks before the first program would say nothing.
        .skip_while(|day| day.due == 0 && day.done == 0)
        .collect();
    let (pain, effort) = (values(&progress.pain), values(&progress.effort));
    let series = [Series { label: "Pain", values: &pain }, Series { label: "Effort", values: &effort }];
    let chart = LineChart { id: "pain", title: "Pain and effort, weekly median", max: 10.0, series: &series };
    let percent = progress.percent_in_4_weeks.map(|percent| tag(&format!("{percent}% in 4 weeks"), Tone::Info));
    let columns = [Column::text("Exercise"), Column::text("Dose"), Column::number("Done"), Column::number("Pain")];
    let rows = progress.by_item.iter().map(|item| {
        vec![
            html! { (item.exercise.name) },
            html! { (words::dose_brief(&item.dose)) },
            html! { (item.done) " of " (item.due) },
            html! { @match item.pain_median { Some(pain) => (format!("{pain:.1}")), None => "–" } },
        ]
    });
    let lately = html! { span class="soft small" { "last 14 days" } };
    let content = html! {
        (card("Done of what was due", percent, adherence_heatmap("done", &days)))
        (card("Pain and effort", Some(html! { span class="soft small" { "0 to 10, weekly median" } }), line_chart(chart)))
        @if !progress.by_item.is_empty() {
            (card("Each exercise", Some(lately), table("Each exercise, last 14 days", &columns, rows)))
        }
        (recorded_line("This is your own record. Opening it was recorded."))
    };
    Ok(surround.page(Sheet::new("Progress", "/progress"), content))
}

fn values(weeks: &[WeekMedian]) -> Vec<WeekValue> {
    weeks.iter().map(|week| WeekValue { week: week.week, value: week.median }).collect()
}
