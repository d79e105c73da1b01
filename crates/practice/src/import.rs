//! Coming from elsewhere: patients with their programs, what they did and notes about them, from an earlier program's rows
//! and files.
//!
//! The source is read three times: to see what fits (nothing is written, and what has no place is named), to bring in whom
//! is not here yet, and what was brought in is read back and compared. A patient is there whole or not at all. Whose they
//! are at the source gives their id here, so that another run finds them, and whoever was destroyed here stays destroyed.
//!
//! The import is done by an administrator who is signed in with a factor ([`SignedIn`]); each patient is an entry in the
//! audit trail under that person. Their leave ([`phi::Guard::bring_in`]) is made with the patient's key and opens nothing.

mod arrival;
mod bring;
mod document;
mod exercises;
mod mapping;
mod outcome;
mod reading;
mod sealing;
mod signed_in;
mod source;

pub use bring::{Importing, import};
pub use mapping::{Mapping, MappingError};
pub use outcome::{Came, Imported};
pub use signed_in::SignedIn;
pub use source::{Keys, Source, SourceError};

use crate::{HouseError, house::through_house, sign_in::SignInError};
use identity::EnrollmentError;
use phi::AccessError;
use std::fmt;

/// The run is written down: from now on no other may write.
const BEGUN: &str = "the run is written down";
const CHECKED: &str = "everything was read once";
const CLEARING: &str = "the key of somebody who was not stored may be removed";
const LEFTOVER: &str = "the key of somebody who was not stored is removed";
const KEYED: &str = "a patient's key is made";
const STORED: &str = "a patient is stored";
const LINKED: &str = "a patient's care team is set";
const VERIFIED: &str = "a patient was compared";
const FINISHED: &str = "everything is there and compared, but for what was left out";

/// The steps, as the observer is told of them.
pub const IMPORT_STEPS: &[&str] = &[BEGUN, CHECKED, CLEARING, LEFTOVER, KEYED, STORED, LINKED, VERIFIED, FINISHED];

/// Something at the source that has no place here. Names a row and a field, and never a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// The table or folder.
    pub from: String,
    /// The row: as the mapping says it is named, or the patient's name at the source.
    pub row: String,
    /// The field: `items[2].sets`; empty where it is the row as a whole.
    pub field: String,
    /// What is wrong with it.
    pub why: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, row, field, why } = self;
        if field.is_empty() {
            write!(f, "{from}, row {row}: {why}")
        } else {
            write!(f, "{from}, row {row}: {field} {why}")
        }
    }
}

/// Why an import stopped. Whoever was brought in stays, and the same command goes on.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The mapping does not hold together.
    #[error(transparent)]
    Mapping(#[from] MappingError),
    /// The source was not read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Nobody was signed in.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// The session is over.
    #[error("the session is over; sign in again: the import goes on where it stopped")]
    SignedOut,
    /// It must be done in person.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// The policy said no, or it could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
    /// Another run of the import has begun.
    #[error("another import of this practice has begun; this one has stopped")]
    Superseded,
    /// Where the practice is could not be read.
    #[error("the practice's time zone cannot be read")]
    Practice,
}

through_house!(ImportError);
