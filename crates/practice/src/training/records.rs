//! Who was trained, and when: recorded by somebody else, and corrected by another record.

use super::{TRAINING, TrainingError, allowed, courses, others, overseeing};
use crate::{
    Event, House,
    accounts::in_person,
    record::{Names, Person, resource, today},
};
use domain::{AccountId, CourseId, Date, PracticeId, Role, Timestamp, TrainingId, TrainingWords};
use identity::{Full, Session};
use ledger::Word;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::{
    Batch,
    rows::{
        accounts,
        training::{self as rows, TrainingRow},
    },
};

/// That somebody was trained.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTraining {
    /// Who.
    pub account_id: AccountId,
    /// On which day.
    #[schemars(with = "String", extend("format" = "date"))]
    pub trained_on: Date,
    /// How: by whom, where, with what.
    pub how: TrainingWords,
}

/// What takes the place of a record.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCorrection {
    /// On which day they were trained; null takes the record back.
    #[serde(default)]
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub trained_on: Option<Date>,
    /// How, or why it is corrected.
    pub how: TrainingWords,
}

/// A record of training.
#[derive(Clone, Serialize, JsonSchema)]
pub struct RecordView {
    /// The record.
    pub training_id: TrainingId,
    /// Who was trained.
    pub whom: Person,
    /// Under which version of the course.
    pub version: i64,
    /// On which day; null takes back what was recorded in error.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub trained_on: Option<Date>,
    /// How, or why it is corrected.
    pub how: String,
    /// Who recorded it.
    pub recorded_by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub recorded_at: Timestamp,
    /// Whether it is about whoever recorded it, since nobody else could.
    pub nobody_else: bool,
    /// The record that it corrects; null where it is none.
    pub corrects: Option<TrainingId>,
    /// The record that takes its place; null where it counts.
    pub superseded_by: Option<TrainingId>,
}

async fn view(
    house: &House,
    session: &Session<Full>,
    names: &mut Names<'_>,
    row: &TrainingRow,
) -> Result<RecordView, TrainingError> {
    let how = house.vault.open_directory(session, row.recorded_by, &row.how).await?;
    Ok(RecordView {
        training_id: row.training_id,
        whom: names.person(row.account_id).await?,
        version: row.version,
        trained_on: row.trained_on,
        how: how.expose().as_str().to_owned(),
        recorded_by: names.person(row.recorded_by).await?,
        recorded_at: row.recorded_at,
        nobody_else: row.nobody_else,
        corrects: row.corrects,
        superseded_by: row.superseded_by,
    })
}

pub(super) async fn of_course(
    house: &House,
    session: &Session<Full>,
    names: &mut Names<'_>,
    (practice, course): (PracticeId, CourseId),
) -> Result<Vec<RecordView>, TrainingError> {
    let mut views = Vec::new();
    for row in rows::of_course(&house.stores.identity, practice, course).await? {
        views.push(view(house, session, names, &row).await?);
    }
    Ok(views)
}

/// One record, and its course.
pub async fn one_record(
    house: &House,
    session: &Session<Full>,
    training: TrainingId,
) -> Result<(CourseId, RecordView), TrainingError> {
    let practice = allowed(house, session, resource(TRAINING, training)).await?;
    let found = rows::training(&house.stores.identity, practice, training).await?;
    let row = found.ok_or(TrainingError::Unknown)?;
    Ok((row.course_id, view(house, session, &mut Names::new(house, session), &row).await?))
}

/// Records that somebody was trained in a course as it stands, in person.
pub async fn record(
    house: &House,
    session: &Session<Full>,
    course: CourseId,
    new: &NewTraining,
) -> Result<TrainingId, TrainingError> {
    const ACTION: Word = Word::new("record_training");
    let training = TrainingId::random(&*house.rng);
    let practice = allowed(house, session, resource(TRAINING, training)).await?;
    in_person(house, session)?;
    let course = courses::standing(house, practice, course).await?;
    if course.ended.is_some() {
        return Err(TrainingError::Ended);
    }
    let account = accounts::by_id(&house.stores.identity, practice, new.account_id).await?;
    account.filter(|row| row.role != Role::Patient).ok_or(TrainingError::Unknown)?;
    come(house, practice, Some(new.trained_on)).await?;
    let nobody_else = by_another(house, session, (new.account_id, training), &ACTION).await?;
    let row = TrainingRow {
        practice_id: practice,
        training_id: training,
        account_id: new.account_id,
        course_id: course.course_id,
        version: course.version,
        trained_on: Some(new.trained_on),
        how: house.vault.seal(practice, session.account(), rows::training_id(training), &new.how).await?,
        recorded_by: session.account(),
        recorded_at: house.clock.now(),
        nobody_else,
        corrects: None,
        superseded_by: None,
    };
    write_down(house, session, (training, nobody_else), ACTION).await?;
    let batch = rows::stands(Batch::new(), (practice, course.course_id), course.version);
    courses::store(house, session, rows::insert(batch, &row)).await?;
    Ok(training)
}

/// Puts another record in the place of one, in person: with another day, or with none. The one before stays, marked.
pub async fn correct(
    house: &House,
    session: &Session<Full>,
    training: TrainingId,
    new: &NewCorrection,
) -> Result<TrainingId, TrainingError> {
    const ACTION: Word = Word::new("correct_training");
    let practice = allowed(house, session, resource(TRAINING, training)).await?;
    in_person(house, session)?;
    let found = rows::training(&house.stores.identity, practice, training).await?;
    let before = found.ok_or(TrainingError::Unknown)?;
    if before.superseded_by.is_some() {
        return Err(TrainingError::Meanwhile);
    }
    come(house, practice, new.trained_on).await?;
    let nobody_else = by_another(house, session, (before.account_id, training), &ACTION).await?;
    let next = TrainingId::random(&*house.rng);
    let row = TrainingRow {
        training_id: next,
        trained_on: new.trained_on,
        how: house.vault.seal(practice, session.account(), rows::training_id(next), &new.how).await?,
        recorded_by: session.account(),
        recorded_at: house.clock.now(),
        nobody_else,
        corrects: Some(training),
        superseded_by: None,
        ..before
    };
    write_down(house, session, (training, nobody_else), ACTION).await?;
    let batch = rows::superseded(Batch::new(), practice, training, next);
    courses::store(house, session, rows::insert(batch, &row)).await?;
    Ok(next)
}

/// A day that has not come yet is no day on which anybody was trained.
async fn come(house: &House, practice: PracticeId, day: Option<Date>) -> Result<(), TrainingError> {
    match day {
        Some(day) if day > today(house, practice).await? => Err(TrainingError::NotYet),
        _ => Ok(()),
    }
}

/// Whether it is about whoever records it, which is refused while somebody else could.
async fn by_another(
    house: &House,
    session: &Session<Full>,
    (whom, training): (AccountId, TrainingId),
    action: &Word,
) -> Result<bool, TrainingError> {
    if whom != session.account() {
        return Ok(false);
    }
    if others(house, session.practice(), whom).await?.is_empty() {
        return Ok(true);
    }
    let refused = Event::refused(action.clone(), resource(TRAINING, training), Word::new("about-oneself"));
    house.record(session, refused).await?;
    Err(TrainingError::Oneself)
}

async fn write_down(
    house: &House,
    session: &Session<Full>,
    (training, nobody_else): (TrainingId, bool),
    action: Word,
) -> Result<(), TrainingError> {
    let event = overseeing(Event::done(action, resource(TRAINING, training)));
    let event = if nobody_else { Event { reason: Word::new("about-oneself-and-alone"), ..event } } else { event };
    house.record(session, event).await?;
    Ok(())
}
