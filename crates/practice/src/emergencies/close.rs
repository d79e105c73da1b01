//! What somebody has open in an emergency, and closing it before its hour is over.

use super::{EMERGENCY, EmergencyError, record_failure};
use crate::{
    House,
    record::{record_about, resource},
};
use domain::{EmergencyId, PatientId, Timestamp};
use identity::{EnrollmentError, Full, Session};
use ledger::Word;
use schemars::JsonSchema;
use serde::Serialize;
use store::{Batch, CommitError, StoreError, rows::emergencies};

/// A record that is open in the caller's login session: of the patient it says the id and no more.
#[derive(Clone, Serialize, JsonSchema)]
pub struct OpenNow {
    /// The opening.
    pub emergency_id: EmergencyId,
    /// Whose record.
    pub patient_id: PatientId,
    /// Until when.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub expires_at: Timestamp,
    /// Seconds that are left.
    pub seconds_left: i64,
}

/// What the caller has open at this moment, in the order in which it closes by itself.
pub async fn open_now(house: &House, session: &Session<Full>) -> Result<Vec<OpenNow>, StoreError> {
    let now = house.clock.now();
    let rows = emergencies::open_in(&house.stores.identity, session.practice(), session.id(), now).await?;
    let view = |row: &emergencies::EmergencyRow| OpenNow {
        emergency_id: row.emergency_id,
        patient_id: row.patient_id,
        expires_at: row.expires_at,
        seconds_left: row.expires_at.as_second() - now.as_second(),
    };
    Ok(rows.iter().map(view).collect())
}

/// Closes what the caller opened, from whichever of their sessions; recorded under the patient.
pub async fn close(house: &House, session: &Session<Full>, emergency: EmergencyId) -> Result<(), EmergencyError> {
    if session.token().is_some() {
        return Err(EnrollmentError::ApiToken.into());
    }
    let (db, practice, account) = (&house.stores.identity, session.practice(), session.account());
    let found = emergencies::by_id(db, practice, emergency).await?;
    let row = found.filter(|row| row.account_id == account).ok_or(EmergencyError::Unknown)?;
    let now = house.clock.now();
    if row.ended_at.is_some() || row.expires_at <= now {
        return Err(EmergencyError::NotOpen);
    }
    let action = Word::new("end_emergency");
    let what = (action.clone(), resource(EMERGENCY, emergency));
    record_about(house, session, row.patient_id, what, Word::new("break-glass")).await?;
    let Err(error) = db.commit(emergencies::end(Batch::new(), practice, emergency, account, now)).await else {
        return Ok(());
    };
    record_failure(house, session, (row.patient_id, emergency), action).await?;
    Err(match error {
        CommitError::Conflict { .. } => EmergencyError::NotOpen,
        error => error.into(),
    })
}
