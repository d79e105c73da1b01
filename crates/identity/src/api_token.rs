//! API tokens: made in a full session with a fresh factor, scoped, expiring.

use crate::{
    AccountClaims, ApiTokenSecret, FactorUse, Full, Origin, Session, SessionError, SessionKeeper,
    keeper::{is_ahead, passed, unchanged},
    record::millis,
};
use crypto::Key;
use domain::{
    AccountId, Invalid, LoginSessionId, PatientId, PermissionName, PracticeId, Rng, Role, Timestamp, TokenId,
};
use serde::{Deserialize, Serialize};
use std::{marker::PhantomData, time::Duration};

/// The longest that an API token lasts.
pub const MAX_API_TOKEN_DAYS: u64 = 90;

/// What a token may be used for: permissions, each once, at least one. It never adds to what the account may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "Vec<PermissionName>", into = "Vec<PermissionName>")]
#[schemars(with = "Vec<PermissionName>")]
pub struct Scopes(Vec<PermissionName>);

impl Scopes {
    /// Sorts them and drops repetitions; refused when empty.
    pub fn new(mut permissions: Vec<PermissionName>) -> Result<Self, Invalid> {
        if permissions.is_empty() {
            return Err(Invalid::new("must name at least one permission"));
        }
        permissions.sort_unstable();
        permissions.dedup();
        Ok(Self(permissions))
    }
    /// The permissions.
    pub fn as_slice(&self) -> &[PermissionName] {
        &self.0
    }
    /// As it is stored: words with a space between.
    pub fn text(&self) -> String {
        self.0.iter().map(|permission| permission.word()).collect::<Vec<_>>().join(" ")
    }
    /// Reads what [`text`](Self::text) wrote.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        Self::new(text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?)
    }
}

impl TryFrom<Vec<PermissionName>> for Scopes {
    type Error = Invalid;
    fn try_from(permissions: Vec<PermissionName>) -> Result<Self, Invalid> {
        Self::new(permissions)
    }
}
impl From<Scopes> for Vec<PermissionName> {
    fn from(scopes: Scopes) -> Self {
        scopes.0
    }
}

/// What its owner calls a token: 1 to 60 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("minLength" = 1, "maxLength" = 60))]
pub struct TokenLabel(String);

impl TokenLabel {
    /// Trimmed; refused when empty, too long, or holding control characters.
    pub fn new(text: impl AsRef<str>) -> Result<Self, Invalid> {
        let text = text.as_ref().trim();
        if !(1..=60).contains(&text.chars().count()) || text.chars().any(char::is_control) {
            return Err(Invalid::new("must be 1 to 60 characters on one line"));
        }
        Ok(Self(text.to_owned()))
    }
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for TokenLabel {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::new(text)
    }
}
impl From<TokenLabel> for String {
    fn from(label: TokenLabel) -> Self {
        label.0
    }
}

/// An API token as it is stored: one row, deleted when it is revoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiTokenRecord {
    /// Its id.
    pub id: TokenId,
    /// SHA-256 of the secret.
    pub secret_hash: [u8; 32],
    /// The practice.
    pub practice: PracticeId,
    /// Who issued it, and for whom it acts.
    pub account: AccountId,
    /// Their role then.
    pub role: Role,
    /// The patient then, for a patient's account.
    pub patient: Option<PatientId>,
    /// What it may be used for.
    pub scopes: Scopes,
    /// What its owner calls it.
    pub label: TokenLabel,
    /// The factor under which it was issued.
    pub factor: FactorUse,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// HMAC over all of the above.
    pub mac: [u8; 32],
}

impl ApiTokenRecord {
    fn tag(&self, key: &Key) -> [u8; 32] {
        crypto::mac(
            key,
            &[
                b"api token 1",
                self.id.as_bytes(),
                &self.secret_hash,
                self.practice.as_bytes(),
                self.account.as_bytes(),
                self.role.word().as_bytes(),
                self.patient.as_ref().map_or(&[][..], |id| id.as_bytes()),
                self.scopes.text().as_bytes(),
                self.label.as_str().as_bytes(),
                self.factor.kind.word().as_bytes(),
                &millis(self.factor.at),
                &millis(self.created_at),
                &millis(self.expires_at),
            ],
        )
    }
}

/// Why no API token was issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IssueApiTokenError {
    /// An API token's session cannot issue tokens.
    #[error("an API token cannot issue API tokens")]
    ApiToken,
    /// The factor must be proven again first.
    #[error("the factor was not proven recently")]
    StepUp,
    /// The end lies in the past or more than 90 days ahead.
    #[error("the token must end within 90 days")]
    Expiry,
}

/// Why an API token opened nothing. Callers answer the same to all of them; the ledger gets the word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiTokenError {
    /// The secret is not this row's.
    #[error("the secret does not belong to the token")]
    WrongSecret,
    /// The row was not written by this system, or was changed since.
    #[error("the token's record is not genuine")]
    Forged,
    /// The token has ended.
    #[error("the token has ended")]
    Expired,
    /// The account is disabled or changed.
    #[error(transparent)]
    Account(SessionError),
}

impl SessionKeeper {
    /// Issues an API token. Needs a session of a person, and a fresh factor. The caller stores the record and shows
    /// the secret once.
    pub fn issue_api_token(
        &self,
        session: &Session<Full>,
        label: TokenLabel,
        scopes: Scopes,
        expires_at: Timestamp,
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<(ApiTokenSecret, ApiTokenRecord), IssueApiTokenError> {
        if session.token().is_some() {
            return Err(IssueApiTokenError::ApiToken);
        }
        if !self.has_fresh_factor(session, now) {
            return Err(IssueApiTokenError::StepUp);
        }
        if expires_at <= now || beyond_longest(now, expires_at) {
            return Err(IssueApiTokenError::Expiry);
        }
        let secret = ApiTokenSecret::random(rng);
        let mut record = ApiTokenRecord {
            id: TokenId::random(rng),
            secret_hash: secret.hash(),
            practice: session.practice(),
            account: session.account(),
            role: session.role(),
            patient: session.patient(),
            scopes,
            label,
            factor: FactorUse { kind: session.factor_kind(), at: session.factor_at() },
            created_at: now,
            expires_at,
            mac: [0; 32],
        };
        record.mac = record.tag(&self.token_key);
        Ok((secret, record))
    }

    /// Opens a session for one request with an API token. It carries the token's scopes; it cannot issue tokens, step
    /// up or change factors. `current` is the account row, read for this request.
    pub fn resume_api_token(
        &self,
        secret: &ApiTokenSecret,
        record: &ApiTokenRecord,
        current: &AccountClaims,
        now: Timestamp,
        origin: Origin,
    ) -> Result<Session<Full>, ApiTokenError> {
        if !crypto::same(&secret.hash(), &record.secret_hash) {
            return Err(ApiTokenError::WrongSecret);
        }
        if !crypto::same(&record.tag(&self.token_key), &record.mac) {
            return Err(ApiTokenError::Forged);
        }
        unchanged((record.practice, record.account, record.role, record.patient), current)
            .map_err(ApiTokenError::Account)?;
        if now >= record.expires_at || is_ahead(record.created_at, now) {
            return Err(ApiTokenError::Expired);
        }
        Ok(Session {
            id: LoginSessionId::from_bytes(*record.id.as_bytes()),
            practice: record.practice,
            account: record.account,
            role: record.role,
            patient: record.patient,
            created_at: record.created_at,
            factor: Some(record.factor),
            factor_asked_at: None,
            origin,
            token: Some((record.id, record.scopes.clone())),
            level: PhantomData,
        })
    }
}

/// Whether a token would last longer than the longest allowed; exactly 90 days is allowed.
fn beyond_longest(now: Timestamp, expires_at: Timestamp) -> bool {
    let longest = Duration::from_secs(MAX_API_TOKEN_DAYS * 24 * 60 * 60);
    passed(now, longest + Duration::from_millis(1), expires_at)
}
