//! Incidents: whom one affects, whether it was a breach, and what follows from that (45 CFR 164.400-414).

mod about;
mod affected;
mod decide;
mod facts;
mod freeze;
mod hand;
mod missing;
mod open;
mod view;
mod year_log;

pub(crate) use about::lifts_not;
pub use affected::{
    Affected, AffectedPatient, Asked, MadeToken, Often, Seen, SeenOf, Through, Whose, affected, choices,
};
pub use decide::{NewAssessment, NewClosing, NewNotice, assess, close, count, notice};
pub use facts::Facts;
pub use freeze::{FREEZE_STEPS, Frozen, freeze, round};
pub use missing::Missing;
pub use open::{NewIncident, open};
pub use view::{
    AffectedLine, AssessmentView, Done, Factor, IncidentLine, IncidentView, Incidents, NoticeView, TimelineDay,
    incident, incidents,
};
pub use year_log::{LoggedBreach, YearLog, year_log};

use crate::{
    Event, HouseError, audit::AuditError, house::through_house, record::RecordError, retention::RetentionError,
    trail::TrailError,
};
use domain::{BreachNotice, Invalid, PracticeId};
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
    NotTold(Vec<BreachNotice>),
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
