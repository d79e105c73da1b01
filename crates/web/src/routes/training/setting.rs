//! What the practice set for training, as a form.

use super::page::{HERE, route, show};
use crate::{
    App, Form, Problem, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{Field, FieldErrors, checkbox, number_field, submit},
    routes::people,
};
use axum::{extract::State, http::StatusCode, response::Response};
use identity::EnrollmentError;
use maud::{Markup, html};
use practice::training::{self, TrainingError, TrainingSettings, WARN_DAYS};
use serde::Deserialize;

/// Adds it.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(route(Verb::Post, "/training/settings", "Changes whether training is enforced, and when it warns."), set)
}

/// What somebody typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    #[serde(default)]
    enforced: String,
    #[serde(default)]
    warn_days: String,
}

/// The form, with what was typed.
pub(super) fn form(settings: &TrainingSettings, typed: Option<&Typed>, errors: &FieldErrors) -> Markup {
    let (days, most) = (settings.warn_days.to_string(), WARN_DAYS.to_string());
    let value = typed.map_or(days.as_str(), |typed| typed.warn_days.as_str());
    let ticked = typed.map_or(settings.enforced, |typed| typed.enforced == "yes");
    html! {
        form method="post" action={ (HERE) "/settings" } class="card stack" {
            h2 { "How training is asked for" }
            (checkbox(&Field::new("enforced", "Nobody of staff signs in whose training is overdue")
                .error(errors.of("enforced"))
                .hint("Counts at once: whoever is overdue is signed out, and their API tokens stop. Patients are never asked."), ticked))
            (number_field(&Field::new("warn_days", "Whoever it is about is warned").required().value(value).unit("days before")
                .between("0", &most).step("1").error(errors.of("warn_days"))))
            (submit("Change it", None))
        }
    }
}

async fn set(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let mut errors = FieldErrors::none();
    let warn_days = typed.warn_days.trim().parse::<u16>().ok().filter(|days| *days <= WARN_DAYS);
    if warn_days.is_none() {
        errors.add("warn_days", format!("Choose a number from 0 to {WARN_DAYS}"));
    }
    if !["", "yes"].contains(&typed.enforced.as_str()) {
        errors.add("enforced", "Tick it or leave it");
    }
    if let Some(warn_days) = warn_days
        && errors.is_empty()
    {
        let new = TrainingSettings { enforced: typed.enforced == "yes", warn_days };
        return match training::change_settings(app.house(), &session, new).await {
            Ok(()) => Ok(see_other(HERE)),
            Err(TrainingError::NotInPerson(EnrollmentError::StepUp)) => Ok(people::confirm_first(HERE)),
            Err(other) => Err(other.into()),
        };
    }
    let page = show(&app, &session, None, Some(&typed), &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}
