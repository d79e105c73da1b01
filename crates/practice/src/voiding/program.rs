//! A version of a program that was entered in error.

use super::{NewVoid, VoidError, say, seal};
use crate::{
    House,
    programs::PROGRAM,
    record::{RecordError, resource},
};
use domain::{PatientId, ProgramId};
use identity::{Full, Session};
use phi::{Purpose, WriteExercise};
use store::{
    Batch,
    rows::programs::{self, ProgramVersionRow},
};

/// Says of a version of a program that it was entered in error. Not of the one in force: a better one is prescribed, or the
/// program is ended, first, so that nobody is left without knowing what to do.
pub async fn program_version(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    program: ProgramId,
    version: u32,
    new: &NewVoid,
) -> Result<(), VoidError> {
    let purpose = Purpose::treatment(resource(PROGRAM, program));
    let grant = house.guard.authorize::<WriteExercise>(session, patient, purpose).await?;
    let (db, practice) = (&house.stores.clinical, session.practice());
    let row = programs::version(db, practice, patient, program, version).await?.ok_or_else(RecordError::nothing)?;
    if row.voided.is_some() {
        return Err(VoidError::NotStanding);
    }
    let current = programs::current(db, practice, patient).await?;
    if current.is_some_and(|current| current.program_id == program && current.version == version) {
        return Err(VoidError::InForce);
    }
    let void = seal(&grant, ProgramVersionRow::row_id(program, version), house.clock.now(), new);
    say(house, session, patient, resource(PROGRAM, program), programs::void(Batch::new(), &row, &void)).await
}
