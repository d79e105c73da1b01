//! The audit trail.

mod api;
mod asked;
mod export;
mod looked;
mod page;
mod week;

use crate::{Problem, RouteTable, answer::later};
use practice::{audit::AuditError, watch::LookError};

pub(super) use api::Item;
pub(super) use asked::moment;
pub(super) use page::no_more;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(page::add).with(week::add).with(looked::add).with(export::add)
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

impl From<LookError> for Problem {
    fn from(error: LookError) -> Self {
        match error {
            LookError::Access(error) => error.into(),
            LookError::NotInPerson(why) => super::people::not_in_person(why),
            LookError::Ahead => Self::invalid_fields().field("until", "must not lie ahead"),
            LookError::Before => Self::conflict()
                .detail("Somebody looked through what was done up to then already. Open the week again."),
            LookError::Record(error) => error.into(),
            LookError::House(error) => error.into(),
        }
    }
}
