//! Starts, promotes and resumes login sessions.

use crate::{
    AcceptedFactors, AccountClaims, FactorProof, Full, Half, Origin, PasswordProof, Session, SessionRecord,
    SessionToken,
};
use crypto::Key;
use domain::{LoginSessionId, Rng, Role, Timestamp};
use std::time::Duration;

/// How far a stored moment may lie ahead of this node's clock: several nodes share the rows, and clocks are set back.
const CLOCK_SKEW: Duration = Duration::from_secs(60);
/// How old `last_seen` grows before it is written again.
const TOUCH_EVERY: Duration = Duration::from_secs(60);

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Staff are signed out after this much time without a request. 15 minutes: a screen left alone in a treatment
    /// room (45 CFR 164.312(a)(2)(iii) asks for automatic log-off; NIST SP 800-63B 4.2.3 says 30 minutes for AAL2).
    pub idle_staff: Duration,
    /// Patients are signed out after this much time without a request. 30 minutes, NIST's bound: long enough to do a
    /// program of exercises with the page open.
    pub idle_patient: Duration,
    /// Everybody is signed out this long after the password was proven. 12 hours (NIST SP 800-63B 4.2.3).
    pub absolute: Duration,
    /// A half session must be promoted within this. 10 minutes: time to find the telephone.
    pub half: Duration,
    /// How long a proven factor counts as fresh for what needs one (break-glass, API tokens, changing factors). 5
    /// minutes.
    pub fresh_factor: Duration,
}

impl Default for SessionLimits {
    fn default() -> Self {
        const MINUTE: u64 = 60;
        Self {
            idle_staff: Duration::from_secs(15 * MINUTE),
            idle_patient: Duration::from_secs(30 * MINUTE),
            absolute: Duration::from_secs(12 * 60 * MINUTE),
            half: Duration::from_secs(10 * MINUTE),
            fresh_factor: Duration::from_secs(5 * MINUTE),
        }
    }
}

/// Why no session was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StartError {
    /// The password was another account's.
    #[error("the password was proven for another account")]
    AnotherAccount,
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
    /// A patient's account without a patient, or a patient on another role's account.
    #[error("the account's role and its patient do not go together")]
    Inconsistent,
}

/// Why a factor did not make a full session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PromoteError {
    /// The factor, or the list of accepted ones, is another account's.
    #[error("the factor was proven for another account")]
    AnotherAccount,
    /// This kind of factor does not open this account.
    #[error("this kind of factor is not accepted for the account")]
    NotAccepted,
    /// The half session is over, or the full one has reached its absolute limit, or the proof lies too far back.
    #[error("the session is over")]
    Expired,
    /// An API token's session cannot prove factors.
    #[error("an API token cannot step up")]
    ApiToken,
}

/// Why a stored session was not resumed. Callers answer the same to all of them; the ledger gets the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// The token is not this row's.
    #[error("the token does not belong to the session")]
    WrongToken,
    /// The row was not written by this system, or was changed since.
    #[error("the session's record is not genuine")]
    Forged,
    /// Too long since the last request.
    #[error("the session was idle for too long")]
    Idle,
    /// Too long since sign-in (or, for a half session, since the password).
    #[error("the session is over")]
    Expired,
    /// The account's practice, role or patient changed since sign-in.
    #[error("the account has changed")]
    AccountChanged,
    /// The account is disabled.
    #[error("the account is disabled")]
    Disabled,
}

/// A session read back from its row.
pub enum Resumed {
    /// Only the password was proven.
    Half(Session<Half>),
    /// Password and factor were proven.
    Full(Session<Full>),
}

impl Resumed {
    /// The full session; none when only the password was proven.
    pub fn full(self) -> Option<Session<Full>> {
        match self {
            Self::Full(session) => Some(session),
            Self::Half(_) => None,
        }
    }
    /// The half session; none when it is a full one.
    pub fn half(self) -> Option<Session<Half>> {
        match self {
            Self::Half(session) => Some(session),
            Self::Full(_) => None,
        }
    }
}

/// Starts, promotes and resumes login sessions, API tokens and invitations; holds the key that authenticates their
/// rows.
pub struct SessionKeeper {
    pub(crate) session_key: Key,
    pub(crate) token_key: Key,
    pub(crate) invitation_key: Key,
    pub(crate) limits: SessionLimits,
}

impl SessionKeeper {
    /// `key` is the root's branch "session mac".
    pub fn new(key: &Key, limits: SessionLimits) -> Self {
        Self {
            session_key: key.derive("login session", &[]),
            token_key: key.derive("api token", &[]),
            invitation_key: key.derive("invitation", &[]),
            limits,
        }
    }

    /// The limits in force.
    pub const fn limits(&self) -> &SessionLimits {
        &self.limits
    }

    /// After a right password: a half session and the token for its cookie. The caller stores the record.
    pub fn start(
        &self,
        proof: PasswordProof,
        claims: &AccountClaims,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(SessionToken, SessionRecord), StartError> {
        if proof.account() != claims.account {
            return Err(StartError::AnotherAccount);
        }
        if !claims.active {
            return Err(StartError::Disabled);
        }
        if claims.patient.is_some() && claims.role != Role::Patient {
            return Err(StartError::Inconsistent);
        }
        let token = SessionToken::random(rng);
        let record = SessionRecord {
            id: LoginSessionId::random(rng),
            token_hash: token.hash(),
            practice: claims.practice,
            account: claims.account,
            role: claims.role,
            patient: claims.patient,
            created_at: now,
            factor: None,
            last_seen: now,
            factor_asked_at: None,
            mac: [0; 32],
        };
        Ok((token, record.sign(&self.session_key)))
    }

    /// Turns a half session and a factor into a full session, under a new token and a new id.
    ///
    /// In one write the caller deletes the row `session.id()`, stores the new record, and uses up what was proven
    /// (the TOTP step, the recovery code, the passkey's counter).
    pub fn promote(
        &self,
        session: Session<Half>,
        proof: FactorProof,
        accepted: &AcceptedFactors,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(SessionToken, SessionRecord), PromoteError> {
        if passed(session.created_at, self.limits.half, now) {
            return Err(PromoteError::Expired);
        }
        self.with_factor(&session, proof, accepted, now, rng)
    }

    /// Step-up: a full session proves a factor again, and goes on under a new token and a new id.
    /// The absolute limit still counts from the password. The caller writes as for [`promote`](Self::promote).
    pub fn refresh_factor(
        &self,
        session: &Session<Full>,
        proof: FactorProof,
        accepted: &AcceptedFactors,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(SessionToken, SessionRecord), PromoteError> {
        if session.token.is_some() {
            return Err(PromoteError::ApiToken);
        }
        self.with_factor(session, proof, accepted, now, rng)
    }

    fn with_factor<L: crate::Level>(
        &self,
        session: &Session<L>,
        proof: FactorProof,
        accepted: &AcceptedFactors,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(SessionToken, SessionRecord), PromoteError> {
        if proof.account() != session.account || accepted.account() != session.account {
            return Err(PromoteError::AnotherAccount);
        }
        if !accepted.contains(proof.kind()) {
            return Err(PromoteError::NotAccepted);
        }
        let stale = passed(proof.at(), self.limits.fresh_factor, now);
        if stale || passed(session.created_at, self.limits.absolute, now) {
            return Err(PromoteError::Expired);
        }
        let token = SessionToken::random(rng);
        let record = SessionRecord {
            id: LoginSessionId::random(rng),
            token_hash: token.hash(),
            practice: session.practice,
            account: session.account,
            role: session.role,
            patient: session.patient,
            created_at: session.created_at,
            factor: Some(proof.used()),
            last_seen: now,
            factor_asked_at: None,
            mac: [0; 32],
        };
        Ok((token, record.sign(&self.session_key)))
    }

    /// Reads a stored session back: checks the token, that the row is genuine, the limits, and that the account is
    /// still what it was at sign-in. `current` is the account row, read for this request.
    pub fn resume(
        &self,
        token: &SessionToken,
        record: &SessionRecord,
        current: &AccountClaims,
        now: Timestamp,
        origin: Origin,
    ) -> Result<Resumed, SessionError> {
        if !crypto::same(&token.hash(), &record.token_hash) {
            return Err(SessionError::WrongToken);
        }
        if !record.is_genuine(&self.session_key) {
            return Err(SessionError::Forged);
        }
        let was = (record.practice, record.account, record.role, record.patient);
        unchanged(was, current)?;
        let ahead = [Some(record.created_at), Some(record.last_seen), record.factor.map(|factor| factor.at)];
        if ahead.into_iter().flatten().any(|at| is_ahead(at, now)) {
            return Err(SessionError::Expired);
        }
        let idle = if record.role == Role::Patient { self.limits.idle_patient } else { self.limits.idle_staff };
        let whole = if record.factor.is_some() { self.limits.absolute } else { self.limits.half };
        if passed(record.created_at, whole, now) {
            return Err(SessionError::Expired);
        }
        if passed(record.last_seen, idle, now) {
            return Err(SessionError::Idle);
        }
        Ok(match record.factor {
            Some(_) => Resumed::Full(Session::from_record(record, origin)),
            None => Resumed::Half(Session::from_record(record, origin)),
        })
    }

    /// The record with `last_seen` brought up to now; none while it is less than a minute old, so that a busy session
    /// costs one write a minute. The caller updates `last_seen` and `mac` together, where `id` still stands (a session
    /// that was signed out in the meantime must not come back), and only after [`resume`](Self::resume) was satisfied.
    pub fn touch(&self, record: &SessionRecord, now: Timestamp) -> Option<SessionRecord> {
        if !record.is_genuine(&self.session_key) || !passed(record.last_seen, TOUCH_EVERY, now) {
            return None;
        }
        Some(SessionRecord { last_seen: now, ..record.clone() }.sign(&self.session_key))
    }

    /// The record of a session in which a factor is to be proven again before anything else; none for one that is not genuine, or
    /// in which it is asked for already. The caller stores `factor_asked_at` and `mac` together, where the record still is what
    /// it was.
    pub fn ask_factor(&self, record: &SessionRecord, now: Timestamp) -> Option<SessionRecord> {
        if !record.is_genuine(&self.session_key) || record.factor_asked_at.is_some() {
            return None;
        }
        Some(SessionRecord { factor_asked_at: Some(now), ..record.clone() }.sign(&self.session_key))
    }

    /// Whether the session's factor was proven recently enough for what needs a fresh one. Never for an API token.
    pub fn has_fresh_factor(&self, session: &Session<Full>, now: Timestamp) -> bool {
        session.token.is_none() && !passed(session.factor_at(), self.limits.fresh_factor, now)
    }
}

/// Refuses an account that is disabled, or is not what it was.
pub(crate) fn unchanged(
    (practice, account, role, patient): (domain::PracticeId, domain::AccountId, Role, Option<domain::PatientId>),
    current: &AccountClaims,
) -> Result<(), SessionError> {
    if (practice, account, role, patient) != (current.practice, current.account, current.role, current.patient) {
        return Err(SessionError::AccountChanged);
    }
    if current.active { Ok(()) } else { Err(SessionError::Disabled) }
}

/// Whether at least `limit` has passed since `from`.
pub(crate) fn passed(from: Timestamp, limit: Duration, now: Timestamp) -> bool {
    i128::from(now.as_millisecond()) - i128::from(from.as_millisecond()) >= millis(limit)
}

/// Whether `at` lies ahead of now by more than clocks differ.
pub(crate) fn is_ahead(at: Timestamp, now: Timestamp) -> bool {
    i128::from(at.as_millisecond()) - i128::from(now.as_millisecond()) > millis(CLOCK_SKEW)
}

fn millis(limit: Duration) -> i128 {
    i128::try_from(limit.as_millis()).unwrap_or(i128::MAX)
}
