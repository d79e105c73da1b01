//! The audit trail.

mod api;
mod asked;
mod export;
mod page;
mod week;

use crate::{Problem, RouteTable, answer::later};
use practice::audit::AuditError;

pub(super) use api::Item;
pub(super) use asked::moment;
pub(super) use page::no_more;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(page::add).with(week::add).with(export::add)
}

impl From<AuditError> for Problem {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Access(error) => error.into(),
            AuditError::Record(error) => error.into(),
            AuditError::Trail(error) => later(&error),
            AuditError::Unsigned(error) => error.into(),
        }
    }
}
