//! The audit trail, for programs.

use super::asked::Asked;
use crate::{App, AuditClass, Json, Problem, Query, Route, RouteTable, SignedIn, Verb, paging::Cursor};
use axum::extract::State;
use domain::{AccountId, LoginSessionId, PatientId, PermissionName, PurposeKind, RequestId, Role, Timestamp};
use ledger::Outcome;
use practice::audit::{self, AuditedEntry};
use schemars::JsonSchema;
use serde::Serialize;
use std::net::IpAddr;

const LIST: Route = Route::api(Verb::Get, "/api/v1/audit", "The practice's audit trail of all logs, newest first.")
    .permission(PermissionName::ReadAudit)
    .audit(AuditClass::Practice)
    .query::<Asked>()
    .answer::<Trail>(200);

/// Adds it.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(LIST, list)
}

/// A stretch of the trail.
#[derive(Serialize, JsonSchema)]
struct Trail {
    /// Newest first. There may be few, or none, and yet more further back.
    items: Vec<Item>,
    /// `cursor` of the next stretch; null when everything was looked at.
    next: Option<Cursor>,
    /// Whether everything that was recorded before this question was looked at. If not, ask again in a moment.
    complete: bool,
    /// Entries up to this moment were dropped when their time was over, as the practice is allowed to after six years. Null where
    /// nothing was.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    dropped_until: Option<Timestamp>,
}

/// An entry.
#[derive(Serialize, JsonSchema)]
pub(in crate::routes) struct Item {
    /// Its log.
    log: String,
    /// Its place there.
    seq: u64,
    /// When.
    at: Timestamp,
    /// Who.
    actor: Option<AccountId>,
    /// The name that others see.
    who: Option<String>,
    /// As what.
    role: Option<Role>,
    /// In which login session.
    login_session: Option<LoginSessionId>,
    /// With which permission.
    permission: Option<PermissionName>,
    /// What was done.
    action: String,
    /// Why, where a record was opened.
    purpose: Option<PurposeKind>,
    /// To what kind of thing.
    resource: String,
    /// To which one.
    resource_id: String,
    /// Whose record.
    patient: Option<PatientId>,
    /// `allowed`, `denied` or `failed`.
    outcome: &'static str,
    /// Why it went so.
    reason: String,
    /// From which address.
    address: Option<IpAddr>,
    /// In which request.
    request: RequestId,
}

/// The outcome in a word.
pub(super) const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "allowed",
        Outcome::Denied => "denied",
        Outcome::Failed => "failed",
    }
}

impl From<AuditedEntry> for Item {
    fn from(AuditedEntry { who, found }: AuditedEntry) -> Self {
        let entry = found.entry;
        Self {
            log: found.log.as_str().to_owned(),
            seq: found.seq,
            at: entry.at,
            actor: entry.actor,
            who,
            role: entry.role,
            login_session: entry.login_session,
            permission: entry.permission,
            action: entry.action.as_str().to_owned(),
            purpose: entry.purpose,
            resource: entry.resource.kind().as_str().to_owned(),
            resource_id: entry.resource.id().to_owned(),
            patient: entry.patient,
            outcome: outcome(entry.outcome),
            reason: entry.reason.as_str().to_owned(),
            address: entry.address,
            request: entry.request,
        }
    }
}

async fn list(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<Trail>, Problem> {
    let asked = asked.without_format()?;
    let filter = asked.filter(&app, &session).await?;
    let page = audit::entries(app.house(), &session, &filter, asked.before()?, asked.limit.entries()).await?;
    let items = page.entries.into_iter().map(Item::from).collect();
    Ok(Json(Trail {
        items,
        next: page.next.as_ref().map(Cursor::at),
        complete: page.health.is_whole(),
        dropped_until: page.health.dropped.map(|dropped| dropped.until),
    }))
}
