//! Sealing what belongs to accounts and not to patients: names, addresses, secrets of factors.

use crate::{
    cipher::{self, Owner},
    class::{Account, Class, Credential},
    field::{Clear, Field, OpenError, OpenFailure, RowId, Sealed},
    keyring::{KeyError, Keyring},
};
use crypto::Key;
use domain::{AccountId, PracticeId, Rng};
use identity::{Enrollment, Full, Session};
use ledger::Receipt;
use std::sync::Arc;

/// A class that belongs to accounts.
pub trait AccountClass: Class {}
impl AccountClass for Account {}
impl AccountClass for Credential {}

/// Seals and opens what belongs to accounts, under a branch of the practice's key.
pub struct AccountVault {
    keyring: Arc<Keyring>,
    rng: Arc<dyn Rng>,
}

/// A field of an account did not open.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The practice's key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The field did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
}

impl AccountVault {
    /// A vault over a keyring.
    pub const fn new(keyring: Arc<Keyring>, rng: Arc<dyn Rng>) -> Self {
        Self { keyring, rng }
    }

    /// Seals a value for a row of an account.
    pub async fn seal<F: Field>(
        &self,
        practice: PracticeId,
        account: AccountId,
        row: RowId,
        value: &F::Value,
    ) -> Result<Sealed<F>, KeyError>
    where
        F::Class: AccountClass,
    {
        let keys = self.keyring.newest(practice).await?;
        let (version, key) = keys.newest().ok_or(KeyError::Missing("practice"))?;
        let key = class_key::<F>(key);
        Ok(cipher::seal(owner(practice, account), row, (*version, &key), &*self.rng, value))
    }

    /// Opens a name or an address for a colleague: anyone signed in to the same practice.
    pub async fn open_directory<'s, F>(
        &self,
        session: &'s Session<Full>,
        account: AccountId,
        sealed: &Sealed<F>,
    ) -> Result<Clear<'s, F::Value>, VaultError>
    where
        F: Field<Class = Account>,
    {
        self.open(session.practice(), account, sealed).await
    }

    /// Opens a name or an address where no session is (the command line), against the proof that it was recorded.
    pub async fn open_recorded<'r, F>(
        &self,
        _recorded: &'r Receipt,
        practice: PracticeId,
        account: AccountId,
        sealed: &Sealed<F>,
    ) -> Result<Clear<'r, F::Value>, VaultError>
    where
        F: Field<Class = Account>,
    {
        self.open(practice, account, sealed).await
    }

    /// Opens the invited person's own name or address, against the enrollment that their link proved.
    pub async fn open_invited<'e, F>(
        &self,
        enrollment: &'e Enrollment,
        sealed: &Sealed<F>,
    ) -> Result<Clear<'e, F::Value>, VaultError>
    where
        F: Field<Class = Account>,
    {
        self.open(enrollment.practice(), enrollment.account(), sealed).await
    }

    /// Opens what proves who signs in, or who sends. Only the sign-in itself and what the server sends by itself need it, where
    /// no session is.
    pub async fn open_credential<F>(
        &self,
        practice: PracticeId,
        account: AccountId,
        sealed: &Sealed<F>,
    ) -> Result<Clear<'static, F::Value>, VaultError>
    where
        F: Field<Class = Credential>,
    {
        self.open(practice, account, sealed).await
    }

    async fn open<'l, F: Field>(
        &self,
        practice: PracticeId,
        account: AccountId,
        sealed: &Sealed<F>,
    ) -> Result<Clear<'l, F::Value>, VaultError> {
        let version = cipher::key_version(sealed).ok_or(OpenError { place: F::PLACE, why: OpenFailure::Format })?;
        let keys = self.keyring.with_version(practice, version).await?;
        let key = keys.version(version).map(class_key::<F>);
        let value = cipher::open(owner(practice, account), sealed, |_| key.as_ref().ok_or(OpenFailure::KeyVersion))?;
        Ok(Clear::new(value))
    }
}

pub(crate) fn class_key<F: Field>(practice_key: &Key) -> Key {
    practice_key.derive("account class", &[<F::Class as Class>::ID.name().as_bytes()])
}

const fn owner(practice: PracticeId, account: AccountId) -> Owner {
    Owner { practice, subject: *account.as_bytes() }
}
