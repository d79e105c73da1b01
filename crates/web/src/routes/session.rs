//! Signing in and out.

mod end;
mod factor;
mod list;
mod page;
mod start;
mod step_up;

pub(super) use page::code_fields;
pub(super) use step_up::confirm_address;
pub(crate) use step_up::confirm_before;

use crate::{Json, Problem, RouteTable, answer::with_cookie, cookie, surround::landing};
use axum::{
    http::{HeaderValue, StatusCode},
    response::{IntoResponse, Response},
};
use identity::{FactorKind, SessionToken};
use practice::sign_in::Promoted;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(start::add).with(factor::add).with(step_up::add).with(list::add).with(end::add)
}

/// How far somebody has come.
#[derive(Serialize, JsonSchema)]
pub(super) struct SessionAnswer {
    /// `half` after the password, `full` after the factor.
    level: &'static str,
    /// After the password: the factors that open the account, strongest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    factors: Option<Vec<FactorKind>>,
    /// After the factor: the first page of one's role.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'static str>,
}

/// A code as somebody typed it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    /// The code.
    #[serde(default)]
    pub(super) code: String,
}

/// What an authenticator answered.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Credential {
    /// The credential as WebAuthn's JSON.
    pub(super) credential: Value,
}

/// The cookie of a new session.
pub(super) fn session_cookie(token: &SessionToken) -> Result<HeaderValue, Problem> {
    cookie::set_session(&token.text()).ok_or(Problem::internal())
}

/// The answer to a factor that was right.
pub(super) fn promoted(promoted: &Promoted) -> Result<Response, Problem> {
    let answer = SessionAnswer { level: "full", factors: None, next: Some(landing(promoted.role)) };
    let response = (StatusCode::OK, Json(answer)).into_response();
    Ok(with_cookie(response, session_cookie(&promoted.token)?))
}
