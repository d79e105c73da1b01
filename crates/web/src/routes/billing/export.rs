//! The books as a table for other programs. Holds no name of a patient.

use crate::{
    App, AuditClass, Problem, Route, RouteTable, SignedIn, Verb,
    answer::{attachment, later},
};
use axum::{body::Body, extract::State, response::Response};
use domain::PermissionName;
use futures::stream;
use practice::billing::csv::Bookings;

const PAGE: Route = Route::page(Verb::Get, "/billing/bookings.csv", "Every booking, as CSV.")
    .permission(PermissionName::ReadBilling)
    .audit(AuditClass::Billing)
    .takes_out();
const API: Route = Route::api(
    Verb::Get,
    "/api/v1/billing/bookings.csv",
    "Every booking, as CSV: ids, days, kinds and amounts in cents; no name of a patient.",
)
.permission(PermissionName::ReadBilling)
.audit(AuditClass::Billing)
.takes_out()
.media("text/csv");

/// Adds both.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, export).add(API, export)
}

async fn export(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Response, Problem> {
    let day = practice::account::zone(app.house(), &session).await?.day_of(app.clock.now());
    let bookings = Bookings::begin(app.house().clone(), session).await?;
    let pieces = stream::try_unfold(bookings, async |mut bookings| match bookings.next().await {
        Ok(piece) => Ok(piece.map(|piece| (piece, bookings))),
        Err(error) => {
            // The answer has begun: all that is left is to break off.
            later(&error);
            Err(error)
        }
    });
    Ok(attachment("text/csv; charset=utf-8", &format!("bookings-{day}.csv"), Body::from_stream(pieces)))
}
