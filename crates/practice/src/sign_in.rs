//! Signing in: password, then factor, then a session; and reading a session back for each request.
//!
//! Every try is counted before it is looked at and recorded before it has an effect. Whoever is refused learns only
//! that: an unknown account, a wrong password and a disabled account answer the same, after the same work.

mod attempt;
mod factors;
mod passkey;
mod prove;
mod resume;
mod start;

pub use factors::{Factors, factors};
pub use passkey::{passkey_options, with_passkey};
pub use prove::{Promoted, Proving, with_recovery_code, with_totp};
pub use resume::{ResumeError, resume_api_token, resume_cookie};
pub use start::{Started, start};

pub(crate) use attempt::{Attempt, Tried};
pub(crate) use factors::{ReadPasskeyError, opened};
pub(crate) use passkey::CEREMONY;

use crate::refusals::RefusalError;
use identity::{PasskeyError, PasswordError, TotpError};
use ledger::{LedgerError, Resource, Word};
use phi::{KeyError, VaultError};
use store::{CommitError, StoreError};

/// Why nobody was signed in, or no factor was taken.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// Address, password, code or key were not right; which of them, only the ledger knows.
    #[error("the credentials are not right")]
    Refused,
    /// Too many tries: come back after so many seconds. The same for accounts that do not exist.
    #[error("too many tries")]
    Wait(u32),
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
    /// It could not be recorded, so it was not done.
    #[error(transparent)]
    Unrecorded(#[from] LedgerError),
    /// The identity store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The identity store did not take it.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The practice's key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A stored secret did not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A password could not be hashed.
    #[error(transparent)]
    Password(PasswordError),
    /// A stored generator is damaged.
    #[error(transparent)]
    Totp(TotpError),
    /// A stored passkey or ceremony is damaged.
    #[error(transparent)]
    Passkey(PasskeyError),
}

impl From<RefusalError> for SignInError {
    fn from(error: RefusalError) -> Self {
        match error {
            RefusalError::Store(error) => Self::Store(error),
            RefusalError::Commit(error) => Self::Commit(error),
            RefusalError::Ledger(error) => Self::Unrecorded(error),
        }
    }
}

/// The resource of an event about one login session.
pub(crate) fn login_session(id: domain::LoginSessionId) -> Resource {
    const LOGIN_SESSION: Word = Word::new("login_session");
    Resource::new(LOGIN_SESSION, id).expect("an id is short and visible")
}
