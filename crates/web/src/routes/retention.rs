//! Retention: plans of destruction, their approval, legal holds, certificates.

mod accounts;
mod api;
mod holds;
mod pages;

use crate::{Problem, RouteTable};
use practice::retention::RetentionError;

/// Adds them: holds before plans, since whoever has made a plan lifts no hold, and tests walk this list.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(holds::add).with(pages::add).with(api::add).with(accounts::add)
}

impl From<RetentionError> for Problem {
    fn from(error: RetentionError) -> Self {
        match error {
            RetentionError::Access(error) => error.into(),
            RetentionError::Unrecorded(error) => error.into(),
            RetentionError::NotInPerson(why) => super::people::not_in_person(why),
            RetentionError::Unknown => Self::not_found(),
            RetentionError::SamePerson => {
                Self::conflict().detail("You gave the first approval. Somebody else gives the second.")
            }
            RetentionError::NotOpen => Self::conflict().detail("It is over or was changed meanwhile. Open it again."),
            RetentionError::BothHands => Self::conflict().detail(
                "Who asks for destruction lifts no hold, and who lifted one does not have what it covered destroyed. \
                 Ask a colleague.",
            ),
            RetentionError::Oneself => {
                Self::conflict().detail("You may not lift this hold. Ask a colleague who watches over the practice.")
            }
            RetentionError::Incident(error) => (*error).into(),
            RetentionError::TooLate => Self::conflict()
                .detail(
                "The destruction of this record, or of its billing account, has begun and cannot be stopped. No hold was placed.",
            ),
            RetentionError::OnTheirWay => Self::conflict()
                .detail("Charges are on their way to billing that do not open: `patella keys verify` says why."),
            RetentionError::Store(error) => error.into(),
            RetentionError::Commit(error) => error.into(),
            RetentionError::Key(error) => error.into(),
            RetentionError::Vault(error) => error.into(),
            RetentionError::Record(error) => error.into(),
        }
    }
}
