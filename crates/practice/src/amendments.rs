//! What patients ask to be amended in their record (45 CFR 164.526): asked in words, answered within 60 days by who treats them,
//! and kept with the record whatever the answer is. Each step is a row of its own; none is changed, and nothing is overwritten.
//!
//! An amendment itself is what it always is here: a note's next version, a correction of an entry, a better program. Accepting
//! says in words what was amended, and can name the note in which it stands.

mod ask;
mod list;
mod waiting;

pub use ask::{AmendmentAnswer, Disagreement, NewAmendment, NewAnswer, answer, ask, disagree};
pub use list::{AmendmentView, RIGHTS, StepView, list, waits};
pub use waiting::{Waiting, WaitingView, waiting};

use crate::{
    record::{RecordError, through_record},
    repeat::RepeatError,
};
use ledger::Word;

const AMENDMENT: Word = Word::new("amendment");

/// Why something about an amendment was not done.
#[derive(Debug, thiserror::Error)]
pub enum AmendmentError {
    /// A denial has one of the four grounds, and nothing else has one.
    #[error("the ground does not fit")]
    Ground,
    /// Only what is accepted, or denied in part, names a note, and one of this patient's that was not entered in error.
    #[error("the note does not fit")]
    Note,
    /// It cannot be done at this point: it was answered, there is nothing to disagree with, it was put off before.
    #[error("it is not the time for it")]
    NotNow,
    /// The day by which it was to be answered is past: it is answered, and not put off.
    #[error("it is too late to put it off")]
    TooLate,
    /// As many wait already as can be asked at once.
    #[error("too many wait already")]
    TooMany,
    /// It is answered, and disagreed with, in person: not with an API token.
    #[error("it is not done with an API token")]
    ApiToken,
    /// The idempotency key came before with another body.
    #[error("the key was used for another request")]
    KeyUsed,
    /// Anything about the record itself.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_record!(AmendmentError);

impl From<RepeatError> for AmendmentError {
    fn from(error: RepeatError) -> Self {
        match error {
            RepeatError::OtherBody => Self::KeyUsed,
            RepeatError::Store(error) => error.into(),
        }
    }
}
