//! The log of breaches of a year.

use super::{
    IncidentError,
    about::{self, Kept},
    allowed,
    view::{IncidentLine, line},
};
use crate::{
    House,
    record::{Names, today},
};
use domain::{BreachNotice, Date, IncidentConclusion, SECRETARY_FROM, last_day, log_due};
use identity::{Full, Session};
use ledger::{Resource, Word};
use schemars::JsonSchema;
use serde::Serialize;
use store::rows::{breaches as stored, incidents as rows};

/// The log of breaches that affect fewer than 500, of one year (45 CFR 164.408(c)).
#[derive(Serialize, JsonSchema)]
pub struct YearLog {
    /// The year.
    pub year: i16,
    /// The last day on which the Secretary is told of them.
    #[schemars(with = "String", extend("format" = "date"))]
    pub due_on: Date,
    /// The breaches, in the order of their discovery.
    pub breaches: Vec<LoggedBreach>,
}

/// A breach in the log of a year.
#[derive(Serialize, JsonSchema)]
pub struct LoggedBreach {
    /// The incident.
    #[serde(flatten)]
    pub line: IncidentLine,
    /// On which day each who is affected was told, or the first of them; null before.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub individuals_told_on: Option<Date>,
    /// On which day the Secretary was told; null before.
    #[schemars(with = "Option<String>", extend("format" = "date"))]
    pub secretary_told_on: Option<Date>,
    /// Whether those who are affected were told after the last day for it.
    pub individuals_late: bool,
    /// Whether the Secretary was.
    pub secretary_late: bool,
}

/// The log of breaches under 500 that were discovered in a year.
pub async fn year_log(house: &House, session: &Session<Full>, year: i16) -> Result<YearLog, IncidentError> {
    let practice = allowed(house, session, Resource::whole(Word::new("breach_log"))).await?;
    if !(2000..=9000).contains(&year) {
        return Err(IncidentError::Year);
    }
    let today = today(house, practice).await?;
    let db = &house.stores.identity;
    let (first, last) = (jiff::civil::date(year, 1, 1), jiff::civil::date(year, 12, 31));
    let (mut names, mut breaches) = (Names::new(house, session), Vec::new());
    for row in rows::discovered(db, practice, first, last).await? {
        if matches!(about::kept_from(house, &row, session.account()).await?, Kept::Yes) {
            continue;
        }
        let line = line(house, &mut names, &row, today).await?;
        if line.conclusion != Some(IncidentConclusion::Breach) || line.affected >= SECRETARY_FROM {
            continue;
        }
        let notices = stored::standing(db, practice, row.incident_id).await?;
        let told = |to| notices.iter().filter(|notice| notice.notice == to).map(|notice| notice.given_on).min();
        let late = |day: Option<Date>, to| day.is_some_and(|day| day > last_day(to, row.discovered_on, line.affected));
        let (individuals_told_on, secretary_told_on) = (told(BreachNotice::Individuals), told(BreachNotice::Secretary));
        breaches.push(LoggedBreach {
            individuals_late: late(individuals_told_on, BreachNotice::Individuals),
            secretary_late: late(secretary_told_on, BreachNotice::Secretary),
            individuals_told_on,
            secretary_told_on,
            line,
        });
    }
    Ok(YearLog { year, due_on: log_due(year), breaches })
}
