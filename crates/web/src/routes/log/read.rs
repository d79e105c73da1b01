//! Reading what was done.

use crate::{
    App, AuditClass, Json, PathId, Problem, Query, Route, SignedIn, Verb,
    paging::{Cursor, Limit, Page},
};
use axum::extract::State;
use domain::{EntryId, PatientId, PermissionName, Timestamp};
use practice::log::{self, EntryView};
use schemars::JsonSchema;
use serde::Deserialize;

pub(super) const LIST: Route = Route::api(
    Verb::Get,
    "/api/v1/patients/{patient_id}/log",
    "What was done, newest first, corrected entries too. Comments only for those who may read them.",
)
.permission(PermissionName::ReadExercise)
.audit(AuditClass::Patient)
.query::<Asked>()
.answer::<Page<EntryView>>(200);
pub(super) const ONE: Route =
    Route::api(Verb::Get, "/api/v1/patients/{patient_id}/log/{entry_id}", "One entry, corrected or not.")
        .permission(PermissionName::ReadExercise)
        .audit(AuditClass::Patient)
        .answer::<EntryView>(200);

/// Which part of the log.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// How many.
    #[serde(default)]
    limit: Limit,
    /// Where the page begins.
    #[serde(default)]
    cursor: Option<Cursor>,
}

/// Milliseconds since 1970 and the entry's id.
fn cursor_after(entry: &EntryView) -> Cursor {
    Cursor::new([&entry.performed_at.as_millisecond().to_be_bytes()[..], entry.entry_id.as_bytes()].concat())
}

fn read_cursor(cursor: &Cursor) -> Option<(Timestamp, EntryId)> {
    let (at, id) = cursor.bytes().split_at_checked(8)?;
    let at = Timestamp::from_millisecond(i64::from_be_bytes(at.try_into().ok()?)).ok()?;
    Some((at, EntryId::try_from(id).ok()?))
}

pub(super) async fn list(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<EntryView>>, Problem> {
    let wrong = || Problem::invalid_fields().field("cursor", "is not a cursor of this list");
    let before = asked.cursor.as_ref().map(|cursor| read_cursor(cursor).ok_or_else(wrong)).transpose()?;
    let entries = log::list(app.house(), &session, patient, before, asked.limit.entries() + 1).await?;
    Ok(Json(Page::from_surplus(entries, asked.limit, cursor_after)))
}

pub(super) async fn one(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((patient, entry)): PathId<(PatientId, EntryId)>,
) -> Result<Json<EntryView>, Problem> {
    log::one(app.house(), &session, patient, entry).await?.map(Json).ok_or(Problem::not_found())
}
