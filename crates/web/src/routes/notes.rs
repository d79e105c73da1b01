//! Progress notes.

mod amend;
pub(super) mod list;
mod write;

use crate::RouteTable;

/// Adds the routes.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(list::API, list::api)
        .add(list::PAGE, list::page)
        .add(write::API, write::api)
        .add(write::SEND, write::send)
        .add(amend::ONE, amend::one)
        .add(amend::API, amend::api)
        .add(amend::FORM, amend::form)
        .add(amend::SEND, amend::send)
}
