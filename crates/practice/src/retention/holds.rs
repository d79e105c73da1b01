//! Legal holds: placed by whoever watches over retention, lifted by somebody who asks for no destruction.

use super::{HOLD, RetentionError};
use crate::{
    Event, House,
    accounts::in_person,
    record::{Names, Person, resource},
};
use domain::{
    HoldId, PatientId, PracticeId, Timestamp,
    retention::{HoldReason, IncidentNumber},
};
use identity::{Full, Session};
use ledger::{Outcome, Resource, Word};
use phi::{Purpose, Retain};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError,
    rows::{
        archives,
        legal_holds::{self, HoldRow},
        login_sessions, patients, retention,
    },
};

const LIFT: Word = Word::new("lift_legal_hold");

/// A hold to place.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewHold {
    /// Whom it covers; everybody of the practice when not said.
    #[serde(default)]
    pub patient_id: Option<PatientId>,
    /// The number of the incident or case.
    #[serde(default)]
    pub incident: Option<IncidentNumber>,
    /// Why.
    pub reason: HoldReason,
}

/// A hold as it can be read.
#[derive(Serialize, JsonSchema)]
pub struct HoldView {
    /// The hold.
    pub hold_id: HoldId,
    /// Whom it covers; none covers everybody of the practice.
    pub patient_id: Option<PatientId>,
    /// The number of the incident or case.
    pub incident: Option<String>,
    /// Why.
    pub reason: String,
    /// Who placed it.
    pub placed_by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub placed_at: Timestamp,
    /// Who lifted it; none while it is in force.
    pub lifted_by: Option<Person>,
    /// When.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub lifted_at: Option<Timestamp>,
}

/// The holds of the practice, those in force first.
pub async fn holds(house: &House, session: &Session<Full>) -> Result<Vec<HoldView>, RetentionError> {
    let purpose = Purpose::operations(Resource::whole(HOLD));
    let grant = house.guard.authorize_practice::<Retain>(session, purpose).await?;
    let mut names = Names::new(house, session);
    let mut views = Vec::new();
    for row in legal_holds::all(&house.stores.identity, grant.practice()).await? {
        let lifted_by = match row.lifted_by {
            Some(account) => Some(names.person(account).await?),
            None => None,
        };
        let reason = house.vault.open_directory(session, row.placed_by, &row.reason).await?;
        views.push(HoldView {
            hold_id: row.hold_id,
            patient_id: row.patient_id,
            incident: row.incident,
            reason: reason.expose().as_str().to_owned(),
            placed_by: names.person(row.placed_by).await?,
            placed_at: row.placed_at,
            lifted_by,
            lifted_at: row.lifted_at,
        });
    }
    Ok(views)
}

/// Whether somebody who was destroyed here has an archive that nobody began to end.
async fn is_kept(house: &House, practice: PracticeId, patient: PatientId) -> Result<bool, RetentionError> {
    let rows = archives::of_patient(&house.stores.keys, practice, patient).await?;
    Ok(rows.iter().any(|row| row.ending_at.is_none() && row.ended_at.is_none()))
}

/// Places a hold. From this moment on nobody whom it covers is destroyed, whatever was approved, and no archive of theirs;
/// [`RetentionError::TooLate`] when the destruction of the patient, or the end of their archive, has begun.
pub async fn place(house: &House, session: &Session<Full>, new: &NewHold) -> Result<HoldId, RetentionError> {
    let hold_id = HoldId::random(&*house.rng);
    let purpose = Purpose::operations(resource(HOLD, hold_id));
    let grant = house.guard.authorize_practice::<Retain>(session, purpose).await?;
    let archived = match new.patient_id {
        Some(patient) if patients::by_id(&house.stores.clinical, grant.practice(), patient).await?.is_none() => {
            Some(patient)
        }
        _ => None,
    };
    let known = match archived {
        Some(patient) => is_kept(house, grant.practice(), patient).await?,
        None => true,
    };
    let (outcome, reason) = if known { (Outcome::Allowed, "legal-hold") } else { (Outcome::Denied, "no-such-patient") };
    let event = Event {
        action: Word::new("place_legal_hold"),
        resource: resource(HOLD, hold_id),
        patient: new.patient_id,
        outcome,
        reason: Word::new(reason),
    };
    house.record(session, event).await?;
    if !known {
        return Err(RetentionError::Unknown);
    }
    let me = session.account();
    let row = HoldRow {
        practice_id: grant.practice(),
        hold_id,
        patient_id: new.patient_id,
        incident: new.incident.as_ref().map(|number| number.as_str().to_owned()),
        reason: house.vault.seal(grant.practice(), me, HoldRow::row_id(hold_id), &new.reason).await?,
        placed_by: me,
        placed_at: house.clock.now(),
        lifted_by: None,
        lifted_at: None,
    };
    match house.stores.identity.commit(legal_holds::insert(Batch::new(), &row)).await {
        // Whoever ends an archive marks it and then looks for holds, so one of the two sees the other.
        Ok(()) => match archived {
            Some(patient) if !is_kept(house, grant.practice(), patient).await? => {
                let lift = Event {
                    patient: new.patient_id,
                    reason: Word::new("archive-is-ending"),
                    ..Event::done(LIFT, resource(HOLD, hold_id))
                };
                house.record(session, lift).await?;
                let lift = legal_holds::too_late(Batch::new(), grant.practice(), hold_id, house.clock.now());
                house.stores.identity.commit(lift).await?;
                Err(RetentionError::TooLate)
            }
            _ => Ok(hold_id),
        },
        Err(CommitError::Conflict { .. }) => Err(RetentionError::TooLate),
        Err(error) => Err(error.into()),
    }
}

/// Lifts a hold: in person, and not by somebody who made or approved a plan that is not over.
pub async fn lift(house: &House, session: &Session<Full>, hold: HoldId) -> Result<(), RetentionError> {
    let purpose = Purpose::operations(resource(HOLD, hold));
    let grant = house.guard.authorize_practice::<Retain>(session, purpose).await?;
    let identity = &house.stores.identity;
    let row = legal_holds::by_id(identity, grant.practice(), hold).await?.ok_or(RetentionError::Unknown)?;
    in_person(house, session)?;
    let me = session.account();
    let asks = retention::asks_for_destruction(identity, grant.practice(), me).await?;
    let event = if asks {
        Event::refused(LIFT, resource(HOLD, hold), Word::new("asks-for-destruction"))
    } else {
        Event::done(LIFT, resource(HOLD, hold))
    };
    house.record(session, Event { patient: row.patient_id, ..event }).await?;
    if asks {
        return Err(RetentionError::BothHands);
    }
    // As long as the session is there, and again nobody who asks for destruction: both may have changed since.
    let batch = login_sessions::hold(Batch::new(), grant.practice(), me, session.id());
    Ok(identity.commit(legal_holds::lift(batch, grant.practice(), hold, me, house.clock.now())).await?)
}
