//! Courses, who was trained in them, and what is asked of whom.

use super::sealed;
use crate::{Batch, Db, Param, Row, StoreError};
use domain::{AccountId, CourseId, Date, DueDays, PracticeId, RenewalMonths, Role, Timestamp, Timezone, TrainingId};
use phi::{
    RowId, Sealed,
    fields::{course_versions, trainings},
};

/// A version of a course.
pub struct CourseRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The course.
    pub course_id: CourseId,
    /// The number of the version.
    pub version: i64,
    /// What it is called.
    pub title: Sealed<course_versions::Title>,
    /// What it is for.
    pub purpose: Sealed<course_versions::Purpose>,
    /// For whom, and since when it is asked of them.
    pub roles: Vec<(Role, Timestamp)>,
    /// After how many months it is done again.
    pub renewal: Option<RenewalMonths>,
    /// Within how many days somebody is trained who was not before.
    pub due_days: DueDays,
    /// Who made the version.
    pub made_by: AccountId,
    /// When.
    pub made_at: Timestamp,
    /// Who ended the course, and when.
    pub ended: Option<(AccountId, Timestamp)>,
}

/// That somebody was trained.
pub struct TrainingRow {
    /// The practice.
    pub practice_id: PracticeId,
    /// The record of it.
    pub training_id: TrainingId,
    /// Who was trained.
    pub account_id: AccountId,
    /// In what.
    pub course_id: CourseId,
    /// Its version at that moment.
    pub version: i64,
    /// On which day; none takes back what was recorded in error.
    pub trained_on: Option<Date>,
    /// How, or why it is corrected.
    pub how: Sealed<trainings::How>,
    /// Who recorded it.
    pub recorded_by: AccountId,
    /// When.
    pub recorded_at: Timestamp,
    /// Whether it is about whoever recorded it, since nobody else could.
    pub nobody_else: bool,
    /// The record that it corrects.
    pub corrects: Option<TrainingId>,
    /// The record that corrects it.
    pub superseded_by: Option<TrainingId>,
}

/// What a course asks of an account as it stands now, and when they were trained last.
pub struct AskedRow {
    /// Of whom.
    pub account_id: AccountId,
    /// Their role.
    pub role: Role,
    /// When the account was made.
    pub joined: Timestamp,
    /// Since when it has its role, where that was changed.
    pub role_since: Option<Timestamp>,
    /// The course.
    pub course_id: CourseId,
    /// What it is called.
    pub title: Sealed<course_versions::Title>,
    /// Who made the version: whose row the title is.
    pub made_by: AccountId,
    /// After how many months it is done again.
    pub renewal: Option<RenewalMonths>,
    /// Within how many days somebody is trained who was not before.
    pub due_days: DueDays,
    /// Since when the course asks it of this role.
    pub since: Timestamp,
    /// The last day on which they were trained.
    pub last: Option<Date>,
}

/// What is asked where the practice lets nobody in who is overdue.
pub struct Enforced {
    /// The course, and the account.
    pub asked: AskedRow,
    /// The practice's time zone.
    pub zone: Timezone,
    /// Since when nobody is let in.
    pub since: Timestamp,
}

impl AskedRow {
    /// Since which moment it is asked of them.
    pub fn from(&self) -> Timestamp {
        self.joined.max(self.role_since.unwrap_or(Timestamp::MIN)).max(self.since)
    }
}

/// A version's row as associated data sees it.
pub const fn course_id(course: CourseId, version: i64) -> RowId {
    RowId::versioned(*course.as_bytes(), version.cast_unsigned())
}

/// The row of a record as associated data sees it.
pub const fn training_id(training: TrainingId) -> RowId {
    RowId::new(*training.as_bytes())
}

macro_rules! courses {
    ($rest:literal) => {
        concat!(
            "SELECT v.practice_id, v.course_id, v.version, v.title, v.purpose, v.renewal_months, v.due_days, v.made_by, \
             v.made_at, c.ended_by, c.ended_at FROM courses c JOIN course_versions v \
             ON v.practice_id = c.practice_id AND v.course_id = c.course_id ",
            $rest
        )
    };
}

/// The courses of a practice as they stand, those that ended too, oldest version first.
pub async fn courses(db: &Db, practice: PracticeId) -> Result<Vec<CourseRow>, StoreError> {
    let sql = courses!("AND v.version = c.version WHERE c.practice_id = $1 ORDER BY v.made_at, v.course_id");
    const ROLES: &str = "SELECT course_id, version, role, since FROM course_roles WHERE practice_id = $1 \
                         ORDER BY course_id, version, role";
    let mut courses = read_courses(&db.rows(sql, &[practice.into()]).await?)?;
    add_roles(&mut courses, &db.rows(ROLES, &[practice.into()]).await?)?;
    Ok(courses)
}

/// All versions of a course, the one that counts last.
pub async fn versions(db: &Db, practice: PracticeId, course: CourseId) -> Result<Vec<CourseRow>, StoreError> {
    let sql = courses!("WHERE c.practice_id = $1 AND c.course_id = $2 ORDER BY v.version");
    const ROLES: &str = "SELECT course_id, version, role, since FROM course_roles \
                         WHERE practice_id = $1 AND course_id = $2 ORDER BY version, role";
    let of_course = [practice.into(), course.into()];
    let mut courses = read_courses(&db.rows(sql, &of_course).await?)?;
    add_roles(&mut courses, &db.rows(ROLES, &of_course).await?)?;
    Ok(courses)
}

fn read_courses(rows: &[Row]) -> Result<Vec<CourseRow>, StoreError> {
    let read = |row: &Row| {
        let (course, version) = (row.id(1)?, row.int(2)?);
        Ok(CourseRow {
            practice_id: row.id(0)?,
            course_id: course,
            version,
            title: sealed(row, 3, course_id(course, version))?,
            purpose: sealed(row, 4, course_id(course, version))?,
            roles: Vec::new(),
            renewal: renewal(row, 5)?,
            due_days: due_days(row, 6)?,
            made_by: row.id(7)?,
            made_at: row.timestamp(8)?,
            ended: row.opt_id(9)?.zip(row.opt_timestamp(10)?),
        })
    };
    rows.iter().map(read).collect()
}

fn add_roles(courses: &mut [CourseRow], rows: &[Row]) -> Result<(), StoreError> {
    for row in rows {
        let (course, version): (CourseId, i64) = (row.id(0)?, row.int(1)?);
        let of = courses.iter_mut().find(|one| one.course_id == course && one.version == version);
        if let Some(of) = of {
            of.roles.push((row.word(2)?, row.timestamp(3)?));
        }
    }
    Ok(())
}

fn renewal(row: &Row, index: usize) -> Result<Option<RenewalMonths>, StoreError> {
    let wrong = StoreError::Column { index, wanted: "months" };
    let Some(months) = row.opt_int(index)? else { return Ok(None) };
    u16::try_from(months).ok().and_then(|months| RenewalMonths::new(months).ok()).map(Some).ok_or(wrong)
}

fn due_days(row: &Row, index: usize) -> Result<DueDays, StoreError> {
    DueDays::new(row.number(index)?).map_err(|_| StoreError::Column { index, wanted: "days" })
}

/// Begins a course, with its first version.
pub fn begin(batch: Batch, row: &CourseRow) -> Batch {
    const SQL: &str = "INSERT INTO courses (practice_id, course_id, version) VALUES ($1, $2, $3)";
    let params = &[row.practice_id.into(), row.course_id.into(), row.version.into()];
    version(batch.run(SQL, params).expect(1), row)
}

/// Adds the next version of a course; a conflict when it does not follow the one that counts, or the course has ended.
pub fn supersede(batch: Batch, row: &CourseRow) -> Batch {
    const SQL: &str = "UPDATE courses SET version = $1 \
                       WHERE practice_id = $2 AND course_id = $3 AND version = $4 AND ended_at IS NULL";
    let params =
        &[row.version.into(), row.practice_id.into(), row.course_id.into(), (row.version.saturating_sub(1)).into()];
    version(batch.run(SQL, params).expect(1), row)
}

fn version(batch: Batch, row: &CourseRow) -> Batch {
    const SQL: &str = "INSERT INTO course_versions (practice_id, course_id, version, title, purpose, renewal_months, \
                       due_days, made_by, made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    const ROLE: &str =
        "INSERT INTO course_roles (practice_id, course_id, version, role, since) VALUES ($1, $2, $3, $4, $5)";
    let params: &[Param<'_>] = &[
        row.practice_id.into(),
        row.course_id.into(),
        row.version.into(),
        row.title.as_bytes().into(),
        row.purpose.as_bytes().into(),
        row.renewal.map(|months| i64::from(months.value())).into(),
        i64::from(row.due_days.value()).into(),
        row.made_by.into(),
        row.made_at.into(),
    ];
    let batch = batch.run(SQL, params).expect(1);
    row.roles.iter().fold(batch, |batch, (role, since)| {
        let of: &[Param<'_>] =
            &[row.practice_id.into(), row.course_id.into(), row.version.into(), role.word().into(), (*since).into()];
        batch.run(ROLE, of).expect(1)
    })
}

/// Ends a course that stands at this version; nothing is asked of anybody any more.
pub fn end(
    batch: Batch,
    (practice, course): (PracticeId, CourseId),
    version: i64,
    by: AccountId,
    at: Timestamp,
) -> Batch {
    const SQL: &str = "UPDATE courses SET ended_by = $1, ended_at = $2 \
                       WHERE practice_id = $3 AND course_id = $4 AND version = $5 AND ended_at IS NULL";
    batch.run(SQL, &[by.into(), at.into(), practice.into(), course.into(), version.into()]).expect(1)
}

/// Makes a batch a conflict where a course has ended or does not stand at this version.
pub fn stands(batch: Batch, (practice, course): (PracticeId, CourseId), version: i64) -> Batch {
    const SQL: &str = "UPDATE courses SET version = version \
                       WHERE practice_id = $1 AND course_id = $2 AND version = $3 AND ended_at IS NULL";
    batch.run(SQL, &[practice.into(), course.into(), version.into()]).expect(1)
}

macro_rules! trainings {
    ($rest:literal) => {
        concat!(
            "SELECT practice_id, training_id, account_id, course_id, version, trained_on, how, recorded_by, recorded_at, \
             nobody_else, corrects, superseded_by FROM trainings ",
            $rest
        )
    };
}

/// One record.
pub async fn training(db: &Db, practice: PracticeId, training: TrainingId) -> Result<Option<TrainingRow>, StoreError> {
    let sql = trainings!("WHERE practice_id = $1 AND training_id = $2");
    db.optional(sql, &[practice.into(), training.into()]).await?.as_ref().map(read).transpose()
}

/// Everything that was recorded about a course, the newest first, corrected ones too.
pub async fn of_course(db: &Db, practice: PracticeId, course: CourseId) -> Result<Vec<TrainingRow>, StoreError> {
    let sql = trainings!("WHERE practice_id = $1 AND course_id = $2 ORDER BY recorded_at DESC, training_id");
    db.rows(sql, &[practice.into(), course.into()]).await?.iter().map(read).collect()
}

/// Everything that was recorded about an account, the newest first, corrected ones too.
pub async fn of_account(db: &Db, practice: PracticeId, account: AccountId) -> Result<Vec<TrainingRow>, StoreError> {
    let sql = trainings!("WHERE practice_id = $1 AND account_id = $2 ORDER BY recorded_at DESC, training_id");
    db.rows(sql, &[practice.into(), account.into()]).await?.iter().map(read).collect()
}

/// Records that somebody was trained.
pub fn insert(batch: Batch, row: &TrainingRow) -> Batch {
    const SQL: &str = "INSERT INTO trainings (practice_id, training_id, account_id, course_id, version, trained_on, how, \
                       recorded_by, recorded_at, nobody_else, corrects) \
                       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let params: &[Param<'_>] = &[
        row.practice_id.into(),
        row.training_id.into(),
        row.account_id.into(),
        row.course_id.into(),
        row.version.into(),
        row.trained_on.into(),
        row.how.as_bytes().into(),
        row.recorded_by.into(),
        row.recorded_at.into(),
        row.nobody_else.into(),
        row.corrects.into(),
    ];
    batch.run(SQL, params).expect(1)
}

/// Marks a record as corrected by another; a conflict when it was corrected before.
pub fn superseded(batch: Batch, practice: PracticeId, training: TrainingId, by: TrainingId) -> Batch {
    const SQL: &str = "UPDATE trainings SET superseded_by = $1 \
                       WHERE practice_id = $2 AND training_id = $3 AND superseded_by IS NULL";
    batch.run(SQL, &[by.into(), practice.into(), training.into()]).expect(1)
}

fn read(row: &Row) -> Result<TrainingRow, StoreError> {
    let training = row.id(1)?;
    Ok(TrainingRow {
        practice_id: row.id(0)?,
        training_id: training,
        account_id: row.id(2)?,
        course_id: row.id(3)?,
        version: row.int(4)?,
        trained_on: row.opt_date(5)?,
        how: sealed(row, 6, training_id(training))?,
        recorded_by: row.id(7)?,
        recorded_at: row.timestamp(8)?,
        nobody_else: row.flag(9)?,
        corrects: row.opt_id(10)?,
        superseded_by: row.opt_id(11)?,
    })
}

/// What is asked of an account follows from its role as it stands now, and from what was recorded: nothing of it is stored
/// twice, so that nothing can fall out of step.
macro_rules! asked {
    ($columns:literal, $joins:literal, $rest:literal) => {
        concat!(
            "SELECT a.account_id, a.role, a.created_at, a.role_since, c.course_id, c.version, v.title, v.made_by, \
             v.renewal_months, v.due_days, r.since, (SELECT MAX(t.trained_on) FROM trainings t \
             WHERE t.practice_id = a.practice_id AND t.account_id = a.account_id AND t.course_id = c.course_id \
             AND t.superseded_by IS NULL)",
            $columns,
            " FROM accounts a JOIN courses c ON c.practice_id = a.practice_id AND c.ended_at IS NULL \
             JOIN course_roles r ON r.practice_id = c.practice_id AND r.course_id = c.course_id AND r.version = c.version \
             AND r.role = a.role JOIN course_versions v ON v.practice_id = c.practice_id AND v.course_id = c.course_id \
             AND v.version = c.version ",
            $joins,
            $rest
        )
    };
}

/// What is asked of one account.
pub async fn asked_of(db: &Db, practice: PracticeId, account: AccountId) -> Result<Vec<AskedRow>, StoreError> {
    let sql = asked!("", "", "WHERE a.practice_id = $1 AND a.account_id = $2 ORDER BY c.course_id");
    db.rows(sql, &[practice.into(), account.into()]).await?.iter().map(read_asked).collect()
}

/// What is asked of everybody who works in a practice and was not disabled.
pub async fn asked(db: &Db, practice: PracticeId) -> Result<Vec<AskedRow>, StoreError> {
    let sql = asked!("", "", "WHERE a.practice_id = $1 AND a.state <> 'disabled' ORDER BY a.account_id, c.course_id");
    db.rows(sql, &[practice.into()]).await?.iter().map(read_asked).collect()
}

/// What is asked of one account, where the practice lets nobody in who is overdue; nothing otherwise. One statement, for every
/// request of staff asks it; where nothing is enforced it ends with the setting.
pub async fn enforced(db: &Db, practice: PracticeId, account: AccountId) -> Result<Vec<Enforced>, StoreError> {
    let sql = asked!(
        ", p.timezone, s.changed_at",
        "JOIN practices p ON p.practice_id = a.practice_id JOIN oversight_settings s ON s.practice_id = a.practice_id \
         AND s.name = 'training_enforced' AND s.value = 'yes' ",
        "WHERE a.practice_id = $1 AND a.account_id = $2 ORDER BY c.course_id"
    );
    let read = |row: &Row| {
        let zone = Timezone::new(row.text(12)?);
        Ok(Enforced {
            asked: read_asked(row)?,
            zone: zone.map_err(|_| StoreError::Column { index: 12, wanted: "a time zone" })?,
            since: row.timestamp(13)?,
        })
    };
    db.rows(sql, &[practice.into(), account.into()]).await?.iter().map(read).collect()
}

fn read_asked(row: &Row) -> Result<AskedRow, StoreError> {
    let (course, version) = (row.id(4)?, row.int(5)?);
    Ok(AskedRow {
        account_id: row.id(0)?,
        role: row.word(1)?,
        joined: row.timestamp(2)?,
        role_since: row.opt_timestamp(3)?,
        course_id: course,
        title: sealed(row, 6, course_id(course, version))?,
        made_by: row.id(7)?,
        renewal: renewal(row, 8)?,
        due_days: due_days(row, 9)?,
        since: row.timestamp(10)?,
        last: row.opt_date(11)?,
    })
}
