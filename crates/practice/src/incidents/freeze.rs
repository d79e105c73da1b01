//! Freezing: whoever did it is signed out, whom it affects is written down, and nobody of them is destroyed meanwhile.

use super::{Affected, Asked, INCIDENT, IncidentError, decide, open, reason};
use crate::{
    Event, House,
    accounts::in_person,
    record::resource,
    retention::{self, NewHold, RetentionError},
};
use domain::{
    HoldId, IncidentId, IncidentStep, PatientId,
    retention::{HoldReason, IncidentNumber},
};
use identity::{Full, Session};
use ledger::Word;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashSet;
use store::{
    Batch,
    rows::{
        api_tokens,
        incidents::{self as rows, AffectedRow, IncidentRow},
        login_sessions,
    },
};

/// Patients that are written down in one transaction.
const AT_ONCE: usize = 500;

/// What freezing came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Frozen {
    /// Of how many patients something was opened.
    pub affected: u64,
    /// How many records are held for it.
    pub held: u64,
    /// How many could not be held: their destruction had begun, or is over.
    pub not_held: u64,
    /// Whether sessions and API tokens of an account were ended.
    pub sessions_ended: bool,
    /// Whether every entry of the trail of that time was looked at.
    pub complete: bool,
}

/// Freezes an incident, in person: ends all sessions and API tokens of the account whose doing it is, writes down whom it
/// affects, and holds their records. Done again it goes on where it was left, and finds out anew whom it affects.
pub async fn freeze(house: &House, session: &Session<Full>, incident: IncidentId) -> Result<Frozen, IncidentError> {
    let row = decide::begin(house, session, incident).await?;
    in_person(house, session)?;
    decide::may(house, &row, IncidentStep::Freeze).await?;
    let practice = row.practice_id;
    let db = &house.stores.identity;
    house.record(session, reason(Event::done(Word::new("freeze_incident"), resource(INCIDENT, incident)))).await?;
    if let Some(account) = row.about {
        let ended = Event::done(Word::new("end_all_sessions"), resource(Word::new("account"), account));
        house.record(session, reason(ended)).await?;
        let batch = api_tokens::revoke_all(Batch::new(), practice, account);
        db.commit(login_sessions::end_all(batch, practice, account)).await?;
    }
    let asked = Asked { whose: open::whose(row.subject, &row.subject_id)?, from: row.from, to: row.to };
    let touches = house.trail.touches(practice, asked.whose, asked.from, asked.to).await?;
    let affected = Affected::of(&touches, asked.from);
    let listed: Vec<AffectedRow> = affected
        .patients
        .iter()
        .map(|patient| AffectedRow {
            patient_id: patient.patient_id,
            times: patient.seen.times,
            first: patient.seen.first,
            last: patient.seen.last,
            classes: patient.seen.classes.iter().map(|class| class.what.as_str()).collect::<Vec<_>>().join(" "),
            hold_id: None,
        })
        .collect();
    for some in listed.chunks(AT_ONCE) {
        let batch = some.iter().fold(Batch::new(), |batch, one| rows::affect(batch, (practice, incident), one));
        db.commit(batch).await?;
    }
    // Frozen is said when the list is whole: killed before, it is frozen again.
    let batch = rows::moves_on(Batch::new(), &row);
    let batch = rows::frozen(batch, &row, session.account(), house.clock.now(), affected.complete);
    db.commit(batch).await.map_err(decide::meanwhile)?;
    let (held, not_held) = hold(house, session, &row).await?;
    Ok(Frozen {
        affected: listed.len() as u64,
        held,
        not_held,
        sessions_ended: row.about.is_some(),
        complete: affected.complete,
    })
}

/// Holds the records of everybody who is affected and not held for this incident yet.
async fn hold(house: &House, session: &Session<Full>, row: &IncidentRow) -> Result<(u64, u64), IncidentError> {
    let (practice, incident) = (row.practice_id, row.incident_id);
    let db = &house.stores.identity;
    let number = IncidentNumber::new(incident.to_string())?;
    let reason = HoldReason::new("An incident affects this record")?;
    let (mut held, mut not_held) = (0, 0);
    // Placed, and not written down here, by one that was killed in between.
    let placed: HashSet<(PatientId, HoldId)> = placed(house, row).await?;
    for one in rows::affected(db, practice, incident).await? {
        if one.hold_id.is_some() {
            held += 1;
            continue;
        }
        let there = placed.iter().find(|(patient, _)| *patient == one.patient_id).map(|(_, hold)| *hold);
        let hold = match there {
            Some(hold) => hold,
            None => {
                let new = NewHold {
                    patient_id: Some(one.patient_id),
                    incident: Some(number.clone()),
                    reason: reason.clone(),
                };
                match retention::place(house, session, &new).await {
                    Ok(hold) => hold,
                    Err(RetentionError::TooLate | RetentionError::Unknown) => {
                        not_held += 1;
                        continue;
                    }
                    Err(other) => return Err(other.into()),
                }
            }
        };
        db.commit(rows::held(Batch::new(), (practice, incident), one.patient_id, hold)).await?;
        held += 1;
    }
    Ok((held, not_held))
}

/// The holds in force that were placed for an incident.
async fn placed(house: &House, row: &IncidentRow) -> Result<HashSet<(PatientId, HoldId)>, IncidentError> {
    let number = row.incident_id.to_string();
    let holds = store::rows::legal_holds::for_incident(&house.stores.identity, row.practice_id, &number).await?;
    Ok(holds.into_iter().collect())
}
