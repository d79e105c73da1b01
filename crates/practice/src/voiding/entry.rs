//! A log entry that was entered in error.

use super::{NewVoid, VoidError, say, seal};
use crate::{
    House,
    log::LOG_ENTRY,
    record::{RecordError, purpose, resource},
};
use domain::{EntryId, PatientId};
use identity::{Full, Session};
use phi::{Exercise, Grant, LogExercise, Permission, WriteExercise, Writes};
use store::{
    Batch,
    rows::log_entries::{self, LogEntryRow},
};

/// Says of a log entry in force that it was entered in error: the patient of their own, who treats them of any.
pub async fn entry(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    entry: EntryId,
    new: &NewVoid,
) -> Result<(), VoidError> {
    let why = purpose(session, patient, resource(LOG_ENTRY, entry));
    if session.patient() == Some(patient) {
        let grant = house.guard.authorize::<LogExercise>(session, patient, why).await?;
        store(house, session, &grant, entry, new).await
    } else {
        let grant = house.guard.authorize::<WriteExercise>(session, patient, why).await?;
        store(house, session, &grant, entry, new).await
    }
}

async fn store<P>(
    house: &House,
    session: &Session<Full>,
    grant: &Grant<'_, P>,
    entry: EntryId,
    new: &NewVoid,
) -> Result<(), VoidError>
where
    P: Permission + Writes<Exercise>,
{
    let (db, practice, patient) = (&house.stores.clinical, grant.practice(), grant.subject());
    let row = log_entries::by_id(db, practice, patient, entry).await?.ok_or_else(RecordError::nothing)?;
    if row.voided.is_some() || row.superseded_at.is_some() {
        return Err(VoidError::NotStanding);
    }
    let void = seal(grant, LogEntryRow::row_id(entry), house.clock.now(), new);
    let batch = log_entries::void(Batch::new(), practice, patient, entry, &void);
    say(house, session, patient, resource(LOG_ENTRY, entry), batch).await
}
