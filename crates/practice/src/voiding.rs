//! What was entered in error: log entries, notes, visits, versions of programs. It stays in the record, says that it is wrong
//! and why, and counts for nothing any more: not for adherence or pain, and it cannot be charged. The clock of retention goes
//! on counting what was said to be wrong more than a week after it, or after it was charged (`store::rows::care_dates`). Nobody
//! can take it back; what was right after all is entered again.

mod entry;
mod note;
mod program;
mod visit;

pub use entry::entry;
pub use note::note;
pub use program::program_version;
pub use visit::visit;

use crate::{
    Event, House,
    house::through,
    record::{Names, Person, RecordError},
};
use domain::{PatientId, Timestamp, VoidReason};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{AccessError, Covers, Field, Grant, PatientClass, Permission, RowId, Sealed, Writes};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{Batch, CommitError, rows::voided::VoidRow};

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
    pub by: Person,
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
    /// The visit is charged: the charge is taken back first.
    #[error("the visit is charged")]
    Charged,
    /// Somebody else wrote it, and the record is open to the caller in an emergency alone.
    #[error("in an emergency nobody else's note is changed")]
    NotOwn,
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

/// Opens why something was entered in error, and who said so.
pub(crate) async fn view<P, F>(
    grant: &Grant<'_, P>,
    void: Option<&VoidRow<F>>,
    names: &mut Names<'_>,
) -> Result<Option<VoidView>, RecordError>
where
    F: Field<Value = VoidReason>,
    F::Class: PatientClass,
    P: Permission + Covers<F::Class>,
{
    let Some(void) = void else { return Ok(None) };
    let reason = grant.open(&void.reason)?.expose().as_str().to_owned();
    Ok(Some(VoidView { at: void.at, by: names.person(void.by).await?, reason }))
}

/// Stores it, after an entry of its own in the trail: the permission alone would read like a change of the record.
async fn say(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    about: Resource,
    batch: Batch,
) -> Result<(), VoidError> {
    let event = Event { patient: Some(patient), ..Event::done(Word::new("void_entry"), about) };
    house.record(session, event).await.map_err(AccessError::Unrecorded)?;
    Ok(house.stores.clinical.commit(batch).await?)
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
