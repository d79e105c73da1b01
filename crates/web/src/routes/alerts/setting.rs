//! What the practice set for alerts, as a page.

use crate::{
    App, AuditClass, Form, Problem, Query, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{
        ButtonKind, Column, Field, FieldErrors, Head, breadcrumbs, card, hidden, link_button, number_field,
        radio_group, recorded_line, submit, table, words::alerts,
    },
    routes::{
        account::{confirm_first, is_fresh},
        people,
    },
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

/// Which setting is to be changed, as the address says it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default)]
    change: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    name: String,
    #[serde(default)]
    value: String,
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Markup, Problem> {
    let change = asked.change.map(|name| (name, None));
    show(&app, &session, change, &FieldErrors::none()).await
}

/// All settings; above them, while the factor is fresh, the form of the one that is to be changed, with what was typed.
async fn show(
    app: &App,
    session: &Session<Full>,
    change: Option<(String, Option<String>)>,
    errors: &FieldErrors,
) -> Result<Markup, Problem> {
    let settings = watch::settings(app.house(), session).await?;
    let surround = Surround::of(app, session).await?;
    let fresh = is_fresh(app, session);
    let changing = match &change {
        Some((name, typed)) => {
            let setting = settings.iter().find(|setting| setting.name == *name).ok_or_else(Problem::not_found)?;
            Some((setting, typed.as_deref().unwrap_or(&setting.value)))
        }
        None => None,
    };
    let (answers, numbers): (Vec<_>, Vec<_>) = settings.iter().partition(|setting| setting.bounds.is_none());
    let content = html! {
        (breadcrumbs(&[("/alerts", "Alerts")], "Settings"))
        (errors.summary())
        @if !fresh {
            (confirm_first(HERE))
        } @else if let Some((setting, typed)) = changing {
            (form(setting, typed, errors))
        }
        (card("When something is told", None, listed(&surround, fresh, &numbers)))
        (card("What follows", None, listed(&surround, fresh, &answers)))
        (recorded_line("Looking at these settings was recorded, and so is every change."))
    };
    let below = html! { "A change holds from the next entry on. The watch learns what is usual by itself." };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("What is told, and when", "/alerts").head(head), content))
}

/// The form of one setting: of what it can be, and nothing else.
fn form(setting: &SettingView, typed: &str, errors: &FieldErrors) -> Markup {
    let words = label(setting);
    let (least, most) = setting.bounds.unwrap_or_default();
    let (least, most) = (least.to_string(), most.to_string());
    let hint = format!("From {least} to {most}. Usually {}.", value(setting, &setting.default));
    let field = Field::new("value", &words).required().value(typed).error(errors.of("value"));
    let rule = rule_of(setting);
    let can = |answer: &&AlertAnswer| rule.is_none_or(|rule| rule.can_be_answered(**answer));
    let answers = AlertAnswer::ALL.iter().filter(can).map(|answer| (answer.word(), alerts::answer(*answer), None));
    let answers: Vec<_> = answers.collect();
    let field = match setting.unit {
        unit @ ("minutes" | "days" | "bits" | "deviations") => field.unit(unit),
        "hour" => field.unit("o'clock"),
        _ => field,
    };
    html! {
        form method="post" action=(HERE) class="card stack" {
            h2 { "Change a setting" }
            (hidden("name", &setting.name))
            @match setting.unit {
                "answer" => (radio_group(&field, &answers)),
                "yes_no" => (radio_group(&field, &[("1", "Yes", None), ("0", "No", None)])),
                _ => (number_field(&field.between(&least, &most).step("1").hint(&hint))),
            }
            (submit("Change it", Some(link_button(HERE, "Leave it", ButtonKind::Quiet))))
        }
    }
}

/// The rule of which a setting says what follows.
fn rule_of(setting: &SettingView) -> Option<AlertRule> {
    setting.name.strip_prefix("answer.").and_then(|rule| rule.parse().ok())
}

fn label(setting: &SettingView) -> String {
    match rule_of(setting) {
        Some(rule) => format!("What follows: {}", alerts::rule(rule)),
        None => setting.words.clone(),
    }
}

fn value(setting: &SettingView, value: &str) -> String {
    match setting.unit {
        "minutes" => format!("{value} minutes"),
        "days" => format!("{value} days"),
        "hour" => format!("{value} o'clock"),
        "yes_no" => if value == "1" { "yes" } else { "no" }.to_owned(),
        "bits" => format!("{value} bits"),
        "deviations" => format!("{value} deviations"),
        "answer" => match value.parse::<AlertAnswer>() {
            Ok(answer) => alerts::answer(answer).to_owned(),
            Err(_) => value.to_owned(),
        },
        _ => value.to_owned(),
    }
}

fn listed(surround: &Surround, fresh: bool, settings: &[&SettingView]) -> Markup {
    let mut columns =
        vec![Column::text("Setting"), Column::text("Now"), Column::text("Usually"), Column::text("Changed")];
    if fresh {
        columns.push(Column::actions("Change"));
    }
    let rows = settings.iter().map(|setting| {
        let mut row = vec![
            html! { (label(setting)) },
            html! { (value(setting, &setting.value)) },
            html! { span class="soft" {
                (value(setting, &setting.default))
                @if let Some((least, most)) = setting.bounds && setting.unit != "yes_no" { ", " (least) " to " (most) }
            } },
            html! {
                @if let (Some(by), Some(at)) = (&setting.changed_by, setting.changed_at) {
                    (by.name) ", " (surround.moment(at))
                } @else { span class="soft" { "never" } }
            },
        ];
        if fresh {
            row.push(html! {
                a href={ (HERE) "?change=" (setting.name) } { "Change" span class="hidden" { ": " (label(setting)) } }
            });
        }
        row
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
        Err(AlertError::NotInPerson(EnrollmentError::StepUp)) => return Ok(people::confirm_first(HERE)),
        Err(AlertError::Bounds { least, most }) => {
            errors.add("value", format!("Choose a number from {least} to {most}"));
        }
        Err(AlertError::Value(why)) => errors.add("value", format!("What you chose {why}")),
        Err(other) => return Err(other.into()),
    }
    let page = show(&app, &session, Some((typed.name, Some(typed.value))), &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}
