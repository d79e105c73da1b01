//! Signing in: password, then factor, then a session; and reading a session back for each request.
//!
//! Every try is counted before it is looked at and recorded before it has an effect. Whoever is refused learns only
//! that: an unknown account, a wrong password and a disabled account answer the same, after the same work.

mod attempt;
mod ceremony;
mod factors;
mod passkey;
mod prove;
mod resume;
mod start;

pub use factors::{Factors, factors};
pub use passkey::{passkey_options, with_passkey};
pub use prove::{Promoted, Proving, with_recovery_code, with_totp};
pub use resume::{resume_api_token, resume_cookie};
pub use start::{Started, start};

pub use attempt::AttemptError;
pub(crate) use attempt::{Attempt, Tried};
pub(crate) use ceremony::{CEREMONY, Ceremony};
pub(crate) use factors::opened;

use crate::{
    access_reviews::Suspension,
    house::{HouseError, through_house},
    training::Untrained,
};
use ledger::{Resource, Word};

/// Why nobody was signed in, or no factor was taken.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Address, password, code or key were not right; which of them, only the ledger knows.
    #[error("the credentials are not right")]
    Refused,
    /// Too many tries: come back after so many seconds. The same for accounts that do not exist.
    #[error("too many tries")]
    Wait(u32),
    /// The password is right, and a review of access suspended the account. Whoever has the password is told so.
    #[error("a review of access suspended the account")]
    Suspended(Suspension),
    /// Password and factor are right, and training is overdue without which the practice lets nobody in.
    #[error("training is overdue")]
    Untrained(Untrained),
    /// The session in which the factor was to be proven is over.
    #[error("the session is over")]
    Over,
    /// An API token cannot prove factors.
    #[error("an API token cannot step up")]
    ApiToken,
    /// The account has no passkey to prove.
    #[error("the account has no passkey")]
    NoPasskey,
    /// Too many passwords are being verified at this moment.
    #[error("too many passwords are being verified")]
    Busy,
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
}

through_house!(SignInError);

impl From<AttemptError> for SignInError {
    fn from(error: AttemptError) -> Self {
        match error {
            AttemptError::Wait(seconds) => Self::Wait(seconds),
            AttemptError::House(error) => Self::House(error),
        }
    }
}

/// The resource of an event about one login session.
pub(crate) fn login_session(id: domain::LoginSessionId) -> Resource {
    const LOGIN_SESSION: Word = Word::new("login_session");
    Resource::new(LOGIN_SESSION, id).expect("an id is short and visible")
}
