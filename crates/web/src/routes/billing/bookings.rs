//! Booking money and voiding what was booked wrong. Nothing is deleted.

use crate::{
    App, AuditClass, Form, FormKey, IdempotencyKey, Json, PathId, Problem, Route, RouteTable, SignedIn, Verb,
    answer::see_other,
};
use axum::{extract::State, http::StatusCode, response::Response};
use domain::{BillingAccountId, BookingId, PermissionName};
use practice::billing::books::{self, NewBooking};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MAKE: Route = Route::api(
    Verb::Post,
    "/api/v1/billing/accounts/{billing_account_id}/bookings",
    "Books money that came, goes back, or is no longer asked for.",
)
.permission(PermissionName::WriteBilling)
.audit(AuditClass::Billing)
.idempotency_key()
.body::<NewBooking>()
.answer::<Booked>(201);
const UNDO: Route = Route::api(
    Verb::Post,
    "/api/v1/billing/accounts/{billing_account_id}/bookings/{booking_id}/void",
    "Voids a booking by its opposite, once; both stay.",
)
.permission(PermissionName::WriteBilling)
.audit(AuditClass::Billing)
.idempotency_key()
.answer::<Booked>(201);
const VOID: Route = Route::page(
    Verb::Post,
    "/billing/accounts/{billing_account_id}/bookings/{booking_id}/void",
    "Voids a booking by its opposite, once; both stay.",
)
.permission(PermissionName::WriteBilling)
.audit(AuditClass::Billing);

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(MAKE, make).add(UNDO, undo).add(VOID, void)
}

/// What was booked.
#[derive(Serialize, JsonSchema)]
pub(super) struct Booked {
    /// The booking.
    pub(super) booking_id: BookingId,
}

async fn make(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<BillingAccountId>,
    key: Option<IdempotencyKey>,
    Json(new): Json<NewBooking>,
) -> Result<(StatusCode, Json<Booked>), Problem> {
    let key = key.as_ref().map(IdempotencyKey::as_str);
    let booking_id = books::book(app.house(), &session, account, &new, key).await?;
    Ok((StatusCode::CREATED, Json(Booked { booking_id })))
}

async fn undo(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((account, booking)): PathId<(BillingAccountId, BookingId)>,
    key: Option<IdempotencyKey>,
) -> Result<(StatusCode, Json<Booked>), Problem> {
    let key = key.as_ref().map(IdempotencyKey::as_str);
    let booking_id = books::void(app.house(), &session, account, booking, key).await?;
    Ok((StatusCode::CREATED, Json(Booked { booking_id })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Typed {
    /// Makes a form that is sent twice void once.
    key: FormKey,
}

async fn void(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((account, booking)): PathId<(BillingAccountId, BookingId)>,
    Form(typed): Form<Typed>,
) -> Result<Response, Problem> {
    books::void(app.house(), &session, account, booking, Some(typed.key.as_str())).await?;
    Ok(see_other(&format!("/billing/accounts/{account}")))
}
