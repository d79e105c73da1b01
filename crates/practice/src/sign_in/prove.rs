//! The factor: from a half session to a full one, or from a full one to one with a fresh factor. Both go on under a new
//! token and a new id.

use super::{Attempt, Factors, SignInError, Tried, factors, login_session};
use crate::{
    Actor, Event, House, HouseError,
    training::{self, Admission, Untrained},
};
use domain::{AccountId, LoginSessionId, PracticeId, Role, Timestamp};
use identity::{
    AcceptedFactors, FactorKind, FactorProof, Full, Half, Origin, PromoteError, Session, SessionRecord, SessionToken,
    TotpError, TotpSecret,
};
use ledger::{Outcome, Word};
use store::{
    Batch, CommitError,
    rows::{accounts, emergencies, login_sessions, recovery_codes, totp_factors},
};

/// In which session a factor is proven.
pub enum Proving<'s> {
    /// After the password: becomes a full session.
    SigningIn(Session<Half>),
    /// Signed in already: the factor becomes fresh.
    SteppingUp(&'s Session<Full>),
}

/// A factor that was taken.
pub struct Promoted {
    /// What the cookie holds from now on.
    pub token: SessionToken,
    /// What the account is for.
    pub role: Role,
    /// The factor.
    pub factor: FactorKind,
}

impl Proving<'_> {
    pub(super) const fn id(&self) -> LoginSessionId {
        match self {
            Self::SigningIn(session) => session.id(),
            Self::SteppingUp(session) => session.id(),
        }
    }
    pub(super) const fn practice(&self) -> PracticeId {
        match self {
            Self::SigningIn(session) => session.practice(),
            Self::SteppingUp(session) => session.practice(),
        }
    }
    pub(super) const fn account(&self) -> AccountId {
        match self {
            Self::SigningIn(session) => session.account(),
            Self::SteppingUp(session) => session.account(),
        }
    }
    const fn factor_asked_at(&self) -> Option<Timestamp> {
        match self {
            Self::SigningIn(session) => session.factor_asked_at(),
            Self::SteppingUp(session) => session.factor_asked_at(),
        }
    }
    const fn role(&self) -> Role {
        match self {
            Self::SigningIn(session) => session.role(),
            Self::SteppingUp(session) => session.role(),
        }
    }
    const fn origin(&self) -> Origin {
        match self {
            Self::SigningIn(session) => session.origin(),
            Self::SteppingUp(session) => session.origin(),
        }
    }
    const fn action(&self) -> Word {
        match self {
            Self::SigningIn(_) => Word::new("sign_in"),
            Self::SteppingUp(_) => Word::new("step_up"),
        }
    }
    /// How many tries stand behind the session that comes out: password and factor, or the factor alone.
    const fn tries(&self) -> u32 {
        match self {
            Self::SigningIn(_) => 2,
            Self::SteppingUp(_) => 1,
        }
    }
    const fn actor(&self) -> Actor {
        match self {
            Self::SigningIn(session) => Actor::of_session(session),
            Self::SteppingUp(session) => Actor::of_session(session),
        }
    }
    fn promote(
        self,
        house: &House,
        proof: FactorProof,
        accepted: &AcceptedFactors,
    ) -> Result<(SessionToken, SessionRecord), PromoteError> {
        let (now, rng) = (house.clock.now(), &*house.rng);
        match self {
            Self::SigningIn(session) => house.sessions.promote(session, proof, accepted, now, rng),
            Self::SteppingUp(session) => house.sessions.refresh_factor(session, proof, accepted, now, rng),
        }
    }
}

/// A factor under way: what was counted, and what the account has.
pub(super) struct Begun {
    attempt: Attempt,
    pub(super) factors: Factors,
}

/// Proves a code of the authenticator app.
pub async fn with_totp(house: &House, proving: Proving<'_>, code: &str) -> Result<Promoted, SignInError> {
    let begun = begin(house, &proving).await?;
    let (practice, account, now) = (proving.practice(), proving.account(), house.clock.now());
    let Some(row) = &begun.factors.totp else { return Err(refuse(house, &proving, "no-such-factor").await) };
    let stored = house.vault.open_credential(practice, account, &row.secret).await?;
    let secret = TotpSecret::from_stored(account, stored.expose()).map_err(HouseError::Totp)?;
    match secret.verify(code, row.last_step, now) {
        Ok((proof, step)) => {
            let used = totp_factors::use_step(Batch::new(), practice, account, step, now);
            finish(house, proving, begun, proof, used).await
        }
        Err(TotpError::Replayed) => Err(refuse(house, &proving, "used-code").await),
        Err(TotpError::Wrong | TotpError::NotThisAccounts) => Err(refuse(house, &proving, "wrong-code").await),
    }
}

/// Proves a recovery code, which is used up.
pub async fn with_recovery_code(house: &House, proving: Proving<'_>, code: &str) -> Result<Promoted, SignInError> {
    let begun = begin(house, &proving).await?;
    let (practice, account, now) = (proving.practice(), proving.account(), house.clock.now());
    match house.recovery.verify(account, code, &begun.factors.recovery_codes, now) {
        Ok((proof, hash)) => {
            let used = recovery_codes::use_up(Batch::new(), practice, account, &hash, now);
            finish(house, proving, begun, proof, used).await
        }
        Err(_) => Err(refuse(house, &proving, "wrong-code").await),
    }
}

/// Counts the try before it is looked at.
pub(super) async fn begin(house: &House, proving: &Proving<'_>) -> Result<Begun, SignInError> {
    if matches!(proving, Proving::SteppingUp(session) if session.token().is_some()) {
        return Err(SignInError::ApiToken);
    }
    let (practice, account) = (proving.practice(), proving.account());
    let row = accounts::by_id(&house.stores.identity, practice, account).await?.ok_or(SignInError::Over)?;
    let tried = Tried { actor: proving.actor(), action: proving.action(), resource: login_session(proving.id()) };
    let attempt = Attempt::count(house, row.email_index, proving.origin(), tried).await?;
    let factors = factors(house, practice, account, proving.role()).await?;
    Ok(Begun { attempt, factors })
}

/// Records, then in one write ends the old session, stores the new one, and uses up what was proven.
pub(super) async fn finish(
    house: &House,
    proving: Proving<'_>,
    begun: Begun,
    proof: FactorProof,
    used: Batch,
) -> Result<Promoted, SignInError> {
    let (practice, account, role, old) = (proving.practice(), proving.account(), proving.role(), proving.id());
    let asked = proving.factor_asked_at();
    let (actor, origin, action, tries) = (proving.actor(), proving.origin(), proving.action(), proving.tries());
    let factor = proof.kind();
    let entry = |outcome, reason, session| Event {
        action: action.clone(),
        resource: login_session(session),
        patient: None,
        outcome,
        reason: Word::new(reason),
    };
    let (token, record) = match proving.promote(house, proof, &begun.factors.accepted) {
        Ok(promoted) => promoted,
        Err(error) => {
            let (reason, answer) = match error {
                PromoteError::NotAccepted => ("factor-not-accepted", SignInError::Refused),
                PromoteError::AnotherAccount => ("another-account", SignInError::Refused),
                PromoteError::Expired => ("expired", SignInError::Over),
                PromoteError::ApiToken => ("api-token", SignInError::ApiToken),
            };
            house.record_as(actor, origin, entry(Outcome::Denied, reason, old)).await?;
            return Err(answer);
        }
    };
    let alone = match training::admission(house, practice, account, role).await? {
        Admission::Admitted => false,
        Admission::NobodyElse { .. } => true,
        Admission::Barred(courses) => {
            // Told only now, when it is known who asks. What was proven is used up, and the session is over.
            let recorded = house.record_as(actor, origin, entry(Outcome::Denied, "training-overdue", old)).await?;
            let batch = login_sessions::rotate_out(Batch::new(), practice, account, old, asked).and(used);
            return match house.stores.identity.commit(begun.attempt.succeeded(batch, tries)).await {
                Ok(()) => Err(SignInError::Untrained(Untrained { practice, account, courses, recorded })),
                Err(CommitError::Conflict { .. }) => Err(SignInError::Refused),
                Err(other) => Err(other.into()),
            };
        }
    };
    let reason = match factor {
        FactorKind::Totp => "totp",
        FactorKind::Passkey => "passkey",
        FactorKind::RecoveryCode => "recovery-code",
    };
    house.record_as(actor, origin, entry(Outcome::Allowed, reason, record.id)).await?;
    if alone {
        let event = Event::done(Word::new("admit_untrained"), login_session(record.id));
        let event = Event { reason: Word::new("nobody-else-records-training"), ..event };
        house.record_as(actor, origin, event).await?;
    }
    let batch = login_sessions::rotate_out(Batch::new(), practice, account, old, asked);
    let batch = emergencies::move_on(login_sessions::insert(batch, &record), practice, old, record.id).and(used);
    match house.stores.identity.commit(begun.attempt.succeeded(batch, tries)).await {
        Ok(()) => Ok(Promoted { token, role: record.role, factor }),
        // The same code, key or session was used by another request at the same time.
        Err(CommitError::Conflict { .. }) => {
            house.record_as(actor, origin, entry(Outcome::Failed, "used-already", record.id)).await?;
            Err(SignInError::Refused)
        }
        Err(other) => Err(other.into()),
    }
}

/// Records a refusal; gives what the caller is told.
pub(super) async fn refuse(house: &House, proving: &Proving<'_>, reason: &'static str) -> SignInError {
    let event = Event::refused(proving.action(), login_session(proving.id()), Word::new(reason));
    let recorded = house.record_as(proving.actor(), proving.origin(), event).await;
    recorded.map_or_else(Into::into, |_| SignInError::Refused)
}
