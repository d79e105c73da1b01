//! Adding an account. It can do nothing until its invitation is accepted.

use crate::{House, HouseError, house::through_house};
use domain::{AccountId, EmailAddress, PatientId, PersonName, PracticeId, Role};
use identity::InvitationSecret;
use store::{
    Batch, CommitError,
    rows::{
        accounts::{self, AccountRow, AccountState},
        invitations, merges,
    },
};

/// An account to add.
pub struct NewAccount {
    /// What it is for.
    pub role: Role,
    /// The address that signs in; unique on the server.
    pub email: EmailAddress,
    /// The name that others see.
    pub display_name: PersonName,
    /// For [`Role::Patient`]: whose account it is.
    pub patient: Option<PatientId>,
}

/// Why an account was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddAccountError {
    /// A patient's account needs a patient, and nobody else's has one.
    #[error("a patient's account names its patient, and no other account does")]
    Patient,
    /// There is an account with this address, or for this patient, already.
    #[error("there is an account with this address, or for this patient, already")]
    Taken,
    /// The patient's record was made twice and is closed: the account of the one that goes on is theirs.
    #[error("the record goes on elsewhere")]
    Closed,
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
}

through_house!(AddAccountError);

/// Adds an account and its invitation in one write. Whoever calls this has recorded it before.
pub async fn add(
    house: &House,
    practice: PracticeId,
    new: &NewAccount,
) -> Result<(AccountId, InvitationSecret), AddAccountError> {
    if (new.role == Role::Patient) != new.patient.is_some() {
        return Err(AddAccountError::Patient);
    }
    let account = AccountId::random(&*house.rng);
    let id = AccountRow::row_id(account);
    let now = house.clock.now();
    let row = AccountRow {
        practice_id: practice,
        account_id: account,
        role: new.role,
        state: AccountState::Invited,
        email_index: house.indexes.account_email(&new.email),
        email: house.vault.seal(practice, account, id, &new.email).await?,
        display_name: house.vault.seal(practice, account, id, &new.display_name).await?,
        patient_id: new.patient,
        password: None,
        created_at: now,
        version: 1,
    };
    let (secret, invitation) = house.sessions.invite(practice, account, now, &*house.rng);
    // A record that is closed meanwhile gets no account.
    let open = new.patient.map_or_else(Batch::new, |patient| merges::is_open(Batch::new(), practice, patient));
    let batch = invitations::replace(accounts::insert(open, &row), &invitation);
    house.stores.identity.commit(batch).await.map_err(|error| match error {
        CommitError::Conflict { statement: 0 } if new.patient.is_some() => AddAccountError::Closed,
        CommitError::Duplicate { .. } => AddAccountError::Taken,
        other => other.into(),
    })?;
    Ok((account, secret))
}
