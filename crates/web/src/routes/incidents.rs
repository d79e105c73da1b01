//! Incidents: whom one affects, and what follows.

mod affected;
mod asked;

use crate::{Problem, RouteTable, answer::later};
use domain::Invalid;
use practice::incidents::IncidentError;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(affected::add)
}

impl From<IncidentError> for Problem {
    fn from(error: IncidentError) -> Self {
        match error {
            IncidentError::Access(error) => error.into(),
            IncidentError::Backwards => Self::invalid("to", &Invalid::new("must be after the beginning")),
            IncidentError::NotInPerson(why) => super::people::not_in_person(why),
            IncidentError::House(error) => error.into(),
            IncidentError::Record(error) => error.into(),
            IncidentError::Trail(error) => later(&error),
            IncidentError::Audit(error) => error.into(),
        }
    }
}
