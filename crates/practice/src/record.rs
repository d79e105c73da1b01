//! What every use case on a patient's record needs: why it could not be done, which day it is, who signed.

use crate::{Event, House};
use domain::{AccountId, Date, PatientId, PracticeId, PurposeKind, Timezone};
use identity::{Full, Session};
use ledger::{LedgerError, Resource, Word};
use phi::{AccessError, KeyError, OpenError, Purpose, VaultError};
use schemars::JsonSchema;
use serde::Serialize;
use std::{collections::HashMap, fmt};
use store::{
    CommitError, StoreError,
    rows::{accounts, practices},
};

/// Why work on a patient's record was not done.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// No grant.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A store could not be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// A sealed field did not open.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The name of an account did not open.
    #[error(transparent)]
    Name(#[from] VaultError),
    /// A key could not be had.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl RecordError {
    /// There is no such thing, or it is not open to this account: nobody outside can tell which.
    pub const fn nothing() -> Self {
        Self::Access(AccessError::Denied)
    }
}

/// Lets `?` carry what [`RecordError`] covers into an operation's own error, whose variant `Record` it is.
macro_rules! through_record {
    ($error:ident) => {
        $crate::house::through!($error::Record: phi::AccessError, store::StoreError, store::CommitError, phi::OpenError, phi::VaultError);
    };
}
pub(crate) use through_record;

/// Somebody with an account, by name.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Person {
    /// The account.
    pub account_id: AccountId,
    /// The name that others see.
    pub name: String,
}

/// Names of accounts, each opened once.
pub(crate) struct Names<'a> {
    house: &'a House,
    session: &'a Session<Full>,
    known: HashMap<AccountId, String>,
}

impl<'a> Names<'a> {
    pub(crate) fn new(house: &'a House, session: &'a Session<Full>) -> Self {
        Self { house, session, known: HashMap::new() }
    }

    /// Who it is. An account that is no longer there is said to be a former one.
    pub(crate) async fn person(&mut self, account_id: AccountId) -> Result<Person, RecordError> {
        if let Some(name) = self.known.get(&account_id) {
            return Ok(Person { account_id, name: name.clone() });
        }
        let row = accounts::by_id(&self.house.stores.identity, self.session.practice(), account_id).await?;
        let name = match row {
            Some(row) => {
                let name = self.house.vault.open_directory(self.session, account_id, &row.display_name).await?;
                name.expose().as_str().to_owned()
            }
            None => "a former account".to_owned(),
        };
        self.known.insert(account_id, name.clone());
        Ok(Person { account_id, name })
    }
}

/// The time zone of a practice.
pub async fn timezone(house: &House, practice: PracticeId) -> Result<Timezone, StoreError> {
    let row = practices::by_id(&house.stores.identity, practice).await?.ok_or(StoreError::NotOne { found: 0 })?;
    Timezone::new(&row.timezone).map_err(|_| StoreError::Column { index: 2, wanted: "a time zone" })
}

/// The present day of a practice.
pub(crate) async fn today(house: &House, practice: PracticeId) -> Result<Date, StoreError> {
    Ok(timezone(house, practice).await?.day_of(house.clock.now()))
}

/// Why the caller opens the record: it is their own, or they treat the patient.
pub(crate) fn purpose(session: &Session<Full>, patient: PatientId, resource: Resource) -> Purpose {
    let own = session.patient() == Some(patient);
    Purpose { kind: if own { PurposeKind::OwnRecord } else { PurposeKind::Treatment }, resource }
}

/// Records that something is done about a patient, and why: for what no permission on their record is needed.
pub(crate) async fn record_about(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    (action, about): (Word, Resource),
    reason: Word,
) -> Result<(), LedgerError> {
    let event = Event { patient: Some(patient), reason, ..Event::done(action, about) };
    house.record(session, event).await.map(|_| ())
}

/// A resource with one of our ids.
pub(crate) fn resource(kind: Word, id: impl fmt::Display) -> Resource {
    Resource::new(kind, id).expect("an id is short and visible")
}
