//! What the practice set for alerts, as a page.

use crate::{
    App, AuditClass, Form, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        Column, Field, FieldErrors, Head, breadcrumbs, card, recorded_line, select, submit, table, text_field,
        words::alerts,
    },
    routes::people::confirm_first,
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{AlertAnswer, AlertRule, PermissionName};
use identity::{EnrollmentError, Full, Session};
use maud::{Markup, html};
use practice::watch::{self, AlertError, SettingView};
use serde::Deserialize;

const HERE: &str = "/alerts/settings";
const PAGE: Route = Route::page(Verb::Get, HERE, "What is told, and when.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);
const SET: Route = Route::page(Verb::Post, HERE, "Changes what is told, with a factor proven just now.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(SET, set)
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: String,
}

async fn page(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    show(&app, &session, &Typed::default(), &FieldErrors::none()).await
}

async fn show(app: &App, session: &Session<Full>, typed: &Typed, errors: &FieldErrors) -> Result<Markup, Problem> {
    let settings = watch::settings(app.house(), session).await?;
    let surround = Surround::of(app, session).await?;
    let (answers, numbers): (Vec<_>, Vec<_>) = settings.iter().partition(|setting| setting.bounds.is_none());
    let labels: Vec<String> = settings.iter().map(label).collect();
    let names = settings.iter().map(|setting| setting.name.as_str()).zip(labels.iter().map(String::as_str));
    let choices: Vec<(&str, &str)> = std::iter::once(("", "Choose")).chain(names).collect();
    let content = html! {
        (breadcrumbs(&[("/alerts", "Alerts")], "Settings"))
        (errors.summary())
        form method="post" action=(HERE) class="card stack" {
            h2 { "Change a setting" }
            (select(&Field::new("name", "Which").required().value(&typed.name).error(errors.of("name")), &choices))
            (text_field(&Field::new("value", "To what").required().value(&typed.value).error(errors.of("value"))
                .hint("A number, or what follows: note, alert or end_session").autocomplete("off")))
            (submit("Change it", None))
        }
        (card("When something is told", None, listed(&surround, &numbers)))
        (card("What follows", None, listed(&surround, &answers)))
        (recorded_line("Looking at these settings was recorded, and so is every change."))
    };
    let below = html! { "A change holds from the next entry on. The watch learns what is usual by itself." };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("What is told, and when", "/alerts").head(head), content))
}

fn label(setting: &SettingView) -> String {
    match setting.name.strip_prefix("answer.").and_then(|rule| rule.parse::<AlertRule>().ok()) {
        Some(rule) => format!("What follows: {}", alerts::rule(rule)),
        None => setting.words.clone(),
    }
}

fn value(setting: &SettingView, value: &str) -> String {
    match setting.unit {
        "minutes" => format!("{value} minutes"),
        "days" => format!("{value} days"),
        "hour" => format!("{value} o'clock"),
        "yes_no" => if value == "1" { "yes (1)" } else { "no (0)" }.to_owned(),
        "bits" => format!("{value} bits"),
        "deviations" => format!("{value} deviations"),
        "answer" => match value.parse::<AlertAnswer>() {
            Ok(answer) => alerts::answer(answer).to_owned(),
            Err(_) => value.to_owned(),
        },
        _ => value.to_owned(),
    }
}

fn listed(surround: &Surround, settings: &[&SettingView]) -> Markup {
    let columns = [Column::text("Setting"), Column::text("Now"), Column::text("Usually"), Column::text("Changed")];
    let rows = settings.iter().map(|setting| {
        vec![
            html! { (label(setting)) },
            html! { (value(setting, &setting.value)) },
            html! { span class="soft" {
                (value(setting, &setting.default))
                @if let Some((least, most)) = setting.bounds { ", " (least) " to " (most) }
            } },
            html! {
                @if let (Some(by), Some(at)) = (&setting.changed_by, setting.changed_at) {
                    (by.name) ", " (surround.moment(at))
                } @else { span class="soft" { "never" } }
            },
        ]
    });
    table("Settings", &columns, rows)
}

async fn set(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    match watch::change_setting(app.house(), &session, &typed.name, &typed.value).await {
        Ok(()) => return Ok(see_other(HERE)),
        Err(AlertError::NotInPerson(EnrollmentError::StepUp)) => return Ok(confirm_first(HERE)),
        Err(AlertError::Unknown) => errors.add("name", "Choose a setting"),
        Err(AlertError::Value(why)) => errors.add("value", format!("The value {why}")),
        Err(other) => return Err(other.into()),
    }
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, show(&app, &session, &typed, &errors).await?))
}
