//! Ending a program.

use super::{PROGRAM, ProgramView, view};
use crate::{
    House,
    programs::PrescribeError,
    record::{Names, RecordError, resource, today},
};
use domain::{Date, EndReason, PatientId, progress::days_before};
use identity::{Full, Session};
use phi::{Purpose, WriteExercise};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError,
    rows::programs::{self, ProgramVersionRow},
};

/// How a program is to end.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndProgram {
    /// Its last day, today or later; without one it ends now, and nothing is due today any more.
    #[serde(default)]
    pub last_day: Option<Date>,
    /// Why. The patient reads it.
    pub reason: EndReason,
}

/// Ends the program in force: a last version with the same exercises, its last day and the reason. `seen` is the version
/// that the caller saw. The old versions stay readable, and so does this one.
pub async fn end(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    seen: u32,
    end: &EndProgram,
) -> Result<ProgramView, PrescribeError> {
    let purpose = Purpose::treatment(resource(PROGRAM, patient));
    let grant = house.guard.authorize::<WriteExercise>(session, patient, purpose).await?;
    let (db, practice) = (&house.stores.clinical, session.practice());
    let current = programs::current(db, practice, patient).await?.ok_or_else(RecordError::nothing)?;
    if current.version != seen {
        return Err(PrescribeError::Stale);
    }
    let today = today(house, practice).await?;
    let (starts_on, ends_on) = match end.last_day {
        Some(day) if day < today => return Err(PrescribeError::invalid("last_day", "must be today or later")),
        Some(day) if day < current.starts_on => {
            return Err(PrescribeError::invalid("last_day", "must not be before the first day"));
        }
        Some(day) => (current.starts_on, day),
        // What ends now has its last day behind it; one that has not begun never does.
        None => {
            let yesterday = days_before(today, 1);
            (current.starts_on.min(today), current.ends_on.map_or(yesterday, |end| end.min(yesterday)))
        }
    };
    let version = current.version + 1;
    let row_id = ProgramVersionRow::row_id(current.program_id, version);
    let row = ProgramVersionRow {
        practice_id: practice,
        program_id: current.program_id,
        version,
        patient_id: patient,
        title: grant.seal(row_id, grant.open(&current.title)?.expose()),
        items: grant.seal(row_id, grant.open(&current.items)?.expose()),
        starts_on,
        ends_on: Some(ends_on),
        signed_by: session.account(),
        signed_at: house.clock.now(),
        end_reason: Some(grant.seal(row_id, &end.reason)),
        voided: None,
    };
    let batch = programs::advance(Batch::new(), &row, current.version);
    let batch = if end.last_day.is_none() { programs::end(batch, &row) } else { batch };
    match db.commit(batch).await {
        Ok(()) => Ok(view(db, &grant, &row, &mut Names::new(house, session)).await?),
        Err(CommitError::Conflict { .. } | CommitError::Duplicate { .. }) => Err(PrescribeError::Stale),
        Err(error) => Err(error.into()),
    }
}
