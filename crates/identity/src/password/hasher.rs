//! argon2id, a few at a time.

use super::{NewPassword, Password};
use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{Error, PasswordHasher as _, PasswordVerifier, phc},
};
use crypto::Key;
use domain::{AccountId, Invalid, Rng};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Memory of one hash in KiB: 19 MiB (OWASP Password Storage Cheat Sheet, argon2id, first line).
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory (same line).
const PASSES: u32 = 2;
/// Lanes (same line).
const LANES: u32 = 1;
/// The most memory that a stored hash may ask for, so that no row can exhaust the machine: 256 MiB.
const MOST_MEMORY_KIB: u32 = 256 * 1024;
/// The most passes that a stored hash may ask for.
const MOST_PASSES: u32 = 16;
/// Bytes of salt (RFC 9106 section 3.1).
const SALT_BYTES: usize = 16;

/// How many passwords are hashed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HashingLimits {
    /// Hashes at the same time; each takes a thread and 19 MiB. At least 1.
    pub concurrent: usize,
    /// Requests that may wait for their turn; one more is told to come back.
    pub queued: usize,
}

impl Default for HashingLimits {
    fn default() -> Self {
        Self { concurrent: 2, queued: 64 }
    }
}

/// A hash as it is stored: a PHC string, bound to its account and to the server's key.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// Reads a stored hash; refused when it is no argon2id PHC string within sane bounds.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        const WRONG: Invalid = Invalid::new("is not a password hash");
        let (hash, params) = parsed(text).map_err(|_| WRONG)?;
        let sane = hash.algorithm.as_str() == "argon2id"
            && params.m_cost() <= MOST_MEMORY_KIB
            && params.t_cost() <= MOST_PASSES
            && params.p_cost() <= 4
            && hash.salt.is_some()
            && hash.hash.is_some();
        if sane { Ok(Self(text.to_owned())) } else { Err(WRONG) }
    }
    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// Whether it was made with other parameters than today's.
    fn is_outdated(&self) -> bool {
        parsed(&self.0).map_or(true, |(hash, params)| {
            (params.m_cost(), params.t_cost(), params.p_cost()) != (MEMORY_KIB, PASSES, LANES)
                || hash.version != Some(Version::V0x13.into())
        })
    }
}

fn parsed(text: &str) -> Result<(phc::PasswordHash, Params), Error> {
    let hash = phc::PasswordHash::new(text).map_err(|_| Error::EncodingInvalid)?;
    let params = Params::try_from(&hash)?;
    Ok((hash, params))
}

/// Proof that somebody just typed the right password of one account. Made by [`PasswordHasher::verify`] only; used up
/// by [`SessionKeeper::start`](crate::SessionKeeper::start). It is not a session.
#[must_use]
pub struct PasswordProof {
    account: AccountId,
}

impl PasswordProof {
    /// Whose password it was.
    pub const fn account(&self) -> AccountId {
        self.account
    }
}

/// A right password.
pub struct Verified {
    /// The proof of it.
    pub proof: PasswordProof,
    /// The same password under today's parameters, to store in place of the old hash; none when that is up to date.
    pub upgraded: Option<PasswordHash>,
}

/// Why a password was not verified or hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// The password is wrong, or there is no such account: the caller cannot tell which, and neither can the clock.
    #[error("the password is wrong")]
    Wrong,
    /// Too many passwords are waiting; come back in a few seconds.
    #[error("too many passwords are being verified")]
    Busy,
    /// The hash could not be computed: no memory, or the server is stopping.
    #[error("the password could not be hashed")]
    Failed,
}

/// Hashes and verifies passwords, a bounded number at a time.
///
/// The hash is keyed: each account has its own pepper, derived from a key that the database does not hold. A hash that
/// was written by hand, or copied from another account, verifies nothing, and stolen hashes cannot be searched.
pub struct PasswordHasher {
    pepper: Key,
    /// Everybody who was let in, waiting or running: beyond it, [`PasswordError::Busy`].
    admitted: Arc<Semaphore>,
    running: Arc<Semaphore>,
    nobody: AccountId,
    /// What is verified when there is no account, so that the answer takes as long.
    dummy: PasswordHash,
}

impl PasswordHasher {
    /// `key` must outlive every password (a rotation of the root must carry it over).
    /// Hashes once, for the stand-in that unknown accounts are measured against.
    pub fn new(key: &Key, limits: HashingLimits, rng: &dyn Rng) -> Result<Self, PasswordError> {
        let pepper = key.derive("password pepper", &[]);
        let concurrent = limits.concurrent.max(1);
        let nobody = AccountId::random(rng);
        let secret = Key::random(rng);
        let dummy = hash(&account_pepper(&pepper, nobody), secret.expose(), salt(rng))?;
        Ok(Self {
            pepper,
            admitted: Arc::new(Semaphore::new(concurrent.saturating_add(limits.queued).min(Semaphore::MAX_PERMITS))),
            running: Arc::new(Semaphore::new(concurrent.min(Semaphore::MAX_PERMITS))),
            nobody,
            dummy,
        })
    }

    /// Hashes a chosen password for one account.
    pub async fn hash(
        &self,
        account: AccountId,
        password: NewPassword,
        rng: &dyn Rng,
    ) -> Result<PasswordHash, PasswordError> {
        let pepper = account_pepper(&self.pepper, account);
        let salt = salt(rng);
        let password = password.into_password();
        self.in_turn(move || hash(&pepper, password.as_str().as_bytes(), salt)).await?
    }

    /// Verifies what was typed against the account's stored hash. For an unknown account, or one without a password,
    /// pass `None`: as much work is done, and the answer is the same [`PasswordError::Wrong`].
    pub async fn verify(
        &self,
        typed: Password,
        stored: Option<(AccountId, PasswordHash)>,
        rng: &dyn Rng,
    ) -> Result<Verified, PasswordError> {
        let known = stored.is_some();
        let (account, stored) = stored.unwrap_or_else(|| (self.nobody, self.dummy.clone()));
        let pepper = account_pepper(&self.pepper, account);
        let salt = salt(rng);
        self.in_turn(move || {
            let right = matches(&pepper, typed.as_str().as_bytes(), &stored)?;
            if !right || !known {
                return Err(PasswordError::Wrong);
            }
            let upgraded = match stored.is_outdated() {
                true => Some(hash(&pepper, typed.as_str().as_bytes(), salt)?),
                false => None,
            };
            Ok(Verified { proof: PasswordProof { account }, upgraded })
        })
        .await?
    }

    /// Runs `work` on a blocking thread when its turn comes. The permits go with the work: a caller who hangs up does
    /// not make room for one more while their hash still runs.
    async fn in_turn<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
        let admitted = Arc::clone(&self.admitted).try_acquire_owned().map_err(|_| PasswordError::Busy)?;
        let running = Arc::clone(&self.running).acquire_owned().await.map_err(|_| PasswordError::Failed)?;
        let permits: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (running, admitted);
        tokio::task::spawn_blocking(move || {
            let done = work();
            drop(permits);
            done
        })
        .await
        .map_err(|_| PasswordError::Failed)
    }
}

fn account_pepper(pepper: &Key, account: AccountId) -> Key {
    pepper.derive("account", &[account.as_bytes()])
}

fn salt(rng: &dyn Rng) -> [u8; SALT_BYTES] {
    let mut salt = [0; SALT_BYTES];
    rng.fill(&mut salt);
    salt
}

fn argon2(pepper: &Key) -> Result<Argon2<'_>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|_| PasswordError::Failed)?;
    Argon2::new_with_secret(pepper.expose(), Algorithm::Argon2id, Version::V0x13, params)
        .map_err(|_| PasswordError::Failed)
}

fn hash(pepper: &Key, password: &[u8], salt: [u8; SALT_BYTES]) -> Result<PasswordHash, PasswordError> {
    let hash: phc::PasswordHash =
        argon2(pepper)?.hash_password_with_salt(password, &salt).map_err(|_| PasswordError::Failed)?;
    Ok(PasswordHash(hash.to_string()))
}

fn matches(pepper: &Key, password: &[u8], stored: &PasswordHash) -> Result<bool, PasswordError> {
    let (stored, _) = parsed(stored.as_str()).map_err(|_| PasswordError::Failed)?;
    match argon2(pepper)?.verify_password(password, &stored) {
        Ok(()) => Ok(true),
        Err(Error::PasswordInvalid) => Ok(false),
        Err(_) => Err(PasswordError::Failed),
    }
}
