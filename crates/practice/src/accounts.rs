//! Accounts: who can sign in.

mod add;
mod invite;

pub use add::{AddAccountError, NewAccount, add};
pub use invite::{InviteError, Invited, invite};
