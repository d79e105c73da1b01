//! Care teams, for programs.

use crate::{App, AuditClass, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb};
use axum::{extract::State, http::StatusCode};
use domain::{AccountId, CareLinkId, PatientId, PermissionName, Timestamp};
use practice::care_team::{self, NewMember};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use store::rows::care_links::CareKind;

const LIST: Route = Route::api(Verb::Get, "/api/v1/patients/{patient_id}/care-team", "Who treats a patient, and did.")
    .permission(PermissionName::Govern)
    .audit(AuditClass::Patient)
    .answer::<Team>(200);
const ASSIGN: Route = Route::api(Verb::Post, "/api/v1/patients/{patient_id}/care-team", "Gives somebody a place.")
    .permission(PermissionName::Govern)
    .audit(AuditClass::Patient)
    .body::<NewLink>()
    .answer::<Assigned>(201);
const END: Route =
    Route::api(Verb::Delete, "/api/v1/patients/{patient_id}/care-team/{care_link_id}", "Ends a place now.")
        .permission(PermissionName::Govern)
        .audit(AuditClass::Patient)
        .no_content();

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(LIST, list).add(ASSIGN, assign).add(END, end)
}

/// A care team.
#[derive(Serialize, JsonSchema)]
struct Team {
    /// Newest first, past members too.
    items: Vec<Member>,
}

/// A place in it.
#[derive(Serialize, JsonSchema)]
struct Member {
    /// The place.
    care_link_id: CareLinkId,
    /// The member.
    account_id: AccountId,
    /// Their name.
    display_name: String,
    /// `assigned` or `covering`.
    kind: &'static str,
    /// From when.
    starts_at: Timestamp,
    /// Until when; null while open.
    ends_at: Option<Timestamp>,
}

/// A place to give.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewLink {
    /// An active therapist or administrator.
    account_id: AccountId,
    /// `assigned` or `covering`.
    kind: String,
    /// From when; now when not said.
    #[serde(default)]
    starts_at: Option<Timestamp>,
    /// Until when; open when not said.
    #[serde(default)]
    ends_at: Option<Timestamp>,
}

/// A place that was given.
#[derive(Serialize, JsonSchema)]
struct Assigned {
    /// The place.
    care_link_id: CareLinkId,
}

async fn list(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Json<Team>, Problem> {
    let items = care_team::members(app.house(), &session, patient).await?.into_iter().map(|view| Member {
        care_link_id: view.care_link_id,
        account_id: view.account_id,
        display_name: view.display_name,
        kind: view.kind.word(),
        starts_at: view.starts_at,
        ends_at: view.ends_at,
    });
    Ok(Json(Team { items: items.collect() }))
}

async fn assign(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Json(new): Json<NewLink>,
) -> Result<(StatusCode, Json<Assigned>), Problem> {
    let kind: CareKind = new.kind.parse().map_err(|why| Problem::invalid("kind", &why))?;
    let new = NewMember { account_id: new.account_id, kind, starts_at: new.starts_at, ends_at: new.ends_at };
    let care_link_id = care_team::assign(app.house(), &session, patient, new).await?;
    Ok((StatusCode::CREATED, Json(Assigned { care_link_id })))
}

async fn end(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, link)): PathId<(PatientId, CareLinkId)>,
) -> Result<StatusCode, Problem> {
    care_team::end(app.house(), &session, patient, link).await?;
    Ok(StatusCode::NO_CONTENT)
}
