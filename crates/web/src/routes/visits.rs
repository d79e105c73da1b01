//! Visits: who comes when, and what became of it.

mod api;
mod pages;

use crate::{Problem, RouteTable, answer::key_used};
use practice::visits::VisitError;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(pages::add)
}

impl From<VisitError> for Problem {
    fn from(error: VisitError) -> Self {
        match error {
            VisitError::Invalid { field, why } => Self::invalid(field, &why),
            VisitError::Stale => Self::changed_since(),
            VisitError::Voided => Self::conflict().detail("This visit was entered in error. Book the right one anew."),
            VisitError::KeyUsed => key_used(),
            VisitError::Record(error) => error.into(),
        }
    }
}
