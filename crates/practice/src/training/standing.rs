//! How people stand to courses: all of them for whoever oversees, and oneself for everybody.

use super::{TRAINING, TrainingError, TrainingSettings, allowed, gate};
use crate::{
    House,
    record::{Names, Person, timezone},
};
use domain::{CourseId, Date, PracticeId, Role, TrainingState};
use identity::{Full, Session};
use ledger::Resource;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::HashMap;
use store::rows::training::{self as rows, AskedRow};

/// How somebody stands to a course that is asked of them.
#[derive(Clone, Serialize, JsonSchema)]
pub struct StandingView {
    /// Who.
    pub whom: Person,
    /// Their role.
    pub role: Role,
    /// The course.
    pub course_id: CourseId,
    /// What it is called.
    pub title: String,
    /// The last day on which they were trained; null where they were not.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub last_trained_on: Option<Date>,
    /// The last day for the next one; null where nothing is asked any more.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub due_on: Option<Date>,
    /// How that stands today.
    pub state: TrainingState,
}

/// How everybody stands.
#[derive(Serialize, JsonSchema)]
pub struct TrainingTable {
    /// Whether nobody is let in whose training is overdue.
    pub enforced: bool,
    /// Each person with each course that is asked of them; what is most pressing first.
    pub items: Vec<StandingView>,
}

/// How one stands oneself.
#[derive(Serialize, JsonSchema)]
pub struct OwnTraining {
    /// Whether nobody is let in whose training is overdue.
    pub enforced: bool,
    /// Each course that is asked of one; what is most pressing first.
    pub items: Vec<StandingView>,
}

/// How everybody who works here stands, or only those whose standing is as asked.
pub async fn table(
    house: &House,
    session: &Session<Full>,
    only: Option<TrainingState>,
) -> Result<TrainingTable, TrainingError> {
    let practice = allowed(house, session, Resource::whole(TRAINING)).await?;
    let asked = rows::asked(&house.stores.identity, practice).await?;
    let (enforced, mut items) = views(house, session, practice, &asked).await?;
    items.retain(|item| only.is_none_or(|only| item.state == only));
    Ok(TrainingTable { enforced, items })
}

/// How one stands oneself. About oneself alone, and nothing of it is anybody's record: no entry.
pub async fn own(house: &House, session: &Session<Full>) -> Result<OwnTraining, TrainingError> {
    let (practice, me) = (session.practice(), session.account());
    if session.role() == Role::Patient {
        return Ok(OwnTraining { enforced: false, items: Vec::new() });
    }
    let asked = rows::asked_of(&house.stores.identity, practice, me).await?;
    if asked.is_empty() {
        return Ok(OwnTraining { enforced: false, items: Vec::new() });
    }
    let (enforced, items) = views(house, session, practice, &asked).await?;
    Ok(OwnTraining { enforced, items })
}

async fn views(
    house: &House,
    session: &Session<Full>,
    practice: PracticeId,
    asked: &[AskedRow],
) -> Result<(bool, Vec<StandingView>), TrainingError> {
    let settings = TrainingSettings::of(house, practice).await?;
    let zone = timezone(house, practice).await?;
    let today = zone.day_of(house.clock.now());
    let (mut names, mut titles) = (Names::new(house, session), HashMap::<CourseId, String>::new());
    let mut items = Vec::with_capacity(asked.len());
    for row in asked {
        let title = match titles.get(&row.course_id) {
            Some(title) => title.clone(),
            None => {
                let opened = house.vault.open_directory(session, row.made_by, &row.title).await?;
                let title = opened.expose().as_str().to_owned();
                titles.insert(row.course_id, title.clone());
                title
            }
        };
        let standing = gate::asked(row, &zone).on(today, settings.warn_days);
        items.push(StandingView {
            whom: names.person(row.account_id).await?,
            role: row.role,
            course_id: row.course_id,
            title,
            last_trained_on: row.last,
            due_on: standing.due_on(),
            state: standing.state(),
        });
    }
    // What is overdue comes first, and within that what was due first; what is asked no more comes last.
    items.sort_by_key(|item| {
        (std::cmp::Reverse(item.state), item.due_on.unwrap_or(Date::MAX), item.whom.name.to_lowercase())
    });
    Ok((settings.enforced, items))
}
