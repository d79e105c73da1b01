//! What the practice set for reviews, as a form.

use super::page::{HERE, show};
use crate::{
    App, AuditClass, Form, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{Field, FieldErrors, number_field, submit},
    routes::people,
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::PermissionName;
use identity::EnrollmentError;
use maud::{Markup, html};
use practice::access_reviews::{self as reviews, OverseeSettings, ReviewError, SETTINGS};
use serde::Deserialize;

const SET: Route = Route::page(Verb::Post, "/reviews/settings", "Changes how access is reviewed.")
    .permission(PermissionName::Oversee)
    .audit(AuditClass::Practice);

/// Adds it.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(SET, set)
}

/// What somebody typed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Typed {
    #[serde(default)]
    due_days: String,
    #[serde(default)]
    unused_days: String,
}

/// The form, with what was typed.
pub(super) fn form(settings: &OverseeSettings, typed: Option<&Typed>, errors: &FieldErrors) -> Markup {
    let now = [settings.due_days.to_string(), settings.unused_days.to_string()];
    let values = match typed {
        Some(typed) => [typed.due_days.as_str(), typed.unused_days.as_str()],
        None => [now[0].as_str(), now[1].as_str()],
    };
    let labels = ["Time to answer", "An access is not used lately after"];
    html! {
        form method="post" action={ (HERE) "/settings" } class="card stack" {
            h2 { "How access is reviewed" }
            @for ((bounds, value), label) in SETTINGS.iter().zip(values).zip(labels) {
                @let (least, most) = (bounds.least.to_string(), bounds.most.to_string());
                @let hint = format!("From {least} to {most}. Usually {}. Holds from the next review on.", bounds.default);
                (number_field(&Field::new(bounds.name, label).required().value(value).unit("days")
                    .between(&least, &most).step("1").hint(&hint).error(errors.of(bounds.name))))
            }
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
    let numbers = [&typed.due_days, &typed.unused_days].map(|text| text.trim().parse::<u32>().ok());
    for (bounds, number) in SETTINGS.iter().zip(numbers) {
        if number.is_none_or(|number| !(bounds.least..=bounds.most).contains(&number)) {
            errors.add(bounds.name, format!("Choose a number from {} to {}", bounds.least, bounds.most));
        }
    }
    if let [Some(due), Some(unused)] = numbers
        && errors.is_empty()
    {
        return match reviews::change_settings(app.house(), &session, due, unused).await {
            Ok(()) => Ok(see_other(HERE)),
            Err(ReviewError::NotInPerson(EnrollmentError::StepUp)) => Ok(people::confirm_first(HERE)),
            Err(other) => Err(other.into()),
        };
    }
    let page = show(&app, &session, Some(&typed), &errors).await?;
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page))
}
