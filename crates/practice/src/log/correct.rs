//! Correcting what was written down.

use super::{
    EntryView, LOG_ENTRY, LogError, NewEntry,
    write::{Place, check, item_on, read_back, seal, store_once, to_the_millisecond, within_time, written_before},
};
use crate::{
    House,
    record::{RecordError, purpose, resource, timezone},
    repeat::Repeatable,
};
use domain::{EntryId, PatientId};
use identity::{Full, Session};
use phi::LogExercise;
use store::{
    Batch, CommitError,
    rows::log_entries::{self, LogEntryRow},
};

/// Puts a new entry in the place of an old one, which stays readable. Day and item may be corrected too; what is not
/// changed needs no program in force.
pub async fn correct(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    old: EntryId,
    new: &NewEntry,
    key: Option<&str>,
) -> Result<EntryView, LogError> {
    let why = purpose(session, patient, resource(LOG_ENTRY, old));
    let grant = house.guard.authorize::<LogExercise>(session, patient, why).await?;
    let route = format!("correction of {old}");
    let repeatable = key.map(|key| Repeatable::new(house, session, &route, key, new));
    if let Some(row) = written_before(house, &grant, repeatable.as_ref()).await? {
        return read_back(house, session, &grant, &row).await;
    }
    let before = log_entries::by_id(&house.stores.clinical, session.practice(), patient, old).await?;
    let before = before.ok_or_else(RecordError::nothing)?;
    check(new)?;
    if before.superseded_at.is_some() {
        return Err(LogError::Corrected);
    }
    if before.voided.is_some() {
        return Err(LogError::Voided);
    }
    let now = house.clock.now();
    let at = new.performed_at.map_or(before.performed_at, to_the_millisecond);
    if at != before.performed_at {
        within_time(at, now)?;
    }
    let zone = timezone(house, session.practice()).await?;
    let day = zone.day_of(at);
    let place = if new.item_id == before.item_id && day == before.performed_on {
        Place { program_id: before.program_id, version: before.program_version, day }
    } else {
        item_on(house, &grant, &zone, day, new.item_id).await?
    };
    let sealed = seal(&grant, EntryId::random(&*house.rng), new, &place, at, now);
    let row = LogEntryRow { corrects: Some(old), ..sealed };
    let batch = log_entries::supersede(Batch::new(), session.practice(), patient, old, now);
    match store_once(house, session, &grant, log_entries::insert(batch, &row), row, repeatable.as_ref()).await {
        Err(LogError::Record(RecordError::Commit(CommitError::Conflict { .. }))) => Err(LogError::Corrected),
        done => done,
    }
}
