//! A login session as it is stored.

use crate::FactorUse;
use crypto::Key;
use domain::{AccountId, LoginSessionId, PatientId, PracticeId, Role, Timestamp};

/// What the account row says now. Read again for every request, so that a change counts at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountClaims {
    /// The practice that the account belongs to.
    pub practice: PracticeId,
    /// The account.
    pub account: AccountId,
    /// Its role.
    pub role: Role,
    /// For a patient's account: which patient they are.
    pub patient: Option<PatientId>,
    /// False once the account was disabled.
    pub active: bool,
}

/// A login session as it is stored: one row. Everything but `id` and `token_hash`, by which it is looked up, is only
/// believed after [`SessionKeeper::resume`](crate::SessionKeeper::resume) checked `mac`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// Its id; a new one at every rotation.
    pub id: LoginSessionId,
    /// SHA-256 of the token.
    pub token_hash: [u8; 32],
    /// The practice.
    pub practice: PracticeId,
    /// Who signed in.
    pub account: AccountId,
    /// The role at sign-in.
    pub role: Role,
    /// The patient at sign-in, for a patient's account.
    pub patient: Option<PatientId>,
    /// When the password was proven; kept over rotations.
    pub created_at: Timestamp,
    /// The factor last proven; none makes it a half session.
    pub factor: Option<FactorUse>,
    /// When it was last used, to the minute.
    pub last_seen: Timestamp,
    /// Since when a factor is to be proven in it again before anything else. Each proof begins another session, of which
    /// nothing was asked.
    pub factor_asked_at: Option<Timestamp>,
    /// HMAC over all of the above.
    pub mac: [u8; 32],
}

impl SessionRecord {
    pub(crate) fn sign(mut self, key: &Key) -> Self {
        self.mac = self.with_parts(|parts| crypto::mac(key, parts));
        self
    }
    pub(crate) fn is_genuine(&self, key: &Key) -> bool {
        self.with_parts(|parts| crypto::mac_matches(key, parts, &self.mac))
    }

    /// Every field but the MAC, in a fixed order; an absent one is an empty part, which no present one is. What is last is left
    /// out where it is absent: sessions that were stored before there was such a thing are genuine still.
    fn with_parts<T>(&self, then: impl FnOnce(&[&[u8]]) -> T) -> T {
        let patient = self.patient.as_ref().map_or(&[][..], |id| id.as_bytes());
        let factor = self.factor.map_or("", |factor| factor.kind.word());
        let factor_at = self.factor.map(|factor| millis(factor.at));
        let asked_at = self.factor_asked_at.map(millis);
        let created_at = millis(self.created_at);
        let last_seen = millis(self.last_seen);
        let parts: [&[u8]; 12] = [
            b"login session 1",
            self.id.as_bytes(),
            &self.token_hash,
            self.practice.as_bytes(),
            self.account.as_bytes(),
            self.role.word().as_bytes(),
            patient,
            &created_at,
            factor.as_bytes(),
            factor_at.as_ref().map_or(&[][..], |bytes| bytes),
            &last_seen,
            asked_at.as_ref().map_or(&[][..], |bytes| bytes),
        ];
        then(&parts[..parts.len() - usize::from(asked_at.is_none())])
    }
}

/// A moment as the MAC sees it: milliseconds, which is also how it is stored.
pub(crate) fn millis(at: Timestamp) -> [u8; 8] {
    at.as_millisecond().to_be_bytes()
}
