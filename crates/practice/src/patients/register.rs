//! Registering a patient.

use super::{Age, PATIENT, PatientDetails};
use crate::{
    House,
    record::{self, RecordError, resource, through_record},
    repeat::{RepeatError, Repeatable},
};
use domain::{Invalid, PatientId};
use identity::{Full, Session};
use ledger::Resource;
use phi::{Purpose, WriteIdentity};
use store::{Batch, CommitError, rows::patients};

/// Why a patient was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// A field is wrong.
    #[error("{field} {why}")]
    Invalid {
        /// Its name.
        field: &'static str,
        /// What is wrong with it.
        why: Invalid,
    },
    /// Another patient has the record number.
    #[error("the record number is taken")]
    RecordNumberTaken,
    /// The idempotency key came before with another body.
    #[error("the key was used for another request")]
    KeyUsed,
    /// Anything about the record itself.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_record!(RegisterError);

impl From<RepeatError> for RegisterError {
    fn from(error: RepeatError) -> Self {
        match error {
            RepeatError::OtherBody => Self::KeyUsed,
            RepeatError::Store(error) => error.into(),
        }
    }
}

/// Registers a patient: a key of their own, then a row with everything sealed under it. The same `key` with the same
/// details gives the patient that was registered the first time.
pub async fn register(
    house: &House,
    session: &Session<Full>,
    details: &PatientDetails,
    key: Option<&str>,
) -> Result<PatientId, RegisterError> {
    let practice = session.practice();
    // Asked before anything else, so that a repeated registration is answered to nobody who may not register.
    house.guard.authorize_search::<WriteIdentity>(session, Purpose::operations(Resource::whole(PATIENT))).await?;
    let born = details.born(record::today(house, practice).await?);
    let born = born.map_err(|why| RegisterError::Invalid { field: "birth_date", why })?;
    let repeatable = key.map(|key| Repeatable::new(house, session, "patients", key, details));
    if let Some(repeatable) = &repeatable
        && let Some(made) = repeatable.made_before(house).await?
    {
        return made_before(house, session, made.id).await;
    }
    let patient = PatientId::random(&*house.rng);
    let purpose = Purpose::operations(resource(PATIENT, patient));
    let grant = house.guard.register(session, patient, purpose).await?;
    let now = house.clock.now();
    let row = details.seal(house, &grant, born, Age { created_at: now, updated_at: now, version: 1 });
    let batch = patients::insert(Batch::new(), &row);
    let batch = match &repeatable {
        Some(repeatable) => repeatable.remember(batch, *patient.as_bytes(), now),
        None => batch,
    };
    match (house.stores.clinical.commit(batch).await, &repeatable) {
        (Ok(()), _) => Ok(patient),
        // The first statement is the patient, so it was the record number; else the same request was quicker.
        (Err(CommitError::Duplicate { statement: 0 }), None) => Err(RegisterError::RecordNumberTaken),
        (Err(CommitError::Duplicate { .. }), Some(repeatable)) => match repeatable.made_before(house).await? {
            Some(made) => made_before(house, session, made.id).await,
            None => Err(RegisterError::RecordNumberTaken),
        },
        (Err(error), _) => Err(error.into()),
    }
}

/// The patient whom the same request registered before, if they are still open to the caller.
async fn made_before(house: &House, session: &Session<Full>, made: [u8; 16]) -> Result<PatientId, RegisterError> {
    let patient = PatientId::from_bytes(made);
    let purpose = Purpose::operations(resource(PATIENT, patient));
    Ok(house.guard.authorize::<WriteIdentity>(session, patient, purpose).await?.subject())
}
