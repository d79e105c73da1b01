//! Accounts: who can sign in.

mod add;
mod directory;
mod enroll;
mod invite;
mod join;
mod patient;
mod taken;

pub use add::{AddAccountError, NewAccount, add};
pub(crate) use directory::changed;
pub use directory::{AccountView, DirectoryError, account, change, invite_again, invite_new, staff};
pub use enroll::{EnrollError, FirstFactor, enroll};
pub use invite::{InviteError, Invited, invite};
pub use join::{
    InvitationView, InviteeView, JoinError, PendingTotp, accept_with_passkey, accept_with_totp, begin, begin_passkey,
    begin_totp, invitation,
};

pub(crate) use patient::of_patient;
pub use patient::{InvitePatientError, PatientAccount, invite_patient};

use crate::House;
use identity::{EnrollmentError, Full, Session};

/// Whoever opens accounts or care teams to others does it in person: with a factor proven just now, and not by an API
/// token, which would otherwise lead to a session without anybody's factor (law 6).
pub(crate) fn in_person(house: &House, session: &Session<Full>) -> Result<(), EnrollmentError> {
    house.sessions.enrollment(session, house.clock.now()).map(|_| ())
}
