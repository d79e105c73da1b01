//! Patients who were registered twice.

mod api;
mod pages;

use crate::{Problem, RouteTable};
use practice::merging::MergeError;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(pages::add)
}

impl From<MergeError> for Problem {
    fn from(error: MergeError) -> Self {
        match error {
            MergeError::Access(error) => error.into(),
            MergeError::Unrecorded(error) => error.into(),
            MergeError::NotInPerson(why) => super::people::not_in_person(why),
            MergeError::Other => Self::invalid_fields().field("into", "must be another patient of this practice"),
            MergeError::Place => Self::conflict().detail(
                "You are on the care team of one of the two. Somebody who is on neither closes the record, or opens it again, as \
                 nobody gives themself a place.",
            ),
            MergeError::Named => {
                Self::conflict().detail("The patient asked that you be kept away. A colleague opens the record again.")
            }
            MergeError::TooLate => Self::conflict().detail(
                "The destruction of this record has begun, or of another of the same person. It cannot be merged or opened again any more.",
            ),
            MergeError::Amendment => Self::conflict().detail(
                "The patient asked for an amendment of the record that would be closed, and waits for the answer. Answer it first.",
            ),
            MergeError::HasAccount => Self::conflict().detail(
                "Somebody signs in to this record. Close the account first, or close the other record instead.",
            ),
            MergeError::Standing => Self::conflict().detail(
                "The two do not stand like that: one of them is part of another merge already, or this one is not closed.",
            ),
            MergeError::Store(error) => error.into(),
            MergeError::Commit(error) => error.into(),
            MergeError::Record(error) => error.into(),
        }
    }
}
