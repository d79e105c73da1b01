//! Records opened in an emergency, and looking into that.

mod api;
mod pages;
mod review;

pub(crate) use pages::banner;

use crate::{Problem, RouteTable};
use practice::emergencies::EmergencyError;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(pages::add).with(review::add)
}

impl From<EmergencyError> for Problem {
    fn from(error: EmergencyError) -> Self {
        match error {
            EmergencyError::Whom => Self::invalid_fields().field(
                "record_number",
                "must be there alone; or given name, family name and birth date together, or a patient's id",
            ),
            EmergencyError::Several => {
                Self::conflict().detail("More than one record has this name and birth date. Use the record number.")
            }
            EmergencyError::AlreadyOpen(_) => {
                Self::conflict().detail("This record is open to you already: you need not say that it is an emergency.")
            }
            EmergencyError::Tried(error) => error.into(),
            EmergencyError::NotInPerson(why) => super::people::not_in_person(why),
            EmergencyError::SessionOver => Self::sign_in_required(),
            EmergencyError::Unknown => Self::not_found(),
            EmergencyError::NotOpen => Self::conflict().detail("It was closed, or its hour is over."),
            EmergencyError::Own => Self::conflict()
                .detail("You opened this record yourself. Somebody else signs for having looked into it."),
            EmergencyError::MadeSince => Self::conflict()
                .detail("Your account was made after the record was opened. Somebody who was here before signs."),
            EmergencyError::StillOpen => Self::conflict()
                .detail("The record is open still. Sign when it is closed, so that you know what was done."),
            EmergencyError::Signed => Self::conflict().detail("Somebody signed for it already."),
            EmergencyError::Unrecorded(error) => error.into(),
            EmergencyError::Record(error) => error.into(),
        }
    }
}
