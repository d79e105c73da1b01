//! Incidents, for programs. Nothing here takes a token: people handle incidents, in person.

use crate::{App, AuditClass, Json, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb};
use axum::{extract::State, http::StatusCode};
use domain::{IncidentId, PermissionName, StateCount, Unobserved};
use practice::incidents::{
    self, Frozen, IncidentView, Incidents, NewAssessment, NewClosing, NewIncident, NewNotice, YearLog,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const fn route(verb: Verb, path: &'static str, what: &'static str) -> Route {
    Route::api(verb, path, what).permission(PermissionName::HandleIncidents).audit(AuditClass::Practice)
}

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    let list = route(Verb::Get, "/api/v1/incidents", "Incidents of the practice, those discovered last first.");
    let open = route(Verb::Post, "/api/v1/incidents", "Opens an incident, with a factor proven just now.");
    let log = route(
        Verb::Get,
        "/api/v1/incidents/log",
        "The log of breaches of a year that affect fewer than 500 (45 CFR 164.408(c)).",
    );
    let one =
        route(Verb::Get, "/api/v1/incidents/{incident_id}", "An incident, with its time line from the audit trail.");
    let freeze = route(
        Verb::Post,
        "/api/v1/incidents/{incident_id}/freeze",
        "Ends the sessions of whoever did it, writes down whom it affects and holds their records. Of many records the server holds \
         the rest by itself: `frozen` says whether it is over.",
    );
    let assess = route(
        Verb::Post,
        "/api/v1/incidents/{incident_id}/assessment",
        "Assesses the four factors (45 CFR 164.402(2)), not of what one did oneself.",
    );
    let count =
        route(Verb::Post, "/api/v1/incidents/{incident_id}/states", "Says how many of those affected live in a state.");
    let notice =
        route(Verb::Post, "/api/v1/incidents/{incident_id}/notices", "Notes that notice of a breach was given.");
    let close = route(
        Verb::Post,
        "/api/v1/incidents/{incident_id}/closing",
        "Closes an incident: by somebody who did not assess it.",
    );
    table
        .add(list.answer::<Incidents>(200), self::list)
        .add(open.body::<NewIncident>().answer::<Opened>(201), self::open)
        .add(log.takes_out().query::<OfYear>().answer::<YearLog>(200), self::log)
        .add(one.answer::<IncidentView>(200), self::one)
        .add(freeze.answer::<Frozen>(200), self::freeze)
        .add(assess.body::<NewAssessment>().no_content(), self::assess)
        .add(count.body::<StateCount>().no_content(), self::count)
        .add(notice.body::<NewNotice>().no_content(), self::notice)
        .add(close.body::<NewClosing>().no_content(), self::close)
}

/// An incident that was opened.
#[derive(Serialize, JsonSchema)]
struct Opened {
    /// The incident.
    incident_id: IncidentId,
}

/// Which year.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct OfYear {
    /// The year of discovery.
    year: i16,
}

async fn list(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<Incidents>, Problem> {
    Ok(Json(incidents::incidents(app.house(), &session).await?))
}

async fn open(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Json(new): Json<NewIncident>,
) -> Result<(StatusCode, Json<Opened>), Problem> {
    let incident_id = incidents::open(app.house(), &session, &new).await?;
    Ok((StatusCode::CREATED, Json(Opened { incident_id })))
}

async fn log(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<OfYear>,
) -> Result<Json<YearLog>, Problem> {
    Ok(Json(incidents::year_log(app.house(), &session, asked.year).await?))
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
) -> Result<Json<IncidentView>, Problem> {
    Ok(Json(incidents::incident(app.house(), &session, incident).await?))
}

async fn freeze(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
) -> Result<Json<Frozen>, Problem> {
    Ok(Json(incidents::freeze(app.house(), &session, incident, &Unobserved).await?))
}

async fn assess(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Json(new): Json<NewAssessment>,
) -> Result<StatusCode, Problem> {
    incidents::assess(app.house(), &session, incident, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn count(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Json(new): Json<StateCount>,
) -> Result<StatusCode, Problem> {
    incidents::count(app.house(), &session, incident, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn notice(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Json(new): Json<NewNotice>,
) -> Result<StatusCode, Problem> {
    incidents::notice(app.house(), &session, incident, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn close(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(incident): PathId<IncidentId>,
    Json(new): Json<NewClosing>,
) -> Result<StatusCode, Problem> {
    incidents::close(app.house(), &session, incident, &new).await?;
    Ok(StatusCode::NO_CONTENT)
}
