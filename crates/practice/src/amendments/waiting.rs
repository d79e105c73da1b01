//! What waits for an answer in the whole practice, for those who see to it that it comes in time. Opens nothing.

use super::AMENDMENT;
use crate::{
    House,
    record::{RecordError, today},
};
use domain::{AmendmentId, Date, PatientId, amendment_due};
use identity::{Full, Session};
use ledger::Resource;
use phi::{AnswerRequests, Purpose};
use schemars::JsonSchema;
use serde::Serialize;
use store::rows::amendments;

/// The most that are listed; those that were asked first come first.
const MOST: usize = 500;

/// Something that waits.
#[derive(Serialize, JsonSchema)]
pub struct WaitingView {
    /// What was asked.
    pub amendment_id: AmendmentId,
    /// Who asked.
    pub patient_id: PatientId,
    /// The day on which they did.
    pub asked_on: Date,
    /// The last day on which it may be answered.
    pub due_on: Date,
    /// Whether the answer was put off.
    pub extended: bool,
    /// Whether that day is past.
    pub late: bool,
}

/// What waits in a practice.
#[derive(Serialize, JsonSchema)]
pub struct Waiting {
    /// The soonest due first.
    pub items: Vec<WaitingView>,
    /// Whether more waits, which was asked later.
    pub more: bool,
}

/// What waits for an answer.
pub async fn waiting(house: &House, session: &Session<Full>) -> Result<Waiting, RecordError> {
    let purpose = Purpose::operations(Resource::whole(AMENDMENT));
    let grant = house.guard.authorize_practice::<AnswerRequests>(session, purpose).await?;
    let today = today(house, grant.practice()).await?;
    let found = amendments::waiting(
        &house.stores.clinical,
        grant.practice(),
        i64::try_from(MOST).unwrap_or(i64::MAX).saturating_add(1),
    )
    .await?;
    let more = found.len() > MOST;
    let view = |row: amendments::Waiting| {
        let due_on = amendment_due(row.asked_on, row.extended);
        let (amendment_id, patient_id, asked_on, extended) =
            (row.amendment_id, row.patient_id, row.asked_on, row.extended);
        WaitingView { amendment_id, patient_id, asked_on, due_on, extended, late: today > due_on }
    };
    let mut views: Vec<_> = found.into_iter().take(MOST).map(view).collect();
    views.sort_by_key(|view| view.due_on);
    Ok(Waiting { items: views, more })
}
