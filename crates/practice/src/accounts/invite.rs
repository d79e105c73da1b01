//! Resetting an account: its password and factors are gone, and a link leads to new ones.

use crate::{House, HouseError, house::through_house};
use domain::{AccountId, PracticeId};
use identity::InvitationSecret;
use store::{
    Batch, CommitError,
    rows::{
        accounts::{self, AccountRow, AccountState},
        api_tokens, ceremonies, invitations, login_sessions, merges, passkeys, recovery_codes, totp_factors,
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
    /// The patient's record was made twice and is closed: the account of the one that goes on is theirs.
    #[error("the record goes on elsewhere")]
    Closed,
    /// The house could not do its part; a conflict when the account changed in the meantime.
    #[error(transparent)]
    House(#[from] HouseError),
}

through_house!(InviteError);

/// Takes the account's factors, sessions and tokens away and invites it anew, in one write. Whoever calls this has
/// recorded it before.
pub async fn invite(house: &House, practice: PracticeId, account: AccountId) -> Result<Invited, InviteError> {
    let row = found(house, practice, account).await?;
    let (secret, invitation) = house.sessions.invite(practice, account, house.clock.now(), &*house.rng);
    empty(house, &row, |batch| invitations::replace(batch, &invitation)).await?;
    Ok(Invited { secret })
}

/// Takes the account's factors, sessions and tokens away, and its invitation too: nothing opens it until somebody makes a
/// link. Whoever calls this has recorded it before.
pub(super) async fn close(house: &House, practice: PracticeId, account: AccountId) -> Result<(), InviteError> {
    let row = found(house, practice, account).await?;
    empty(house, &row, |batch| invitations::withdraw(batch, practice, account)).await
}

async fn found(house: &House, practice: PracticeId, account: AccountId) -> Result<AccountRow, InviteError> {
    accounts::by_id(&house.stores.identity, practice, account).await?.ok_or(InviteError::Unknown)
}

/// Empties an account, with what becomes of its invitation.
async fn empty(house: &House, row: &AccountRow, invitation: impl FnOnce(Batch) -> Batch) -> Result<(), InviteError> {
    // It is no longer disabled then, as that of a closed record must be.
    let open = row.patient_id.map_or_else(Batch::new, |of| merges::is_open(Batch::new(), row.practice_id, of));
    house.stores.identity.commit(emptied(invitation(open), row)).await.map_err(|error| match error {
        CommitError::Conflict { statement: 0 } if row.patient_id.is_some() => InviteError::Closed,
        other => other.into(),
    })
}

fn emptied(batch: Batch, row: &AccountRow) -> Batch {
    let (practice, account) = (row.practice_id, row.account_id);
    let batch = accounts::set_role_and_state(batch, practice, account, row.role, AccountState::Invited, row.version);
    // Whatever is under way in one of its sessions is a conflict from here on: see `login_sessions::hold`.
    let batch = ceremonies::end_all(batch, practice, account);
    let batch = totp_factors::delete(batch, practice, account);
    let batch = passkeys::delete_all(batch, practice, account);
    let batch = recovery_codes::delete_all(batch, practice, account);
    let batch = login_sessions::end_all(batch, practice, account);
    api_tokens::revoke_all(batch, practice, account)
}
