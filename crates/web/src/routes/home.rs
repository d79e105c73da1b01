//! `/`: on to where somebody belongs.

use crate::{Problem, Route, RouteTable, Verb, Visitor, answer::see_other, surround::landing};
use axum::response::Response;

const HOME: Route = Route::page(Verb::Get, "/", "On to sign-in, or to the first page of one's role.").public();

/// Adds it.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(HOME, home)
}

async fn home(visitor: Visitor) -> Result<Response, Problem> {
    Ok(see_other(match visitor {
        Visitor::Nobody => "/sign-in",
        Visitor::Half(_) => "/sign-in/factor",
        Visitor::Full(session) => landing(session.role()),
    }))
}
