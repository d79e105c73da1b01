//! Reading programs: the one in force, and the old versions, which stay readable.

use super::{PROGRAM, ProgramView, VersionLine, end_reason, view};
use crate::{
    House,
    record::{Names, RecordError, purpose, resource},
    voiding,
};
use domain::{PatientId, ProgramId};
use identity::{Full, Session};
use ledger::Resource;
use phi::ReadExercise;
use store::rows::programs;

/// The version in force; none when nothing was prescribed yet.
pub async fn current(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<Option<ProgramView>, RecordError> {
    let purpose = purpose(session, patient, Resource::whole(PROGRAM));
    let grant = house.guard.authorize::<ReadExercise>(session, patient, purpose).await?;
    let db = &house.stores.clinical;
    match programs::current(db, session.practice(), patient).await? {
        Some(row) => Ok(Some(view(db, &grant, &row, &mut Names::new(house, session)).await?)),
        None => Ok(None),
    }
}

/// All versions, newest first.
pub async fn versions(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
) -> Result<Vec<VersionLine>, RecordError> {
    let purpose = purpose(session, patient, Resource::whole(PROGRAM));
    let grant = house.guard.authorize::<ReadExercise>(session, patient, purpose).await?;
    let mut names = Names::new(house, session);
    let mut lines = Vec::new();
    for row in programs::history(&house.stores.clinical, session.practice(), patient).await? {
        lines.push(VersionLine {
            program_id: row.program_id,
            version: row.version,
            title: grant.open(&row.title)?.expose().as_str().to_owned(),
            starts_on: row.starts_on,
            ends_on: row.ends_on,
            signed_by: names.person(row.signed_by).await?,
            signed_at: row.signed_at,
            end_reason: end_reason(&grant, &row)?,
            voided: voiding::view(&grant, row.voided.as_ref(), &mut names).await?,
            items: grant.open(&row.items)?.expose().as_slice().len(),
        });
    }
    Ok(lines)
}

/// One version, old or in force; none when there is no such version of this patient's.
pub async fn version(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    program: ProgramId,
    version: u32,
) -> Result<Option<ProgramView>, RecordError> {
    let purpose = purpose(session, patient, resource(PROGRAM, program));
    let grant = house.guard.authorize::<ReadExercise>(session, patient, purpose).await?;
    let db = &house.stores.clinical;
    match programs::version(db, session.practice(), patient, program, version).await? {
        Some(row) => Ok(Some(view(db, &grant, &row, &mut Names::new(house, session)).await?)),
        None => Ok(None),
    }
}
