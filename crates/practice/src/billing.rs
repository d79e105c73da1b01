//! Getting a practice paid, apart from care: a therapist says what a visit is charged for, a courier carries it to the
//! billing store, billing staff price it and keep the books.

pub mod accounts;
pub mod books;
pub mod charges;
pub mod charging;
pub mod courier;
pub mod csv;
pub mod dashboard;
pub mod schedule;
pub mod statement;

use crate::{House, house::through, record::RecordError};
use domain::{BillingAccountId, Invalid, billing::CptCode};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{AccessError, Purpose};
use store::{CommitError, rows::billing_links};

pub(crate) const CHARGE: Word = Word::new("charge");
const ACCOUNT: Word = Word::new("billing_account");
const BOOKS: Word = Word::new("billing_books");

/// Why billing opens something. No entry names an account: see the kernel's door between care and billing.
const fn payment(what: Word) -> Purpose {
    Purpose::payment(Resource::whole(what))
}

/// Sees to it that an account stays on which somebody is about to write; refused once its destruction has begun.
async fn keep(house: &House, session: &Session<Full>, account: BillingAccountId) -> Result<(), BillingError> {
    let stays = billing_links::claim(&house.stores.identity, session.practice(), account).await;
    if stays.map_err(AccessError::from)? { Ok(()) } else { Err(AccessError::Ending.into()) }
}

/// An id for what is made in billing: the same again for the same key of the same caller, about the same thing. Billing
/// keeps no list of keys: what it made stands under an id that follows from the key.
fn made_under(house: &House, session: &Session<Full>, about: &str, key: Option<&str>) -> [u8; 16] {
    let mut id = [0; 16];
    match key {
        Some(key) => {
            let print = house.indexes.idempotency_key(session.account(), &format!("billing {about} {key}"));
            id.copy_from_slice(&print[..16]);
        }
        None => house.rng.fill(&mut id),
    }
    id
}

/// Why something was not done in billing.
#[derive(Debug, thiserror::Error)]
pub enum BillingError {
    /// A field does not fit.
    #[error("{field} {why}")]
    Invalid {
        /// Its name.
        field: &'static str,
        /// What is wrong with it.
        why: Invalid,
    },
    /// Somebody changed it since.
    #[error("it was changed since")]
    Stale,
    /// It is in a state in which this cannot be done.
    #[error("{0}")]
    NotNow(&'static str),
    /// The idempotency key came before with another body.
    #[error("the key was used for another request")]
    KeyUsed,
    /// No fee was in force for these codes on the day of the visit.
    #[error("there is no fee for {} codes on the day of the visit", .0.len())]
    NoFee(Vec<CptCode>),
    /// Anything else.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through!(BillingError::Record: phi::AccessError, store::StoreError, phi::OpenError, phi::VaultError);

impl From<CommitError> for BillingError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { .. } => Self::Stale,
            other => Self::Record(other.into()),
        }
    }
}

impl BillingError {
    const fn invalid(field: &'static str, what: &'static str) -> Self {
        Self::Invalid { field, why: Invalid::new(what) }
    }
}
