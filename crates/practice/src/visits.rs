//! Visits: who comes when, to whom, and what became of it. Booked by the front desk and by therapists.

mod book;
mod list;

pub use book::{book, change};
pub use list::{Visits, list, one};

use crate::{
    House,
    record::{Names, Person, RecordError, resource, through_record},
    repeat::RepeatError,
    staff,
    voiding::{self, VoidView},
};
use domain::{
    AccountId, ClinicName, Invalid, PatientId, Role, Timestamp, VisitId, VisitMinutes, VisitRemark, VisitState,
};
use identity::{Full, Session};
use ledger::{Resource, Word};
use phi::{Covers, Grant, Permission, Purpose, Visit};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::rows::visits::VisitRow;

pub(crate) const VISIT: Word = Word::new("visit");

/// A visit to book, or how a visit should stand.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitDetails {
    /// The account of the therapist.
    pub therapist_id: AccountId,
    /// When it begins: at most two years ahead.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub starts_at: Timestamp,
    /// How long it is, in minutes.
    pub minutes: VisitMinutes,
    /// What became of it; only one that has begun was held or missed. Planned when not said.
    #[serde(default = "planned")]
    pub state: VisitState,
    /// The place of the practice.
    #[serde(default)]
    pub clinic: Option<ClinicName>,
    /// What to know before it. Not the place for findings: those are notes.
    #[serde(default)]
    pub remark: Option<VisitRemark>,
}

const fn planned() -> VisitState {
    VisitState::Planned
}

/// A visit as it can be read.
#[derive(Serialize, JsonSchema)]
pub struct VisitView {
    /// The visit.
    pub visit_id: VisitId,
    /// The therapist.
    pub therapist: Person,
    /// When it begins.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub starts_at: Timestamp,
    /// How long it is, in minutes.
    pub minutes: VisitMinutes,
    /// What became of it.
    pub state: VisitState,
    /// The place of the practice.
    pub clinic: Option<String>,
    /// What to know before it.
    pub remark: Option<String>,
    /// That it was entered in error.
    pub voided: Option<VoidView>,
    /// Whether billing was given a charge for it that was not taken back.
    pub charged: bool,
    /// Whether it stays held, and on its day: it is charged, or began more than a week ago.
    pub settled: bool,
    /// Counts up at each change; the number of the ETag, which says beside it whether the visit is settled.
    pub version: u64,
}

/// Why a visit was not booked or changed.
#[derive(Debug, thiserror::Error)]
pub enum VisitError {
    /// A field does not fit.
    #[error("{field} {why}")]
    Invalid {
        /// Its name.
        field: &'static str,
        /// What is wrong with it.
        why: Invalid,
    },
    /// Somebody changed it since.
    #[error("the visit was changed since")]
    Stale,
    /// It was entered in error.
    #[error("the visit was entered in error")]
    Voided,
    /// The idempotency key came before with another body.
    #[error("the key was used for another request")]
    KeyUsed,
    /// Anything about the record itself.
    #[error(transparent)]
    Record(#[from] RecordError),
}

through_record!(VisitError);

impl VisitError {
    const fn invalid(field: &'static str, what: &'static str) -> Self {
        Self::Invalid { field, why: Invalid::new(what) }
    }
}

impl From<RepeatError> for VisitError {
    fn from(error: RepeatError) -> Self {
        match error {
            RepeatError::OtherBody => Self::KeyUsed,
            RepeatError::Store(error) => error.into(),
        }
    }
}

/// With whom a visit can be booked: active therapists and administrators, by name.
pub async fn therapists(house: &House, session: &Session<Full>) -> Result<Vec<Person>, RecordError> {
    // Names of colleagues are open to everybody who is signed in to the practice's staff; patients do not book.
    if session.role() == Role::Patient {
        return Ok(Vec::new());
    }
    staff::named(house, session, staff::treats_now).await
}

/// Why the caller opens a patient's visits: their own, for care, or to run the practice.
pub(crate) fn why(session: &Session<Full>, patient: PatientId, visit: Option<VisitId>) -> Purpose {
    let what = visit.map_or_else(|| Resource::whole(VISIT), |visit| resource(VISIT, visit));
    match session.role() {
        Role::FrontDesk => Purpose::operations(what),
        _ => crate::record::purpose(session, patient, what),
    }
}

async fn view<P>(
    grant: &Grant<'_, P>,
    row: &VisitRow,
    charged: bool,
    now: Timestamp,
    names: &mut Names<'_>,
) -> Result<VisitView, RecordError>
where
    P: Permission + Covers<Visit>,
{
    Ok(VisitView {
        visit_id: row.visit_id,
        therapist: names.person(row.therapist_id).await?,
        starts_at: row.starts_at,
        minutes: *grant.open(&row.minutes)?.expose(),
        state: row.state,
        clinic: grant.open_optional(row.clinic.as_ref())?.map(|clinic| clinic.expose().as_str().to_owned()),
        remark: grant.open_optional(row.remark.as_ref())?.map(|remark| remark.expose().as_str().to_owned()),
        voided: voiding::view(grant, row.voided.as_ref(), names).await?,
        charged,
        settled: book::settled(row, charged, now).is_some(),
        version: row.version.unsigned_abs(),
    })
}
