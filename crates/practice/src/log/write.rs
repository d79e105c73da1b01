//! Writing down what was done.

use super::{EntryView, LOG_ENTRY, LogError, NewEntry, comment, view};
use crate::{
    House,
    record::{Names, purpose, resource, timezone},
    repeat::Repeatable,
};
use domain::{Date, EntryId, ItemId, PatientId, ProgramId, Timestamp, Timezone, progress};
use identity::{Full, Session};
use phi::{Grant, LogExercise};
use store::{
    Batch, CommitError,
    rows::{
        log_entries::{self, LogEntryRow},
        programs::{self, ProgramVersionRow},
    },
};

/// How far ahead of ours a caller's clock may be, in milliseconds: 5 minutes.
const AHEAD: i64 = 5 * 60 * 1000;
/// How long ago something may have been done, in milliseconds: 14 days.
const BEHIND: i64 = 14 * 24 * 60 * 60 * 1000;

/// Writes an entry for a patient, who may do so several times a day. The same `key` with the same entry gives the one
/// that was written the first time.
pub async fn write(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    new: &NewEntry,
    key: Option<&str>,
) -> Result<EntryView, LogError> {
    let entry_id = EntryId::random(&*house.rng);
    let why = purpose(session, patient, resource(LOG_ENTRY, entry_id));
    let grant = house.guard.authorize::<LogExercise>(session, patient, why).await?;
    let route = format!("log of {patient}");
    let repeatable = key.map(|key| Repeatable::new(house, session, &route, key, new));
    if let Some(row) = written_before(house, &grant, repeatable.as_ref()).await? {
        return read_back(house, session, &grant, &row).await;
    }
    check(new)?;
    let zone = timezone(house, session.practice()).await?;
    let now = house.clock.now();
    let at = to_the_millisecond(new.performed_at.unwrap_or(now));
    within_time(at, now)?;
    let place = item_on(house, &grant, &zone, zone.day_of(at), new.item_id).await?;
    let row = seal(&grant, entry_id, new, &place, at, now);
    let batch = log_entries::insert(Batch::new(), &row);
    store_once(house, session, &grant, batch, row, repeatable.as_ref()).await
}

/// The version of the program that an entry belongs to, and its day.
pub(super) struct Place {
    pub(super) program_id: ProgramId,
    pub(super) version: u32,
    pub(super) day: Date,
}

/// Refuses what is out of bounds by itself.
pub(super) fn check(new: &NewEntry) -> Result<(), LogError> {
    let bounds = new.performed.check();
    bounds.map_err(|(field, why)| LogError::Invalid { field: format!("performed.{field}"), why })
}

/// Refuses a moment in the future, and one that is long past.
pub(super) fn within_time(at: Timestamp, now: Timestamp) -> Result<(), LogError> {
    let ago = now.as_millisecond() - at.as_millisecond();
    if ago < -AHEAD {
        Err(LogError::invalid("performed_at", "must not be in the future"))
    } else if ago > BEHIND {
        Err(LogError::invalid("performed_at", "must be at most 14 days ago"))
    } else {
        Ok(())
    }
}

/// As it is stored.
pub(super) fn to_the_millisecond(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap_or(at)
}

/// Where an item stands in the program that was in force on a day.
pub(super) async fn item_on(
    house: &House,
    grant: &Grant<'_, LogExercise>,
    zone: &Timezone,
    day: Date,
    item_id: ItemId,
) -> Result<Place, LogError> {
    let mut versions = programs::standing(&house.stores.clinical, grant.practice(), grant.subject()).await?;
    versions.reverse();
    let dates = |row: &ProgramVersionRow| (row.starts_on.max(zone.day_of(row.signed_at)), row.ends_on);
    let none = || LogError::invalid("item_id", "is not in the program of that day");
    let version = progress::in_force_by(&versions, day, dates).ok_or_else(none)?;
    let items = grant.open(&version.items)?;
    if !items.expose().as_slice().iter().any(|item| item.item_id == item_id) {
        return Err(none());
    }
    Ok(Place { program_id: version.program_id, version: version.version, day })
}

pub(super) fn seal(
    grant: &Grant<'_, LogExercise>,
    entry_id: EntryId,
    new: &NewEntry,
    place: &Place,
    performed_at: Timestamp,
    now: Timestamp,
) -> LogEntryRow {
    let row_id = LogEntryRow::row_id(entry_id);
    LogEntryRow {
        practice_id: grant.practice(),
        patient_id: grant.subject(),
        entry_id,
        program_id: place.program_id,
        program_version: place.version,
        item_id: new.item_id,
        performed_on: place.day,
        performed_at,
        performed: grant.seal(row_id, &new.performed),
        pain: grant.seal(row_id, &new.pain),
        effort: grant.seal(row_id, &new.effort),
        comment: new.comment.as_ref().map(|comment| grant.seal(row_id, comment)),
        recorded_by: grant.account(),
        recorded_at: now,
        corrects: None,
        superseded_at: None,
        voided: None,
    }
}

pub(super) async fn written_before(
    house: &House,
    grant: &Grant<'_, LogExercise>,
    repeatable: Option<&Repeatable>,
) -> Result<Option<LogEntryRow>, LogError> {
    let Some(repeatable) = repeatable else { return Ok(None) };
    let Some(made) = repeatable.made_before(house).await? else { return Ok(None) };
    let entry = EntryId::from_bytes(made.id);
    Ok(log_entries::by_id(&house.stores.clinical, grant.practice(), grant.subject(), entry).await?)
}

/// Stores the batch and the key together, so that of two at the same time one is stored and both are answered with it.
pub(super) async fn store_once(
    house: &House,
    session: &Session<Full>,
    grant: &Grant<'_, LogExercise>,
    batch: Batch,
    row: LogEntryRow,
    repeatable: Option<&Repeatable>,
) -> Result<EntryView, LogError> {
    let batch = match repeatable {
        Some(repeatable) => repeatable.remember(batch, *row.entry_id.as_bytes(), row.recorded_at),
        None => batch,
    };
    match house.stores.clinical.commit(batch).await {
        Ok(()) => read_back(house, session, grant, &row).await,
        Err(error @ (CommitError::Duplicate { .. } | CommitError::Conflict { .. })) => {
            match written_before(house, grant, repeatable).await? {
                Some(row) => read_back(house, session, grant, &row).await,
                None => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) async fn read_back(
    house: &House,
    session: &Session<Full>,
    grant: &Grant<'_, LogExercise>,
    row: &LogEntryRow,
) -> Result<EntryView, LogError> {
    Ok(view(grant, row, comment(grant, row)?, &mut Names::new(house, session)).await?)
}
