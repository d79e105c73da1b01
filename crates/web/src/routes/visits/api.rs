//! Visits, for programs.

use crate::{
    App, AuditClass, IdempotencyKey, IfMatch, Json, PathId, Problem, Query, Route, RouteTable, SETTLED, SignedIn, Tag,
    Verb, WordedTag,
    paging::{Cursor, Page, Stretch},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use domain::{PatientId, PermissionName, VisitId};
use practice::visits::{self, VisitDetails, VisitView};

const LIST: Route =
    Route::api(Verb::Get, "/api/v1/patients/{patient_id}/visits", "Visits, those furthest ahead first.")
        .permission(PermissionName::ReadVisits)
        .audit(AuditClass::Patient)
        .query::<Stretch>()
        .answer::<Page<VisitView>>(200);
const BOOK: Route = Route::api(Verb::Post, "/api/v1/patients/{patient_id}/visits", "Books a visit.")
    .permission(PermissionName::WriteVisits)
    .audit(AuditClass::Patient)
    .idempotency_key()
    .body::<VisitDetails>()
    .answer::<VisitView>(201);
const ONE: Route = Route::api(Verb::Get, "/api/v1/patients/{patient_id}/visits/{visit_id}", "One visit.")
    .permission(PermissionName::ReadVisits)
    .audit(AuditClass::Patient)
    .answer::<VisitView>(200);
const CHANGE: Route = Route::api(
    Verb::Put,
    "/api/v1/patients/{patient_id}/visits/{visit_id}",
    "Moves a visit, or says what became of it.",
)
.permission(PermissionName::WriteVisits)
.audit(AuditClass::Patient)
.if_match()
.body::<VisitDetails>()
.answer::<VisitView>(200);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(LIST, list).add(BOOK, book).add(ONE, one).add(CHANGE, change)
}

/// That a visit is settled changes a week after it by itself, so a version alone would hide it.
fn tag(visit: &VisitView) -> WordedTag {
    WordedTag(Tag(visit.version), visit.settled.then_some(SETTLED))
}

async fn list(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Query(asked): Query<Stretch>,
) -> Result<Json<Page<VisitView>>, Problem> {
    let before = Cursor::place(asked.cursor.as_ref())?;
    let found = visits::list(app.house(), &session, patient, before, asked.limit.entries()).await?;
    Ok(Json(Page { items: found.items, next: found.next.as_ref().map(Cursor::at) }))
}

async fn book(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    key: Option<IdempotencyKey>,
    Json(new): Json<VisitDetails>,
) -> Result<Response, Problem> {
    let key = key.as_ref().map(IdempotencyKey::as_str);
    let view = visits::book(app.house(), &session, patient, &new, key).await?;
    Ok((StatusCode::CREATED, [tag(&view).pair()], Json(view)).into_response())
}

async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, visit)): PathId<(PatientId, VisitId)>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let view = visits::one(app.house(), &session, patient, visit).await?;
    let tag = tag(&view);
    if tag.is_held(&headers) {
        return Ok(tag.not_modified());
    }
    Ok(([tag.pair()], Json(view)).into_response())
}

async fn change(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, visit)): PathId<(PatientId, VisitId)>,
    IfMatch(seen): IfMatch,
    Json(details): Json<VisitDetails>,
) -> Result<Response, Problem> {
    let view = visits::change(app.house(), &session, patient, visit, seen, &details).await?;
    Ok(([tag(&view).pair()], Json(view)).into_response())
}
