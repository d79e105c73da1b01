//! Incidents: whom one affects, whether it was a breach, and what follows from that (45 CFR 164.400-414).

mod affected;

pub use affected::{Affected, AffectedPatient, Asked, Often, Seen, SeenOf, Through, Whose, affected, choices};

use crate::{HouseError, audit::AuditError, house::through_house, record::RecordError, trail::TrailError};
use domain::PracticeId;
use identity::{EnrollmentError, Full, Session};
use ledger::Resource;
use phi::{AccessError, HandleIncidents, Purpose};

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum IncidentError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// The time that is asked about ends before it begins.
    #[error("the time ends before it begins")]
    Backwards,
    /// Needs a factor proven just now.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
    /// A name could not be read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The trail could not be read.
    #[error(transparent)]
    Trail(#[from] TrailError),
    /// Names could not be read.
    #[error(transparent)]
    Audit(#[from] AuditError),
}

through_house!(IncidentError);

/// Leave to handle incidents, recorded with what is looked at.
async fn allowed(house: &crate::House, session: &Session<Full>, what: Resource) -> Result<PracticeId, IncidentError> {
    Ok(house.guard.authorize_practice::<HandleIncidents>(session, Purpose::operations(what)).await?.practice())
}
