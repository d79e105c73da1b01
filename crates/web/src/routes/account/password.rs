//! Changing one's own password.

use super::{below_account, confirm_first, is_fresh, or_confirm};
use crate::{
    App, AuditClass, Form, Json, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{form_again, see_other},
    look::{Field, FieldErrors, password_field, submit},
    surround::{Sheet, Surround},
};
use axum::{extract::State, http::StatusCode, response::Response};
use identity::{Full, Password, Session};
use maud::{Markup, html};
use practice::account::{self, AccountError};
use schemars::JsonSchema;
use serde::Deserialize;

const CHANGE: Route = Route::api(Verb::Put, "/api/v1/me/password", "Changes one's own password. Needs a fresh factor.")
    .audit(AuditClass::Session)
    .body::<Change>()
    .no_content();
const PAGE: Route = Route::page(Verb::Get, "/account/password", "Changing one's own password.");
const FORM: Route =
    Route::page(Verb::Post, "/account/password", "Changes one's own password.").audit(AuditClass::Session);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(CHANGE, change).add(PAGE, show).add(FORM, submitted)
}

/// A change of password.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Change {
    /// The present password.
    current_password: String,
    /// The new one: at least 12 characters, hard to guess.
    new_password: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    #[serde(default)]
    current_password: String,
    #[serde(default)]
    new_password: String,
}

fn passwords(present: String, new: String) -> Result<(Password, Password), Problem> {
    let present = Password::new(present).map_err(|why| Problem::invalid("current_password", &why))?;
    let new = Password::new(new).map_err(|why| Problem::invalid("new_password", &why))?;
    Ok((present, new))
}

async fn change(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(change): Json<Change>,
) -> Result<StatusCode, Problem> {
    let (present, new) = passwords(change.current_password, change.new_password)?;
    account::change_password(app.house(), &session, present, new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn show(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    page(&app, &session, &FieldErrors::none()).await
}

async fn submitted(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    let wrong = match passwords(typed.current_password, typed.new_password) {
        Ok((present, new)) => match account::change_password(app.house(), &session, present, new).await {
            Ok(()) => return Ok(see_other("/account")),
            Err(AccountError::StepUp) => return or_confirm(AccountError::StepUp, "/account/password"),
            Err(error @ (AccountError::WrongPassword | AccountError::Weak(_))) => Problem::from(error),
            Err(other) => return Err(other.into()),
        },
        Err(wrong) => wrong,
    };
    let mut errors = FieldErrors::none();
    for error in wrong.errors() {
        errors.add(error.field.clone(), error.message.clone());
    }
    Ok(form_again(StatusCode::UNPROCESSABLE_ENTITY, page(&app, &session, &errors).await?))
}

async fn page(app: &App, session: &Session<Full>, errors: &FieldErrors) -> Result<Markup, Problem> {
    let field = |name, label| Field::new(name, label).required().error(errors.of(name));
    let hint = "At least 12 characters. Three or four words that do not belong together are good.";
    let content = html! {
        @if is_fresh(app, session) {
            form method="post" action="/account/password" class="card stack" {
                (errors.summary())
                (password_field(&field("current_password", "Present password").autocomplete("current-password")))
                (password_field(&field("new_password", "New password").hint(hint).autocomplete("new-password")))
                (submit("Change the password", None))
            }
        } @else { (confirm_first("/account/password")) }
    };
    Ok(Surround::of(app, session)
        .await?
        .page(Sheet::new("Password", "/account").head(below_account("Password")), content))
}
