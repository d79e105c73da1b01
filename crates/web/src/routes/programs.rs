//! Programs: the one in force, its old versions, and the editor.

mod draft;
mod edit;
mod end;
mod prescribe;
mod read;

use crate::RouteTable;

/// Adds the routes.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(read::API, read::api)
        .add(read::PAGE, read::page)
        .add(read::VERSIONS, read::versions)
        .add(read::VERSION, read::version)
        .add(read::VERSION_PAGE, read::version_page)
        .add(prescribe::API, prescribe::api)
        .add(edit::FORM, edit::form)
        .add(edit::SEND, edit::send)
        .add(end::API, end::api)
        .add(end::FORM, end::form)
        .add(end::SEND, end::send)
}
