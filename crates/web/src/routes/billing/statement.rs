//! What is sent to whoever is billed: the statement of an account, the receipt for a payment.

use super::{
    damaged,
    money::{said, taken_back},
    no_name,
};
use crate::{
    App, AuditClass, PathId, Problem, Route, RouteTable, SignedIn, Verb,
    answer::attachment,
    look::{ButtonKind, Column, Head, RECORDED, card, empty_state, link_button, recorded_line, table, words},
    surround::{Sheet, Surround},
};
use axum::{extract::State, response::Response};
use domain::{BillingAccountId, BookingId, PermissionName};
use maud::{Markup, html};
use practice::billing::statement::{self, Statement};

const PAGE: Route =
    Route::page(Verb::Get, "/billing/accounts/{billing_account_id}/statement", "The statement of an account.")
        .permission(PermissionName::ReadBilling)
        .audit(AuditClass::Billing);
const SHEET: Route =
    Route::page(Verb::Get, "/billing/accounts/{billing_account_id}/statement.pdf", "The statement, to print or send.")
        .permission(PermissionName::ReadBilling)
        .audit(AuditClass::Billing)
        .takes_out();
const RECEIPT: Route = Route::page(
    Verb::Get,
    "/billing/accounts/{billing_account_id}/bookings/{booking_id}/receipt.pdf",
    "The receipt for a payment, to print or send.",
)
.permission(PermissionName::ReadBilling)
.audit(AuditClass::Billing)
.takes_out();
const API_SHEET: Route = Route::api(
    Verb::Get,
    "/api/v1/billing/accounts/{billing_account_id}/statement.pdf",
    "The statement of an account, as PDF.",
)
.permission(PermissionName::ReadBilling)
.audit(AuditClass::Billing)
.takes_out()
.media("application/pdf");
const API_RECEIPT: Route = Route::api(
    Verb::Get,
    "/api/v1/billing/accounts/{billing_account_id}/bookings/{booking_id}/receipt.pdf",
    "The receipt for a payment that was not voided, as PDF.",
)
.permission(PermissionName::ReadBilling)
.audit(AuditClass::Billing)
.takes_out()
.media("application/pdf");

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(SHEET, sheet).add(RECEIPT, receipt).add(API_SHEET, sheet).add(API_RECEIPT, receipt)
}

async fn sheet(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<BillingAccountId>,
) -> Result<Response, Problem> {
    let made = statement::statement(app.house(), &session, account).await?;
    made.may_be_sent()?;
    Ok(attachment("application/pdf", &format!("statement-{}.pdf", made.day), made.pdf()))
}

async fn receipt(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId((account, booking)): PathId<(BillingAccountId, BookingId)>,
) -> Result<Response, Problem> {
    let made = statement::statement(app.house(), &session, account).await?;
    made.may_be_sent()?;
    let receipt = made.receipt(booking).ok_or(Problem::not_found())?;
    Ok(attachment("application/pdf", &format!("receipt-{}.pdf", made.day), receipt))
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<BillingAccountId>,
) -> Result<Markup, Problem> {
    let made = statement::statement(app.house(), &session, account).await?;
    let surround = Surround::of(&app, &session).await?;
    let path = format!("/billing/accounts/{account}/statement.pdf");
    let heading =
        made.account.contact.as_ref().map_or(no_name(made.account.contact_is_damaged), |contact| contact.name.as_str());
    let content = html! {
        (damaged(&made.account))
        (taken_back(&made.account))
        (card("Statement", Some(html! { span class="soft" { (words::full_date(made.day)) } }), bookings(&made)))
        (card("How long it is owed", None, by_age(&made)))
        (recorded_line(RECORDED))
    };
    let head = Head {
        above: Some(html! { a href={ "/billing/accounts/" (account) } { "The account" } }),
        heading: Some(heading),
        below: Some(html! { (made.practice) }),
        beside: Some(link_button(&path, "As PDF", ButtonKind::Primary)),
    };
    Ok(surround.page(Sheet::new("Statement", "/billing/accounts").head(head), content))
}

fn bookings(made: &Statement) -> Markup {
    if made.lines().next().is_none() {
        return empty_state("Nothing is booked", "What is billed and paid stands here.", None);
    }
    let columns = [Column::text("Day"), Column::text("What"), Column::money("Amount")];
    let rows = made.lines().map(|one| {
        vec![html! { (words::full_date(one.day)) }, html! { (statement::words(one.kind)) }, html! { (one.owed) }]
    });
    html! {
        (table("What was billed and paid", &columns, rows))
        p class="row between" { span { "Balance" } strong class="num" { (said(made.balance())) } }
    }
}

fn by_age(made: &Statement) -> Markup {
    let rows = made.account.aging.spans().into_iter().map(|(span, cents)| vec![html! { (span) }, html! { (cents) }]);
    table("How long it is owed", &[Column::text("Age"), Column::money("Owed")], rows)
}
