//! Training of whoever works here: courses, who was trained, and what is due.

mod api;
mod course;
mod forms;
mod own;
mod page;
mod setting;

pub(crate) use own::notices;

use crate::{Problem, RouteTable};
use practice::training::{TrainingError, WARN_DAYS};

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(page::add).with(course::add).with(setting::add).with(own::add)
}

impl From<TrainingError> for Problem {
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::Access(error) => error.into(),
            TrainingError::Unknown => Self::not_found(),
            TrainingError::Meanwhile => {
                Self::conflict().detail("Somebody changed this meanwhile, or it was corrected already. Open it again.")
            }
            TrainingError::Ended => Self::conflict().detail("This course has ended. Make a new one."),
            TrainingError::NotYet => Self::invalid_fields().field("trained_on", "has not come yet"),
            TrainingError::Oneself => Self::conflict().detail("This is your own training. Somebody else records it."),
            TrainingError::WarnDays => Self::invalid_fields().field("warn_days", format!("must be 0 to {WARN_DAYS}")),
            TrainingError::NotInPerson(why) => super::people::not_in_person(why),
            TrainingError::Name(error) => error.into(),
            TrainingError::House(error) => error.into(),
        }
    }
}
