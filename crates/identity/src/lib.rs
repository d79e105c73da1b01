//! Passwords, factors and login sessions: the only maker of [`Session<Full>`].
//!
//! Pure: no storage, no clock, no randomness of its own. `practice` reads and writes the rows; this crate decides what
//! they mean. The way in is one line of types, and there is no other (law 6):
//!
//! 1. [`PasswordHasher::verify`] gives a [`PasswordProof`]; [`SessionKeeper::start`] turns it into a half session;
//! 2. a [`FactorProof`] comes from [`TotpSecret::verify`], [`Passkeys::finish_authentication`] or
//!    [`RecoveryCodes::verify`]; [`SessionKeeper::promote`] turns a [`Session<Half>`] and an accepted factor into a
//!    full session under a new token;
//! 3. [`SessionKeeper::resume`] and [`SessionKeeper::resume_api_token`] read a row back into a [`Session`].
//!
//! Every row is authenticated with a key that the database does not hold: one that was written or changed there by hand
//! is no session, no API token and no invitation.

mod api_token;
mod factor;
mod invitation;
mod keeper;
mod level;
mod origin;
mod passkey;
mod password;
mod record;
mod recovery;
mod secret;
mod session;
mod throttle;
mod totp;

pub use api_token::{ApiTokenError, ApiTokenRecord, IssueApiTokenError, MAX_API_TOKEN_DAYS, Scopes, TokenLabel};
pub use factor::{AcceptedFactors, Bootstrap, Enrolled, FactorKind, FactorProof, FactorUse, accepted_factors};
pub use invitation::{AcceptError, Enrollment, EnrollmentError, INVITATION_DAYS, InvitationRecord};
pub use keeper::{PromoteError, Resumed, SessionError, SessionKeeper, SessionLimits, StartError};
pub use level::{Full, Half, Level};
pub use origin::Origin;
pub use passkey::{
    Authentication, Ceremony, PasskeyConfigError, PasskeyError, Passkeys, RegisteredPasskey, Registration,
};
pub use password::{
    HashingLimits, MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS, NewPassword, Password, PasswordError, PasswordHash,
    PasswordHasher, PasswordProof, Verified, WeakPassword,
};
pub use record::{AccountClaims, SessionRecord};
pub use recovery::{RECOVERY_CODES, RecoveryCodeHash, RecoveryCodes, WrongRecoveryCode};
pub use secret::{ApiTokenSecret, InvitationSecret, SessionToken};
pub use session::Session;
pub use throttle::{
    Failures, Throttle, account_throttle, address_throttle, search_throttle, search_window, throttle_address,
};
pub use totp::{TotpError, TotpSecret};
