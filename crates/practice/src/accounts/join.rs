//! Accepting an invitation: from the secret of the link to a password and a first factor. Never to a session.

use super::enroll::{EnrollError, FirstFactor, enroll};
use crate::{
    Actor, Event, House, HouseError,
    house::through_house,
    sign_in::{Attempt, AttemptError, CEREMONY, Ceremony, Tried},
};
use crypto::Zeroizing;
use domain::Role;
use identity::{
    Bootstrap, Enrolled, Enrollment, FactorKind, InvitationSecret, NewPassword, Origin, Password, Registration,
    TokenLabel, TotpSecret, WeakPassword, accepted_factors,
};
use ledger::{Resource, Word};
use serde_json::Value;
use std::time::Duration;
use store::{
    Batch,
    rows::{
        accounts::{self, AccountRow},
        invitations, practices,
    },
};

const BEGIN: Word = Word::new("begin_enrollment");
const BEGIN_TOTP: Word = Word::new("begin_totp");
const BEGIN_PASSKEY: Word = Word::new("begin_passkey");
const ACCEPT: Word = Word::new("accept_invitation");
const ACCOUNT: Resource = Resource::whole(Word::new("account"));

const REGISTER: &str = "join";
const GENERATE: &str = "join-totp";
/// How long a code generator that was begun waits for its first code: long enough to find and install an app.
const GENERATOR: Duration = Duration::from_secs(30 * 60);

/// An invitation, as whoever opens its link sees it: not yet who is invited, since looking leaves no entry.
pub struct InvitationView {
    /// The practice that invites.
    pub practice: String,
    /// Which factor the account needs: a passkey for administrators once the practice is set up, else a code generator.
    pub factor: FactorKind,
}

/// Who is invited, told with the step that is recorded.
pub struct InviteeView {
    /// What the account is for.
    pub role: Role,
    /// Who is invited.
    pub display_name: String,
    /// The address that will sign in.
    pub email: String,
}

/// A code generator that awaits its first code.
pub struct PendingTotp {
    /// Who is invited.
    pub invitee: InviteeView,
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
    /// Nothing was enrolled.
    #[error(transparent)]
    Enroll(#[from] EnrollError),
    /// The step was tried too often, or the tries could not be counted.
    #[error(transparent)]
    Tried(#[from] AttemptError),
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
}

through_house!(JoinError);

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
    let Invitee { factor, practice, .. } = invitee(house, secret).await?;
    Ok(InvitationView { practice, factor })
}

/// Begins to accept with a passkey: who is invited. The ceremony itself begins with [`begin_passkey`].
pub async fn begin(house: &House, secret: &str, origin: Origin) -> Result<InviteeView, JoinError> {
    let invitee = invitee(house, secret).await?;
    step(house, &invitee, BEGIN, origin).await?;
    record(house, &invitee, BEGIN, origin).await?;
    who(house, &invitee).await
}

/// Begins a code generator, in place of an earlier one that was begun with the same invitation. A generator that the
/// account has works on until the new one has shown its first code.
pub async fn begin_totp(house: &House, secret: &str, origin: Origin) -> Result<PendingTotp, JoinError> {
    let invitee = invitee(house, secret).await?;
    if invitee.factor != FactorKind::Totp {
        return Err(JoinError::AnotherFactor);
    }
    step(house, &invitee, BEGIN_TOTP, origin).await?;
    record(house, &invitee, BEGIN_TOTP, origin).await?;
    let totp = TotpSecret::random(invitee.row.account_id, &*house.rng);
    ceremony(&invitee, GENERATE).begin(house, totp.to_stored(), GENERATOR).await?;
    let invitee = who(house, &invitee).await?;
    let uri = totp.provisioning_uri("Patella", &invitee.email);
    Ok(PendingTotp { uri, secret: totp.base32(), invitee })
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
    step(house, &invitee, ACCEPT, origin).await?;
    let password = chosen(house, &invitee, password).await?;
    let totp = pending(house, &invitee).await?.ok_or(JoinError::NothingPending)?;
    let Ok((_, step)) = totp.verify(code, None, house.clock.now()) else {
        return Err(refuse(house, &invitee, "wrong-code", origin).await);
    };
    record(house, &invitee, ACCEPT, origin).await?;
    Ok(enroll(house, &invitee.enrollment, password, FirstFactor::Totp { secret: totp, step }).await?)
}

/// Begins to register a passkey: the options for `navigator.credentials.create()`.
pub async fn begin_passkey(house: &House, secret: &str, origin: Origin) -> Result<Value, JoinError> {
    let invitee = invitee(house, secret).await?;
    step(house, &invitee, BEGIN_PASSKEY, origin).await?;
    record(house, &invitee, BEGIN_PASSKEY, origin).await?;
    let (name, email) = names(house, &invitee).await?;
    let begun = house.passkeys.start_registration(&invitee.enrollment, &email, &name, &[], house.clock.now());
    let (options, state) = begun.map_err(HouseError::Passkey)?;
    ceremony(&invitee, REGISTER).begin(house, state.to_stored(), CEREMONY).await?;
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
    let label = TokenLabel::new(label).map_err(|_| JoinError::Label)?.as_str().to_owned();
    step(house, &invitee, ACCEPT, origin).await?;
    let password = chosen(house, &invitee, password).await?;
    let ceremony = ceremony(&invitee, REGISTER);
    let state = ceremony.state(house).await?.ok_or(JoinError::NothingPending)?;
    let state = Registration::from_stored(state.expose()).map_err(HouseError::Passkey)?;
    // A challenge is good for one answer, right or wrong.
    house.stores.identity.commit(ceremony.use_up(Batch::new())).await?;
    let now = house.clock.now();
    let finished = house.passkeys.finish_registration(&invitee.enrollment, state, answer, &[], now, &*house.rng);
    let Ok(passkey) = finished.map(Box::new) else {
        return Err(refuse(house, &invitee, "wrong-passkey", origin).await);
    };
    record(house, &invitee, ACCEPT, origin).await?;
    Ok(enroll(house, &invitee.enrollment, password, FirstFactor::Passkey { passkey, label }).await?)
}

/// The ceremony of an invitation has its id.
fn ceremony(invitee: &Invitee, kind: &'static str) -> Ceremony {
    let id = invitee.enrollment.invitation().map_or([0; 16], |id| *id.as_bytes());
    Ceremony { id, practice: invitee.row.practice_id, account: invitee.row.account_id, kind }
}

/// The generator that was begun with this invitation and awaits its first code.
async fn pending(house: &House, invitee: &Invitee) -> Result<Option<TotpSecret>, JoinError> {
    let Some(state) = ceremony(invitee, GENERATE).state(house).await? else { return Ok(None) };
    let secret = TotpSecret::from_stored(invitee.row.account_id, state.expose());
    Ok(Some(secret.map_err(HouseError::Totp)?))
}

async fn who(house: &House, invitee: &Invitee) -> Result<InviteeView, JoinError> {
    let (display_name, email) = names(house, invitee).await?;
    Ok(InviteeView { role: invitee.row.role, display_name, email })
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

/// Counts a step: whoever holds a link guesses nothing with it, and fills no disk either.
async fn step(house: &House, invitee: &Invitee, action: Word, origin: Origin) -> Result<(), JoinError> {
    let Some(invitation) = invitee.enrollment.invitation() else { return Ok(()) };
    let tried = Tried { actor: Actor::of_account(&invitee.row), action, resource: ACCOUNT };
    Attempt::count_steps(house, house.indexes.invitation(invitation), origin, tried).await?;
    Ok(())
}

async fn record(house: &House, invitee: &Invitee, action: Word, origin: Origin) -> Result<(), JoinError> {
    house.record_as(Actor::of_account(&invitee.row), origin, Event::done(action, ACCOUNT)).await?;
    Ok(())
}

/// Records that a factor was not confirmed; gives what the caller is told.
async fn refuse(house: &House, invitee: &Invitee, reason: &'static str, origin: Origin) -> JoinError {
    let event = Event::refused(ACCEPT, ACCOUNT, Word::new(reason));
    let recorded = house.record_as(Actor::of_account(&invitee.row), origin, event).await;
    recorded.map_or_else(Into::into, |_| JoinError::NotConfirmed)
}
