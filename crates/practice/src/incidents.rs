//! Incidents: whom one affects, whether it was a breach, and what follows from that (45 CFR 164.400-414).

mod about;
mod affected;
mod counts;
mod decide;
mod facts;
mod file;
mod freeze;
mod hand;
mod letters;
mod missing;
mod notices;
mod open;
mod view;
mod year_log;

pub(crate) use about::lifts_not;
pub use affected::{
    Affected, AffectedPatient, Asked, MadeToken, Often, Seen, SeenOf, Through, Whose, affected, choices,
};
pub use counts::{CountView, count};
pub use decide::{NewAssessment, NewClosing, assess, close};
pub use facts::Facts;
pub use file::{INCIDENT_FILE, IncidentFile, SignedIncident, incident_file, verify_incident};
pub use freeze::{FREEZE_STEPS, Frozen, freeze, round};
pub use letters::{LetterView, Letters, LettersAs, NewLetter, WhichLetters, letters, make_letters, write_letter};
pub use missing::Missing;
pub use notices::{NewNotice, NoticeView, notice};
pub use open::{NewIncident, open};
pub use view::{
    AffectedLine, AssessmentView, Done, Factor, IncidentLine, IncidentView, Incidents, TimelineDay, incident, incidents,
};
pub use year_log::{LoggedBreach, YearLog, year_log};

use crate::{
    Event, HouseError, audit::AuditError, house::through_house, record::RecordError, retention::RetentionError,
    trail::TrailError,
};
use domain::{DueNotice, Invalid, PracticeId};
use identity::{EnrollmentError, Full, Session};
use ledger::{Resource, Word};
use phi::{AccessError, HandleIncidents, Purpose};

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum IncidentError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such incident or alert here.
    #[error("there is no such incident")]
    Unknown,
    /// It is not said whose doing it is, in a way that can be looked for.
    #[error("this names no account, session or address")]
    Subject,
    /// The day has not come yet.
    #[error("the day has not come yet")]
    NotYet,
    /// No incident is of such a year.
    #[error("there are no incidents of such a year")]
    Year,
    /// It may not be done now: the incident is closed, or was not assessed.
    #[error("this may not be done as the incident stands")]
    NotNow,
    /// Somebody else did something about it at the same moment.
    #[error("somebody did something about this incident meanwhile")]
    Meanwhile,
    /// It is being frozen: it is not closed before that is over.
    #[error("the incident is being frozen")]
    Freezing,
    /// Whoever assessed it does not close it.
    #[error("whoever assessed an incident does not close it")]
    BothHands,
    /// It was never frozen, so that nobody was written down as affected, and nobody is missed.
    #[error("whom this breach affects was not written down: it was never frozen")]
    NotFrozen,
    /// It was frozen before its time was over: what was done after that is in no list.
    #[error("it was frozen before its time was over")]
    FrozenTooEarly,
    /// Notices are still to be given.
    #[error("notices of this breach are still to be given")]
    NotTold(Vec<DueNotice>),
    /// So many of those affected are counted in no state; or, below zero, so many too many are.
    #[error("the counts by state do not come to as many as are affected")]
    NotCounted(i64),
    /// A notice was given before the breach was discovered.
    #[error("the day is before the discovery")]
    TooEarly,
    /// A notice was given after its last day, and it is not said why.
    #[error("a notice was late, and it is not said why")]
    LateWhy,
    /// What is said of a notice does not fit it.
    #[error("what is said of the notice does not fit it")]
    Notice(&'static str, Invalid),
    /// This notice was noted before.
    #[error("this notice was noted before")]
    NotedBefore,
    /// No such notice counts any more.
    #[error("there is no such notice in whose place another could stand")]
    NoSuchNotice,
    /// A letter names no way to ask.
    #[error("the letter names no way to ask")]
    Ask,
    /// What the letters say was not written.
    #[error("what the letters say was not written")]
    NoLetter,
    /// The audit trail did not prove the making of a file.
    #[error("the audit trail gives no proof of this file yet")]
    Unproved,
    /// There is more to say than a signed file holds.
    #[error("this is more than a signed file holds")]
    TooLong,
    /// A record could not be held.
    #[error(transparent)]
    Hold(#[from] RetentionError),
    /// What was written does not fit.
    #[error(transparent)]
    Value(#[from] Invalid),
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

const INCIDENT: Word = Word::new("incident");

/// What is done about an incident stands in the trail with the permission for it.
fn reason(event: Event) -> Event {
    Event { reason: Word::new("handle-incidents"), ..event }
}
