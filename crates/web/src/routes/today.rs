//! A patient's own day.

mod item;
mod page;

use crate::{App, AuditClass, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb};
use axum::extract::State;
use domain::{PatientId, PermissionName};
use practice::today::{self, Today};

const API: Route =
    Route::api(Verb::Get, "/api/v1/patients/{patient_id}/today", "What is due today, and what of it was done.")
        .permission(PermissionName::ReadExercise)
        .audit(AuditClass::Patient)
        .answer::<Today>(200);

/// Adds the routes.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(API, api).add(page::PAGE, page::page).add(item::PAGE, item::page).add(item::FORM, item::submitted)
}

async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(patient): PathId<PatientId>,
) -> Result<Json<Today>, Problem> {
    Ok(Json(today::today(app.house(), &session, patient).await?))
}
