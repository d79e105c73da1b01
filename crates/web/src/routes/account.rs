//! One's own account.

mod authenticator;
mod me;
mod passkeys;
mod password;
mod recovery_codes;
mod tokens;

pub(super) use authenticator::qr;

use crate::{
    App, Problem, RouteTable,
    answer::see_other,
    look::{ButtonKind, Head, Tone, breadcrumbs, link_button, notice},
};
use axum::response::Response;
use identity::{Full, Session};
use maud::{Markup, html};
use practice::account::AccountError;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .with(me::add)
        .with(password::add)
        .with(authenticator::add)
        .with(passkeys::add)
        .with(recovery_codes::add)
        .with(tokens::add)
}

/// A page that needs a fresh factor sends for one and comes back; everything else is a problem.
fn or_confirm(error: AccountError, next: &str) -> Result<Response, Problem> {
    match error {
        AccountError::StepUp => Ok(see_other(&super::session::confirm_address(next))),
        other => Err(other.into()),
    }
}

/// The head of a page below the account's first one: the way back.
pub(super) fn below_account(title: &str) -> Head<'static> {
    Head { above: Some(breadcrumbs(&[("/account", "Account")], title)), ..Head::default() }
}

/// Whether the factor is fresh now.
pub(super) fn is_fresh(app: &App, session: &Session<Full>) -> bool {
    app.house().sessions.has_fresh_factor(session, app.clock.now())
}

/// What stands in place of a form that needs a fresh factor: nothing that was typed is lost on the way.
pub(super) fn confirm_first(next: &str) -> Markup {
    let href = super::session::confirm_address(next);
    notice(
        Tone::Info,
        "Confirm that it is you first",
        Some(html! { (link_button(&href, "Confirm", ButtonKind::Quiet)) }),
    )
}
