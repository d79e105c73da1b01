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

use crate::record::{RecordError, through_record};
use domain::{Invalid, billing::CptCode};
use ledger::{Resource, Word};
use phi::Purpose;

pub(crate) const CHARGE: Word = Word::new("charge");
const ACCOUNT: Word = Word::new("billing_account");
const BOOKS: Word = Word::new("billing_books");

/// Why billing opens something. No entry names an account: see the kernel's door between care and billing.
const fn payment(what: Word) -> Purpose {
    Purpose::payment(Resource::whole(what))
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
    /// No fee was in force for these codes on the day of the visit.
    #[error("there is no fee for {} codes on the day of the visit", .0.len())]
    NoFee(Vec<CptCode>),
    /// Anything else.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_record!(BillingError);

impl BillingError {
    const fn invalid(field: &'static str, what: &'static str) -> Self {
        Self::Invalid { field, why: Invalid::new(what) }
    }
}
