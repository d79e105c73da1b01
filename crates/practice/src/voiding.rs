//! What was entered in error: log entries, notes, visits, versions of programs. It stays in the record, says that it is wrong
//! and why, and counts for nothing: not for adherence or pain, not for the clock of retention, not for billing. Nobody can
//! take it back; what was right after all is entered again.

mod entry;
mod note;
mod program;
mod visit;

pub use entry::entry;
pub use note::note;
pub use program::program_version;
pub use visit::visit;

use crate::{house::through, record::RecordError};
use domain::{AccountId, Timestamp, VoidReason};
use phi::{Covers, Field, Grant, OpenError, PatientClass, Permission, RowId, Sealed, Writes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{CommitError, rows::voided::VoidRow};

/// Why something was entered in error.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewVoid {
    /// Why. Whoever reads the record reads it too.
    pub reason: VoidReason,
}

/// That something was entered in error.
#[derive(Clone, Serialize, JsonSchema)]
pub struct VoidView {
    /// When it was said.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// Who said it.
    pub by: AccountId,
    /// Why.
    pub reason: String,
}

/// Why something was not said to be entered in error.
#[derive(Debug, thiserror::Error)]
pub enum VoidError {
    /// It was said before, or a newer version stands in its place.
    #[error("it does not stand any more")]
    NotStanding,
    /// The program is in force: a better version is prescribed, or the program ended, first.
    #[error("the version is in force")]
    InForce,
    /// Anything about the record itself.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through!(VoidError::Record: phi::AccessError, store::StoreError);

impl From<CommitError> for VoidError {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict { .. } => Self::NotStanding,
            other => Self::Record(other.into()),
        }
    }
}

/// Opens why something was entered in error.
pub(crate) fn view<P, F>(grant: &Grant<'_, P>, void: Option<&VoidRow<F>>) -> Result<Option<VoidView>, OpenError>
where
    F: Field<Value = VoidReason>,
    F::Class: PatientClass,
    P: Permission + Covers<F::Class>,
{
    let Some(void) = void else { return Ok(None) };
    let reason = grant.open(&void.reason)?.expose().as_str().to_owned();
    Ok(Some(VoidView { at: void.at, by: void.by, reason }))
}

fn seal<P, F>(grant: &Grant<'_, P>, row: RowId, at: Timestamp, new: &NewVoid) -> VoidRow<F>
where
    F: Field<Value = VoidReason>,
    F::Class: PatientClass,
    P: Permission + Writes<F::Class>,
{
    let reason: Sealed<F> = grant.seal(row, &new.reason);
    VoidRow { at, by: grant.account(), reason }
}
