//! Changing who a patient is.

use super::{Age, PATIENT, PatientDetails, PatientView, read::open};
use crate::{
    House,
    record::{self, RecordError, resource, through_record},
};
use domain::{Invalid, PatientId};
use identity::{Full, Session};
use phi::{Purpose, WriteIdentity};
use store::{Batch, CommitError, rows::patients};

/// Why a patient was not changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// A field is wrong.
    #[error("{field} {why}")]
    Invalid {
        /// Its name.
        field: &'static str,
        /// What is wrong with it.
        why: Invalid,
    },
    /// Somebody changed it since.
    #[error("the patient was changed since")]
    Stale,
    /// Another patient has the record number.
    #[error("the record number is taken")]
    RecordNumberTaken,
    /// Anything about the record itself.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_record!(EditError);

/// Changes who a patient is, where their version still is `seen`. The answer is how it stands now.
pub async fn edit(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    seen: u64,
    details: &PatientDetails,
) -> Result<PatientView, EditError> {
    let purpose = Purpose::operations(resource(PATIENT, patient));
    let grant = house.guard.authorize::<WriteIdentity>(session, patient, purpose).await?;
    let practice = session.practice();
    let born = details.born(record::today(house, practice).await?);
    let born = born.map_err(|why| EditError::Invalid { field: "birth_date", why })?;
    let old = patients::by_id(&house.stores.clinical, practice, patient).await?.ok_or(RecordError::nothing())?;
    if old.version.unsigned_abs() != seen {
        return Err(EditError::Stale);
    }
    let age = Age { created_at: old.created_at, updated_at: house.clock.now(), version: old.version + 1 };
    let row = details.seal(house, &grant, born, age);
    match house.stores.clinical.commit(patients::update(Batch::new(), &row, old.version)).await {
        Ok(()) => Ok(open(&grant, &row)?),
        Err(CommitError::Conflict { .. }) => Err(EditError::Stale),
        Err(CommitError::Duplicate { .. }) => Err(EditError::RecordNumberTaken),
        Err(error) => Err(error.into()),
    }
}
