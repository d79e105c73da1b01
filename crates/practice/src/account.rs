//! One's own account: name, password, factors, API tokens, sessions.
//!
//! What changes how somebody signs in needs a fresh factor, is recorded before it is done, and ends their other
//! sessions. An API token can change none of it.

mod me;
mod passkeys;
mod password;
mod recovery_codes;
mod sessions;
mod tokens;
mod totp;

pub use me::{Me, display_name, me, zone};
pub use passkeys::{PasskeyView, finish_passkey, passkeys, remove_passkey, start_passkey};
pub use password::change_password;
pub use recovery_codes::{codes_left, new_recovery_codes};
pub(crate) use sessions::still_stands;
pub use sessions::{SessionView, end_all_sessions, end_session, sessions, sign_out};
pub use tokens::{IssuedToken, TokenView, issue_token, revoke_token, scopes_of, tokens};
pub use totp::{TotpSetup, confirm_totp, pending_totp, start_totp};

use crate::{Event, House, HouseError, house::through_house, sign_in::AttemptError};
use domain::{AccountId, TokenId};
use identity::{Enrollment, EnrollmentError, Full, IssueApiTokenError, PasswordError, Session, WeakPassword};
use ledger::{Resource, Word};

/// Why something about one's own account was not read or done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is no such thing in this account.
    #[error("there is no such thing in the account")]
    Gone,
    /// An API token cannot do this.
    #[error("an API token cannot change an account")]
    ApiToken,
    /// The factor must be proven again first.
    #[error("the factor was not proven recently")]
    StepUp,
    /// The present password is not right.
    #[error("the present password is wrong")]
    WrongPassword,
    /// The new password may not be chosen.
    #[error("the new password is too weak")]
    Weak(WeakPassword),
    /// The code, or the answer of the passkey, is not right.
    #[error("the factor could not be confirmed")]
    NotConfirmed,
    /// There is nothing to confirm: it was not begun, or too long ago.
    #[error("there is nothing under way to confirm")]
    NothingPending,
    /// This passkey is registered already.
    #[error("the passkey is registered already")]
    KnownPasskey,
    /// It is the last factor that opens the account.
    #[error("it is the last factor that opens the account")]
    LastFactor,
    /// The token asks for more than the account's role can do.
    #[error("the scopes go beyond the role")]
    Scopes,
    /// The token would last too long, or no time at all.
    #[error("the token must end within 90 days")]
    Expiry,
    /// The account has as many tokens as it may have.
    #[error("the account has as many API tokens as it may have")]
    TooMany,
    /// A label is not one to show.
    #[error("the label must be 1 to 60 characters on one line")]
    Label,
    /// Recovery codes do not open this role's accounts.
    #[error("recovery codes do not open this account")]
    NoRecoveryCodes,
    /// Too many passwords are being hashed at this moment.
    #[error("too many passwords are being hashed")]
    Busy,
    /// The present password, or what else was tried, must wait.
    #[error(transparent)]
    Tried(#[from] AttemptError),
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
}

through_house!(AccountError);

impl From<EnrollmentError> for AccountError {
    fn from(error: EnrollmentError) -> Self {
        match error {
            EnrollmentError::ApiToken => Self::ApiToken,
            EnrollmentError::StepUp => Self::StepUp,
        }
    }
}

impl From<IssueApiTokenError> for AccountError {
    fn from(error: IssueApiTokenError) -> Self {
        match error {
            IssueApiTokenError::ApiToken => Self::ApiToken,
            IssueApiTokenError::StepUp => Self::StepUp,
            IssueApiTokenError::Expiry => Self::Expiry,
        }
    }
}

impl From<PasswordError> for AccountError {
    fn from(error: PasswordError) -> Self {
        match error {
            PasswordError::Wrong => Self::WrongPassword,
            PasswordError::Busy => Self::Busy,
            PasswordError::Failed => HouseError::Password(error).into(),
        }
    }
}

/// The right to change how somebody signs in: their own session, with a fresh factor.
fn enrollment(house: &House, session: &Session<Full>) -> Result<Enrollment, AccountError> {
    Ok(house.sessions.enrollment(session, house.clock.now())?)
}

/// Refuses an API token's session.
fn person(session: &Session<Full>) -> Result<(), AccountError> {
    if session.token().is_some() { Err(AccountError::ApiToken) } else { Ok(()) }
}

/// Records a change of one's own account, before it is done.
async fn record(house: &House, session: &Session<Full>, action: Word, resource: Resource) -> Result<(), AccountError> {
    house.record(session, Event::done(action, resource)).await?;
    Ok(())
}

/// The resource of an event about one's own account.
fn own(account: AccountId) -> Resource {
    const ACCOUNT: Word = Word::new("account");
    Resource::new(ACCOUNT, account).expect("an id is short and visible")
}

/// The resource of an event about one API token.
pub(crate) fn api_token(id: TokenId) -> Resource {
    const API_TOKEN: Word = Word::new("api_token");
    Resource::new(API_TOKEN, id).expect("an id is short and visible")
}
