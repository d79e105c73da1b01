//! Accounts: who can sign in.

mod add;
mod enroll;
mod invite;

pub use add::{AddAccountError, NewAccount, add};
pub use enroll::{EnrollError, FirstFactor, enroll};
pub use invite::{InviteError, Invited, invite};
