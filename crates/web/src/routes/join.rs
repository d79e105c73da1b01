//! Accepting an invitation.

mod api;
mod pages;

use crate::{Problem, RouteTable, answer::later};
use practice::accounts::{EnrollError, JoinError};

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(pages::add)
}

impl From<JoinError> for Problem {
    fn from(error: JoinError) -> Self {
        match error {
            JoinError::NotValid => Self::not_found(),
            JoinError::Weak(why) => Self::invalid_fields().field("password", why.to_string()),
            JoinError::NotConfirmed => Self::invalid_fields().field("code", "is not right"),
            JoinError::NothingPending => Self::conflict().detail("Begin with the second factor first."),
            JoinError::AnotherFactor => Self::conflict().detail("This account needs a passkey."),
            JoinError::Label => Self::invalid_fields().field("label", "must be 1 to 60 characters on one line"),
            JoinError::Enroll(EnrollError::Password(error)) => later(&error),
            JoinError::Tried(error) => error.into(),
            JoinError::House(error) | JoinError::Enroll(EnrollError::House(error)) => error.into(),
        }
    }
}
