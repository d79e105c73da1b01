//! The accounts of a practice.

mod api;
mod pages;

pub(super) use api::{InvitedBody, link};
pub(super) use pages::confirm_first;

use crate::{Problem, RouteTable};
use identity::EnrollmentError;
use practice::accounts::{AddAccountError, DirectoryError};

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(pages::add)
}

impl From<DirectoryError> for Problem {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Access(error) => error.into(),
            DirectoryError::NotInPerson(why) => not_in_person(why),
            DirectoryError::Unknown => Self::not_found(),
            DirectoryError::AtTheDesk => Self::invalid_fields()
                .field("role", "of a patient is given at the front desk, from the patient's details"),
            DirectoryError::Tried(error) => error.into(),
            DirectoryError::Stale => Self::changed_since(),
            DirectoryError::Oneself => {
                Self::conflict().detail("Your own role and state are changed by another administrator.")
            }
            DirectoryError::PatientRole => {
                Self::invalid_fields().field("role", "of a patient stays, and nobody else becomes one")
            }
            DirectoryError::Closed | DirectoryError::Add(AddAccountError::Closed) => Self::conflict().detail(
                "The record of this account was made twice and is closed. Whoever it is signs in to the one that goes on.",
            ),
            DirectoryError::InvitedState => {
                Self::invalid_fields().field("state", "must be active or disabled; an invitation opens an account")
            }
            DirectoryError::Add(AddAccountError::Patient) => {
                Self::invalid_fields().field("patient_id", "goes with the role patient, and only with it")
            }
            DirectoryError::Add(AddAccountError::Taken) => {
                Self::invalid_fields().field("email", "signs in to another account already")
            }
            DirectoryError::House(error) | DirectoryError::Add(AddAccountError::House(error)) => error.into(),
        }
    }
}

/// What must be done in person was not.
pub(in crate::routes) fn not_in_person(why: EnrollmentError) -> Problem {
    match why {
        EnrollmentError::ApiToken => Problem::forbidden().detail("An API token cannot do this."),
        EnrollmentError::StepUp => Problem::fresh_factor_required(),
    }
}
