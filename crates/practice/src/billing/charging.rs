//! A therapist charges a visit that was held.
//!
//! The visit is marked and the charge put on its way in one transaction of the clinical store; what the charge says is
//! sealed under the billing account's key before it gets there, so nothing of it can be read with clinical keys. A visit
//! is charged once. What was charged is not shown again on this side.

use super::{CHARGE, courier};
use crate::{
    House,
    record::{RecordError, resource, through_record, timezone},
};
use domain::{
    PatientId, TaskObserver, Timestamp, Unobserved, VisitId, VisitState,
    billing::{ChargeSheet, Diagnoses, UnitCalculation, UnitRule},
};
use identity::{Full, Session};
use phi::Purpose;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError,
    rows::{
        billing_outbox::{self, CrossingRow},
        visits,
    },
};

const GRANTED: &str = "the patient has a billing account";
const ON_ITS_WAY: &str = "the charge is on its way";

/// The steps, as the observer is told of them.
pub const CHARGING_STEPS: &[&str] = &[GRANTED, ON_ITS_WAY];

/// What is to be charged for a visit.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCharge {
    /// What was done.
    pub services: ChargeSheet,
    /// What the claim says it was for, the main code first. Goes to billing alone and is not shown here again.
    pub diagnoses: Diagnoses,
}

/// The units of a visit's timed codes, step by step, under each rule. Which of them counts depends on who pays; that is
/// known to billing.
#[derive(Serialize, JsonSchema)]
pub struct Units {
    /// All timed minutes together (Medicare and who follows it).
    pub cms: UnitCalculation,
    /// Each code by itself.
    pub ama: UnitCalculation,
}

impl Units {
    /// Of these services.
    pub fn of(services: &ChargeSheet) -> Result<Self, domain::Invalid> {
        Ok(Self { cms: services.units(UnitRule::Cms)?, ama: services.units(UnitRule::Ama)? })
    }
}

/// A visit that was charged.
#[derive(Serialize, JsonSchema)]
pub struct Charged {
    /// The visit.
    pub visit_id: VisitId,
    /// When it was charged.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub charged_at: Timestamp,
    /// How its minutes count.
    pub units: Units,
}

/// Why a visit was not charged.
#[derive(Debug, thiserror::Error)]
pub enum ChargeError {
    /// It did not take place, or not yet.
    #[error("the visit was not held")]
    NotHeld,
    /// It was charged before.
    #[error("the visit was charged before")]
    Already,
    /// The services do not fit.
    #[error("the services {0}")]
    Invalid(#[from] domain::Invalid),
    /// Anything about the record itself.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_record!(ChargeError);

/// Charges a visit.
pub async fn charge(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
    new: &NewCharge,
) -> Result<Charged, ChargeError> {
    let charged = charge_watched(house, session, patient, visit, new, &Unobserved).await?;
    // It is on its way, whatever becomes of this first try: the courier comes by again.
    if let Err(error) = courier::deliver(house, &Unobserved).await {
        tracing::warn!(%error, "a charge waits for the billing store");
    }
    Ok(charged)
}

/// The same up to where the charge is on its way, told to an observer.
pub async fn charge_watched(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
    new: &NewCharge,
    observer: &dyn TaskObserver,
) -> Result<Charged, ChargeError> {
    let units = Units::of(&new.services)?;
    let grant = house.guard.charge(session, patient, Purpose::payment(resource(CHARGE, visit))).await?;
    observer.reached(GRANTED);
    let (db, practice) = (&house.stores.clinical, session.practice());
    let row = visits::by_id(db, practice, patient, visit).await?.ok_or(RecordError::nothing())?;
    if row.state != VisitState::Held || row.voided.is_some() {
        return Err(ChargeError::NotHeld);
    }
    if billing_outbox::charged_at(db, practice, patient, visit).await?.is_some() {
        return Err(ChargeError::Already);
    }
    let day = timezone(house, practice).await?.day_of(row.starts_at);
    let crossing = grant.cross(visit, day, row.therapist_id, &new.services, &new.diagnoses);
    let created_at = house.clock.now();
    let row = CrossingRow { practice_id: practice, visit_id: visit, crossing, created_at };
    match db.commit(billing_outbox::charge(Batch::new(), patient, &row)).await {
        Ok(()) => {}
        Err(CommitError::Conflict { .. } | CommitError::Duplicate { .. }) => return Err(ChargeError::Already),
        Err(error) => return Err(error.into()),
    }
    observer.reached(ON_ITS_WAY);
    Ok(Charged { visit_id: visit, charged_at: created_at, units })
}
