//! Charging, for programs.

use crate::{App, AuditClass, IdempotencyKey, IfMatch, Json, PathId, Problem, Route, RouteTable, SignedIn, Tag, Verb};
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{PatientId, PermissionName, VisitId};
use practice::billing::charging::{self, Charged, ChargingView, NewCharge, Services, Units, Withdrawal, Withdrawn};

const ONE: Route = Route::api(
    Verb::Get,
    "/api/v1/patients/{patient_id}/visits/{visit_id}/charge",
    "Whether a visit was charged, and how often that was corrected. Not what for.",
)
.permission(PermissionName::ChargeVisit)
.audit(AuditClass::Patient)
.answer::<ChargingView>(200);
const CHARGE: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/visits/{visit_id}/charge",
    "Charges a visit that was held, once. What is sent goes to billing and is not shown here again.",
)
.permission(PermissionName::ChargeVisit)
.audit(AuditClass::Patient)
.idempotency_key()
.body::<NewCharge>()
.answer::<Charged>(201);
const CORRECT: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/visits/{visit_id}/charge/correction",
    "Corrects what was charged for a visit: takes the place of what was sent before.",
)
.permission(PermissionName::ChargeVisit)
.audit(AuditClass::Patient)
.if_match()
.idempotency_key()
.body::<NewCharge>()
.answer::<Charged>(201);
const TAKE_BACK: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/visits/{visit_id}/charge/withdrawal",
    "Takes back what was charged for a visit, and says why: nothing is to be charged. A correction charges it again.",
)
.permission(PermissionName::ChargeVisit)
.audit(AuditClass::Patient)
.if_match()
.idempotency_key()
.body::<Withdrawal>()
.answer::<Withdrawn>(201);
const UNITS: Route = Route::api(
    Verb::Post,
    "/api/v1/patients/{patient_id}/visits/{visit_id}/charge/units",
    "How minutes would count, step by step under each rule. Sends and stores nothing.",
)
.permission(PermissionName::ChargeVisit)
.audit(AuditClass::Patient)
.body::<Services>()
.answer::<Units>(200);

pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(ONE, one).add(CHARGE, charge).add(CORRECT, correct).add(TAKE_BACK, take_back).add(UNITS, units)
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, visit)): PathId<(PatientId, VisitId)>,
) -> Result<Response, Problem> {
    let view = charging::look(app.house(), &session, patient, visit).await?;
    // The tag is what a correction names; how the visit itself stands changes under it, so it is sent each time.
    Ok(([Tag(view.sent.into()).pair()], Json(view)).into_response())
}

async fn charge(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, visit)): PathId<(PatientId, VisitId)>,
    key: Option<IdempotencyKey>,
    Json(new): Json<NewCharge>,
) -> Result<Response, Problem> {
    let key = key.as_ref().map(IdempotencyKey::as_str);
    let charged = charging::charge(app.house(), &session, patient, visit, &new, key).await?;
    Ok((StatusCode::CREATED, [Tag(charged.sent.into()).pair()], Json(charged)).into_response())
}

async fn correct(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, visit)): PathId<(PatientId, VisitId)>,
    IfMatch(seen): IfMatch,
    key: Option<IdempotencyKey>,
    Json(new): Json<NewCharge>,
) -> Result<Response, Problem> {
    // A number that cannot be is one that is not the newest.
    let seen = u32::try_from(seen).unwrap_or(u32::MAX);
    let key = key.as_ref().map(IdempotencyKey::as_str);
    let charged = charging::correct(app.house(), &session, patient, visit, seen, &new, key).await?;
    Ok((StatusCode::CREATED, [Tag(charged.sent.into()).pair()], Json(charged)).into_response())
}

async fn take_back(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, visit)): PathId<(PatientId, VisitId)>,
    IfMatch(seen): IfMatch,
    key: Option<IdempotencyKey>,
    Json(why): Json<Withdrawal>,
) -> Result<Response, Problem> {
    // A number that cannot be is one that is not the newest.
    let seen = u32::try_from(seen).unwrap_or(u32::MAX);
    let key = key.as_ref().map(IdempotencyKey::as_str);
    let withdrawn = charging::take_back(app.house(), &session, patient, visit, seen, why, key).await?;
    Ok((StatusCode::CREATED, [Tag(withdrawn.sent.into()).pair()], Json(withdrawn)).into_response())
}

async fn units(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, visit)): PathId<(PatientId, VisitId)>,
    Json(asked): Json<Services>,
) -> Result<Json<Units>, Problem> {
    Ok(Json(charging::units(app.house(), &session, patient, visit, &asked.services).await?))
}
