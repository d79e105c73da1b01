//! Who looked at a patient's record, told to the patient: all of it, back to the first day.

use crate::{
    House,
    record::{Names, RecordError, purpose},
    trail::{Position, TrailError, TrailFilter, TrailHealth},
};
use domain::{AccountId, PatientId, PermissionName, PurposeKind, Role, Timestamp};
use identity::{Full, Session};
use ledger::{Outcome, Resource, Word};
use phi::ReadAccessLog;
use schemars::JsonSchema;
use serde::Serialize;

const ACCESS_LOG: Word = Word::new("access_log");

/// One look at the record, or a try.
#[derive(Serialize, JsonSchema)]
pub struct Look {
    /// When.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub at: Timestamp,
    /// Who, by the name that others see; none when nobody was signed in.
    pub who: Option<String>,
    /// As what.
    pub role: Option<Role>,
    /// Whether it was the patient's own account.
    pub own: bool,
    /// With which permission; none for what needs none.
    pub permission: Option<PermissionName>,
    /// The program's word for what was done.
    pub action: String,
    /// What part of the record.
    pub part: String,
    /// Why.
    pub purpose: Option<PurposeKind>,
    /// Whether it was let through.
    pub allowed: bool,
}

/// A stretch of the looks.
pub struct AccessLog {
    /// Newest first.
    pub items: Vec<Look>,
    /// Where to go on; none when there are no more.
    pub next: Option<Position>,
    /// Whether everything that is durable was looked at.
    pub health: TrailHealth,
}

/// Why the access log could not be told.
#[derive(Debug, thiserror::Error)]
pub enum AccessLogError {
    /// Anything about the record itself.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The audit trail could not be read.
    #[error(transparent)]
    Trail(#[from] TrailError),
}

/// Up to `limit` looks at the record, newest first, those before a position; with `others`, the patient's own account is
/// left out.
pub async fn access_log(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    others: bool,
    before: Option<Position>,
    limit: usize,
) -> Result<AccessLog, AccessLogError> {
    let why = purpose(session, patient, Resource::whole(ACCESS_LOG));
    let grant = house.guard.authorize::<ReadAccessLog>(session, patient, why).await.map_err(RecordError::from)?;
    let own: AccountId = session.account();
    let filter = TrailFilter { patient: Some(patient), not_actor: others.then_some(own), ..TrailFilter::default() };
    let page = house.trail.search(grant.practice(), &filter, before.unwrap_or(Position::END), limit).await?;
    let mut names = Names::new(house, session);
    let mut items = Vec::with_capacity(page.entries.len());
    for found in page.entries {
        let entry = found.entry;
        let who = match entry.actor {
            Some(account) => Some(names.person(account).await?.name),
            None => None,
        };
        items.push(Look {
            at: entry.at,
            who,
            role: entry.role,
            own: entry.actor == Some(own),
            permission: entry.permission,
            action: entry.action.as_str().to_owned(),
            part: entry.resource.kind().as_str().to_owned(),
            purpose: entry.purpose,
            allowed: entry.outcome == Outcome::Allowed,
        });
    }
    Ok(AccessLog { items, next: page.next, health: page.health })
}
