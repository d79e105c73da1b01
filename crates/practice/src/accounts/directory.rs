//! The accounts of a practice, for whoever governs it.

use super::{
    AddAccountError, InviteError, NewAccount, add, in_person,
    invite::{close, invite},
    patient::record_patient,
    taken::Probe,
};
use crate::{Event, House, HouseError, house::through_house, record::resource, sign_in::AttemptError};
use domain::{AccountId, EmailAddress, PatientId, PersonName, PracticeId, Role, Timestamp};
use identity::{EnrollmentError, Full, InvitationSecret, Session};
use ledger::{LedgerError, Resource, Word};
use phi::{AccessError, Govern, PracticeGrant, Purpose};
use store::{
    Batch, CommitError,
    rows::{
        accounts::{self as rows, AccountRow, AccountState},
        api_tokens, invitations, login_sessions, merges,
    },
};

/// An account, as an administrator sees it.
pub struct AccountView {
    /// The account.
    pub account_id: AccountId,
    /// What it is for.
    pub role: Role,
    /// Where it is in its life.
    pub state: AccountState,
    /// The name that others see.
    pub display_name: String,
    /// The address that signs in.
    pub email: String,
    /// The patient whose account it is, if any.
    pub patient_id: Option<PatientId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Counts up at each change.
    pub version: i64,
}

/// Why something about accounts was not read or done.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// It must be done in person: with a factor that was proven just now, and not by an API token.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// There is no such account.
    #[error("there is no such account")]
    Unknown,
    /// Patients are invited at the front desk.
    #[error("patients are invited at the front desk")]
    AtTheDesk,
    /// Too many addresses were tried.
    #[error(transparent)]
    Tried(#[from] AttemptError),
    /// The account changed since the caller saw it.
    #[error("the account changed in the meantime")]
    Stale,
    /// One cannot disable oneself or change one's own role: somebody else must.
    #[error("one's own role and state are changed by somebody else")]
    Oneself,
    /// A patient's account stays one, and nobody else's becomes one.
    #[error("a patient's account stays one, and no other becomes one")]
    PatientRole,
    /// The patient's record was made twice and is closed: the account of the one that goes on is theirs.
    #[error("the record goes on elsewhere")]
    Closed,
    /// Only invited accounts wait for an invitation; nothing is set to invited by hand.
    #[error("an account is invited by sending an invitation")]
    InvitedState,
    /// The account was not added.
    #[error(transparent)]
    Add(#[from] AddAccountError),
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
}

through_house!(DirectoryError);

async fn govern<'s>(
    house: &House,
    session: &'s Session<Full>,
    account: Option<AccountId>,
    kind: Word,
) -> Result<PracticeGrant<'s, Govern>, AccessError> {
    let resource = match account {
        Some(account) => Resource::new(kind.clone(), account).unwrap_or_else(|_| Resource::whole(kind)),
        None => Resource::whole(kind),
    };
    house.guard.authorize_practice::<Govern>(session, Purpose::operations(resource)).await
}

/// Up to `limit` accounts of staff after `after`, by id.
pub async fn staff(
    house: &House,
    session: &Session<Full>,
    after: Option<AccountId>,
    limit: usize,
) -> Result<Vec<AccountView>, DirectoryError> {
    let grant = govern(house, session, None, Word::new("account")).await?;
    let after = after.unwrap_or(AccountId::from_bytes([0; 16]));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut views = Vec::new();
    for row in rows::staff(&house.stores.identity, grant.practice(), after, limit).await? {
        views.push(view(house, &grant, row).await?);
    }
    Ok(views)
}

/// One account.
pub async fn account(
    house: &House,
    session: &Session<Full>,
    account: AccountId,
) -> Result<AccountView, DirectoryError> {
    let grant = govern(house, session, Some(account), Word::new("account")).await?;
    let row = rows::by_id(&house.stores.identity, grant.practice(), account).await?;
    let row = row.ok_or(DirectoryError::Unknown)?;
    record_patient(house, session, row.patient_id, Word::new("read_account")).await?;
    view(house, &grant, row).await
}

/// Adds an account of staff and invites it. Patients are invited at the front desk: see
/// [`invite_patient`](super::invite_patient).
pub async fn invite_new(
    house: &House,
    session: &Session<Full>,
    role: Role,
    email: EmailAddress,
    display_name: PersonName,
) -> Result<(AccountId, InvitationSecret), DirectoryError> {
    let grant = govern(house, session, None, Word::new("invitation")).await?;
    in_person(house, session)?;
    if role == Role::Patient {
        return Err(DirectoryError::AtTheDesk);
    }
    let probe = Probe::count(house, session, None).await?;
    let made = add(house, grant.practice(), &NewAccount { role, email, display_name, patient: None }).await;
    match &made {
        Ok(_) => probe.free(house).await?,
        Err(AddAccountError::Taken) => probe.taken(house, session).await?,
        Err(_) => {}
    }
    Ok(made?)
}

/// Takes password and factors of an account away, and invites it again. Of a patient's account there is no link: who
/// closes it does not open it, the front desk does.
pub async fn invite_again(
    house: &House,
    session: &Session<Full>,
    account: AccountId,
) -> Result<Option<InvitationSecret>, DirectoryError> {
    let grant = govern(house, session, Some(account), Word::new("invitation")).await?;
    in_person(house, session)?;
    let row = rows::by_id(&house.stores.identity, grant.practice(), account).await?;
    let row = row.ok_or(DirectoryError::Unknown)?;
    let done = if row.role == Role::Patient {
        record_patient(house, session, row.patient_id, Word::new("reset_account")).await?;
        close(house, grant.practice(), account).await.map(|()| None)
    } else {
        invite(house, grant.practice(), account).await.map(|invited| Some(invited.secret))
    };
    done.map_err(|error| match error {
        InviteError::Unknown => DirectoryError::Unknown,
        InviteError::Closed => DirectoryError::Closed,
        InviteError::House(error) => error.into(),
    })
}

/// Changes role and state of an account that still has `seen_version`; its sessions and tokens end.
pub async fn change(
    house: &House,
    session: &Session<Full>,
    account: AccountId,
    role: Role,
    state: AccountState,
    seen_version: i64,
) -> Result<AccountView, DirectoryError> {
    let grant = govern(house, session, Some(account), Word::new("account")).await?;
    let practice = grant.practice();
    in_person(house, session)?;
    if account == session.account() {
        return Err(DirectoryError::Oneself);
    }
    let identity = &house.stores.identity;
    let row = rows::by_id(identity, practice, account).await?.ok_or(DirectoryError::Unknown)?;
    if (role == Role::Patient) != (row.role == Role::Patient) {
        return Err(DirectoryError::PatientRole);
    }
    if state == AccountState::Invited && row.state != AccountState::Invited {
        return Err(DirectoryError::InvitedState);
    }
    let enabled = row.patient_id.filter(|_| state != AccountState::Disabled);
    if let Some(patient) = enabled
        && merges::of_patient(identity, practice, patient).await?.is_some_and(|merge| merge.into.is_some())
    {
        return Err(DirectoryError::Closed);
    }
    record_change(house, session, &row, role).await?;
    // Without a password an account cannot become active; accepting the invitation does that.
    if state == AccountState::Active && row.password.is_none() {
        return Err(DirectoryError::InvitedState);
    }
    // Again, for it may have been closed since.
    let open = enabled.map_or_else(Batch::new, |patient| merges::is_open(Batch::new(), practice, patient));
    let batch = changed(open, practice, account, (role, state), seen_version);
    let batch = match role == row.role {
        true => batch,
        false => rows::role_since(batch, practice, account, house.clock.now()),
    };
    // Two administrators who shut each other out do not both succeed.
    let batch = login_sessions::hold(batch, practice, session.account(), session.id());
    identity.commit(batch).await.map_err(|error| match error {
        CommitError::Conflict { statement: 0 } if enabled.is_some() => DirectoryError::Closed,
        CommitError::Conflict { .. } => DirectoryError::Stale,
        other => other.into(),
    })?;
    let row = rows::by_id(identity, practice, account).await?.ok_or(DirectoryError::Unknown)?;
    view(house, &grant, row).await
}

/// Changes role and state of an account that still has `seen_version`; its sessions and tokens end. Whoever calls this has recorded
/// it before.
pub(crate) fn changed(
    batch: Batch,
    practice: PracticeId,
    account: AccountId,
    (role, state): (Role, AccountState),
    seen_version: i64,
) -> Batch {
    let batch = rows::set_role_and_state(batch, practice, account, role, state, seen_version);
    let batch = login_sessions::end_all(batch, practice, account);
    let batch = api_tokens::revoke_all(batch, practice, account);
    // A link that was handed out must not open the account again.
    if state == AccountState::Disabled { invitations::withdraw(batch, practice, account) } else { batch }
}

/// Records which account gets which role, so that whoever watches sees it; a patient's stands under the patient.
async fn record_change(
    house: &House,
    session: &Session<Full>,
    row: &AccountRow,
    role: Role,
) -> Result<(), LedgerError> {
    const CHANGE: Word = Word::new("change_account");
    if row.patient_id.is_some() {
        return record_patient(house, session, row.patient_id, CHANGE).await;
    }
    let reason = match role {
        _ if role == row.role => "same-role",
        Role::Admin => "role-admin",
        Role::Therapist => "role-therapist",
        Role::Patient => "role-patient",
        Role::Billing => "role-billing",
        Role::FrontDesk => "role-front_desk",
        Role::PrivacyOfficer => "role-privacy_officer",
        Role::Operator => "role-operator",
        Role::Researcher => "role-researcher",
    };
    let account = resource(Word::new("account"), row.account_id);
    house.record(session, Event { reason: Word::new(reason), ..Event::done(CHANGE, account) }).await.map(|_| ())
}

async fn view(
    house: &House,
    grant: &PracticeGrant<'_, Govern>,
    row: AccountRow,
) -> Result<AccountView, DirectoryError> {
    let name = house.vault.open_directory(grant.session(), row.account_id, &row.display_name).await?;
    let email = house.vault.open_directory(grant.session(), row.account_id, &row.email).await?;
    Ok(AccountView {
        account_id: row.account_id,
        role: row.role,
        state: row.state,
        display_name: name.expose().as_str().to_owned(),
        email: email.expose().as_str().to_owned(),
        patient_id: row.patient_id,
        created_at: row.created_at,
        version: row.version,
    })
}
