//! Reading what was done.

use crate::{
    App, AuditClass, Json, PathId, Problem, Query, Route, SignedIn, Verb,
    paging::{Cursor, Page, Stretch},
};
use axum::extract::State;
use domain::{EntryId, PatientId, PermissionName};
use practice::log::{self, EntryView};

pub(super) const LIST: Route = Route::api(
    Verb::Get,
    "/api/v1/patients/{patient_id}/log",
    "What was done, newest first, corrected entries and those entered in error too. Comments only for those who may read them.",
)
.permission(PermissionName::ReadExercise)
.audit(AuditClass::Patient)
.query::<Stretch>()
.answer::<Page<EntryView>>(200);
pub(super) const ONE: Route =
    Route::api(Verb::Get, "/api/v1/patients/{patient_id}/log/{entry_id}", "One entry, corrected or not.")
        .permission(PermissionName::ReadExercise)
        .audit(AuditClass::Patient)
        .answer::<EntryView>(200);

pub(super) async fn list(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Query(asked): Query<Stretch>,
) -> Result<Json<Page<EntryView>>, Problem> {
    let before = Cursor::place(asked.cursor.as_ref())?;
    let entries = log::list(app.house(), &session, patient, before, asked.limit.entries() + 1).await?;
    Ok(Json(Page::from_surplus(entries, asked.limit, |last| Cursor::at(&(last.performed_at, last.entry_id)))))
}

pub(super) async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, entry)): PathId<(PatientId, EntryId)>,
) -> Result<Json<EntryView>, Problem> {
    log::one(app.house(), &session, patient, entry).await?.map(Json).ok_or(Problem::not_found())
}
