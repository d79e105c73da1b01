//! The log: what was done, written down by patients, read by them and by those who treat them.

mod correct;
mod form;
mod read;
mod write;

pub(super) use form::{Amounts, Typed, entry_form, errors_of};

use crate::{Problem, RouteTable};
use domain::PatientId;
use identity::{Full, Session};

/// Adds the routes.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(write::API, write::api)
        .add(read::LIST, read::list)
        .add(read::ONE, read::one)
        .add(correct::API, correct::api)
        .add(correct::PAGE, correct::page)
        .add(correct::FORM, correct::submitted)
}

/// The patient whose own account it is; for everyone else the page is not there.
pub(super) fn own(session: &Session<Full>) -> Result<PatientId, Problem> {
    session.patient().ok_or(Problem::not_found())
}
