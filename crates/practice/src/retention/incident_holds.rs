//! Holds that follow from an incident: one for each record, with an id that follows from both, so that nobody places two.

use super::{
    HOLD, RetentionError,
    holds::{accounts_behind, comes_too_late, is_kept},
};
use crate::{Actor, Event, House, record::resource};
use domain::{
    AccountId, HoldId, IncidentId, PatientId, PracticeId,
    retention::{HoldReason, IncidentNumber},
};
use identity::Origin;
use ledger::{Receipt, Word};
use store::{
    Batch, CommitError,
    rows::{
        legal_holds::{self, HoldRow},
        patients, retention,
    },
};

/// The hold on a record for an incident: the same whoever places it, and however often.
pub(crate) fn hold_of_incident(incident: IncidentId, patient: PatientId) -> HoldId {
    let parts = [b"patella incident hold v1".as_slice(), incident.as_bytes(), patient.as_bytes()];
    let hash = crypto::sha256(&parts.concat());
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    HoldId::from_random(id)
}

/// A hold to place for an incident.
pub(crate) struct ForIncident {
    /// The practice.
    pub(crate) practice: PracticeId,
    /// Whose record.
    pub(crate) patient: PatientId,
    /// Its id.
    pub(crate) hold: HoldId,
    /// The incident's number.
    pub(crate) number: IncidentNumber,
    /// Why.
    pub(crate) reason: HoldReason,
    /// Who asked for it, and was allowed to.
    pub(crate) by: AccountId,
}

impl ForIncident {
    /// What is recorded before it is placed.
    pub(crate) fn event(&self) -> Event {
        let event = Event::done(Word::new("place_legal_hold"), resource(HOLD, self.hold));
        Event { patient: Some(self.patient), reason: Word::new("legal-hold"), ..event }
    }
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HoldPlaced {
    /// It is there.
    Placed,
    /// The destruction of what it should cover had begun, or is over.
    TooLate,
    /// Somebody else goes on with the incident.
    Meanwhile,
}

/// Places a hold that was recorded, between what must be so (one statement, which fails where somebody else goes on) and what is
/// noted with it: `around` gives both. Whether it came in time is to be asked next.
pub(crate) async fn place_for_incident(
    house: &House,
    recorded: &Receipt,
    new: &ForIncident,
    around: impl Fn() -> (Batch, Batch) + Send + Sync,
) -> Result<HoldPlaced, RetentionError> {
    let (practice, patient, identity) = (new.practice, new.patient, &house.stores.identity);
    let accounts = accounts_behind(house, recorded, practice, patient).await?;
    let destroyed = patients::by_id(&house.stores.clinical, practice, patient).await?.is_none();
    if destroyed && accounts.is_empty() && !is_kept(house, practice, patient).await? {
        return Ok(HoldPlaced::TooLate);
    }
    let row = HoldRow {
        practice_id: practice,
        hold_id: new.hold,
        patient_id: Some(patient),
        incident: Some(new.number.as_str().to_owned()),
        reason: house.vault.seal(practice, new.by, HoldRow::row_id(new.hold), &new.reason).await?,
        placed_by: new.by,
        placed_at: house.clock.now(),
        lifted_by: None,
        lifted_at: None,
    };
    let (mine, noted) = around();
    let open =
        accounts.iter().fold(mine, |batch, account| retention::accounts::not_condemned(batch, practice, *account));
    match identity.commit(legal_holds::insert(open, &row).and(noted)).await {
        Ok(()) => Ok(HoldPlaced::Placed),
        Err(CommitError::Conflict { statement: 0 }) => Ok(HoldPlaced::Meanwhile),
        Err(CommitError::Conflict { .. }) => Ok(HoldPlaced::TooLate),
        // It is there already.
        Err(CommitError::Duplicate { .. }) => {
            let there = legal_holds::by_id(identity, practice, new.hold).await?;
            if there.is_none_or(|there| there.lifted_at.is_some()) {
                return Ok(HoldPlaced::TooLate);
            }
            let (mine, noted) = around();
            match identity.commit(mine.and(noted)).await {
                Ok(()) => Ok(HoldPlaced::Placed),
                Err(CommitError::Conflict { .. }) => Ok(HoldPlaced::Meanwhile),
                Err(error) => Err(error.into()),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether a hold that was placed came in time; where it did not it is lifted again. May be asked as often as one likes.
pub(crate) async fn came_in_time(
    house: &House,
    who: (Actor, Origin),
    recorded: &Receipt,
    new: &ForIncident,
) -> Result<HoldPlaced, RetentionError> {
    let (practice, patient) = (new.practice, new.patient);
    let there = legal_holds::by_id(&house.stores.identity, practice, new.hold).await?;
    // It was found to be too late before, or somebody lifted it since.
    if there.is_none_or(|there| there.lifted_at.is_some()) {
        return Ok(HoldPlaced::TooLate);
    }
    // Those that were condemned by then could not be among those that the hold looked at.
    let mut asked = Vec::new();
    for account in accounts_behind(house, recorded, practice, patient).await? {
        if !retention::accounts::is_condemned(&house.stores.identity, practice, account).await? {
            asked.push(account);
        }
    }
    let late = comes_too_late(house, who, recorded, (practice, new.hold, patient), &asked).await?;
    Ok(if late { HoldPlaced::TooLate } else { HoldPlaced::Placed })
}
