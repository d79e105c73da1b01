//! Alerts as pages: those that wait for somebody, and one of them with what shows it.

use super::Shown;
use crate::{
    App, AuditClass, Form, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    body::Nothing,
    look::{
        ButtonKind, Column, Field, FieldErrors, Head, Tone, breadcrumbs, card, definitions, empty_state, link_button,
        notice, pagination, post_button, recorded_line, row, submit, table, tabs, tag, textarea,
        words::{alerts, trail},
    },
    paging::Cursor,
    routes::{
        account::{confirm_first, is_fresh},
        audit::no_more,
        people,
    },
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{AlertAnswer, AlertId, PermissionName, ReviewWords};
use identity::{EnrollmentError, Full, Session};
use ledger::Outcome;
use maud::{Markup, html};
use practice::{
    audit::AuditedEntry,
    record::Person,
    watch::{self, AlertDetails, AlertError, AlertLine, HoldView},
};
use serde::Deserialize;

const HERE: &str = "/alerts";
const PAGE: Route = Route::page(Verb::Get, HERE, "What somebody should look into, newest first.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);
const ONE: Route = Route::page(Verb::Get, "/alerts/{alert_id}", "An alert, with the entries that show it.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);
const REVIEW: Route = Route::page(Verb::Post, "/alerts/{alert_id}", "Says what was found by looking into an alert.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);

const LIFT: Route = Route::page(
    Verb::Post,
    "/alerts/{alert_id}/lift",
    "Lets the account that an alert is about take things out again, with a factor proven just now.",
)
.permission(PermissionName::ReadAudit)
.audit(AuditClass::Practice);

/// Alerts on a page.
const SHOWN: usize = 50;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(ONE, one).add(REVIEW, review).add(LIFT, lift)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    state: Shown,
    #[serde(default)]
    cursor: Option<Cursor>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    words: String,
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let before = Cursor::place(asked.cursor.as_ref())?;
    let page = watch::alerts(app.house(), &session, asked.state.into(), before, SHOWN).await?;
    let surround = Surround::of(&app, &session).await?;
    let state = match asked.state {
        Shown::Open => "",
        Shown::Reviewed => "state=reviewed",
        Shown::All => "state=all",
    };
    let older = page.next.map(|next| format!("{HERE}?{state}&cursor={}", String::from(Cursor::at(&next))));
    let older = older.map(|address| address.replace("?&", "?"));
    let newest = asked.cursor.is_some().then(|| format!("{HERE}?{state}"));
    let content = html! {
        (tabs("Alerts", &[
            (HERE, "To look into", asked.state == Shown::Open),
            ("/alerts?state=reviewed", "Looked into", asked.state == Shown::Reviewed),
            ("/alerts?state=all", "All", asked.state == Shown::All),
        ]))
        @if page.items.is_empty() {
            (nothing(asked.state))
        } @else {
            (card("Newest first", None, listed(&surround, &page.items)))
        }
        (pagination(newest.as_deref(), older.as_deref(), None))
        (row(html! {
            (link_button("/alerts/settings", "What is told, and when", ButtonKind::Quiet))
            (link_button("/alerts/channels", "Where alerts are sent to", ButtonKind::Quiet))
        }))
        (recorded_line("Looking at alerts was recorded."))
    };
    let below = html! { "What was unusual in the audit trail. It is looked at within seconds of being written." };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Alerts", HERE).head(head), content))
}

fn nothing(shown: Shown) -> Markup {
    match shown {
        Shown::Open => {
            empty_state("Nothing waits for you", "What is unusual stands here until somebody looked into it.", None)
        }
        Shown::Reviewed => empty_state("Nothing was looked into yet", "What somebody found stands here.", None),
        Shown::All => empty_state("No alerts yet", "Nothing unusual was found so far.", None),
    }
}

fn listed(surround: &Surround, items: &[AlertLine]) -> Markup {
    let columns = [
        Column::text("What"),
        Column::text("Who"),
        Column::text("Why now"),
        Column::text("When"),
        Column::text("State"),
    ];
    let rows = items.iter().map(|alert| {
        vec![
            html! { a href={ (HERE) "/" (alert.alert_id) } { (alerts::rule(alert.rule)) } },
            html! { @match &alert.whom { Some(whom) => (whom.name), None => span class="soft" { "nobody signed in" } } },
            html! { (alerts::why(alert.rule, &alert.compared)) },
            html! { span class="num" { (surround.moment(alert.happened_at)) } },
            state(alert),
        ]
    });
    table("Alerts", &columns, rows)
}

fn state(alert: &AlertLine) -> Markup {
    match (&alert.review, alert.answer) {
        (Some(_), _) => tag("looked into", Tone::Success),
        (None, AlertAnswer::Note) => tag("a note", Tone::Neutral),
        (None, AlertAnswer::EndSession) if alert.session_ended_at.is_some() => tag("session ended", Tone::Error),
        (None, AlertAnswer::AskFactor) if alert.factor_asked_at.is_some() => tag("factor asked", Tone::Warn),
        (None, AlertAnswer::HoldExports) if alert.exports_held.as_ref().is_some_and(is_in_force) => {
            tag("exports held", Tone::Error)
        }
        (None, AlertAnswer::AskFactor | AlertAnswer::HoldExports | AlertAnswer::EndSession | AlertAnswer::Alert) => {
            tag("to look into", Tone::Warn)
        }
    }
}

const fn is_in_force(hold: &HoldView) -> bool {
    hold.lifted_at.is_none()
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(alert): PathId<AlertId>,
) -> Result<Markup, Problem> {
    show(&app, &session, alert, &Typed::default(), &FieldErrors::none()).await
}

async fn show(
    app: &App,
    session: &Session<Full>,
    alert: AlertId,
    typed: &Typed,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let details = watch::alert(app.house(), session, alert).await?;
    let surround = Surround::of(app, session).await?;
    let about_me = details.alert.whom.as_ref().is_some_and(|whom| whom.account_id == session.account());
    let content = html! {
        (breadcrumbs(&[(HERE, "Alerts")], alerts::rule(details.alert.rule)))
        (errors.summary())
        (card("What, who, why now", None, facts(&surround, &details.alert)))
        @if let Some(hold) = &details.alert.exports_held { (held(app, session, &surround, &details, hold)) }
        (card("The entries that show it", None, entries(&surround, &details)))
        @match (&details.alert.review, about_me) {
            (Some(review), _) => (card("Looked into", None, html! {
                p { (review.words) }
                p class="soft small" {
                    (review.by.name) ", " (surround.moment(review.at))
                    @if review.about_oneself { ", about their own account: nobody else watched over the practice" }
                }
            })),
            (None, true) if !details.others.is_empty() => (notice(Tone::Info, "This is about your own account",
                Some(html! { p { "Somebody else looks into it: " (names(&details.others)) "." } }))),
            (None, _) => form method="post" action={ (HERE) "/" (alert) } class="card stack" {
                h2 { "Look into it" }
                @if about_me {
                    (notice(Tone::Warn, "This is about your own account", Some(html! {
                        p { "Nobody else watches over this practice, so it falls to you. It is marked as yours about yourself." }
                    })))
                }
                (textarea(&Field::new("words", "What you found").required().value(&typed.words).rows(4).max_length(2000)
                    .error(errors.of("words")).hint("What it was, whom you asked, what follows. It cannot be changed afterwards.")))
                (submit("Looked into", None))
            },
        }
        (link_button(&format!("/incidents/new?alert={alert}"), "Open an incident", ButtonKind::Quiet))
        (recorded_line("Opening this alert was recorded."))
    };
    Ok(surround.page(Sheet::new("Alert", HERE), content))
}

/// The exports that are held for it, or were, and the button that gives them free.
fn held(app: &App, session: &Session<Full>, surround: &Surround, details: &AlertDetails, hold: &HoldView) -> Markup {
    let alert = details.alert.alert_id;
    let about_me = details.alert.whom.as_ref().is_some_and(|whom| whom.account_id == session.account());
    card(
        "Exports of this account",
        None,
        html! {
            @if let (Some(by), Some(at)) = (&hold.lifted_by, hold.lifted_at) {
                p { "Held since " (surround.moment(hold.held_at)) ", given free again by " (by.name) ", " (surround.moment(at))
                    @if hold.lifted_by_oneself { ", about their own account: nobody else watched over the practice" } "." }
            } @else if hold.alert_id != alert {
                p { "They were held already, for " a href={ (HERE) "/" (hold.alert_id) } { "another alert" }
                    ". They are given free there." }
            } @else {
                p { "Since " (surround.moment(hold.held_at)) " this account takes nothing out of the practice, whichever session or \
                     API token it uses, until somebody gives its exports free here." }
                @if about_me && !details.others.is_empty() {
                    p { "Somebody else does that: " (names(&details.others)) "." }
                } @else if !is_fresh(app, session) {
                    (confirm_first(&format!("{HERE}/{alert}")))
                } @else {
                    @if about_me { p { "Nobody else watches over this practice, so it falls to you. It is marked as yours about yourself." } }
                    (post_button(&format!("{HERE}/{alert}/lift"), "Give its exports free", ButtonKind::Primary, None))
                }
            }
        },
    )
}

async fn lift(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(alert): PathId<AlertId>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Problem> {
    let here = format!("{HERE}/{alert}");
    match watch::lift_export_hold(app.house(), &session, alert).await {
        Ok(()) => Ok(see_other(&here)),
        Err(AlertError::NotInPerson(EnrollmentError::StepUp)) => Ok(people::confirm_first(&here)),
        Err(other) => Err(other.into()),
    }
}

fn names(people: &[Person]) -> String {
    people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Whether what follows from it was done.
const fn was_done(alert: &AlertLine) -> bool {
    alert.session_ended_at.is_some() || alert.factor_asked_at.is_some() || alert.exports_held.is_some()
}

fn facts(surround: &Surround, alert: &AlertLine) -> Markup {
    definitions(&[
        ("What", html! { (alerts::rule(alert.rule)) }),
        (
            "Who",
            html! {
                @match &alert.whom {
                    Some(whom) => a href={ "/audit?actor=" (whom.account_id) } { (whom.name) },
                    None => "nobody signed in",
                }
            },
        ),
        ("Why now", html! { (alerts::why(alert.rule, &alert.compared)) }),
        ("Compared with", html! { @for said in alerts::compared(alert.rule, &alert.compared) { p { (said) } } }),
        ("When", html! { (surround.moment(alert.happened_at)) }),
        ("What followed", html! { (alerts::followed(alert.answer, was_done(alert))) }),
    ])
}

fn entries(surround: &Surround, details: &AlertDetails) -> Markup {
    let columns = ["When", "Who", "What", "Patient", "How it went", "From where"].map(Column::text);
    html! {
        @if let Some(dropped) = details.dropped.filter(|_| details.entries.len() < details.pointed_to) {
            (no_more(surround, dropped))
        } @else if details.entries.len() < details.pointed_to {
            (notice(Tone::Warn, "Not every entry could be read",
                Some(html! { p { "Have " code { "patella audit verify" } " run on the server." } })))
        }
        (table("Entries of the audit trail", &columns, details.entries.iter().map(|entry| entry_row(surround, entry))))
    }
}

fn entry_row(surround: &Surround, AuditedEntry { who, found }: &AuditedEntry) -> Vec<Markup> {
    let entry = &found.entry;
    let tone = if entry.outcome == Outcome::Allowed { Tone::Info } else { Tone::Warn };
    vec![
        html! { span class="num" { (surround.moment(entry.at)) } },
        html! { (who.as_deref().unwrap_or("nobody signed in")) },
        html! {
            (trail::action(entry.action.as_str()))
            br; span class="soft small" { (trail::part(entry.resource.kind().as_str())) }
        },
        html! {
            @if let Some(patient) = entry.patient {
                @let id = patient.to_string();
                a href={ "/audit?patient_id=" (id) } aria-label={ "Patient " (id) } {
                    code { (id.chars().take(8).collect::<String>()) }
                }
            }
        },
        html! { (tag(trail::outcome(entry.outcome), tone)) br; span class="soft small" { (trail::reason(entry.reason.as_str())) } },
        html! {
            @if let Some(address) = entry.address { span class="num" { (address) } br; }
            span class="soft small num" { "entry " (found.seq) }
        },
    ]
}

async fn review(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(alert): PathId<AlertId>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    match ReviewWords::new(typed.words.replace("\r\n", "\n")) {
        Ok(words) => {
            watch::review(app.house(), &session, alert, &words).await?;
            Ok(see_other(HERE))
        }
        Err(why) => {
            errors.add("words", format!("What you found {why}"));
            let page = show(&app, &session, alert, &typed, &errors).await?;
            Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
        }
    }
}
