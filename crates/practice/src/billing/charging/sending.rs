//! How what is said of a visit gets on its way: the mark at the visit and the crossing in one transaction.

use super::{ChargeError, Charged, NewCharge, Units, Withdrawn};
use crate::{
    House,
    billing::CHARGE,
    record::{RecordError, resource, timezone},
    repeat::Repeatable,
};
use domain::{PatientId, TaskObserver, Timestamp, VisitId, VisitState, billing::WithdrawalReason};
use identity::{Full, Session};
use ledger::Word;
use phi::{Claim, Purpose};
use store::{
    Batch, CommitError,
    rows::{
        billing_outbox::{self, CrossingRow, Given},
        visits::{self, VisitRow},
    },
};

const CORRECTION: Word = Word::new("charge_correction");
const TAKEN_BACK: Word = Word::new("charge_taken_back");
const GRANTED: &str = "the patient has a billing account";
const ON_ITS_WAY: &str = "the charge is on its way";

/// The steps, as the observer is told of them.
pub const CHARGING_STEPS: &[&str] = &[GRANTED, ON_ITS_WAY];

/// What is sent for a visit. A correction also says how often something was sent before.
#[derive(Clone, Copy)]
pub(super) enum What<'a> {
    Charge(&'a NewCharge),
    Correction(u32, &'a NewCharge),
    Nothing(u32, WithdrawalReason),
}

impl<'a> What<'a> {
    const fn number(self) -> u32 {
        match self {
            Self::Charge(_) => 0,
            Self::Correction(seen, _) | Self::Nothing(seen, _) => seen,
        }
    }
    const fn word(self) -> Word {
        match self {
            Self::Charge(_) => CHARGE,
            Self::Correction(..) => CORRECTION,
            Self::Nothing(..) => TAKEN_BACK,
        }
    }
    const fn claim(self, at: Timestamp) -> Claim<'a> {
        match self {
            Self::Charge(new) | Self::Correction(_, new) => Claim::Of(&new.services, &new.diagnoses),
            Self::Nothing(_, because) => Claim::Nothing(at, because),
        }
    }
}

/// What was sent.
pub(super) struct Sent {
    pub(super) at: Timestamp,
    pub(super) number: u32,
}

impl Sent {
    pub(super) const fn charged(self, visit_id: VisitId, units: Units) -> Charged {
        Charged { visit_id, sent_at: self.at, sent: self.number.saturating_add(1), units }
    }

    pub(super) const fn withdrawn(self, visit_id: VisitId) -> Withdrawn {
        Withdrawn { visit_id, sent_at: self.at, sent: self.number.saturating_add(1) }
    }
}

/// What is sent, for which request, told to whom.
pub(super) struct Sending<'a> {
    pub(super) what: What<'a>,
    pub(super) repeatable: Option<Repeatable>,
    pub(super) observer: &'a dyn TaskObserver,
}

/// Puts it on its way, where whoever asks may charge the patient's visits and the visit can be charged so.
pub(super) async fn send(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    visit: VisitId,
    Sending { what, repeatable, observer }: Sending<'_>,
) -> Result<Sent, ChargeError> {
    let number = what.number();
    let grant = house.guard.charge(session, patient, Purpose::payment(resource(what.word(), visit))).await?;
    let (db, practice) = (&house.stores.clinical, session.practice());
    let row = visits::by_id(db, practice, patient, visit).await?.ok_or(RecordError::nothing())?;
    if let Some(sent) = made_before(house, repeatable.as_ref(), number).await? {
        return Ok(sent);
    }
    let given = billing_outbox::given(db, practice, patient, visit).await?;
    may_be_sent(&row, given, what)?;
    let day = timezone(house, practice).await?.day_of(row.starts_at);
    // Only now: somebody for whom nothing can be charged does not become known to billing.
    let account = grant.open_account().await?;
    observer.reached(GRANTED);
    let created_at = house.clock.now();
    let crossing = account.cross((visit, number), day, row.therapist_id, what.claim(created_at));
    let crossing = CrossingRow { practice_id: practice, visit_id: visit, number, crossing, created_at };
    let batch = match what {
        What::Charge(_) => billing_outbox::charge(Batch::new(), patient, row.version, &crossing),
        What::Correction(..) => billing_outbox::correct(Batch::new(), patient, row.version, &crossing),
        What::Nothing(..) => {
            billing_outbox::take_back(Batch::new(), patient, row.version, session.account(), &crossing)
        }
    };
    let batch = match &repeatable {
        Some(repeatable) => repeatable.remember(batch, *visit.as_bytes(), created_at),
        None => batch,
    };
    match db.commit(batch).await {
        Ok(()) => {}
        Err(CommitError::Conflict { .. } | CommitError::Duplicate { .. }) => {
            if let Some(sent) = made_before(house, repeatable.as_ref(), number).await? {
                return Ok(sent);
            }
            let given = billing_outbox::given(db, practice, patient, visit).await?;
            let row = visits::by_id(db, practice, patient, visit).await?.ok_or(RecordError::nothing())?;
            may_be_sent(&row, given, what)?;
            // The visit can still be charged, but not as it was looked at: its day may be another one now.
            return Err(ChargeError::Stale);
        }
        Err(error) => return Err(error.into()),
    }
    observer.reached(ON_ITS_WAY);
    Ok(Sent { at: created_at, number })
}

/// What the same request sent before; none where it did not come before.
async fn made_before(house: &House, repeatable: Option<&Repeatable>, number: u32) -> Result<Option<Sent>, ChargeError> {
    let Some(repeatable) = repeatable else { return Ok(None) };
    Ok(repeatable.made_before(house).await?.map(|made| Sent { at: made.at, number }))
}

/// Whether this can be sent for a visit that stands so.
fn may_be_sent(visit: &VisitRow, given: Option<Given>, what: What<'_>) -> Result<(), ChargeError> {
    match (given, what) {
        _ if visit.state != VisitState::Held || visit.voided.is_some() => Err(ChargeError::NotHeld),
        (None, What::Charge(_)) => Ok(()),
        (Some(_), What::Charge(_)) => Err(ChargeError::Already),
        (None, _) => Err(ChargeError::NotCharged),
        (Some(given), _) if given.corrections.saturating_add(1) != what.number() => Err(ChargeError::Stale),
        (Some(given), What::Nothing(..)) if !given.stands() => Err(ChargeError::NotCharged),
        (Some(_), _) => Ok(()),
    }
}
