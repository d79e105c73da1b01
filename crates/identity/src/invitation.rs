//! Invitations: the right to set a password and enroll factors, and nothing more.

use crate::{
    Full, InvitationSecret, Session, SessionKeeper,
    keeper::{is_ahead, passed},
    record::millis,
};
use crypto::Key;
use domain::{AccountId, InvitationId, PracticeId, Rng, Timestamp};
use std::time::Duration;

/// Days until an invitation is worth nothing.
pub const INVITATION_DAYS: u64 = 7;

/// An invitation as it is stored: one row, deleted in the write that stores the password and the first factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvitationRecord {
    /// Its id.
    pub id: InvitationId,
    /// SHA-256 of the secret.
    pub secret_hash: [u8; 32],
    /// The practice of the account.
    pub practice: PracticeId,
    /// The account that it opens.
    pub account: AccountId,
    /// When it was made.
    pub created_at: Timestamp,
    /// HMAC over all of the above.
    pub mac: [u8; 32],
}

impl InvitationRecord {
    fn tag(&self, key: &Key) -> [u8; 32] {
        crypto::mac(
            key,
            &[
                b"invitation 1",
                self.id.as_bytes(),
                &self.secret_hash,
                self.practice.as_bytes(),
                self.account.as_bytes(),
                &millis(self.created_at),
            ],
        )
    }
}

/// Why an invitation was not accepted. Callers answer the same to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AcceptError {
    /// The secret is not this row's.
    #[error("the secret does not belong to the invitation")]
    WrongSecret,
    /// The row was not written by this system, or was changed since.
    #[error("the invitation's record is not genuine")]
    Forged,
    /// Seven days have passed.
    #[error("the invitation is over")]
    Expired,
}

/// Why a session may not change its account's factors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EnrollmentError {
    /// An API token's session cannot change factors.
    #[error("an API token cannot change factors")]
    ApiToken,
    /// The factor must be proven again first.
    #[error("the factor was not proven recently")]
    StepUp,
}

/// The right to set the password and enroll the factors of one account, for the length of one request. Never a session:
/// whoever accepted an invitation signs in afterwards like everybody else.
pub struct Enrollment {
    practice: PracticeId,
    account: AccountId,
    invitation: Option<InvitationId>,
}

impl Enrollment {
    /// The practice of the account.
    pub const fn practice(&self) -> PracticeId {
        self.practice
    }
    /// Whose factors may be enrolled.
    pub const fn account(&self) -> AccountId {
        self.account
    }
    /// The invitation it came from, to delete with the last step; none when it came from a full session.
    pub const fn invitation(&self) -> Option<InvitationId> {
        self.invitation
    }
}

impl SessionKeeper {
    /// Invites somebody to open an account, or to enroll new factors after losing them.
    /// The caller stores the record in place of any earlier one of the account.
    pub fn invite(
        &self,
        practice: PracticeId,
        account: AccountId,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> (InvitationSecret, InvitationRecord) {
        let secret = InvitationSecret::random(rng);
        let mut record = InvitationRecord {
            id: InvitationId::random(rng),
            secret_hash: secret.hash(),
            practice,
            account,
            created_at: now,
            mac: [0; 32],
        };
        record.mac = record.tag(&self.invitation_key);
        (secret, record)
    }

    /// Accepts an invitation. The link's secret is presented again at every step until the row is deleted.
    pub fn accept(
        &self,
        secret: &InvitationSecret,
        record: &InvitationRecord,
        now: Timestamp,
    ) -> Result<Enrollment, AcceptError> {
        if !crypto::same(&secret.hash(), &record.secret_hash) {
            return Err(AcceptError::WrongSecret);
        }
        if !crypto::same(&record.tag(&self.invitation_key), &record.mac) {
            return Err(AcceptError::Forged);
        }
        let limit = Duration::from_secs(INVITATION_DAYS * 24 * 60 * 60);
        if passed(record.created_at, limit, now) || is_ahead(record.created_at, now) {
            return Err(AcceptError::Expired);
        }
        Ok(Enrollment { practice: record.practice, account: record.account, invitation: Some(record.id) })
    }

    /// Lets somebody who is signed in change their own password and factors, right after proving one.
    pub fn enrollment(&self, session: &Session<Full>, now: Timestamp) -> Result<Enrollment, EnrollmentError> {
        if session.token().is_some() {
            return Err(EnrollmentError::ApiToken);
        }
        if !self.has_fresh_factor(session, now) {
            return Err(EnrollmentError::StepUp);
        }
        Ok(Enrollment { practice: session.practice(), account: session.account(), invitation: None })
    }
}
