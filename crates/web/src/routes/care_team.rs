//! Care teams: who treats whom.

mod api;
mod pages;

use crate::{Problem, RouteTable};
use practice::care_team::CareTeamError;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(pages::add)
}

impl From<CareTeamError> for Problem {
    fn from(error: CareTeamError) -> Self {
        match error {
            CareTeamError::Access(error) => error.into(),
            CareTeamError::NotInPerson(why) => super::people::not_in_person(why),
            CareTeamError::Oneself => {
                Self::conflict().detail("Another administrator gives you a place in a care team.")
            }
            CareTeamError::Closed => Self::conflict()
                .detail("This record was made twice and is closed. Give the place on the one that goes on."),
            CareTeamError::Past => Self::invalid_fields().field("starts_at", "must not be in the past"),
            CareTeamError::UnknownPatient | CareTeamError::NotOpen => Self::not_found(),
            CareTeamError::NotTreating => {
                Self::invalid_fields().field("account_id", "must be an active therapist or administrator")
            }
            CareTeamError::Backwards => Self::invalid_fields().field("ends_at", "must be after starts_at"),
            CareTeamError::House(error) => error.into(),
        }
    }
}
