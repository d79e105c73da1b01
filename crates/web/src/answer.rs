//! From what went wrong below to what the caller is told.
//!
//! Who was denied is told the same as who asked for what is not there. What cannot be recorded or read now is 503, so
//! that callers try again. Everything else is a fault of ours: the log gets its words (which never hold a value), the
//! caller none.

mod log;
mod record;

pub(crate) use record::key_used;

use crate::{Problem, look::words::reviews};
use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use ledger::LedgerError;
use maud::Markup;
use phi::{AccessError, KeyError, OpenError, OpenFailure, Unavailable, VaultError};
use practice::{
    HouseError,
    account::AccountError,
    sign_in::{AttemptError, SignInError},
};
use std::error::Error;
use store::{CommitError, StoreError};

/// Seconds after which a caller may try again what a store or the ledger could not do.
const RETRY_AFTER: u32 = 5;

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Denied => Self::not_found(),
            AccessError::Gone => Self::gone(),
            AccessError::Ending => Self::conflict().detail(
                "The billing account of this patient is being destroyed, since its time is over. Nothing was stored. Once \
                 that is finished, a charge opens a new account: try again later.",
            ),
            AccessError::Unrecorded(error) => error.into(),
            AccessError::Unavailable(error) => error.into(),
            AccessError::Key(error) => error.into(),
        }
    }
}

impl From<LedgerError> for Problem {
    fn from(error: LedgerError) -> Self {
        later(&error)
    }
}

impl From<Unavailable> for Problem {
    fn from(error: Unavailable) -> Self {
        later(&error)
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable { .. } => later(&error),
            other => fault(&other),
        }
    }
}

/// A conflict is somebody who was quicker: 409. Use cases that know better match on it before.
impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { .. } | CommitError::Duplicate { .. } => Self::conflict(),
            CommitError::Unavailable { .. } => later(&error),
            CommitError::Refused { .. } => fault(&error),
        }
    }
}

impl From<KeyError> for Problem {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Unavailable(error) => error.into(),
            // The provider is asked for the new root again at the next request.
            KeyError::OldRoot => later(&error),
            other => fault(&other),
        }
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Key(error) => error.into(),
            VaultError::Open(error) => error.into(),
        }
    }
}

impl From<OpenError> for Problem {
    fn from(error: OpenError) -> Self {
        match error.why {
            // Keys are being rotated: the same request opens it when it comes again.
            OpenFailure::NewerKey => later(&error),
            _ => fault(&error),
        }
    }
}

impl From<HouseError> for Problem {
    fn from(error: HouseError) -> Self {
        match error {
            HouseError::Unrecorded(error) => error.into(),
            HouseError::Store(error) => error.into(),
            HouseError::Commit(error) => error.into(),
            HouseError::Key(error) => error.into(),
            HouseError::Vault(error) => error.into(),
            HouseError::Password(_) | HouseError::Totp(_) | HouseError::Passkey(_) => fault(&error),
        }
    }
}

impl From<AttemptError> for Problem {
    fn from(error: AttemptError) -> Self {
        match error {
            AttemptError::Wait(seconds) => Self::too_many(seconds),
            AttemptError::House(error) => error.into(),
        }
    }
}

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Refused => Self::sign_in_refused(),
            SignInError::Wait(seconds) => Self::too_many(seconds),
            SignInError::Suspended(why) => Self::forbidden().detail(reviews::suspended(&why)),
            SignInError::Untrained(_) => Self::forbidden().detail(
                "Your training is overdue, and this practice lets nobody of its staff in without it. Ask an administrator or a privacy \
                 officer to record it once you were trained.",
            ),
            SignInError::Over => Self::sign_in_required(),
            SignInError::ApiToken => Self::forbidden().detail("An API token cannot do this."),
            SignInError::NoPasskey => Self::conflict().detail("This account has no passkey."),
            SignInError::Busy => Self::unavailable(2),
            SignInError::House(error) => error.into(),
        }
    }
}

impl From<AccountError> for Problem {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Gone => Self::not_found(),
            AccountError::ApiToken => Self::forbidden().detail("An API token cannot do this."),
            AccountError::StepUp => Self::fresh_factor_required(),
            AccountError::WrongPassword => Self::invalid_fields().field("current_password", "is not your password"),
            AccountError::Weak(why) => Self::invalid_fields().field("new_password", why.to_string()),
            AccountError::NotConfirmed => Self::invalid_fields().field("credential", "could not be confirmed"),
            AccountError::NothingPending => Self::conflict().detail("Begin again: there is nothing to confirm."),
            AccountError::KnownPasskey => Self::conflict().detail("This key is registered already."),
            AccountError::LastFactor => Self::conflict().detail("Nothing else would open the account."),
            AccountError::Scopes => Self::invalid_fields().field("scopes", "must be among those of your role"),
            AccountError::TooMany => {
                Self::conflict().detail("An account has at most 100 API tokens. Revoke those that nobody uses.")
            }
            AccountError::Expiry => Self::invalid_fields().field("days", "must be 1 to 90"),
            AccountError::Label => Self::invalid_fields().field("label", "must be 1 to 60 characters on one line"),
            AccountError::NoRecoveryCodes => Self::conflict().detail("Recovery codes do not open this account."),
            AccountError::Busy => Self::unavailable(2),
            AccountError::Tried(error) => error.into(),
            AccountError::House(error) => error.into(),
        }
    }
}

/// A file to save.
pub(crate) fn attachment(media: &'static str, name: &str, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition.expect("a name of digits and letters"));
    response
}

/// 503, with the cause in the log.
pub(crate) fn later(error: &dyn Error) -> Problem {
    tracing::warn!(error = %chain(error), "not available");
    Problem::unavailable(RETRY_AFTER)
}

/// 500, with the cause in the log.
pub(crate) fn fault(error: &dyn Error) -> Problem {
    tracing::error!(error = %chain(error), "a fault of ours");
    Problem::internal()
}

/// An error and its sources, one after the other. None of ours holds a value (law 9).
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// Marks an answer that is a whole page although its status says that something is wrong.
#[derive(Clone, Copy)]
pub(crate) struct FormAgain;

/// A form shown again with what was wrong (422, or another status that fits).
pub(crate) fn form_again(status: StatusCode, page: Markup) -> Response {
    let mut response = (status, page).into_response();
    response.extensions_mut().insert(FormAgain);
    response
}

/// A form that was sent too often, shown again (429); programs read in the header how many seconds to wait.
pub(crate) fn form_after(seconds: u32, page: Markup) -> Response {
    let mut response = form_again(StatusCode::TOO_MANY_REQUESTS, page);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// When to send it again, in words.
pub(crate) fn again_in(seconds: u32) -> String {
    match seconds {
        0..=90 => format!("Try again in {seconds} seconds."),
        more => format!("Try again in {} minutes.", more.div_ceil(60)),
    }
}

/// After a form was taken: on to another page by GET (303), so that going back sends nothing twice.
pub(crate) fn see_other(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// An answer that sets or clears a cookie.
pub(crate) fn with_cookie(mut response: Response, cookie: HeaderValue) -> Response {
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(problem: Problem) -> (u16, bool) {
        let answer = problem.into_json(None);
        (answer.status().as_u16(), answer.headers().contains_key(header::RETRY_AFTER))
    }

    #[test]
    fn who_meets_a_rotation_of_keys_is_told_to_come_again_and_damage_is_a_fault_of_ours() {
        let open = |why| told(OpenError { place: "Clinical.patients.family_name", why }.into());
        assert_eq!(open(OpenFailure::NewerKey), (503, true));
        for why in [OpenFailure::KeyVersion, OpenFailure::Cipher, OpenFailure::Format, OpenFailure::Value] {
            assert_eq!(open(why), (500, false), "{why:?}");
        }
        let away = || Unavailable(Box::new(StoreError::Unavailable { code: "no free connection in time".into() }));
        for error in [KeyError::OldRoot, KeyError::Unavailable(away())] {
            assert_eq!(told(AccessError::from(error).into()), (503, true));
        }
        for error in [KeyError::Unwrap("patient"), KeyError::Missing("practice")] {
            assert_eq!(told(AccessError::from(error).into()), (500, false));
        }
    }

    #[test]
    fn a_database_that_is_busy_or_away_is_a_503_and_one_that_refuses_the_statement_is_not() {
        let code = || String::new();
        assert_eq!(told(StoreError::Unavailable { code: code() }.into()), (503, true));
        assert_eq!(told(CommitError::Unavailable { code: code() }.into()), (503, true));
        assert_eq!(told(StoreError::Refused { code: code() }.into()), (500, false));
        assert_eq!(told(CommitError::Refused { statement: 0, code: code() }.into()), (500, false));
    }
}
