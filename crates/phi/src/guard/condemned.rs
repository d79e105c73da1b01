//! Who is let in to a record that stands condemned: two people approved its destruction, and nobody is signed in while it is
//! carried out.

use super::{AccessError, Guard};
use crate::keyring::WrappedKey;
use domain::{PatientId, PermissionName, PracticeId, PurposeKind, RequestId};
use ledger::{Entry, Outcome, Receipt, Resource, Word};

/// What is done with the record, as the trail tells it.
pub(super) struct Opening {
    pub(super) permission: PermissionName,
    pub(super) action: Word,
    pub(super) purpose: PurposeKind,
    /// The rule by which the record's time is over.
    pub(super) rule: Word,
}

impl Guard {
    /// Lets in to the record of somebody who stands condemned ([`crate::CareTeams::is_condemned`]), which the guard asks itself, and
    /// records it under them first, yes or no. With their wrapped keys; [`AccessError::Gone`] where there is none any more.
    pub(super) async fn open_condemned(
        &self,
        practice: PracticeId,
        subject: PatientId,
        opening: Opening,
    ) -> Result<(Receipt, Vec<WrappedKey>), AccessError> {
        let condemned = self.teams.is_condemned(practice, subject).await?;
        let wrapped = self.keyring.wrapped(practice, subject).await?;
        let (refused, reason) = match (condemned, wrapped.is_empty()) {
            (false, _) => (Some(AccessError::Denied), Word::new("not-condemned")),
            (true, true) => (Some(AccessError::Gone), Word::new("destroyed")),
            (true, false) => (None, opening.rule),
        };
        let entry = Entry {
            at: self.clock.now(),
            practice: Some(practice),
            actor: None,
            role: None,
            login_session: None,
            permission: Some(opening.permission),
            action: opening.action,
            purpose: Some(opening.purpose),
            resource: Resource::whole(Word::new("record")),
            patient: Some(subject),
            outcome: if refused.is_none() { Outcome::Allowed } else { Outcome::Denied },
            reason,
            address: None,
            request: RequestId::random(&*self.rng),
        };
        let receipt = self.append_one(entry).await?;
        match refused {
            Some(error) => Err(error),
            None => Ok((receipt, wrapped)),
        }
    }
}
