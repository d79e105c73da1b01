//! What every use case works with.

mod error;

pub use error::HouseError;
pub(crate) use error::{through, through_house};

use crate::{retention::RetentionSettings, trail::Trail};
use crypto::Key;
use domain::{
    AccountId, Clock, EmailAddress, InvitationId, LoginSessionId, PatientId, PhoneNumber, PracticeId, RecordNumber, Rng,
};
use identity::{Full, Level, Origin, Passkeys, PasswordHasher, RecoveryCodes, Session, SessionKeeper};
use ledger::{Entry, LedgerError, LedgerHandle, Outcome, Receipt, Resource, Word};
use phi::{
    AccountVault, BillingLinks, CareTeams, Guard, KeyError, KeyStore, Keyring, Policy, PolicyError, RenewRoot, SERVER,
};
use std::{path::PathBuf, sync::Arc};
use store::{
    Db,
    rows::{
        accounts::AccountRow,
        billing_links::Links,
        keys::{CareTeams as StoredCareTeams, Keys},
    },
};

/// The databases of a server.
#[derive(Debug, Clone)]
pub struct Stores {
    /// Practices, accounts, factors, login sessions, care teams.
    pub identity: Db,
    /// Wrapped keys.
    pub keys: Db,
    /// Patients, programs, logs, notes.
    pub clinical: Db,
    /// Charges and payments.
    pub billing: Db,
}

/// The context of every use case: the stores, the kernel, the ledger, time and randomness.
pub struct House {
    /// The databases.
    pub stores: Stores,
    /// The one door to patient data.
    pub guard: Guard,
    /// Seals what belongs to accounts.
    pub vault: AccountVault,
    /// Unwraps keys.
    pub keyring: Arc<Keyring>,
    /// The audit trail, to write.
    pub ledger: LedgerHandle,
    /// The audit trail, to read.
    pub trail: Arc<dyn Trail>,
    /// Starts, promotes and resumes login sessions.
    pub sessions: SessionKeeper,
    /// Hashes and verifies passwords.
    pub passwords: PasswordHasher,
    /// Registers and verifies passkeys.
    pub passkeys: Passkeys,
    /// Makes and verifies recovery codes.
    pub recovery: RecoveryCodes,
    /// Finds accounts and patients by exact values.
    pub indexes: Indexes,
    /// Where media files lie.
    pub media: PathBuf,
    /// How long records are kept.
    pub retention: RetentionSettings,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
}

/// What a house is put together from.
pub struct Foundations {
    /// The databases, with a schema that was checked.
    pub stores: Stores,
    /// The root of all keys.
    pub root: Key,
    /// Loads the root again when it was replaced while this program runs; nothing where it cannot be.
    pub renew_root: Option<RenewRoot>,
    /// The audit trail, to write.
    pub ledger: LedgerHandle,
    /// The audit trail, to read.
    pub trail: Arc<dyn Trail>,
    /// Limits of login sessions.
    pub session_limits: identity::SessionLimits,
    /// How many passwords are hashed at once.
    pub hashing: identity::HashingLimits,
    /// For passkeys: the domain ("patella.example") and the origin ("https://patella.example").
    pub passkey_site: (String, String),
    /// Where media files lie.
    pub media: PathBuf,
    /// How long records are kept.
    pub retention: RetentionSettings,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub rng: Arc<dyn Rng>,
}

/// Why a house could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum FoundationError {
    /// The server's keys could not be had: another root, or not initialized.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The policies do not hold together.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The stand-in password could not be hashed.
    #[error(transparent)]
    Password(#[from] identity::PasswordError),
    /// The public address is none that passkeys can be bound to.
    #[error(transparent)]
    Passkeys(#[from] identity::PasskeyConfigError),
}

impl House {
    /// Puts a house together. The server's own keys must be there (`patella init` makes them).
    pub async fn new(foundations: Foundations) -> Result<Self, FoundationError> {
        let Foundations {
            stores,
            root,
            renew_root,
            ledger,
            trail,
            session_limits,
            hashing,
            passkey_site,
            media,
            retention,
            clock,
            rng,
        } = foundations;
        let keys: Arc<dyn KeyStore> = Arc::new(Keys::new(stores.keys.clone()));
        let keyring = Keyring::new(&root, keys, rng.clone());
        let keyring = Arc::new(match renew_root {
            Some(renew) => keyring.renewing(renew),
            None => keyring,
        });
        let teams: Arc<dyn CareTeams> = Arc::new(StoredCareTeams::new(stores.identity.clone()));
        let links: Arc<dyn BillingLinks> = Arc::new(Links::new(stores.identity.clone()));
        let session_key = keyring.server_key(SERVER, "login sessions").await?;
        let password_key = keyring.server_key(SERVER, "passwords").await?;
        let recovery_key = keyring.server_key(SERVER, "recovery codes").await?;
        let index_key = keyring.server_key(SERVER, "blind index").await?;
        let (rp_id, origin) = passkey_site;
        Ok(Self {
            guard: Guard::new(
                Policy::built_in()?,
                ledger.clone(),
                keyring.clone(),
                teams,
                links,
                clock.clone(),
                rng.clone(),
            ),
            vault: AccountVault::new(keyring.clone(), rng.clone()),
            sessions: SessionKeeper::new(&session_key, session_limits),
            passwords: PasswordHasher::new(&password_key, hashing, &*rng)?,
            passkeys: Passkeys::new(&rp_id, &origin, "Patella")?,
            recovery: RecoveryCodes::new(&recovery_key),
            indexes: Indexes(index_key),
            stores,
            keyring,
            ledger,
            trail,
            media,
            retention,
            clock,
            rng,
        })
    }

    /// Records what an account does with itself or with others' accounts, before it is done (law 2).
    pub async fn record(&self, session: &Session<Full>, event: Event) -> Result<Receipt, LedgerError> {
        self.record_as(Actor::of_session(session), session.origin(), event).await
    }

    /// Records what is done without a full session: signing in, accepting an invitation, the command line.
    pub async fn record_as(&self, actor: Actor, origin: Origin, event: Event) -> Result<Receipt, LedgerError> {
        let entry = self.entry(actor, origin, event);
        self.ledger.append(vec![entry]).await?.pop().ok_or(LedgerError::Closed)
    }

    /// An entry for what is recorded with others, in one append.
    pub(crate) fn entry(&self, actor: Actor, origin: Origin, event: Event) -> Entry {
        Entry {
            at: self.clock.now(),
            practice: actor.practice,
            actor: actor.account,
            role: actor.role,
            login_session: actor.login_session,
            permission: None,
            action: event.action,
            purpose: None,
            resource: event.resource,
            patient: event.patient,
            outcome: event.outcome,
            reason: event.reason,
            address: origin.address,
            request: origin.request,
        }
    }
}

/// Who does something, as far as it is known.
#[derive(Debug, Clone, Copy, Default)]
pub struct Actor {
    /// The practice.
    pub practice: Option<PracticeId>,
    /// The account.
    pub account: Option<AccountId>,
    /// As what.
    pub role: Option<domain::Role>,
    /// In which login session.
    pub login_session: Option<domain::LoginSessionId>,
}

impl Actor {
    /// Whoever has a session, half or full.
    pub const fn of_session<L: Level>(session: &Session<L>) -> Self {
        Self {
            practice: Some(session.practice()),
            account: Some(session.account()),
            role: Some(session.role()),
            login_session: Some(session.id()),
        }
    }
    /// Somebody who tries to become an account's session, or to open the account.
    pub const fn of_account(row: &AccountRow) -> Self {
        Self {
            practice: Some(row.practice_id),
            account: Some(row.account_id),
            role: Some(row.role),
            login_session: None,
        }
    }
}

/// Something that is recorded.
#[derive(Debug, Clone)]
pub struct Event {
    /// What was done.
    pub action: Word,
    /// To what.
    pub resource: Resource,
    /// Whose record, where it concerns one.
    pub patient: Option<PatientId>,
    /// How it went.
    pub outcome: Outcome,
    /// Why it went so.
    pub reason: Word,
}

impl Event {
    /// Something that was done and allowed.
    pub const fn done(action: Word, resource: Resource) -> Self {
        Self { action, resource, patient: None, outcome: Outcome::Allowed, reason: Word::new("own-account") }
    }
    /// Something that was refused, and why.
    pub const fn refused(action: Word, resource: Resource, reason: Word) -> Self {
        Self { action, resource, patient: None, outcome: Outcome::Denied, reason }
    }
}

/// Blind indexes: exact values can be found, and not read back.
pub struct Indexes(Key);

impl Indexes {
    /// Of an account's address, over the whole server.
    pub fn account_email(&self, email: &EmailAddress) -> [u8; 32] {
        crypto::blind_index(&self.0, "identity.accounts.email", email.as_str().as_bytes())
    }
    /// Of a network address, for its count of failures.
    pub fn network_address(&self, address: std::net::IpAddr) -> [u8; 32] {
        crypto::blind_index(&self.0, "identity.throttles.address", address.to_string().as_bytes())
    }
    /// Of a typed address, for its count of failures: the same whether there is such an account or not. What is an
    /// address is counted under [`account_email`](Self::account_email), so that wrong codes count with wrong passwords.
    pub fn typed_email(&self, typed: &str) -> [u8; 32] {
        match EmailAddress::new(typed) {
            Ok(email) => self.account_email(&email),
            Err(_) => crypto::blind_index(&self.0, "identity.throttles.typed", typed.trim().as_bytes()),
        }
    }
    /// Of an invitation, for its count of tries.
    pub fn invitation(&self, invitation: InvitationId) -> [u8; 32] {
        crypto::blind_index(&self.0, "identity.throttles.invitation", invitation.as_bytes())
    }
    /// Of somebody who makes accounts, for their count of addresses that were in use.
    pub fn inviter(&self, account: AccountId) -> [u8; 32] {
        crypto::blind_index(&self.0, "identity.throttles.inviter", account.as_bytes())
    }
    /// Of somebody who searches for patients, for their count of searches in a window of time.
    pub fn searcher(&self, account: AccountId, window: i64) -> [u8; 32] {
        let of_window = [account.as_bytes().as_slice(), &window.to_be_bytes()].concat();
        crypto::blind_index(&self.0, "identity.throttles.searcher", &of_window)
    }
    /// Of a login session or an API token that is presented and opens nothing, for its count of tries.
    pub fn presented(&self, session: LoginSessionId) -> [u8; 32] {
        crypto::blind_index(&self.0, "identity.throttles.presented", session.as_bytes())
    }
    /// Of a passkey's credential id.
    pub fn credential(&self, credential_id: &[u8]) -> [u8; 32] {
        crypto::blind_index(&self.0, "identity.passkeys.credential", credential_id)
    }
    /// Of a patient's e-mail address, in their practice.
    pub fn patient_email(&self, practice: PracticeId, email: &EmailAddress) -> [u8; 32] {
        self.in_practice("clinical.patients.email", practice, email.as_str())
    }
    /// Of a patient's telephone number, in their practice.
    pub fn patient_phone(&self, practice: PracticeId, phone: &PhoneNumber) -> [u8; 32] {
        self.in_practice("clinical.patients.phone", practice, phone.as_str())
    }
    /// Of a patient's record number, in their practice.
    pub fn record_number(&self, practice: PracticeId, number: &RecordNumber) -> [u8; 32] {
        self.in_practice("clinical.patients.record_number", practice, number.as_str())
    }
    /// Of a patient's name in another program: its first half is their id here, so that they come in once.
    pub fn patient_elsewhere(&self, practice: PracticeId, program: &str, name: &str) -> [u8; 32] {
        crypto::mac(&self.0, &[b"patient elsewhere", practice.as_bytes(), program.as_bytes(), name.as_bytes()])
    }
    /// Of what was brought in for a patient, to see whether it has changed since.
    pub fn brought_in(&self, practice: PracticeId, patient: PatientId, content: &[u8]) -> [u8; 32] {
        crypto::mac(&self.0, &[b"brought in", practice.as_bytes(), patient.as_bytes(), content])
    }
    /// Of an idempotency key, for one account.
    pub fn idempotency_key(&self, account: AccountId, key: &str) -> [u8; 32] {
        crypto::mac(&self.0, &[b"idempotency key", account.as_bytes(), key.as_bytes()])
    }
    /// Of a request's body that came with an idempotency key.
    pub fn request_body(&self, account: AccountId, route: &str, body: &[u8]) -> [u8; 32] {
        crypto::mac(&self.0, &[b"idempotent body", account.as_bytes(), route.as_bytes(), body])
    }

    fn in_practice(&self, place: &str, practice: PracticeId, value: &str) -> [u8; 32] {
        let practice_key = self.0.derive("practice index", &[practice.as_bytes()]);
        crypto::blind_index(&practice_key, place, value.as_bytes())
    }
}
