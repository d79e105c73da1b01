//! A therapist charges a visit that was held, corrects what was charged wrongly, or takes it back.
//!
//! The visit is marked and the charge put on its way in one transaction of the clinical store; what the charge says is
//! sealed under the billing account's key before it gets there, so nothing of it can be read with clinical keys. A visit
//! is charged once. A correction is a charge of its own with the next number, which takes the place of those before it; one
//! that charges nothing takes the charge back.
//! What was charged is not shown again on this side.

mod sending;

pub use sending::CHARGING_STEPS;

use super::{CHARGE, courier};
use crate::{
    House,
    record::{Names, Person, RecordError, resource, through_record, timezone},
    repeat::{RepeatError, Repeatable},
};
use domain::{
    Date, PatientId, TaskObserver, Timestamp, Unobserved, VisitId, VisitState,
    billing::{ChargeSheet, Diagnoses, UnitCalculation, UnitRule, WithdrawalReason},
};
use identity::{Full, Session};
use phi::{ChargeVisit, Purpose};
use schemars::JsonSchema;
use sending::{Sending, What, send};
use serde::{Deserialize, Serialize};
use store::rows::{billing_outbox, visits};

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

/// Why what was charged is taken back.
#[derive(Clone, Copy, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdrawal {
    /// `other_patient`, `not_held`, `charged_twice` or `not_to_charge`.
    pub reason: WithdrawalReason,
}

/// That it is taken back.
#[derive(Serialize, JsonSchema)]
pub struct Withdrawn {
    /// The visit.
    pub visit_id: VisitId,
    /// When this was sent.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub sent_at: Timestamp,
    /// How often something was sent for the visit. The number of the ETag.
    pub sent: u32,
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
    /// Who took that back and when, if nothing was charged since.
    pub taken_back: Option<TakenBackView>,
    /// How often something was sent for it: 0 when it was not charged, one more for each correction. The number of the ETag.
    pub sent: u32,
}

/// That what was charged for a visit was taken back, as care sees it.
#[derive(Serialize, JsonSchema)]
pub struct TakenBackView {
    /// Who took it back.
    pub by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
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
    /// There is nothing to correct, or nothing is charged any more that could be taken back.
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
    let mut names = Names::new(house, session);
    let taken_back = match given.and_then(|given| given.taken_back) {
        Some((by, at)) => Some(TakenBackView { by: names.person(by).await?, at }),
        None => None,
    };
    Ok(ChargingView {
        visit_id: visit,
        day: timezone(house, practice).await?.day_of(row.starts_at),
        therapist: names.person(row.therapist_id).await?,
        state: row.state,
        voided: row.voided.is_some(),
        charged_at: given.map(|given| given.charged_at),
        taken_back,
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

/// What is sent under a key. The fingerprint of the body is made with the key in it, which is not stored: so nobody who has the
/// store, and every key of the server, can try diagnosis codes against it.
fn repeatable(house: &House, session: &Session<Full>, what: &str, key: &str, new: &impl Serialize) -> Repeatable {
    Repeatable::new(house, session, &format!("{what} under {key}"), key, new)
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
    let repeatable = key.map(|key| repeatable(house, session, &format!("charge of {visit} of {patient}"), key, new));
    let units = Units::of(&new.services)?;
    let sending = Sending { what: What::Charge(new), repeatable, observer: &Unobserved };
    let sent = send(house, session, patient, visit, sending).await?;
    carry(house).await;
    Ok(sent.charged(visit, units))
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
    let sending = Sending { what: What::Charge(new), repeatable: None, observer };
    Ok(send(house, session, patient, visit, sending).await?.charged(visit, units))
}

/// Corrects what was charged for a visit, where as often was sent for it as the caller saw: `seen`, 1 for the charge alone. The
/// same `key` with the same body gives what it gave the first time.
pub async fn correct(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
    seen: u32,
    new: &NewCharge,
    key: Option<&str>,
) -> Result<Charged, ChargeError> {
    let what = || format!("correction {seen} of {visit} of {patient}");
    let repeatable = key.map(|key| repeatable(house, session, &what(), key, new));
    let units = Units::of(&new.services)?;
    let sending = Sending { what: What::Correction(seen, new), repeatable, observer: &Unobserved };
    let sent = send(house, session, patient, visit, sending).await?;
    carry(house).await;
    Ok(sent.charged(visit, units))
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
    let units = Units::of(&new.services)?;
    let sending = Sending { what: What::Correction(seen, new), repeatable: None, observer };
    Ok(send(house, session, patient, visit, sending).await?.charged(visit, units))
}

/// Takes back what was charged for a visit, where as often was sent for it as the caller saw. The visit is then as one that was
/// never charged, and can be said to be entered in error; a correction charges it again. What is in the books is not touched:
/// billing voids it. The same `key` with the same body gives what it gave the first time.
pub async fn take_back(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
    seen: u32,
    why: Withdrawal,
    key: Option<&str>,
) -> Result<Withdrawn, ChargeError> {
    let what = || format!("withdrawal {seen} of {visit} of {patient}");
    let repeatable = key.map(|key| repeatable(house, session, &what(), key, &why));
    let sending = Sending { what: What::Nothing(seen, why.reason), repeatable, observer: &Unobserved };
    let sent = send(house, session, patient, visit, sending).await?;
    carry(house).await;
    Ok(sent.withdrawn(visit))
}

/// The same up to where this is on its way, told to an observer.
pub async fn take_back_watched(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
    seen: u32,
    why: Withdrawal,
    observer: &dyn TaskObserver,
) -> Result<Withdrawn, ChargeError> {
    let sending = Sending { what: What::Nothing(seen, why.reason), repeatable: None, observer };
    Ok(send(house, session, patient, visit, sending).await?.withdrawn(visit))
}

/// It is on its way, whatever becomes of this first try: the courier comes by again.
async fn carry(house: &House) {
    if let Err(error) = courier::deliver(house, &Unobserved).await {
        tracing::warn!(%error, "a charge waits for the billing store");
    }
}
