//! Inviting an account again: its password and factors are gone, and the link leads to new ones.

use crate::House;
use domain::{AccountId, PracticeId};
use identity::InvitationSecret;
use store::{
    Batch, CommitError, StoreError,
    rows::{
        accounts::{self, AccountState},
        api_tokens, invitations, login_sessions, passkeys, recovery_codes, totp_factors,
    },
};

/// An invitation, and the secret of its link.
pub struct Invited {
    /// Goes into the link, is shown once, and is stored nowhere.
    pub secret: InvitationSecret,
}

/// Why an account was not invited.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// The identity store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be stored, or the account changed in the meantime.
    #[error(transparent)]
    Commit(#[from] CommitError),
}

/// Takes the account's factors, sessions and tokens away and invites it anew, in one write. Whoever calls this has
/// recorded it before.
pub async fn invite(house: &House, practice: PracticeId, account: AccountId) -> Result<Invited, InviteError> {
    let identity = &house.stores.identity;
    let row = accounts::by_id(identity, practice, account).await?.ok_or(InviteError::Unknown)?;
    let (secret, invitation) = house.sessions.invite(practice, account, house.clock.now(), &*house.rng);
    let batch = invitations::replace(Batch::new(), &invitation);
    let batch = accounts::set_role_and_state(batch, practice, account, row.role, AccountState::Invited, row.version);
    let batch = totp_factors::delete(batch, practice, account);
    let batch = passkeys::delete_all(batch, practice, account);
    let batch = recovery_codes::delete_all(batch, practice, account);
    let batch = login_sessions::end_all(batch, practice, account);
    let batch = api_tokens::revoke_all(batch, practice, account);
    identity.commit(batch).await?;
    Ok(Invited { secret })
}
