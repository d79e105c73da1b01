//! Addresses that are in use.
//!
//! An address signs in to one account of the whole server, since signing in asks for no practice. So whoever invites
//! somebody learns that an address is in use, also by another practice: they must, or the invited person stands before a
//! link that cannot work. What can be done is done: it is recorded, and trying out many addresses gets slow.

use crate::{
    Actor, Event, House,
    sign_in::{Attempt, AttemptError, Tried},
};
use domain::PatientId;
use identity::{Full, Session};
use ledger::{LedgerError, Resource, Word};
use store::{Batch, CommitError};

const INVITE: Word = Word::new("invite_account");
const INVITATION: Resource = Resource::whole(Word::new("invitation"));

/// One address that is tried by making an account of it, counted under who tries it.
pub(super) struct Probe {
    attempt: Attempt,
    patient: Option<PatientId>,
}

impl Probe {
    /// Counts it before it is known whether the address is in use.
    pub(super) async fn count(
        house: &House,
        session: &Session<Full>,
        patient: Option<PatientId>,
    ) -> Result<Self, AttemptError> {
        let tried = Tried { actor: Actor::of_session(session), action: INVITE, resource: INVITATION };
        let subject = house.indexes.inviter(session.account());
        Ok(Self { attempt: Attempt::count_steps(house, subject, session.origin(), tried).await?, patient })
    }

    /// The address was free: nothing was learned.
    pub(super) async fn free(self, house: &House) -> Result<(), CommitError> {
        house.stores.identity.commit(self.attempt.right(Batch::new())).await
    }

    /// The address was in use.
    pub(super) async fn taken(self, house: &House, session: &Session<Full>) -> Result<(), LedgerError> {
        let refused = Event::refused(INVITE, INVITATION, Word::new("address-taken"));
        house.record(session, Event { patient: self.patient, ..refused }).await.map(drop)
    }
}
