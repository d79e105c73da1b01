//! What went wrong with a patient's record, as the caller is told.

use super::{fault, later};
use crate::Problem;
use practice::{
    exercises::PictureError,
    notes::{AmendError, WriteNoteError},
    patients::{EditError, RegisterError, SearchError},
    programs::PrescribeError,
    record::RecordError,
    voiding::VoidError,
};

impl From<RecordError> for Problem {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Access(error) => error.into(),
            RecordError::Store(error) => error.into(),
            RecordError::Commit(error) => error.into(),
            RecordError::Open(error) => error.into(),
            RecordError::Name(error) => error.into(),
            RecordError::Key(error) => error.into(),
        }
    }
}

pub(crate) fn key_used() -> Problem {
    Problem::invalid_fields()
        .field("Idempotency-Key", "came before with another request; open the form again, or take a new key")
}

fn record_number_taken() -> Problem {
    Problem::invalid_fields().field("record_number", "is another patient's")
}

impl From<RegisterError> for Problem {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::Invalid { field, why } => Self::invalid(field, &why),
            RegisterError::RecordNumberTaken => record_number_taken(),
            RegisterError::KeyUsed => key_used(),
            RegisterError::Record(error) => error.into(),
        }
    }
}

impl From<EditError> for Problem {
    fn from(error: EditError) -> Self {
        match error {
            EditError::Invalid { field, why } => Self::invalid(field, &why),
            EditError::Stale => Self::changed_since(),
            EditError::RecordNumberTaken => record_number_taken(),
            EditError::Record(error) => error.into(),
        }
    }
}

impl From<SearchError> for Problem {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Query(why) => Self::invalid("q", &why),
            SearchError::Tried(error) => error.into(),
            SearchError::Record(error) => error.into(),
        }
    }
}

impl From<PrescribeError> for Problem {
    fn from(error: PrescribeError) -> Self {
        match error {
            PrescribeError::Invalid { field, why } => Self::invalid(field, &why),
            PrescribeError::VersionNeeded => Self::precondition_required(),
            PrescribeError::Stale => Self::changed_since(),
            PrescribeError::Record(error) => error.into(),
        }
    }
}

impl From<WriteNoteError> for Problem {
    fn from(error: WriteNoteError) -> Self {
        match error {
            WriteNoteError::KeyUsed => key_used(),
            WriteNoteError::Record(error) => error.into(),
        }
    }
}

impl From<AmendError> for Problem {
    fn from(error: AmendError) -> Self {
        match error {
            AmendError::Stale => Self::changed_since(),
            AmendError::Voided => {
                Self::conflict().detail("This note was entered in error. Write a new one instead of amending it.")
            }
            AmendError::NotOwn => not_own(),
            AmendError::Record(error) => error.into(),
        }
    }
}

impl From<VoidError> for Problem {
    fn from(error: VoidError) -> Self {
        match error {
            VoidError::NotStanding => Self::conflict()
                .detail("It was said to be entered in error before, or something newer stands in its place."),
            VoidError::InForce => Self::conflict().detail(
                "This version is in force. Prescribe the right one or end the program first; then say that this one was \
                 entered in error.",
            ),
            VoidError::Charged => Self::conflict().detail(
                "The visit is charged, and what was charged took place. Take the charge back first; then say that the visit \
                 was entered in error.",
            ),
            VoidError::NotOwn => not_own(),
            VoidError::Record(error) => error.into(),
        }
    }
}

impl From<PictureError> for Problem {
    fn from(error: PictureError) -> Self {
        match error {
            PictureError::Store(error) => error.into(),
            PictureError::File(error) => later(&error),
            PictureError::Damaged => fault(&PictureError::Damaged),
        }
    }
}

fn not_own() -> Problem {
    Problem::conflict().detail(
        "The record is open to you in an emergency. You can write notes of your own; what others wrote stays as it is. Nothing \
         was stored.",
    )
}
