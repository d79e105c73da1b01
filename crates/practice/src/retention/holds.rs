//! Legal holds: placed by whoever watches over retention, lifted by somebody who asks for no destruction.

use super::{HOLD, RetentionError, accounts::accounts_of_person, same_person::SamePerson};
use crate::{
    Actor, Event, House,
    accounts::in_person,
    incidents::lifts_not,
    record::{Names, Person, resource},
};
use domain::{
    BillingAccountId, HoldId, PatientId, PracticeId, Timestamp,
    retention::{HoldReason, IncidentNumber},
};
use identity::{Full, Origin, Session};
use ledger::{Outcome, Receipt, Resource, Word};
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
pub(super) async fn is_kept(house: &House, practice: PracticeId, patient: PatientId) -> Result<bool, RetentionError> {
    let rows = archives::of_patient(&house.stores.keys, practice, patient).await?;
    Ok(rows.iter().any(|row| row.ending_at.is_none() && row.ended_at.is_none()))
}

/// The billing accounts of all records of a person.
pub(super) async fn accounts_behind(
    house: &House,
    recorded: &Receipt,
    practice: PracticeId,
    patient: PatientId,
) -> Result<Vec<BillingAccountId>, RetentionError> {
    let people = SamePerson::read(&house.stores.identity, practice).await?;
    accounts_of_person(house, recorded, practice, &people.records(patient)).await
}

/// Places a hold. From this moment on nobody whom it covers is destroyed, whatever was approved, and no archive and no billing
/// account of theirs; [`RetentionError::TooLate`] when the destruction of the patient, of their archive or of their billing
/// account has begun.
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
    let practice = grant.practice();
    // Whom the hold covers may have a billing account, which then stays too; also when the record itself is gone.
    let accounts = match new.patient_id {
        Some(patient) => accounts_behind(house, grant.receipt(), practice, patient).await?,
        None => Vec::new(),
    };
    let known = match archived {
        Some(patient) => !accounts.is_empty() || is_kept(house, practice, patient).await?,
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
    let identity = &house.stores.identity;
    let none_condemned = accounts
        .iter()
        .fold(Batch::new(), |batch, account| retention::accounts::not_condemned(batch, practice, *account));
    match identity.commit(legal_holds::insert(none_condemned, &row)).await {
        Ok(()) => match new.patient_id {
            Some(patient) => {
                let (who, recorded) = ((Actor::of_session(session), session.origin()), grant.receipt());
                let late = comes_too_late(house, who, recorded, (practice, hold_id, patient), &accounts).await?;
                if late { Err(RetentionError::TooLate) } else { Ok(hold_id) }
            }
            None => Ok(hold_id),
        },
        Err(CommitError::Conflict { .. }) => Err(RetentionError::TooLate),
        Err(error) => Err(error.into()),
    }
}

/// Looks once more whether what a hold covers is still there that is not looked at in the transaction that places it; lifts it
/// again where it comes too late, and says so.
pub(super) async fn comes_too_late(
    house: &House,
    (actor, origin): (Actor, Origin),
    recorded: &Receipt,
    (practice, hold_id, patient): (PracticeId, HoldId, PatientId),
    asked: &[BillingAccountId],
) -> Result<bool, RetentionError> {
    let identity = &house.stores.identity;
    let destroyed = patients::by_id(&house.stores.clinical, practice, patient).await?.is_none();
    let mut late = None;
    // Whoever ends an archive marks it and then looks for holds, so one of the two sees the other.
    if destroyed && asked.is_empty() && !is_kept(house, practice, patient).await? {
        late = Some(Word::new("archive-is-ending"));
    }
    // The same of an account that came to this person by a merge since it was asked for: one that is not condemned by now is
    // seen to be held.
    for account in accounts_behind(house, recorded, practice, patient).await? {
        if !asked.contains(&account) && retention::accounts::is_condemned(identity, practice, account).await? {
            late = Some(Word::new("account-is-ending"));
        }
    }
    let Some(reason) = late else { return Ok(false) };
    let lift = Event { patient: Some(patient), reason, ..Event::done(LIFT, resource(HOLD, hold_id)) };
    house.record_as(actor, origin, lift).await?;
    identity.commit(legal_holds::too_late(Batch::new(), practice, hold_id, house.clock.now())).await?;
    Ok(true)
}

/// Lifts a hold: in person, and not by somebody who made or approved a plan that is not over.
pub async fn lift(house: &House, session: &Session<Full>, hold: HoldId) -> Result<(), RetentionError> {
    let purpose = Purpose::operations(resource(HOLD, hold));
    let grant = house.guard.authorize_practice::<Retain>(session, purpose).await?;
    let identity = &house.stores.identity;
    let row = legal_holds::by_id(identity, grant.practice(), hold).await?.ok_or(RetentionError::Unknown)?;
    in_person(house, session)?;
    let me = session.account();
    if let Some(number) = &row.incident
        && lifts_not(house, session, grant.practice(), number).await.map_err(Box::new)?
    {
        let refused = Event::refused(LIFT, resource(HOLD, hold), Word::new("about-oneself"));
        house.record(session, Event { patient: row.patient_id, ..refused }).await?;
        return Err(RetentionError::Oneself);
    }
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
