//! What can fail below any use case about accounts, whoever asks for what.

use identity::{PasskeyError, PasswordError, TotpError};
use ledger::LedgerError;
use phi::{KeyError, VaultError};
use store::{CommitError, StoreError};

/// Why the house could not do its part, although nobody was refused. Each operation's own error says in its other
/// variants what it refuses, and holds this one in `House`.
#[derive(Debug, thiserror::Error)]
pub enum HouseError {
    /// It could not be recorded, so it was not done (law 2).
    #[error(transparent)]
    Unrecorded(#[from] LedgerError),
    /// A store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store did not take it.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A sealed field of an account did not open.
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

/// Lets `?` carry causes into an operation's own error, through the variant that holds what several operations share.
macro_rules! through {
    ($error:ident::$shared:ident: $($cause:ty),+) => {$(
        impl From<$cause> for $error {
            fn from(cause: $cause) -> Self {
                Self::$shared(cause.into())
            }
        }
    )+};
}
pub(crate) use through;

/// The same for what [`HouseError`] covers, in an error whose variant `House` it is.
macro_rules! through_house {
    ($error:ident) => {
        $crate::house::through!($error::House: ledger::LedgerError, store::StoreError, store::CommitError, phi::KeyError, phi::VaultError);
    };
}
pub(crate) use through_house;
