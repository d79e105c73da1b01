//! Accepting an invitation: from the secret of the link to a password and a first factor. Never to a session.

use super::enroll::{EnrollError, FirstFactor, enroll};
use crate::{Actor, Event, House, sign_in::CEREMONY};
use crypto::Zeroizing;
use domain::Role;
use identity::{
    Bootstrap, Enrolled, Enrollment, FactorKind, InvitationSecret, NewPassword, Origin, PasskeyError, Password,
    Registration, TokenLabel, TotpError, TotpSecret, WeakPassword, accepted_factors,
};
use ledger::{LedgerError, Resource, Word};
use phi::{KeyError, VaultError};
use serde_json::Value;
use store::{
    Batch, CommitError, StoreError,
    rows::{
        accounts::{self, AccountRow},
        ceremonies::{self, CeremonyRow},
        invitations, practices,
        totp_factors::{self, TotpRow},
    },
};

const REGISTER: &str = "join";

/// An invitation, as the invited person sees it.
pub struct InvitationView {
    /// What the account is for.
    pub role: Role,
    /// Who is invited.
    pub display_name: String,
    /// The address that will sign in.
    pub email: String,
    /// The practice that invites.
    pub practice: String,
    /// Which factor the account needs: a passkey for administrators once the practice is set up, else a code generator.
    pub factor: FactorKind,
    /// The generator that was begun and awaits its first code.
    pub pending: Option<PendingTotp>,
}

/// A code generator that awaits its first code.
pub struct PendingTotp {
    /// Its secret, base32.
    pub secret: Zeroizing<String>,
    /// The same as an address that authenticator apps read.
    pub uri: Zeroizing<String>,
}

/// Why an invitation was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// There is no such invitation, it was used, or it has ended: nobody outside can tell which.
    #[error("the invitation is not valid")]
    NotValid,
    /// The password may not be chosen.
    #[error("the password is too weak")]
    Weak(WeakPassword),
    /// The code, or the answer of the passkey, is not right.
    #[error("the factor could not be confirmed")]
    NotConfirmed,
    /// No generator or passkey was begun.
    #[error("there is nothing under way to confirm")]
    NothingPending,
    /// The account needs another kind of factor.
    #[error("the account needs another kind of factor")]
    AnotherFactor,
    /// A label is not one to show.
    #[error("the label must be 1 to 60 characters on one line")]
    Label,
    /// It could not be recorded, so it was not done.
    #[error("it could not be recorded")]
    Unrecorded(#[from] LedgerError),
    /// A store did not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It could not be stored.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A sealed field did not open.
    #[error(transparent)]
    Vault(#[from] VaultError),
    /// A stored generator is damaged.
    #[error(transparent)]
    Totp(TotpError),
    /// A stored ceremony is damaged.
    #[error(transparent)]
    Passkey(PasskeyError),
    /// Nothing was enrolled.
    #[error(transparent)]
    Enroll(#[from] EnrollError),
}

/// What is known once the secret was accepted.
struct Invitee {
    enrollment: Enrollment,
    row: AccountRow,
    factor: FactorKind,
    practice: String,
}

async fn invitee(house: &House, secret: &str) -> Result<Invitee, JoinError> {
    let db = &house.stores.identity;
    let secret = InvitationSecret::parse(secret).map_err(|_| JoinError::NotValid)?;
    let record = invitations::by_secret(db, &secret.hash()).await?.ok_or(JoinError::NotValid)?;
    let accepted = house.sessions.accept(&secret, &record, house.clock.now());
    let enrollment = accepted.map_err(|_| JoinError::NotValid)?;
    let (practice, account) = (enrollment.practice(), enrollment.account());
    let row = accounts::by_id(db, practice, account).await?.ok_or(JoinError::NotValid)?;
    if row.state == accounts::AccountState::Disabled {
        return Err(JoinError::NotValid);
    }
    let home = practices::by_id(db, practice).await?.ok_or(JoinError::NotValid)?;
    let bootstrap = if home.bootstrap_open { Bootstrap::Open } else { Bootstrap::Closed };
    let with_totp = Enrolled { totp: true, ..Enrolled::default() };
    let by_code = accepted_factors(account, row.role, with_totp, bootstrap).contains(FactorKind::Totp);
    let factor = if by_code { FactorKind::Totp } else { FactorKind::Passkey };
    Ok(Invitee { enrollment, row, factor, practice: home.name })
}

/// Shows an invitation to whoever has its secret.
pub async fn invitation(house: &House, secret: &str) -> Result<InvitationView, JoinError> {
    let invitee = invitee(house, secret).await?;
    let (display_name, email) = names(house, &invitee).await?;
    let pending = pending(house, &invitee).await?;
    let pending =
        pending.map(|totp| PendingTotp { uri: totp.provisioning_uri("Patella", &email), secret: totp.base32() });
    let Invitee { row, factor, practice, .. } = invitee;
    Ok(InvitationView { role: row.role, display_name, email, practice, factor, pending })
}

/// Begins a code generator, in place of an earlier one that was not confirmed.
pub async fn begin_totp(house: &House, secret: &str, origin: Origin) -> Result<PendingTotp, JoinError> {
    let invitee = invitee(house, secret).await?;
    if invitee.factor != FactorKind::Totp {
        return Err(JoinError::AnotherFactor);
    }
    let (practice_id, account_id) = (invitee.row.practice_id, invitee.row.account_id);
    record(house, &invitee, Word::new("begin_totp"), origin).await?;
    let totp = TotpSecret::random(account_id, &*house.rng);
    let stored = totp.to_stored().to_vec();
    let row = TotpRow {
        practice_id,
        account_id,
        secret: house.vault.seal(practice_id, account_id, TotpRow::row_id(account_id), &stored).await?,
        last_step: None,
        created_at: house.clock.now(),
        confirmed_at: None,
    };
    house.stores.identity.commit(totp_factors::replace(Batch::new(), &row)).await?;
    let (_, email) = names(house, &invitee).await?;
    Ok(PendingTotp { uri: totp.provisioning_uri("Patella", &email), secret: totp.base32() })
}

/// Accepts with a password and the first code of the generator that was begun. Gives the recovery codes, shown once.
pub async fn accept_with_totp(
    house: &House,
    secret: &str,
    password: Password,
    code: &str,
    origin: Origin,
) -> Result<Vec<Zeroizing<String>>, JoinError> {
    let invitee = invitee(house, secret).await?;
    if invitee.factor != FactorKind::Totp {
        return Err(JoinError::AnotherFactor);
    }
    let password = chosen(house, &invitee, password).await?;
    let totp = pending(house, &invitee).await?.ok_or(JoinError::NothingPending)?;
    let (_, step) = totp.verify(code, None, house.clock.now()).map_err(|_| JoinError::NotConfirmed)?;
    record(house, &invitee, Word::new("accept_invitation"), origin).await?;
    Ok(enroll(house, &invitee.enrollment, password, FirstFactor::Totp { secret: totp, step }).await?)
}

/// Begins to register a passkey: the options for `navigator.credentials.create()`.
pub async fn begin_passkey(house: &House, secret: &str, origin: Origin) -> Result<Value, JoinError> {
    let invitee = invitee(house, secret).await?;
    record(house, &invitee, Word::new("begin_passkey"), origin).await?;
    let (practice_id, account_id, now) = (invitee.row.practice_id, invitee.row.account_id, house.clock.now());
    let (name, email) = names(house, &invitee).await?;
    let begun = house.passkeys.start_registration(&invitee.enrollment, &email, &name, &[], now);
    let (options, state) = begun.map_err(JoinError::Passkey)?;
    let ceremony_id = ceremony(&invitee);
    let state = state.to_stored().to_vec();
    let row = CeremonyRow {
        ceremony_id,
        practice_id,
        account_id,
        kind: REGISTER.to_owned(),
        state: house.vault.seal(practice_id, account_id, CeremonyRow::row_id(ceremony_id), &state).await?,
        expires_at: now.checked_add(CEREMONY).unwrap_or(now),
    };
    house.stores.identity.commit(ceremonies::begin(Batch::new(), &row, now)).await?;
    Ok(options)
}

/// Accepts with a password and what the authenticator answered. Gives the recovery codes, shown once.
pub async fn accept_with_passkey(
    house: &House,
    secret: &str,
    password: Password,
    label: &str,
    answer: &Value,
    origin: Origin,
) -> Result<Vec<Zeroizing<String>>, JoinError> {
    let invitee = invitee(house, secret).await?;
    let (practice, account, now) = (invitee.row.practice_id, invitee.row.account_id, house.clock.now());
    let label = TokenLabel::new(label).map_err(|_| JoinError::Label)?.as_str().to_owned();
    let password = chosen(house, &invitee, password).await?;
    let db = &house.stores.identity;
    let row = ceremonies::current(db, ceremony(&invitee), now).await?;
    let row = row.filter(|row| row.kind == REGISTER && row.account_id == account).ok_or(JoinError::NothingPending)?;
    let state = house.vault.open_credential(practice, account, &row.state).await?;
    let state = Registration::from_stored(state.expose()).map_err(JoinError::Passkey)?;
    // A challenge is good for one answer, right or wrong.
    db.commit(ceremonies::use_up(Batch::new(), ceremony(&invitee))).await?;
    let finished = house.passkeys.finish_registration(&invitee.enrollment, state, answer, &[], now, &*house.rng);
    let passkey = Box::new(finished.map_err(|_| JoinError::NotConfirmed)?);
    record(house, &invitee, Word::new("accept_invitation"), origin).await?;
    Ok(enroll(house, &invitee.enrollment, password, FirstFactor::Passkey { passkey, label }).await?)
}

/// The ceremony of an invitation has its id.
fn ceremony(invitee: &Invitee) -> [u8; 16] {
    invitee.enrollment.invitation().map_or([0; 16], |id| *id.as_bytes())
}

async fn pending(house: &House, invitee: &Invitee) -> Result<Option<TotpSecret>, JoinError> {
    let (practice, account) = (invitee.row.practice_id, invitee.row.account_id);
    let row = totp_factors::of_account(&house.stores.identity, practice, account).await?;
    let Some(row) = row.filter(|row| row.confirmed_at.is_none() && invitee.factor == FactorKind::Totp) else {
        return Ok(None);
    };
    let stored = house.vault.open_credential(practice, account, &row.secret).await?;
    TotpSecret::from_stored(account, stored.expose()).map(Some).map_err(JoinError::Totp)
}

/// Name and address, opened for the invited person, who was just told apart by the secret of the link.
async fn names(house: &House, invitee: &Invitee) -> Result<(String, String), JoinError> {
    let name = house.vault.open_invited(&invitee.enrollment, &invitee.row.display_name).await?;
    let email = house.vault.open_invited(&invitee.enrollment, &invitee.row.email).await?;
    Ok((name.expose().as_str().to_owned(), email.expose().as_str().to_owned()))
}

async fn chosen(house: &House, invitee: &Invitee, password: Password) -> Result<NewPassword, JoinError> {
    let (name, email) = names(house, invitee).await?;
    NewPassword::new(password, &[&name, &email]).map_err(JoinError::Weak)
}

async fn record(house: &House, invitee: &Invitee, action: Word, origin: Origin) -> Result<(), JoinError> {
    let actor = Actor {
        practice: Some(invitee.row.practice_id),
        account: Some(invitee.row.account_id),
        role: Some(invitee.row.role),
        login_session: None,
    };
    house.record_as(actor, origin, Event::done(action, Resource::whole(Word::new("account")))).await?;
    Ok(())
}
