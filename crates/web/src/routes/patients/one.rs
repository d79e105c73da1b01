//! One patient: the chart for who treats them, name and contact for who registers them.

use super::{STAFF, back_to_list, details_link, views};
use crate::{
    App, AuditClass, Json, PathId, Problem, Route, SignedIn, Tag, Verb,
    look::{
        ButtonKind, Column, DayDone, FigureSize, Head, LineChart, RECORDED, Series, Tone, WeekValue, adherence_heatmap,
        card, definitions, empty_state, exercise_figure, line_chart, link_button, notice, recorded_line, sparkline,
        table, tag, two_columns, words,
    },
    routes::exercises::Pictures,
    surround::{Sheet, Surround},
};
use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue},
    response::{IntoResponse, Response},
};
use domain::{PatientId, PermissionName, Role, progress::WeekMedian};
use identity::{Full, Session};
use maud::{Markup, html};
use phi::{AccessError, WriteExercise, WriteIdentity, WriteNotes};
use practice::{
    patients::{self, PatientView},
    progress::{self, Chart, CommentView, ItemProgress},
    record::RecordError,
};

pub(super) const API: Route = Route::api(Verb::Get, "/api/v1/patients/{patient_id}", "Who a patient is.")
    .permission(PermissionName::ReadExercise)
    .audit(AuditClass::Patient)
    .answer::<PatientView>(200);
pub(super) const PAGE: Route = Route::page(Verb::Get, "/patients/{patient_id}", "One patient: how it goes.")
    .permission(PermissionName::ReadExercise)
    .audit(AuditClass::Patient)
    .roles(STAFF);

pub(super) async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = patients::read(app.house(), &session, patient).await?;
    let tag = Tag(view.version);
    if tag.is_held(&headers) {
        return Ok(tag.not_modified());
    }
    let pair: [(HeaderName, HeaderValue); 1] = [tag.pair()];
    Ok((pair, Json(view)).into_response())
}

/// Who registers patients and does not treat this one sees who it is.
pub(super) async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Markup, Problem> {
    let surround = Surround::of(&app, &session).await?;
    if session.role() == Role::FrontDesk {
        return who(&app, &session, &surround, patient).await;
    }
    match progress::chart(app.house(), &session, patient).await {
        Ok(chart) => {
            let offers = Offers {
                prescribes: patients::may::<WriteExercise>(app.house(), &session, patient).await?,
                notes: patients::may::<WriteNotes>(app.house(), &session, patient).await?,
                changes: patients::may::<WriteIdentity>(app.house(), &session, patient).await?,
            };
            Ok(show(&surround, &session, patient, &chart, offers))
        }
        Err(RecordError::Access(AccessError::Denied)) if session.role() == Role::Admin => {
            who(&app, &session, &surround, patient).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn who(app: &App, session: &Session<Full>, surround: &Surround, patient: PatientId) -> Result<Markup, Problem> {
    let view = patients::read(app.house(), session, patient).await?;
    let changes = patients::may::<WriteIdentity>(app.house(), session, patient).await?;
    let name = view.name();
    let beside = html! {
        @if session.role() == Role::Admin {
            (link_button(&format!("/patients/{patient}/care-team"), "Care team", ButtonKind::Quiet))
        }
        (link_button(&format!("/patients/{patient}/visits"), "Visits", ButtonKind::Quiet))
        @if session.role() == Role::Admin {
            (link_button(&format!("/emergencies/open?patient_id={patient}"), "Open in an emergency", ButtonKind::Quiet))
        }
        @if changes { (details_link(patient)) }
    };
    let head = Head { above: Some(back_to_list()), heading: Some(&name), beside: Some(beside), ..Head::default() };
    let or_none =
        |text: &Option<String>| html! { @match text { Some(text) => (text), None => span class="soft" { "none" } } };
    let content = html! {
        (card("Name and contact", None, definitions(&[
            ("Name", html! { (name) }),
            ("Born", html! { (words::full_date(view.birth_date)) }),
            ("E-mail", or_none(&view.email)),
            ("Telephone", or_none(&view.phone)),
            ("Record number", or_none(&view.record_number)),
        ])))
        (recorded_line(RECORDED))
    };
    Ok(surround.page(Sheet::new("Patient", "/patients").head(head), content))
}

/// What the one who looks can do with the record. Nobody writes in one that is closed.
#[derive(Clone, Copy)]
struct Offers {
    prescribes: bool,
    notes: bool,
    /// Changes who the patient is.
    changes: bool,
}

fn show(surround: &Surround, session: &Session<Full>, patient: PatientId, chart: &Chart, offers: Offers) -> Markup {
    let name = chart.patient.name();
    let beside = html! {
        @if session.role() == Role::Admin {
            (link_button(&format!("/patients/{patient}/care-team"), "Care team", ButtonKind::Quiet))
        }
        @if offers.changes { (details_link(patient)) }
        @if offers.notes {
            (link_button(&format!("/patients/{patient}/notes"), "Write a note", ButtonKind::Quiet))
        }
        @if offers.prescribes {
            (link_button(
                &format!("/patients/{patient}/program/edit"),
                if chart.program.is_some() { "Change program" } else { "Prescribe" },
                ButtonKind::Primary,
            ))
        }
    };
    let head =
        Head { above: Some(back_to_list()), heading: Some(&name), below: Some(below(chart)), beside: Some(beside) };
    let days: Vec<DayDone> =
        chart.progress.adherence.iter().map(|day| DayDone { day: day.date, due: day.due, done: day.done }).collect();
    // Before the first program there is nothing to show a square for.
    let begun = days.iter().position(|day| day.due > 0).unwrap_or(days.len());
    let percent = chart.progress.percent_in_4_weeks;
    let (pain, effort) = (week_values(&chart.progress.pain), week_values(&chart.progress.effort));
    let series = [Series { label: "Pain", values: &pain }, Series { label: "Effort", values: &effort }];
    let title = "Pain and effort, weekly median";
    let content = html! {
        @if let Some(other) = chart.goes_on_as {
            (notice(Tone::Warn, "This record was made in error", Some(html! {
                "The patient was registered twice. It is closed and can be read; it goes on "
                a href={ "/patients/" (other) } { "in the other record" } "."
            })))
        }
        (views(patient, "chart"))
        (two_columns(
            card(
                "Done of what was due",
                percent.map(|percent| tag(&format!("{percent}% in 4 weeks"), Tone::Info)),
                adherence_heatmap("done", &days[begun..]),
            ),
            card(
                "Pain and effort",
                Some(html! { span class="soft small" { "0 to 10, weekly median" } }),
                line_chart(LineChart { id: "pain", title, max: 10.0, series: &series }),
            ),
        ))
        (card("Program", Some(html! { span class="soft small" { "last 14 days" } }), items(patient, chart, offers)))
        @if let Some(comments) = &chart.comments {
            (card("In their words", None, said(comments)))
        }
        @for other in &chart.closed {
            p class="soft small" { a href={ "/patients/" (other) } { "An earlier record of this patient, closed" } }
        }
        @if chart.restricted {
            p class="soft small" { "This patient asked that parts of their record be kept from some of us, and the practice agreed." }
        }
        @if chart.emergency {
            (recorded_line("You see this page because you opened the record in an emergency. Opening it was recorded, and they can see that."))
        } @else {
            (recorded_line("You see this page because you treat this patient. Opening it was recorded, and they can see that."))
        }
    };
    surround.page(Sheet::new("Patient", "/patients").head(head), content)
}

fn below(chart: &Chart) -> Markup {
    html! {
        (words::count(u64::from(chart.age.unsigned_abs()), "year", "years"))
        @match &chart.program {
            None => " · nothing prescribed yet",
            Some(program) => {
                " · " (program.title) " · version " (program.version) ", signed "
                (words::full_date(chart.zone.day_of(program.signed_at)))
            }
        }
    }
}

fn week_values(weeks: &[WeekMedian]) -> Vec<WeekValue> {
    weeks.iter().map(|week| WeekValue { week: week.week, value: week.median }).collect()
}

/// Under this percentage an exercise is falling behind.
const BEHIND: u32 = 70;

fn items(patient: PatientId, chart: &Chart, offers: Offers) -> Markup {
    if chart.progress.by_item.is_empty() {
        let prescribe = || link_button(&format!("/patients/{patient}/program/edit"), "Prescribe", ButtonKind::Quiet);
        let action = offers.prescribes.then(prescribe);
        return empty_state("Nothing prescribed yet", "The exercises and how they go stand here.", action);
    }
    let columns = [
        Column::text("Exercise"),
        Column::text("Dose"),
        Column::number("Done"),
        Column::number("Pain"),
        Column::text("Volume"),
    ];
    let line = |item: &ItemProgress| {
        let (name, pictures) = (&item.exercise.name, item.exercise.pictures);
        let pictures = Pictures::of(item.exercise_id, item.exercise.source, pictures);
        let volume: Vec<Option<f64>> = item.volume.iter().map(|day| day.map(f64::from)).collect();
        vec![
            html! {
                span class="row" {
                    (exercise_figure(pictures.figure(), name, FigureSize::Small))
                    span {
                        (name) " "
                        @if item.percent.is_some_and(|percent| percent < BEHIND) { (tag("falling behind", Tone::Warn)) }
                    }
                }
            },
            html! { (words::dose_brief(&item.dose)) },
            html! { @match item.percent { Some(percent) => { (percent) "%" }, None => "–" } },
            html! { @match item.pain_median { Some(pain) => (pain), None => "–" } },
            sparkline("Volume", &volume),
        ]
    };
    table("Program, last 14 days", &columns, chart.progress.by_item.iter().map(line))
}

fn said(comments: &[CommentView]) -> Markup {
    html! {
        @if comments.is_empty() { p class="soft" { "No comments in the last 12 weeks." } }
        @else {
            div {
                @for comment in comments {
                    blockquote {
                        "“" (comment.text) "” "
                        span class="soft small" {
                            (words::day_month(comment.on))
                            @if !comment.exercise.is_empty() { ", after " (comment.exercise) }
                        }
                    }
                }
            }
        }
    }
}
