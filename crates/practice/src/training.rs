//! Training of whoever works here: courses, who was trained in them and when, and that nobody works without what is due (45 CFR
//! 164.308(a)(5), 164.530(b)).

mod courses;
mod gate;
mod records;
mod settings;
mod standing;

pub use courses::{CourseDetails, CourseView, Ended, NewCourse, course, courses, end, make, supersede};
pub(crate) use gate::{Admission, admission};
pub use gate::{Untrained, told};
pub use records::{NewCorrection, NewTraining, RecordView, correct, one_record, record};
pub use settings::{TrainingSettings, WARN_DAYS, change_settings, settings};
pub use standing::{OwnTraining, StandingView, TrainingTable, own, table};

use crate::{Event, House, HouseError, house::through_house, record::RecordError, staff};
use domain::{AccountId, PracticeId, Role};
use identity::{EnrollmentError, Full, Session};
use ledger::{Resource, Word};
use phi::{AccessError, Oversee, Purpose};
use store::{
    StoreError,
    rows::accounts::{AccountRow, AccountState},
};

/// Why something about training was not done.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// It was not allowed, or could not be recorded.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// There is no such course, account or record here.
    #[error("there is no such course, account or record")]
    Unknown,
    /// Somebody changed the course or the record meanwhile, or the session ended.
    #[error("it was changed meanwhile")]
    Meanwhile,
    /// The course has ended.
    #[error("the course has ended")]
    Ended,
    /// The day has not come yet.
    #[error("the day has not come yet")]
    NotYet,
    /// Nobody records their own training while somebody else could.
    #[error("one's own training is recorded by somebody else")]
    Oneself,
    /// The number of days is too large.
    #[error("days to warn before must be at most {WARN_DAYS}")]
    WarnDays,
    /// Needs a factor proven just now.
    #[error(transparent)]
    NotInPerson(#[from] EnrollmentError),
    /// A name could not be read.
    #[error(transparent)]
    Name(#[from] RecordError),
    /// The house could not do its part.
    #[error(transparent)]
    House(#[from] HouseError),
}

through_house!(TrainingError);

const COURSE: Word = Word::new("course");
const TRAINING: Word = Word::new("training");

async fn allowed(house: &House, session: &Session<Full>, what: Resource) -> Result<PracticeId, AccessError> {
    Ok(house.guard.authorize_practice::<Oversee>(session, Purpose::operations(what)).await?.practice())
}

/// What is done about training stands in the trail as what it is.
fn overseeing(event: Event) -> Event {
    Event { reason: Word::new("oversight-task"), ..event }
}

/// Whether the policy gives a role leave to record training.
const fn records_training(role: Role) -> bool {
    matches!(role, Role::Admin | Role::PrivacyOfficer)
}

/// Who but this account may record training at this moment.
async fn others(house: &House, practice: PracticeId, account: AccountId) -> Result<Vec<AccountRow>, StoreError> {
    let mut staff = staff::everybody(house, practice).await?;
    staff.retain(|row| row.account_id != account && records_training(row.role) && row.state == AccountState::Active);
    Ok(staff)
}
