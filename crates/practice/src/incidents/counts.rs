//! How many of those affected live in which state. No address of a patient is kept here, so somebody counts.

use super::{IncidentError, decide};
use crate::{
    House,
    record::{Names, Person},
};
use domain::{IncidentId, IncidentStep, StateCount, Timestamp, newest_counts, uncounted};
use identity::{Full, Session};
use ledger::Word;
use schemars::JsonSchema;
use serde::Serialize;
use store::{
    Batch,
    rows::{
        breaches::{self, CountRow},
        incidents::{self as rows, IncidentRow},
    },
};

/// A count, and who said it. A later one of the same state takes its place.
#[derive(Serialize, JsonSchema)]
pub struct CountView {
    /// Where, and how many.
    #[serde(flatten)]
    pub count: StateCount,
    /// Who said so.
    pub by: Person,
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
}

/// Says how many of those affected live in a state, or that nobody knows where. What was said before stays beside it.
pub async fn count(
    house: &House,
    session: &Session<Full>,
    incident: IncidentId,
    new: &StateCount,
) -> Result<(), IncidentError> {
    const ACTION: Word = Word::new("count_incident");
    let row = decide::deciding(house, session, incident, IncidentStep::Count).await?;
    let (practice, db) = (row.practice_id, &house.stores.identity);
    let nth = breaches::counts(db, practice, incident).await?.last().map_or(1, |last| last.nth + 1);
    let count = CountRow { nth, count: new.clone(), said_by: session.account(), said_at: house.clock.now() };
    decide::record(house, session, incident, ACTION).await?;
    let batch = breaches::count(rows::moves_on(Batch::new(), &row), (practice, incident), &count);
    db.commit(batch).await.map_err(decide::meanwhile)
}

/// The counts that count.
pub(super) async fn newest(house: &House, row: &IncidentRow) -> Result<Vec<StateCount>, IncidentError> {
    let all = breaches::counts(&house.stores.identity, row.practice_id, row.incident_id).await?;
    Ok(newest_counts(all.into_iter().map(|count| count.count)))
}

/// How many of those affected are counted nowhere; negative when too many are.
pub(super) async fn uncounted_of(house: &House, row: &IncidentRow) -> Result<i64, IncidentError> {
    let affected = rows::count_affected(&house.stores.identity, row.practice_id, row.incident_id).await?;
    Ok(uncounted(affected, &newest(house, row).await?))
}

/// All counts, in their order.
pub(super) async fn all(
    house: &House,
    names: &mut Names<'_>,
    row: &IncidentRow,
) -> Result<Vec<CountView>, IncidentError> {
    let mut views = Vec::new();
    for one in breaches::counts(&house.stores.identity, row.practice_id, row.incident_id).await? {
        views.push(CountView { count: one.count, by: names.person(one.said_by).await?, at: one.said_at });
    }
    Ok(views)
}
