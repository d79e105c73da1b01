//! The link to a patient's own account.
//!
//! Whoever holds the link becomes the patient, so no single member of the staff comes to one for an account that a patient
//! uses: an administrator takes password and factors away and sees no link; the front desk makes the link, for an account
//! that nobody has opened and to the address in the patient's record. Both is recorded under the patient.

use super::{AddAccountError, NewAccount, add, in_person, taken::Probe};
use crate::{
    Event, House, HouseError,
    house::through_house,
    record::{RecordError, resource},
    sign_in::AttemptError,
};
use domain::{AccountId, EmailAddress, PatientId, PersonName, PracticeId, Role};
use identity::{EnrollmentError, Full, InvitationSecret, Session};
use ledger::{LedgerError, Outcome, Resource, Word};
use phi::{AccessError, Grant, OpenError, Purpose, WriteIdentity};
use store::{
    Batch, CommitError,
    rows::{
        accounts::{self, AccountRow, AccountState},
        invitations, patients,
    },
};

/// The account of a patient, as staff sees it.
#[derive(Debug, Clone, Copy)]
pub struct PatientAccount {
    /// The account.
    pub account_id: AccountId,
    /// Where it is in its life.
    pub state: AccountState,
}

/// Why no link was made.
#[derive(Debug, thiserror::Error)]
pub enum InvitePatientError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It must be done in person: with a factor that was proven just now, and not by an API token.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// Nobody knows where to write to the patient.
    #[error("there is no e-mail address in the record")]
    NoAddress,
    /// The address in the record opens another account.
    #[error("the address in the record opens another account")]
    AddressTaken,
    /// The patient's account is open; an administrator closes it first.
    #[error("the account is open")]
    Open,
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// The record was made twice and is closed: the account of the one that goes on is theirs.
    #[error("the record goes on elsewhere")]
    Closed,
    /// Too many addresses were tried.
    #[error(transparent)]
    Tried(#[from] AttemptError),
    /// A field of the patient's record did not open.
    #[error(transparent)]
    Field(#[from] OpenError),
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
}

through_house!(InvitePatientError);

const INVITATION: Word = Word::new("invitation");

/// Makes the link to a patient's account, in place of an earlier one; makes the account where there is none. For the
/// front desk alone: who can close an account makes no link to it.
pub async fn invite_patient(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<(AccountId, InvitationSecret), InvitePatientError> {
    let what = resource(INVITATION, patient);
    if session.role() != Role::FrontDesk {
        let event = Event { patient: Some(patient), ..Event::refused(INVITE, what, Word::new("not-for-this-role")) };
        house.record(session, event).await?;
        return Err(AccessError::Denied.into());
    }
    let grant = house.guard.authorize::<WriteIdentity>(session, patient, Purpose::operations(what)).await?;
    in_person(house, session)?;
    let (name, email) = who(house, &grant).await?;
    let email = email.ok_or(InvitePatientError::NoAddress)?;
    let practice = grant.practice();
    let row = accounts::by_patient(&house.stores.identity, practice, patient).await?;
    match row.as_ref().map(|row| row.state) {
        Some(AccountState::Active) => return Err(InvitePatientError::Open),
        Some(AccountState::Disabled) => return Err(InvitePatientError::Disabled),
        Some(AccountState::Invited) | None => {}
    }
    let probe = Probe::count(house, session, Some(patient)).await?;
    let made = match row {
        Some(row) => again(house, practice, &row, &email).await,
        None => {
            let new = NewAccount { role: Role::Patient, email, display_name: name, patient: Some(patient) };
            add(house, practice, &new).await.map_err(|error| match error {
                AddAccountError::Patient | AddAccountError::Taken => InvitePatientError::AddressTaken,
                AddAccountError::Closed => InvitePatientError::Closed,
                AddAccountError::House(error) => error.into(),
            })
        }
    };
    match &made {
        Ok(_) => probe.free(house).await?,
        Err(InvitePatientError::AddressTaken) => probe.taken(house, session).await?,
        Err(_) => {}
    }
    made
}

const INVITE: Word = Word::new("invite_account");

/// Name and address of the patient, as they stand in the record.
async fn who(
    house: &House,
    grant: &Grant<'_, WriteIdentity>,
) -> Result<(PersonName, Option<EmailAddress>), InvitePatientError> {
    let row = patients::by_id(&house.stores.clinical, grant.practice(), grant.subject()).await?;
    let row = row.ok_or(AccessError::Denied)?;
    let (given, family) = (grant.open(&row.given_name)?, grant.open(&row.family_name)?);
    let (given, family) = (given.expose(), family.expose());
    // Both together may be longer than a name may be; then the given name is how others see them.
    let name = PersonName::new(format!("{} {}", given.as_str(), family.as_str())).unwrap_or_else(|_| given.clone());
    let email = grant.open_optional(row.email.as_ref())?.map(|email| email.expose().clone());
    Ok((name, email))
}

/// A new link for an account that nobody has opened, which from now on signs in with the address in the record.
async fn again(
    house: &House,
    practice: PracticeId,
    row: &AccountRow,
    email: &EmailAddress,
) -> Result<(AccountId, InvitationSecret), InvitePatientError> {
    let account = row.account_id;
    let (secret, invitation) = house.sessions.invite(practice, account, house.clock.now(), &*house.rng);
    let index = house.indexes.account_email(email);
    let sealed = house.vault.seal(practice, account, AccountRow::row_id(account), email).await?;
    let batch = accounts::readdress(Batch::new(), practice, account, (&index, &sealed), row.version);
    match house.stores.identity.commit(invitations::replace(batch, &invitation)).await {
        Ok(()) => Ok((account, secret)),
        Err(CommitError::Duplicate { .. }) => Err(InvitePatientError::AddressTaken),
        Err(other) => Err(other.into()),
    }
}

/// Says of a patient's own account that it was touched, so that the patient sees it too.
pub(super) async fn record_patient(
    house: &House,
    session: &Session<Full>,
    patient: Option<PatientId>,
    action: Word,
) -> Result<(), LedgerError> {
    if let Some(patient) = patient {
        let (resource, reason) = (Resource::whole(Word::new("account")), Word::new("admin-governs"));
        let event = Event { action, resource, patient: Some(patient), outcome: Outcome::Allowed, reason };
        house.record(session, event).await?;
    }
    Ok(())
}

/// The patient's account, for who may see who the patient is.
pub(crate) async fn of_patient(
    house: &House,
    practice: PracticeId,
    patient: PatientId,
) -> Result<Option<PatientAccount>, RecordError> {
    let row = accounts::by_patient(&house.stores.identity, practice, patient).await?;
    Ok(row.map(|row| PatientAccount { account_id: row.account_id, state: row.state }))
}
