//! The books as a table for other programs. Holds no name of a patient.

use super::file;
use crate::{App, AuditClass, Problem, Route, RouteTable, SignedIn, Verb};
use axum::{extract::State, response::Response};
use domain::PermissionName;
use practice::billing::csv;

const PAGE: Route = Route::page(Verb::Get, "/billing/bookings.csv", "Every booking, as CSV.")
    .permission(PermissionName::ReadBilling)
    .audit(AuditClass::Billing);
const API: Route = Route::api(
    Verb::Get,
    "/api/v1/billing/bookings.csv",
    "Every booking, as CSV: ids, days, kinds and amounts in cents; no name of a patient.",
)
.permission(PermissionName::ReadBilling)
.audit(AuditClass::Billing)
.media("text/csv");

/// Adds both.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, export).add(API, export)
}

async fn export(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Response, Problem> {
    let text = csv::bookings(app.house(), &session).await?;
    let day = practice::account::zone(app.house(), &session).await?.day_of(app.clock.now());
    Ok(file("text/csv; charset=utf-8", &format!("bookings-{day}.csv"), text))
}
