//! Who looked at a patient's record, told to the patient.

use crate::{
    House,
    record::{Names, RecordError, purpose},
    trail::{self, TrailError, TrailFilter},
};
use domain::{AccountId, PatientId, PermissionName, PurposeKind, Role, Timestamp};
use identity::{Full, Session};
use ledger::{Outcome, Resource, Word};
use phi::ReadAccessLog;
use schemars::JsonSchema;
use serde::Serialize;

/// How many days it looks back.
pub const DAYS: i64 = 30;
/// How many entries it shows at most.
pub const MOST: usize = 200;

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

/// The looks of the last 30 days, newest first.
#[derive(Serialize, JsonSchema)]
pub struct AccessLog {
    /// At most 200.
    pub items: Vec<Look>,
    /// Whether there are more than are shown.
    pub more: bool,
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

/// Who looked at the record; with `others`, the patient's own account is left out.
pub async fn access_log(
    house: &House,
    session: &Session<Full>,
    patient: PatientId,
    others: bool,
) -> Result<AccessLog, AccessLogError> {
    let why = purpose(session, patient, Resource::whole(ACCESS_LOG));
    let grant = house.guard.authorize::<ReadAccessLog>(session, patient, why).await.map_err(RecordError::from)?;
    let since = Timestamp::from_second(house.clock.now().as_second() - DAYS * 24 * 60 * 60).ok();
    let own: AccountId = session.account();
    let filter =
        TrailFilter { patient: Some(patient), since, not_actor: others.then_some(own), ..TrailFilter::default() };
    let page = trail::newest(house, grant.practice(), filter, None, MOST).await?;
    let mut names = Names::new(house, session);
    let mut items = Vec::with_capacity(page.entries.len());
    for (_, entry) in page.entries {
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
    Ok(AccessLog { items, more: page.next.is_some() })
}
