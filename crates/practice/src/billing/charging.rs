//! A therapist charges a visit that was held, and corrects what was charged wrongly.
//!
//! The visit is marked and the charge put on its way in one transaction of the clinical store; what the charge says is
//! sealed under the billing account's key before it gets there, so nothing of it can be read with clinical keys. A visit
//! is charged once. A correction is a charge of its own with the next number, which takes the place of those before it.
//! What was charged is not shown again on this side.

use super::{CHARGE, courier};
use crate::{
    House,
    record::{Names, Person, RecordError, resource, through_record, timezone},
    repeat::{RepeatError, Repeatable},
};
use domain::{
    Date, PatientId, TaskObserver, Timestamp, Unobserved, VisitId, VisitState,
    billing::{ChargeSheet, Diagnoses, UnitCalculation, UnitRule},
};
use identity::{Full, Session};
use ledger::Word;
use phi::{ChargeVisit, Purpose};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError,
    rows::{
        billing_outbox::{self, CrossingRow, Given},
        visits::{self, VisitRow},
    },
};

const CORRECTION: Word = Word::new("charge_correction");
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

/// The services of a visit, of which the units are asked.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Services {
    /// What was done.
    pub services: ChargeSheet,
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
    /// When this was sent.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub sent_at: Timestamp,
    /// How often something was sent for the visit: 1 for the charge, one more for each correction. The number of the ETag.
    pub sent: u32,
    /// How its minutes count.
    pub units: Units,
}

/// What care knows of the charging of a visit: whether, when, and nothing of what.
#[derive(Serialize, JsonSchema)]
pub struct ChargingView {
    /// The visit.
    pub visit_id: VisitId,
    /// Its day.
    pub day: Date,
    /// Who treated.
    pub therapist: Person,
    /// What became of it: only one that was held is charged.
    pub state: VisitState,
    /// Whether it was entered in error; then it is not charged.
    pub voided: bool,
    /// When it was charged.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub charged_at: Option<Timestamp>,
    /// How often something was sent for it: 0 when it was not charged, one more for each correction. The number of the ETag.
    pub sent: u32,
}

/// Why a visit was not charged.
#[derive(Debug, thiserror::Error)]
pub enum ChargeError {
    /// It did not take place, or not yet, or was entered in error.
    #[error("the visit was not held")]
    NotHeld,
    /// It was charged before.
    #[error("the visit was charged before")]
    Already,
    /// There is nothing to correct.
    #[error("the visit was not charged")]
    NotCharged,
    /// Somebody corrected the charge or changed the visit since.
    #[error("the visit or its charge changed since")]
    Stale,
    /// The idempotency key came before with another body.
    #[error("the key was used for another request")]
    KeyUsed,
    /// The services do not fit.
    #[error("the services {0}")]
    Invalid(#[from] domain::Invalid),
    /// Anything about the record itself.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_record!(ChargeError);

impl From<RepeatError> for ChargeError {
    fn from(error: RepeatError) -> Self {
        match error {
            RepeatError::OtherBody => Self::KeyUsed,
            RepeatError::Store(error) => error.into(),
        }
    }
}

/// Whether a visit was charged.
pub async fn look(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
) -> Result<ChargingView, RecordError> {
    let why = Purpose::payment(resource(CHARGE, visit));
    let grant = house.guard.authorize::<ChargeVisit>(session, patient, why).await?;
    let (db, practice) = (&house.stores.clinical, grant.practice());
    let row = visits::by_id(db, practice, patient, visit).await?.ok_or(RecordError::nothing())?;
    let given = billing_outbox::given(db, practice, patient, visit).await?;
    Ok(ChargingView {
        visit_id: visit,
        day: timezone(house, practice).await?.day_of(row.starts_at),
        therapist: Names::new(house, session).person(row.therapist_id).await?,
        state: row.state,
        voided: row.voided.is_some(),
        charged_at: given.map(|given| given.charged_at),
        sent: given.map_or(0, |given| given.corrections.saturating_add(1)),
    })
}

/// How the minutes of a visit would count. Stores nothing.
pub async fn units(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
    services: &ChargeSheet,
) -> Result<Units, ChargeError> {
    look(house, session, patient, visit).await?;
    Ok(Units::of(services)?)
}

/// Charges a visit. The same `key` with the same body gives what it gave the first time.
pub async fn charge(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
    new: &NewCharge,
    key: Option<&str>,
) -> Result<Charged, ChargeError> {
    // The fingerprint of the body is made with the key in it, which is not stored: so nobody who has the store, and every
    // key of the server, can try diagnosis codes against it.
    let repeatable = key.map(|key| {
        let route = format!("charge of {visit} of {patient} under {key}");
        Repeatable::new(house, session, &route, key, new)
    });
    let sending = Sending { seen: None, repeatable, observer: &Unobserved };
    let charged = send(house, session, patient, visit, new, sending).await?;
    carry(house).await;
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
    send(house, session, patient, visit, new, Sending { seen: None, repeatable: None, observer }).await
}

/// Corrects what was charged for a visit, where as often was sent for it as the caller saw: `seen`, 1 for the charge alone.
pub async fn correct(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
    seen: u32,
    new: &NewCharge,
) -> Result<Charged, ChargeError> {
    let charged = correct_watched(house, session, patient, visit, seen, new, &Unobserved).await?;
    carry(house).await;
    Ok(charged)
}

/// The same up to where the correction is on its way, told to an observer.
pub async fn correct_watched(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
    seen: u32,
    new: &NewCharge,
    observer: &dyn TaskObserver,
) -> Result<Charged, ChargeError> {
    send(house, session, patient, visit, new, Sending { seen: Some(seen), repeatable: None, observer }).await
}

/// It is on its way, whatever becomes of this first try: the courier comes by again.
async fn carry(house: &House) {
    if let Err(error) = courier::deliver(house, &Unobserved).await {
        tracing::warn!(%error, "a charge waits for the billing store");
    }
}

struct Sending<'a> {
    /// How often something was sent for the visit before, for a correction.
    seen: Option<u32>,
    repeatable: Option<Repeatable>,
    observer: &'a dyn TaskObserver,
}

async fn send(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
    new: &NewCharge,
    Sending { seen, repeatable, observer }: Sending<'_>,
) -> Result<Charged, ChargeError> {
    let units = Units::of(&new.services)?;
    let (word, number) = seen.map_or((CHARGE, 0), |seen| (CORRECTION, seen));
    let grant = house.guard.charge(session, patient, Purpose::payment(resource(word, visit))).await?;
    let (db, practice) = (&house.stores.clinical, session.practice());
    let row = visits::by_id(db, practice, patient, visit).await?.ok_or(RecordError::nothing())?;
    let charged = |sent_at| Charged { visit_id: visit, sent_at, sent: number.saturating_add(1), units };
    let given = billing_outbox::given(db, practice, patient, visit).await?;
    if let (Some(repeatable), Some(given)) = (&repeatable, given)
        && repeatable.made_before(house).await?.is_some()
    {
        return Ok(charged(given.charged_at));
    }
    may_be_sent(&row, given, seen)?;
    let day = timezone(house, practice).await?.day_of(row.starts_at);
    // Only now: somebody for whom nothing can be charged does not become known to billing.
    let account = grant.open_account().await?;
    observer.reached(GRANTED);
    let crossing = account.cross((visit, number), day, row.therapist_id, &new.services, &new.diagnoses);
    let created_at = house.clock.now();
    let crossing = CrossingRow { practice_id: practice, visit_id: visit, number, crossing, created_at };
    let batch = match seen {
        None => billing_outbox::charge(Batch::new(), patient, row.version, &crossing),
        Some(_) => billing_outbox::correct(Batch::new(), patient, row.version, &crossing),
    };
    let batch = match &repeatable {
        Some(repeatable) => repeatable.remember(batch, *visit.as_bytes(), created_at),
        None => batch,
    };
    match db.commit(batch).await {
        Ok(()) => {}
        Err(CommitError::Conflict { .. } | CommitError::Duplicate { .. }) => {
            let given = billing_outbox::given(db, practice, patient, visit).await?;
            if let (Some(repeatable), Some(given)) = (&repeatable, given)
                && repeatable.made_before(house).await?.is_some()
            {
                return Ok(charged(given.charged_at));
            }
            let row = visits::by_id(db, practice, patient, visit).await?.ok_or(RecordError::nothing())?;
            may_be_sent(&row, given, seen)?;
            // The visit can still be charged, but not as it was looked at: its day may be another one now.
            return Err(ChargeError::Stale);
        }
        Err(error) => return Err(error.into()),
    }
    observer.reached(ON_ITS_WAY);
    Ok(charged(created_at))
}

/// Whether a visit that stands so can be charged, or corrected by who saw that so much was sent for it.
fn may_be_sent(visit: &VisitRow, given: Option<Given>, seen: Option<u32>) -> Result<(), ChargeError> {
    match (given, seen) {
        _ if visit.state != VisitState::Held || visit.voided.is_some() => Err(ChargeError::NotHeld),
        (None, None) => Ok(()),
        (Some(_), None) => Err(ChargeError::Already),
        (None, Some(_)) => Err(ChargeError::NotCharged),
        (Some(given), Some(seen)) if given.corrections.saturating_add(1) != seen => Err(ChargeError::Stale),
        (Some(_), Some(_)) => Ok(()),
    }
}
