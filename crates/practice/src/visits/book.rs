//! Booking visits and saying what became of them.

use super::{VisitDetails, VisitError, VisitView, view, why};
use crate::{
    House,
    record::{Names, RecordError, timezone},
    repeat::Repeatable,
};
use domain::{PatientId, Role, Timestamp, VisitId, VisitState};
use identity::{Full, Session};
use phi::{Grant, WriteVisits};
use store::{
    Batch, CommitError,
    rows::{
        accounts, billing_outbox,
        visits::{self, VisitRow},
    },
};

/// How far ahead of ours the clock of somebody who says that a visit has begun may be, in seconds: 5 minutes.
const AHEAD: i64 = 5 * 60;
/// How far ahead a visit may be booked, in seconds: 731 days, two years with a leap day.
const BOOKABLE: i64 = 731 * 24 * 60 * 60;

/// How long after it began a visit that was held can still be corrected, in seconds: a week.
const CORRECTABLE: i64 = 7 * 24 * 60 * 60;

/// Books a visit. The same `key` with the same details gives the visit that was booked the first time.
pub async fn book(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    new: &VisitDetails,
    key: Option<&str>,
) -> Result<VisitView, VisitError> {
    let visit_id = VisitId::random(&*house.rng);
    let purpose = why(session, patient, Some(visit_id));
    let grant = house.guard.authorize::<WriteVisits>(session, patient, purpose).await?;
    let route = format!("visits of {patient}");
    let repeatable = key.map(|key| Repeatable::new(house, session, &route, key, new));
    let db = &house.stores.clinical;
    let before = async || -> Result<Option<VisitRow>, VisitError> {
        let Some(repeatable) = &repeatable else { return Ok(None) };
        let Some(made) = repeatable.made_before(house).await? else { return Ok(None) };
        Ok(visits::by_id(db, grant.practice(), patient, VisitId::from_bytes(made.id)).await?)
    };
    let mut names = Names::new(house, session);
    if let Some(row) = before().await? {
        return Ok(view(&grant, &row, false, house.clock.now(), &mut names).await?);
    }
    check(house, session, new).await?;
    let now = house.clock.now();
    let row = seal(&grant, visit_id, new, Written { by: session.account(), at: now, now, version: 1 });
    let batch = visits::insert(Batch::new(), &row);
    let batch = match &repeatable {
        Some(repeatable) => repeatable.remember(batch, *visit_id.as_bytes(), now),
        None => batch,
    };
    match db.commit(batch).await {
        Ok(()) => Ok(view(&grant, &row, false, house.clock.now(), &mut names).await?),
        Err(error @ CommitError::Duplicate { .. }) => match before().await? {
            Some(row) => Ok(view(&grant, &row, false, house.clock.now(), &mut names).await?),
            None => Err(error.into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// Moves a visit, or says what became of it, where its version still is `seen`. One that was held stays held and on its day
/// from a week after it on, and as long as it is charged.
pub async fn change(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
    seen: u64,
    details: &VisitDetails,
) -> Result<VisitView, VisitError> {
    let purpose = why(session, patient, Some(visit));
    let grant = house.guard.authorize::<WriteVisits>(session, patient, purpose).await?;
    let db = &house.stores.clinical;
    let old = visits::by_id(db, grant.practice(), patient, visit).await?.ok_or(RecordError::nothing())?;
    if old.version.unsigned_abs() != seen {
        return Err(VisitError::Stale);
    }
    if old.voided.is_some() {
        return Err(VisitError::Voided);
    }
    check(house, session, details).await?;
    check_settled(house, &old, details).await?;
    let now = house.clock.now();
    let written = Written { by: old.recorded_by, at: old.recorded_at, now, version: old.version + 1 };
    let row = seal(&grant, visit, details, written);
    match db.commit(visits::update(Batch::new(), &row, old.version)).await {
        Ok(()) => {
            let given = billing_outbox::given(db, grant.practice(), patient, visit).await?;
            Ok(view(&grant, &row, given.is_some_and(|given| given.stands()), now, &mut Names::new(house, session))
                .await?)
        }
        Err(CommitError::Conflict { .. }) => Err(VisitError::Stale),
        Err(error) => Err(error.into()),
    }
}

async fn check(house: &House, session: &Session<Full>, details: &VisitDetails) -> Result<(), VisitError> {
    let seconds_ahead = details.starts_at.as_second() - house.clock.now().as_second();
    if seconds_ahead > BOOKABLE {
        return Err(VisitError::invalid("starts_at", "must be at most two years ahead"));
    }
    if details.state.has_begun() && seconds_ahead > AHEAD {
        return Err(VisitError::invalid("state", "fits only a visit that has begun"));
    }
    let claims = accounts::claims(&house.stores.identity, session.practice(), details.therapist_id).await?;
    // A visit that has been may be one of somebody who has left since.
    let may = claims.is_some_and(|claims| {
        matches!(claims.role, Role::Therapist | Role::Admin) && (claims.active || details.state != VisitState::Planned)
    });
    if may { Ok(()) } else { Err(VisitError::invalid("therapist_id", "must be an active therapist or administrator")) }
}

/// Why a visit stays held and on its day, if it does. From the last visit that was held counts how long a record is kept:
/// nobody moves that back alone, so that the record seems to be due. And what is charged took place.
pub(super) fn settled(row: &VisitRow, charged: bool, now: Timestamp) -> Option<&'static str> {
    let late = now.as_second() - row.starts_at.as_second() > CORRECTABLE;
    match row.state {
        VisitState::Held if charged => Some("stays as it is, since the visit is charged"),
        VisitState::Held if late => Some("stays as it is from a week after the visit on"),
        _ => None,
    }
}

async fn check_settled(house: &House, old: &VisitRow, new: &VisitDetails) -> Result<(), VisitError> {
    let zone = timezone(house, old.practice_id).await?;
    let (stays, same_day) = (new.state == VisitState::Held, zone.day_of(old.starts_at) == zone.day_of(new.starts_at));
    if stays && same_day {
        return Ok(());
    }
    let clinical = &house.stores.clinical;
    let given = billing_outbox::given(clinical, old.practice_id, old.patient_id, old.visit_id).await?;
    match settled(old, given.is_some_and(|given| given.stands()), house.clock.now()) {
        Some(why) => Err(VisitError::invalid(if stays { "starts_at" } else { "state" }, why)),
        None => Ok(()),
    }
}

struct Written {
    by: domain::AccountId,
    at: Timestamp,
    now: Timestamp,
    version: i64,
}

fn seal(grant: &Grant<'_, WriteVisits>, visit_id: VisitId, details: &VisitDetails, written: Written) -> VisitRow {
    let row = VisitRow::row_id(visit_id);
    VisitRow {
        practice_id: grant.practice(),
        patient_id: grant.subject(),
        visit_id,
        therapist_id: details.therapist_id,
        // As it is stored.
        starts_at: Timestamp::from_millisecond(details.starts_at.as_millisecond()).unwrap_or(details.starts_at),
        state: details.state,
        minutes: grant.seal(row, &details.minutes),
        clinic: details.clinic.as_ref().map(|clinic| grant.seal(row, clinic)),
        remark: details.remark.as_ref().map(|remark| grant.seal(row, remark)),
        recorded_by: written.by,
        recorded_at: written.at,
        changed_at: written.now,
        version: written.version,
        voided: None,
    }
}
