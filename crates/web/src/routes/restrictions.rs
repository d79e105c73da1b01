//! What patients ask of who sees their record.

mod api;
mod pages;

use crate::{Problem, RouteTable, answer::key_used};
use practice::restrictions::RestrictionError;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(pages::add)
}

impl From<RestrictionError> for Problem {
    fn from(error: RestrictionError) -> Self {
        match error {
            RestrictionError::Access(error) => error.into(),
            RestrictionError::Unrecorded(error) => error.into(),
            RestrictionError::NotInPerson(why) => super::people::not_in_person(why),
            RestrictionError::Account => {
                Self::invalid_fields().field("account_id", "must name who works here, where one account is kept away")
            }
            RestrictionError::Day => Self::invalid_fields().field("asked_on", "must not be in the future"),
            RestrictionError::Named => {
                Self::conflict().detail("The patient asked that you be kept away. A colleague answers what they ask.")
            }
            RestrictionError::Opened => Self::conflict().detail(
                "You opened this record in an emergency, and nobody has signed for it yet. A colleague answers what the patient asks.",
            ),
            RestrictionError::KeyUsed => key_used(),
            RestrictionError::Closed => {
                Self::conflict().detail("This record was made twice and is closed. Answer for the one that goes on.")
            }
            RestrictionError::Ending => Self::conflict()
                .detail("The destruction of this record has begun. Answer when it is over: what billing keeps is still kept from whom it was."),
            RestrictionError::Unknown => Self::not_found(),
            RestrictionError::NotInForce => Self::conflict().detail("It was declined, or ended before."),
            RestrictionError::Store(error) => error.into(),
            RestrictionError::Commit(error) => error.into(),
            RestrictionError::Record(error) => error.into(),
            RestrictionError::Vault(error) => error.into(),
        }
    }
}
