//! The audit trail, for programs.

use super::Asked;
use crate::{App, AuditClass, Json, Problem, Query, Route, RouteTable, SignedIn, Verb};
use axum::extract::State;
use domain::{AccountId, LoginSessionId, PatientId, PermissionName, PurposeKind, RequestId, Role, Timestamp};
use ledger::Outcome;
use practice::audit::{self, AuditedEntry};
use schemars::JsonSchema;
use serde::Serialize;
use std::net::IpAddr;

/// Entries in an answer.
const AT_ONCE: usize = 100;

const LIST: Route = Route::api(Verb::Get, "/api/v1/audit", "The practice's audit trail, newest first.")
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
    /// Newest first.
    items: Vec<Item>,
    /// `before` of the next stretch; null at the end.
    next: Option<u64>,
}

/// An entry.
#[derive(Serialize, JsonSchema)]
struct Item {
    /// Its place in the log.
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
    fn from(AuditedEntry { seq, who, entry }: AuditedEntry) -> Self {
        Self {
            seq,
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
    let page = audit::entries(app.house(), &session, asked.filter()?, asked.before, AT_ONCE).await?;
    Ok(Json(Trail { items: page.entries.into_iter().map(Item::from).collect(), next: page.next }))
}
