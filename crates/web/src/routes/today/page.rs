//! The page of the day: what is due as cards, what is done below.

use crate::{
    App, AuditClass, Problem, Route, SignedIn, Verb,
    look::{
        ButtonKind, FigureSize, Head, Tone, empty_state, exercise_figure, link_button, notice, progress_ring,
        recorded_line, tag, words,
    },
    routes::{exercises::Pictures, log::own},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{PermissionName, Timezone};
use maud::{Markup, html};
use practice::today::{self, DoneOnce, DueItem, EndedProgram, Today};

pub(super) const PAGE: Route = Route::page(Verb::Get, "/today", "One's own exercises of the day.")
    .permission(PermissionName::ReadExercise)
    .audit(AuditClass::Patient);

/// For how many days a changed program is told.
const NEWS_DAYS: i32 = 3;

pub(super) async fn page(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    let today = today::today(app.house(), &session, own(&session)?).await?;
    let surround = Surround::of(&app, &session).await?;
    let greeting = format!("{}, {}", words::greeting(today.hour_minute.0), today.given_name);
    let head = Head {
        above: Some(html! { (words::day(today.day)) }),
        heading: Some(&greeting),
        below: None,
        beside: Some(progress_ring(today.done, today.due)),
    };
    let (done, open): (Vec<_>, Vec<_>) = today.items.iter().partition(|item| item.is_done());
    let content = html! {
        @if let Some(ended) = &today.ended {
            (over(ended))
        } @else if let Some(day) = today.begins_on {
            (empty_state("Your program has not begun yet", &format!("It begins on {}. Your exercises stand here from that day.", words::day(day)), None))
        } @else if today.title.is_none() {
            (empty_state("Nothing is prescribed yet", "Your exercises stand here once your therapist has signed them.", None))
        } @else if today.items.is_empty() {
            (empty_state("Nothing is due today", "A day of rest is part of the program.", None))
        } @else if open.is_empty() {
            (notice(Tone::Success, "All done for today", None))
        }
        @for item in open { (card(item, &today.zone)) }
        @for item in done { (card(item, &today.zone)) }
        (recorded_line("This is your own record. Under “Who looked” you see who else opened it."))
    };
    Ok(surround.page(Sheet::new("Today", "/today").head(head).notice(news(&today)), content))
}

/// The program is over: when, why, and what stays.
fn over(ended: &EndedProgram) -> Markup {
    html! {
        section class="card stack" {
            h2 { "You have no program now" }
            p {
                "“" (ended.title) "” ended on " (words::day(ended.ended_on)) ". Nothing is due, and you are doing nothing wrong."
            }
            @if let Some(reason) = &ended.reason {
                figure class="quote" {
                    blockquote { p { (reason) } }
                    figcaption class="soft small" { (ended.ended_by.name) }
                }
            }
            p class="soft" { "What you did stays with you under “Week” and “Progress”. If your therapist prescribes a new program, it stands here." }
        }
    }
}

fn news(today: &Today) -> Option<Markup> {
    let (signed_on, by) = (today.signed_on?, today.signed_by.as_ref()?);
    let days = today.day.since(signed_on).ok()?.get_days();
    let fresh = today.version? > 1 && (0..NEWS_DAYS).contains(&days);
    let when = words::how_long_ago(signed_on, today.day);
    let text = html! { "Look at each exercise before you start it. Signed " (when) "." };
    fresh.then(|| notice(Tone::Info, &format!("{} changed your program", by.name), Some(text)))
}

fn card(item: &DueItem, zone: &Timezone) -> Markup {
    let pictures = Pictures::of(item.exercise_id, item.source, item.pictures);
    let href = format!("/today/{}", item.item_id);
    let done = item.is_done();
    let (label, kind) =
        if item.entries.is_empty() { ("Start", ButtonKind::Quiet) } else { ("Again", ButtonKind::Bare) };
    html! {
        article class={ "card stack" @if done { " done" } } {
            div class="exercise-head" {
                (exercise_figure(pictures.figure(), &item.name, FigureSize::Card))
                div {
                    h2 { (item.name) }
                    p class="soft small" { (words::dose_today(&item.dose)) }
                }
                @if done { (tag("✓ Done", Tone::Success)) }
                (link_button(&href, html! { (label) span class="hidden" { " " (item.name) } }, kind))
            }
            @if let Some(instruction) = &item.instruction { p { (instruction) } }
            @if item.due > 1 {
                p class="soft small" { (item.times_done().min(u32::from(item.due))) " of " (item.due) " times today" }
            }
            @for entry in &item.entries { (line(entry, zone)) }
        }
    }
}

/// "Done at 7:40 · pain 2", with a way to correct it.
pub(super) fn line(entry: &DoneOnce, zone: &Timezone) -> Markup {
    let (hour, minute) = zone.hour_minute(entry.performed_at);
    let time = words::time(hour, minute);
    html! {
        p class="soft small num" {
            @if entry.performed.sets == 0 { "Tried at " } @else { "Done at " }
            (time) " · " (words::performed(&entry.performed)) " · pain " (entry.pain.value()) " · effort " (entry.effort.value()) " "
            a href={ "/log/" (entry.entry_id) "/correct" } { "Correct" span class="hidden" { " what was done at " (time) } }
        }
    }
}
