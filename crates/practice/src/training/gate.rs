//! Whether somebody is let in: not with training that is overdue, where the practice enforces it.
//!
//! It is computed at each request of staff from what is asked, what was recorded and the clock, in one statement, and stored
//! nowhere: a course, a role, a training, a setting or a time zone that changes counts at the next request, and nothing can fall out
//! of step with them.

use super::{others, records_training};
use crate::{House, HouseError};
use domain::{AccountId, Asked, CourseId, Date, PracticeId, Role, Timestamp, Timezone};
use ledger::Receipt;
use store::{
    StoreError,
    rows::training::{self as rows, AskedRow, Enforced},
};

/// Whether somebody is let in.
pub(crate) enum Admission {
    /// Nothing is overdue, or nothing is enforced.
    Admitted,
    /// Something is overdue, but nobody else could record training: otherwise everybody would be shut out for good.
    NobodyElse {
        /// Since when they would not be let in.
        since: Timestamp,
    },
    /// Something is overdue: each course with its last day.
    Barred(Vec<(CourseId, Date)>),
}

/// Why somebody with the right password and factor is not let in. Holds no words: [`told`] reads them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Untrained {
    pub(crate) practice: PracticeId,
    pub(crate) account: AccountId,
    pub(crate) courses: Vec<(CourseId, Date)>,
    pub(crate) recorded: Receipt,
}

/// What a course asks of somebody, on the practice's calendar.
pub(super) fn asked(row: &AskedRow, zone: &Timezone) -> Asked {
    Asked { since: zone.day_of(row.from()), due_days: row.due_days, renewal: row.renewal, last: row.last }
}

/// The courses that are overdue, each with its last day and the moment from which on nobody is let in.
fn overdue(rows: &[Enforced], now: Timestamp) -> Vec<(CourseId, Date, Timestamp)> {
    let late = |row: &Enforced| {
        let standing = asked(&row.asked, &row.zone).on(row.zone.day_of(now), 0);
        let due_on = standing.due_on().filter(|_| standing.is_overdue())?;
        let over = due_on.tomorrow().map_or(Timestamp::MAX, |day| row.zone.moment(day, 0, 0));
        Some((row.asked.course_id, due_on, over.max(row.since)))
    };
    rows.iter().filter_map(late).collect()
}

/// Whether an account is let in now. Patients are asked nothing, and cost no statement.
pub(crate) async fn admission(
    house: &House,
    practice: PracticeId,
    account: AccountId,
    role: Role,
) -> Result<Admission, StoreError> {
    if role == Role::Patient {
        return Ok(Admission::Admitted);
    }
    let (db, now) = (&house.stores.identity, house.clock.now());
    let late = overdue(&rows::enforced(db, practice, account).await?, now);
    let Some(since) = late.iter().map(|(_, _, since)| *since).min() else { return Ok(Admission::Admitted) };
    if records_training(role) {
        let mut somebody = false;
        for other in others(house, practice, account).await? {
            somebody |= overdue(&rows::enforced(db, practice, other.account_id).await?, now).is_empty();
        }
        if !somebody {
            return Ok(Admission::NobodyElse { since });
        }
    }
    Ok(Admission::Barred(late.into_iter().map(|(course, due_on, _)| (course, due_on)).collect()))
}

/// What is overdue, by its title, and the last day of each: for whoever proved password and factor, against the entry that they were
/// refused.
pub async fn told(house: &House, why: &Untrained) -> Result<Vec<(String, Date)>, HouseError> {
    let mut told = Vec::new();
    for row in rows::asked_of(&house.stores.identity, why.practice, why.account).await? {
        if let Some((_, due_on)) = why.courses.iter().find(|(course, _)| *course == row.course_id) {
            let title = house.vault.open_recorded(&why.recorded, why.practice, row.made_by, &row.title).await?;
            told.push((title.expose().as_str().to_owned(), *due_on));
        }
    }
    Ok(told)
}
