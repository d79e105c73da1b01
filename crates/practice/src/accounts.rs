//! Accounts: who can sign in.

mod add;
mod directory;
mod enroll;
mod invite;
mod join;

pub use add::{AddAccountError, NewAccount, add};
pub use directory::{AccountView, DirectoryError, account, change, invite_again, invite_new, staff};
pub use enroll::{EnrollError, FirstFactor, enroll};
pub use invite::{InviteError, Invited, invite};
pub use join::{
    InvitationView, JoinError, PendingTotp, accept_with_passkey, accept_with_totp, begin_passkey, begin_totp,
    invitation,
};
