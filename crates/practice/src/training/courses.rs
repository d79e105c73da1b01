//! Courses: made, superseded by their next version, ended. What somebody was trained under stays as it was.

use super::{COURSE, RecordView, TrainingError, allowed, overseeing, records};
use crate::{
    Event, House,
    accounts::in_person,
    record::{Names, Person, resource},
};
use domain::{CourseId, CoursePurpose, CourseRoles, CourseTitle, DueDays, PracticeId, RenewalMonths, Role, Timestamp};
use identity::{Full, Session};
use ledger::{Resource, Word};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch, CommitError,
    rows::{
        login_sessions,
        training::{self as rows, CourseRow},
    },
};

/// A course, or its next version.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCourse {
    /// What it is called.
    pub title: CourseTitle,
    /// What it is for, and what is learned in it.
    pub purpose: CoursePurpose,
    /// For whom.
    pub roles: CourseRoles,
    /// After how many months it is done again: 1 to 120; null asks once.
    #[serde(default)]
    pub renewal_months: Option<RenewalMonths>,
    /// Within how many days somebody is trained who joined, got the role, or of whom the course asks more from now on: 0 to 365.
    pub due_days: DueDays,
}

/// Who ended something, and when.
#[derive(Clone, Serialize, JsonSchema)]
pub struct Ended {
    /// Who.
    pub by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// A version of a course.
#[derive(Clone, Serialize, JsonSchema)]
pub struct CourseView {
    /// The course.
    pub course_id: CourseId,
    /// The number of the version; the ETag.
    pub version: i64,
    /// What it is called.
    pub title: String,
    /// What it is for.
    pub purpose: String,
    /// For whom.
    pub roles: Vec<Role>,
    /// After how many months it is done again; null asks once.
    pub renewal_months: Option<u16>,
    /// Within how many days somebody is trained who was not before.
    pub due_days: u16,
    /// Who made the version.
    pub made_by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub made_at: Timestamp,
    /// Who ended the course, and when; null while it has not ended.
    pub ended: Option<Ended>,
}

/// A course with everything that was recorded about it.
#[derive(Serialize, JsonSchema)]
pub struct CourseDetails {
    /// As it stands.
    #[serde(flatten)]
    pub course: CourseView,
    /// The versions before, the oldest first.
    pub earlier: Vec<CourseView>,
    /// Who was trained, recorded last first; corrected records too.
    pub records: Vec<RecordView>,
}

async fn view(
    house: &House,
    session: &Session<Full>,
    names: &mut Names<'_>,
    row: &CourseRow,
) -> Result<CourseView, TrainingError> {
    let title = house.vault.open_directory(session, row.made_by, &row.title).await?;
    let purpose = house.vault.open_directory(session, row.made_by, &row.purpose).await?;
    let ended = match row.ended {
        Some((by, at)) => Some(Ended { by: names.person(by).await?, at }),
        None => None,
    };
    Ok(CourseView {
        course_id: row.course_id,
        version: row.version,
        title: title.expose().as_str().to_owned(),
        purpose: purpose.expose().as_str().to_owned(),
        roles: row.roles.iter().map(|(role, _)| *role).collect(),
        renewal_months: row.renewal.map(RenewalMonths::value),
        due_days: row.due_days.value(),
        made_by: names.person(row.made_by).await?,
        made_at: row.made_at,
        ended,
    })
}

/// The courses of the practice as they stand, those that ended too.
pub async fn courses(house: &House, session: &Session<Full>) -> Result<Vec<CourseView>, TrainingError> {
    let practice = allowed(house, session, Resource::whole(COURSE)).await?;
    let (mut names, mut views) = (Names::new(house, session), Vec::new());
    for row in rows::courses(&house.stores.identity, practice).await? {
        views.push(view(house, session, &mut names, &row).await?);
    }
    Ok(views)
}

/// One course, with all its versions and everything that was recorded about it.
pub async fn course(house: &House, session: &Session<Full>, course: CourseId) -> Result<CourseDetails, TrainingError> {
    let practice = allowed(house, session, resource(COURSE, course)).await?;
    let mut names = Names::new(house, session);
    let mut versions = Vec::new();
    for row in rows::versions(&house.stores.identity, practice, course).await? {
        versions.push(view(house, session, &mut names, &row).await?);
    }
    let now = versions.pop().ok_or(TrainingError::Unknown)?;
    let records = records::of_course(house, session, &mut names, (practice, course)).await?;
    Ok(CourseDetails { course: now, earlier: versions, records })
}

/// A course as it stands.
pub(super) async fn standing(
    house: &House,
    practice: PracticeId,
    course: CourseId,
) -> Result<CourseRow, TrainingError> {
    let versions = rows::versions(&house.stores.identity, practice, course).await?;
    versions.into_iter().next_back().ok_or(TrainingError::Unknown)
}

/// Makes a course, in person.
pub async fn make(house: &House, session: &Session<Full>, new: &NewCourse) -> Result<CourseId, TrainingError> {
    let course = CourseId::random(&*house.rng);
    let practice = allowed(house, session, resource(COURSE, course)).await?;
    in_person(house, session)?;
    let row = row(house, session, (practice, course), None, new).await?;
    let event = Event::done(Word::new("make_course"), resource(COURSE, course));
    house.record(session, overseeing(event)).await?;
    store(house, session, rows::begin(Batch::new(), &row)).await?;
    Ok(course)
}

/// Makes the next version of a course that still has `seen`, in person.
pub async fn supersede(
    house: &House,
    session: &Session<Full>,
    course: CourseId,
    new: &NewCourse,
    seen: i64,
) -> Result<(), TrainingError> {
    let practice = allowed(house, session, resource(COURSE, course)).await?;
    in_person(house, session)?;
    let before = standing(house, practice, course).await?;
    if before.ended.is_some() {
        return Err(TrainingError::Ended);
    }
    if before.version != seen {
        return Err(TrainingError::Meanwhile);
    }
    let row = row(house, session, (practice, course), Some(&before), new).await?;
    let event = Event::done(Word::new("supersede_course"), resource(COURSE, course));
    house.record(session, overseeing(event)).await?;
    store(house, session, rows::supersede(Batch::new(), &row)).await
}

/// Ends a course that still has `seen`, in person: nothing is asked of anybody any more, and what was recorded stays.
pub async fn end(house: &House, session: &Session<Full>, course: CourseId, seen: i64) -> Result<(), TrainingError> {
    let practice = allowed(house, session, resource(COURSE, course)).await?;
    in_person(house, session)?;
    if standing(house, practice, course).await?.ended.is_some() {
        return Err(TrainingError::Ended);
    }
    house.record(session, overseeing(Event::done(Word::new("end_course"), resource(COURSE, course)))).await?;
    let batch = rows::end(Batch::new(), (practice, course), seen, session.account(), house.clock.now());
    store(house, session, batch).await
}

/// Stores what was recorded, while the session stands in which it was asked for.
pub(super) async fn store(house: &House, session: &Session<Full>, batch: Batch) -> Result<(), TrainingError> {
    let batch = login_sessions::hold(batch, session.practice(), session.account(), session.id());
    house.stores.identity.commit(batch).await.map_err(|error| match error {
        CommitError::Conflict { .. } | CommitError::Duplicate { .. } => TrainingError::Meanwhile,
        other => other.into(),
    })
}

/// The row of a version. A role of which it asks no more than the version before keeps the moment from which its days count;
/// otherwise whoever has it would be overdue at once.
async fn row(
    house: &House,
    session: &Session<Full>,
    (practice_id, course_id): (PracticeId, CourseId),
    before: Option<&CourseRow>,
    new: &NewCourse,
) -> Result<CourseRow, TrainingError> {
    let (made_by, made_at) = (session.account(), house.clock.now());
    let version = before.map_or(1, |before| before.version.saturating_add(1));
    let id = rows::course_id(course_id, version);
    let often = |renewal: Option<RenewalMonths>| renewal.map_or(u16::MAX, RenewalMonths::value);
    let no_more =
        before.filter(|before| new.due_days >= before.due_days && often(new.renewal_months) >= often(before.renewal));
    let since = |role: Role| {
        let kept = no_more.and_then(|before| before.roles.iter().find(|(of, _)| *of == role));
        (role, kept.map_or(made_at, |(_, since)| *since))
    };
    Ok(CourseRow {
        practice_id,
        course_id,
        version,
        title: house.vault.seal(practice_id, made_by, id, &new.title).await?,
        purpose: house.vault.seal(practice_id, made_by, id, &new.purpose).await?,
        roles: new.roles.as_slice().iter().copied().map(since).collect(),
        renewal: new.renewal_months,
        due_days: new.due_days,
        made_by,
        made_at,
        ended: None,
    })
}
