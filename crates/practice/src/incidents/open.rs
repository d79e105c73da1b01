//! Opening an incident: what happened, whose doing it is, when it was discovered.

use super::{INCIDENT, IncidentError, Whose, about, allowed, reason};
use crate::{
    Event, House,
    accounts::in_person,
    record::{resource, today},
    trail::Touches,
};
use domain::{
    AccountId, AlertId, Date, IncidentId, IncidentSubject, IncidentWords, LoginSessionId, PracticeId, Timestamp,
};
use identity::{Full, Session};
use ledger::Word;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use store::{
    Batch, StoreError,
    rows::{
        alerts,
        incidents::{self as rows, IncidentRow, freezing},
    },
};

/// An incident to open.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewIncident {
    /// By what it is known whose doing it is.
    pub subject: IncidentSubject,
    /// The account, the session (or API token), or the address.
    pub subject_id: String,
    /// From this moment on.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub from: Timestamp,
    /// Up to before this one.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub to: Timestamp,
    /// The first day on which it was known, or could have been (45 CFR 164.404(a)(2)): the clock runs from here.
    #[schemars(with = "String", extend("format" = "date"))]
    pub discovered_on: Date,
    /// The alert from which it is opened.
    #[serde(default)]
    pub alert_id: Option<AlertId>,
    /// What happened.
    pub what: IncidentWords,
}

/// By what it is known whose doing it is.
pub(super) fn whose(subject: IncidentSubject, id: &str) -> Result<Whose, IncidentError> {
    let unknown = |_| IncidentError::Subject;
    Ok(match subject {
        IncidentSubject::Account => Whose::Account(id.parse::<AccountId>().map_err(unknown)?),
        IncidentSubject::Session => Whose::Session(id.parse::<LoginSessionId>().map_err(unknown)?),
        IncidentSubject::Address => {
            let address: IpAddr = id.parse().map_err(|_| IncidentError::Subject)?;
            // As entries have it: an address of IPv4 that is written as one of IPv6 is the same one.
            Whose::Address(address.to_canonical())
        }
    })
}

/// What is stored says it in one way only.
fn written(whose: Whose) -> String {
    match whose {
        Whose::Account(account) => account.to_string(),
        Whose::Session(session) => session.to_string(),
        Whose::Address(address) => address.to_string(),
    }
}

/// Opens an incident, in person.
pub async fn open(house: &House, session: &Session<Full>, new: &NewIncident) -> Result<IncidentId, IncidentError> {
    let incident_id = IncidentId::random(&*house.rng);
    let practice = allowed(house, session, resource(INCIDENT, incident_id)).await?;
    in_person(house, session)?;
    let whose = whose(new.subject, &new.subject_id)?;
    if new.to <= new.from {
        return Err(IncidentError::Backwards);
    }
    if new.discovered_on > today(house, practice).await? {
        return Err(IncidentError::NotYet);
    }
    let db = &house.stores.identity;
    if let Some(alert) = new.alert_id
        && alerts::by_id(db, practice, alert).await?.is_none()
    {
        return Err(IncidentError::Unknown);
    }
    let touches = match whose {
        // That is said already.
        Whose::Account(_) => Touches::default(),
        _ => house.trail.touches(practice, whose, new.from, new.to).await?,
    };
    let behind = about::any(house, practice, whose, &touches).await?;
    let about = about::one(whose, &touches);
    let me = session.account();
    let what = house.vault.seal(practice, me, rows::row_id(incident_id), &new.what).await?;
    house.record(session, reason(Event::done(Word::new("open_incident"), resource(INCIDENT, incident_id)))).await?;
    let row = IncidentRow {
        practice_id: practice,
        incident_id,
        subject: new.subject,
        subject_id: written(whose),
        about,
        from: new.from,
        to: new.to,
        discovered_on: new.discovered_on,
        alert_id: new.alert_id,
        what,
        opened_by: me,
        opened_at: house.clock.now(),
        frozen_by: None,
        frozen_at: None,
        complete: None,
        missing: String::new(),
        version: 0,
        freezing: None,
        turn: 0,
        ended: None,
    };
    let batch = rows::insert(Batch::new(), &row);
    let which = (practice, incident_id);
    db.commit(behind.into_iter().fold(batch, |batch, account| freezing::may_be_about(batch, which, account))).await?;
    Ok(incident_id)
}

/// One incident, as it is stored.
pub(super) async fn stored(
    house: &House,
    practice: PracticeId,
    incident: IncidentId,
) -> Result<IncidentRow, IncidentError> {
    let found: Result<_, StoreError> = rows::by_id(&house.stores.identity, practice, incident).await;
    found?.ok_or(IncidentError::Unknown)
}
