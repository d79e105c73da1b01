//! Incidents: whom one affects, and what follows.

mod affected;
mod api;
mod asked;
mod opening;
mod page;
mod working;

use crate::{Problem, RouteTable, answer::later, look::words::incidents as said};
use domain::Invalid;
use practice::incidents::IncidentError;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(affected::add).with(api::add).with(page::add)
}

impl From<IncidentError> for Problem {
    fn from(error: IncidentError) -> Self {
        match error {
            IncidentError::Access(error) => error.into(),
            IncidentError::Unknown => Self::not_found(),
            IncidentError::Subject => {
                Self::invalid("subject_id", &Invalid::new("is not the id or the address that it should be"))
            }
            IncidentError::NotYet => {
                Self::conflict().detail("This day has not come yet. Give the day on which it was.")
            }
            IncidentError::Year => Self::invalid("year", &Invalid::new("must be 2000 to 9000")),
            IncidentError::NotNow => Self::conflict().detail(
                "This may not be done as the incident stands: it is closed, or was not assessed as it must be.",
            ),
            IncidentError::Meanwhile => {
                Self::conflict().detail("Somebody did something about this incident meanwhile. Open it again.")
            }
            IncidentError::Freezing => Self::conflict()
                .detail("This incident is being frozen. Close it when the records of everybody affected are held."),
            IncidentError::BothHands => Self::conflict().detail("You assessed this incident. Somebody else closes it."),
            IncidentError::NotFrozen => Self::conflict().detail(
                "Whom this breach affects was never written down. Freeze the incident first: that lists them and holds their records.",
            ),
            IncidentError::FrozenTooEarly => Self::conflict().detail(
                "This incident was frozen before its time was over: whoever was affected after that is not in the list. Freeze it again.",
            ),
            IncidentError::NotTold(missing) => {
                let missing: Vec<&str> = missing.iter().map(|notice| said::notice(*notice)).collect();
                Self::conflict().detail(format!("Notice is still to be given to {}.", missing.join(", and to ")))
            }
            IncidentError::Hold(error) => error.into(),
            IncidentError::Value(why) => Self::invalid("what", &why),
            IncidentError::Backwards => Self::invalid("to", &Invalid::new("must be after the beginning")),
            IncidentError::NotInPerson(why) => super::people::not_in_person(why),
            IncidentError::House(error) => error.into(),
            IncidentError::Record(error) => error.into(),
            IncidentError::Trail(error) => later(&error),
            IncidentError::Audit(error) => error.into(),
        }
    }
}
