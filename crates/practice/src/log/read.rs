//! Reading what was done.

use super::{EntryView, LOG, LOG_ENTRY, comments, view};
use crate::{
    House,
    record::{Names, RecordError, purpose, resource},
};
use domain::{Date, EntryId, PatientId, Timestamp};
use identity::{Full, Session};
use ledger::Resource;
use phi::{Grant, ReadExercise};
use store::rows::log_entries::{self, LogEntryRow};

/// Up to `limit` entries before the one named, newest first, corrected ones too.
pub async fn list(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    before: Option<(Timestamp, EntryId)>,
    limit: usize,
) -> Result<Vec<EntryView>, RecordError> {
    let why = purpose(session, patient, Resource::whole(LOG));
    let grant = house.guard.authorize::<ReadExercise>(session, patient, why).await?;
    let (at, id) = before.unwrap_or((Timestamp::MAX, EntryId::from_bytes([0xff; 16])));
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = log_entries::page(&house.stores.clinical, session.practice(), patient, at, id, limit).await?;
    views(house, session, &grant, &rows).await
}

/// The entries that were not corrected of the days from `first` to `last`, oldest first; those entered in error too.
pub async fn between(
    house: &House,
    session: &Session<Full>,
    grant: &Grant<'_, ReadExercise>,
    first: Date,
    last: Date,
) -> Result<Vec<EntryView>, RecordError> {
    let db = &house.stores.clinical;
    let rows = log_entries::uncorrected(db, session.practice(), grant.subject(), first, last).await?;
    views(house, session, grant, &rows).await
}

async fn views(
    house: &House,
    session: &Session<Full>,
    grant: &Grant<'_, ReadExercise>,
    rows: &[LogEntryRow],
) -> Result<Vec<EntryView>, RecordError> {
    let said = comments(house, session, grant.subject(), rows).await?;
    let mut names = Names::new(house, session);
    let mut views = Vec::with_capacity(rows.len());
    for (row, said) in rows.iter().zip(said) {
        views.push(view(grant, row, said, &mut names).await?);
    }
    Ok(views)
}

/// One entry, corrected or not; none when this patient has no such entry.
pub async fn one(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    entry: EntryId,
) -> Result<Option<EntryView>, RecordError> {
    let why = purpose(session, patient, resource(LOG_ENTRY, entry));
    let grant = house.guard.authorize::<ReadExercise>(session, patient, why).await?;
    let row = log_entries::by_id(&house.stores.clinical, session.practice(), patient, entry).await?;
    let rows: Vec<_> = row.into_iter().collect();
    Ok(views(house, session, &grant, &rows).await?.pop())
}
