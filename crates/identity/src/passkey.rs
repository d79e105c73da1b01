//! Passkeys and hardware keys (WebAuthn level 3), with user verification.

use crate::{
    Enrollment, FactorKind, FactorProof,
    keeper::{is_ahead, passed},
};
use domain::{AccountId, PasskeyId, Rng, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::time::Duration;
use webauthn_rs::{
    Webauthn, WebauthnBuilder,
    prelude::{
        Passkey, PasskeyAuthentication, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url,
        Uuid, WebauthnError,
    },
};
use zeroize::Zeroizing;

/// How long the person has to touch the key: 5 minutes (WebAuthn level 3, section 15.1).
const CEREMONY: Duration = Duration::from_secs(5 * 60);

/// The configuration names no usable relying party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the relying party's id must be the host of its origin, or a domain above it; an IP address is neither")]
pub struct PasskeyConfigError;

/// Why a passkey was not registered, or proved nothing. Callers answer the same to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasskeyError {
    /// The browser's answer has not the shape of one.
    #[error("the answer is malformed")]
    Malformed,
    /// The answer does not fit the challenge, the site or the key, or the person was not verified.
    #[error("the answer is refused")]
    Refused,
    /// The key's counter went back: there may be a copy of it.
    #[error("the key's counter went back")]
    Cloned,
    /// The ceremony took too long.
    #[error("the ceremony is over")]
    Expired,
    /// The ceremony, or the passkey, is another account's.
    #[error("the ceremony belongs to another account")]
    AnotherAccount,
    /// The account has no passkey.
    #[error("the account has no passkey")]
    NoPasskey,
    /// This key is registered already.
    #[error("the key is registered already")]
    Known,
    /// What was stored cannot be read back.
    #[error("the stored state is damaged")]
    Damaged,
}

/// A registered passkey: one row, sealed.
#[derive(Clone)]
pub struct RegisteredPasskey(StoredPasskey);

#[derive(Clone, Serialize, Deserialize)]
struct StoredPasskey {
    id: PasskeyId,
    account: AccountId,
    counter: u32,
    passkey: Passkey,
}

impl RegisteredPasskey {
    /// Its id here.
    pub const fn id(&self) -> PasskeyId {
        self.0.id
    }
    /// Whose it is.
    pub const fn account(&self) -> AccountId {
        self.0.account
    }
    /// The authenticator's own id for it: unique over all accounts, which the store holds it to.
    pub fn credential_id(&self) -> &[u8] {
        self.0.passkey.cred_id().as_ref()
    }
    /// The bytes to seal and store. They name the account, so that a row moved to another account proves nothing there.
    pub fn to_stored(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).expect("a passkey is plain data")
    }
    /// Reads what [`to_stored`](Self::to_stored) wrote, for the account that it must belong to.
    pub fn from_stored(account: AccountId, stored: &[u8]) -> Result<Self, PasskeyError> {
        let read: StoredPasskey = serde_json::from_slice(stored).map_err(|_| PasskeyError::Damaged)?;
        if read.account == account { Ok(Self(read)) } else { Err(PasskeyError::AnotherAccount) }
    }
}

/// What the server remembers between the two halves of a ceremony: stored sealed, used once, deleted in the write that
/// takes its result.
pub struct Ceremony<S>(StoredCeremony<S>);

#[derive(Serialize, Deserialize)]
struct StoredCeremony<S> {
    account: AccountId,
    started_at: Timestamp,
    state: S,
}

/// A registration under way.
pub type Registration = Ceremony<PasskeyRegistration>;
/// An authentication under way.
pub type Authentication = Ceremony<PasskeyAuthentication>;

impl<S: Serialize + DeserializeOwned> Ceremony<S> {
    const fn begun(account: AccountId, started_at: Timestamp, state: S) -> Self {
        Self(StoredCeremony { account, started_at, state })
    }
    /// Whose ceremony it is.
    pub const fn account(&self) -> AccountId {
        self.0.account
    }
    /// The bytes to seal and store.
    pub fn to_stored(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(serde_json::to_vec(&self.0).expect("a ceremony's state is plain data"))
    }
    /// Reads what [`to_stored`](Self::to_stored) wrote.
    pub fn from_stored(stored: &[u8]) -> Result<Self, PasskeyError> {
        serde_json::from_slice(stored).map(Self).map_err(|_| PasskeyError::Damaged)
    }
    fn check(&self, account: AccountId, now: Timestamp) -> Result<(), PasskeyError> {
        if self.0.account != account {
            return Err(PasskeyError::AnotherAccount);
        }
        if passed(self.0.started_at, CEREMONY, now) || is_ahead(self.0.started_at, now) {
            return Err(PasskeyError::Expired);
        }
        Ok(())
    }
}

/// The relying party: registers and verifies passkeys.
///
/// Challenges are drawn by `webauthn-rs` from the operating system: the one source of randomness here that is not a
/// parameter, since the library takes none.
pub struct Passkeys {
    webauthn: Webauthn,
}

impl Passkeys {
    /// `rp_id` is the host name that passkeys are bound to (`patella.example`), `origin` the address of the pages
    /// (`https://patella.example:8443`), `name` what the authenticator shows.
    pub fn new(rp_id: &str, origin: &str, name: &str) -> Result<Self, PasskeyConfigError> {
        let origin = Url::parse(origin).map_err(|_| PasskeyConfigError)?;
        let webauthn = WebauthnBuilder::new(rp_id, &origin)
            .and_then(|builder| builder.rp_name(name).timeout(CEREMONY).build())
            .map_err(|_| PasskeyConfigError)?;
        Ok(Self { webauthn })
    }

    /// Begins a registration: the options for `navigator.credentials.create()` as JSON, and the state to keep.
    /// `name` (the account's address) and `display_name` are what the authenticator shows; `existing` are the
    /// account's passkeys, which are not registered twice.
    pub fn start_registration(
        &self,
        enrollment: &Enrollment,
        name: &str,
        display_name: &str,
        existing: &[RegisteredPasskey],
        now: Timestamp,
    ) -> Result<(Value, Registration), PasskeyError> {
        let account = enrollment.account();
        let known = existing.iter().map(|registered| registered.0.passkey.cred_id().clone()).collect();
        let (options, state) = self
            .webauthn
            .start_passkey_registration(Uuid::from_bytes(*account.as_bytes()), name, display_name, Some(known))
            .map_err(refused)?;
        Ok((json(&options), Ceremony::begun(account, now, state)))
    }

    /// Ends a registration with what the browser answered. The caller stores the passkey, and ends the account's other
    /// sessions: they may rest on a factor that is no longer accepted beside it (see
    /// [`accepted_factors`](crate::accepted_factors)).
    pub fn finish_registration(
        &self,
        enrollment: &Enrollment,
        registration: Registration,
        answer: &Value,
        existing: &[RegisteredPasskey],
        now: Timestamp,
        rng: &dyn Rng,
    ) -> Result<RegisteredPasskey, PasskeyError> {
        let account = enrollment.account();
        registration.check(account, now)?;
        let answer = RegisterPublicKeyCredential::deserialize(answer).map_err(|_| PasskeyError::Malformed)?;
        let passkey = self.webauthn.finish_passkey_registration(&answer, &registration.0.state).map_err(refused)?;
        if existing.iter().any(|registered| registered.0.passkey == passkey) {
            return Err(PasskeyError::Known);
        }
        Ok(RegisteredPasskey(StoredPasskey { id: PasskeyId::random(rng), account, counter: 0, passkey }))
    }

    /// Begins an authentication with any of the account's passkeys: the options for `navigator.credentials.get()` as
    /// JSON, and the state to keep.
    pub fn start_authentication(
        &self,
        account: AccountId,
        passkeys: &[RegisteredPasskey],
        now: Timestamp,
    ) -> Result<(Value, Authentication), PasskeyError> {
        if passkeys.iter().any(|registered| registered.0.account != account) {
            return Err(PasskeyError::AnotherAccount);
        }
        if passkeys.is_empty() {
            return Err(PasskeyError::NoPasskey);
        }
        let allowed: Vec<Passkey> = passkeys.iter().map(|registered| registered.0.passkey.clone()).collect();
        let (options, state) = self.webauthn.start_passkey_authentication(&allowed).map_err(refused)?;
        Ok((json(&options), Ceremony::begun(account, now, state)))
    }

    /// Ends an authentication with what the browser answered. `passkeys` are the account's, as stored *now*. Also
    /// returns the passkey that was used, brought up to date: the caller stores it in the same write that uses the
    /// proof.
    pub fn finish_authentication(
        &self,
        account: AccountId,
        authentication: Authentication,
        answer: &Value,
        passkeys: &[RegisteredPasskey],
        now: Timestamp,
    ) -> Result<(FactorProof, RegisteredPasskey), PasskeyError> {
        authentication.check(account, now)?;
        let answer = PublicKeyCredential::deserialize(answer).map_err(|_| PasskeyError::Malformed)?;
        let result = self.webauthn.finish_passkey_authentication(&answer, &authentication.0.state).map_err(refused)?;
        let handle = answer.get_user_unique_id();
        if !result.user_verified() || handle.is_some_and(|handle| handle != account.as_bytes().as_slice()) {
            return Err(PasskeyError::Refused);
        }
        // A passkey that was removed since the start is no longer among them.
        let used = passkeys
            .iter()
            .find(|registered| registered.0.account == account && registered.0.passkey.cred_id() == result.cred_id());
        let mut used = used.cloned().ok_or(PasskeyError::Refused)?;
        // The library compares with the counter of the start; two ceremonies may have begun from the same one.
        if (result.counter() > 0 || used.0.counter > 0) && result.counter() <= used.0.counter {
            return Err(PasskeyError::Cloned);
        }
        used.0.counter = result.counter();
        used.0.passkey.update_credential(&result);
        Ok((FactorProof::new(account, FactorKind::Passkey, now), used))
    }
}

fn json(options: &impl Serialize) -> Value {
    serde_json::to_value(options).expect("the options are plain data")
}

fn refused(error: WebauthnError) -> PasskeyError {
    match error {
        WebauthnError::CredentialPossibleCompromise => PasskeyError::Cloned,
        _ => PasskeyError::Refused,
    }
}
