//! Breaking the glass: somebody who does not treat a patient opens the record in an emergency, saying why, for an hour; everybody
//! who watches over the practice is told, and somebody else signs for having looked into it.
//!
//! What is opened goes through the guard like everything else: here is only written down that the glass is broken, after the
//! guard allowed and recorded it. There is no search that says whether somebody is a patient: who is sought is said with the
//! reason, by somebody whose factor was proven just now, and each question is an entry.

mod close;
mod escalate;
mod open;
mod review;

pub use close::{OpenNow, close, open_now};
pub use escalate::{ESCALATE_STEPS, EscalateError, OVERDUE_EVERY, OVERDUE_RECOVERY, escalate_overdue, overdue};
pub use open::{NewEmergency, OPEN_STEPS, Opened, open};
pub use review::{EmergencyPage, EmergencyView, NewSignature, SignatureView, Signed, emergencies, emergency, sign};

use crate::{
    Event, House,
    record::{RecordError, resource, through_record},
    sign_in::AttemptError,
};
use domain::{EmergencyId, PatientId};
use identity::{EnrollmentError, Full, Session};
use ledger::{LedgerError, Outcome, Word};
use phi::SearchError;

pub(crate) const EMERGENCY: Word = Word::new("emergency");
pub(crate) const EMERGENCIES: Word = Word::new("emergencies");

/// Why something about an emergency was not done.
#[derive(Debug, thiserror::Error)]
pub enum EmergencyError {
    /// Whose record it is about is not said in exactly one way.
    #[error("a patient, a record number, or a whole name and a birth date")]
    Whom,
    /// Two records or more fit what was said.
    #[error("more than one record fits")]
    Several,
    /// The caller has everything already that it would give them.
    #[error("the record is open to this account already")]
    AlreadyOpen(PatientId),
    /// Too many tries in a short time.
    #[error(transparent)]
    Tried(#[from] AttemptError),
    /// It must be done in person: with a factor that was proven just now, and not by an API token.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// The login session ended meanwhile.
    #[error("the login session is over")]
    SessionOver,
    /// There is no such opening, or it is not the caller's to close.
    #[error("there is no such opening")]
    Unknown,
    /// It was closed, or its hour is over.
    #[error("it is not open any more")]
    NotOpen,
    /// One signs for nothing that one opened oneself.
    #[error("one's own opening is looked into by somebody else")]
    Own,
    /// The caller's account is younger than the opening, and somebody else was there who may sign.
    #[error("whoever was there when the record was opened signs")]
    MadeSince,
    /// The record is open still: nobody knows yet what will have been looked at.
    #[error("the record is open still")]
    StillOpen,
    /// Somebody signed already.
    #[error("somebody signed already")]
    Signed,
    /// It could not be recorded.
    #[error(transparent)]
    Unrecorded(#[from] LedgerError),
    /// Anything about the record itself.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_record!(EmergencyError);

impl From<SearchError> for EmergencyError {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Access(error) => error.into(),
            SearchError::Open(error) => error.into(),
        }
    }
}

/// Writes down that what was recorded as done was not: it could not be stored, or something else came in between.
async fn record_failure(
    house: &House,
    session: &Session<Full>,
    (patient, emergency): (PatientId, EmergencyId),
    action: Word,
) -> Result<(), LedgerError> {
    let event = Event::done(action, resource(EMERGENCY, emergency));
    let event = Event { patient: Some(patient), outcome: Outcome::Failed, reason: Word::new("not-stored"), ..event };
    house.record(session, event).await.map(|_| ())
}
