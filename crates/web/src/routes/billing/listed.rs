//! All charges and all bookings of an account, in pages, and the tables that show them. Names no patient.

use super::money;
use crate::{
    App, AuditClass, FormKey, Json, PathId, Problem, Query, Route, RouteTable, SignedIn, Verb,
    look::{Column, Head, RECORDED_ONLY, Tone, empty_state, hidden, pagination, recorded_line, table, tag, words},
    paging::{Cursor, Page, PageQuery, Stretch},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{BillingAccountId, PermissionName, billing::BookingKind};
use maud::{Markup, html};
use practice::billing::{
    accounts::{self, ChargeLine},
    books::BookingView,
    schedule::{self, PayerView},
};

const CHARGES: Route =
    Route::page(Verb::Get, "/billing/accounts/{billing_account_id}/charges", "All charges of an account.")
        .permission(PermissionName::ReadBilling)
        .audit(AuditClass::Billing);
const BOOKINGS: Route =
    Route::page(Verb::Get, "/billing/accounts/{billing_account_id}/bookings", "All bookings of an account.")
        .permission(PermissionName::ReadBilling)
        .audit(AuditClass::Billing);
const API_CHARGES: Route = Route::api(
    Verb::Get,
    "/api/v1/billing/accounts/{billing_account_id}/charges",
    "All charges of an account, newest day first.",
)
.permission(PermissionName::ReadBilling)
.audit(AuditClass::Billing)
.query::<Stretch>()
.answer::<Page<ChargeLine>>(200);
const API_BOOKINGS: Route = Route::api(
    Verb::Get,
    "/api/v1/billing/accounts/{billing_account_id}/bookings",
    "All bookings of an account, the last one first.",
)
.permission(PermissionName::ReadBilling)
.audit(AuditClass::Billing)
.query::<Stretch>()
.answer::<Page<BookingView>>(200);

/// Most entries of a page.
const SHOWN: usize = 50;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .add(CHARGES, charges_page)
        .add(BOOKINGS, bookings_page)
        .add(API_CHARGES, api_charges)
        .add(API_BOOKINGS, api_bookings)
}

async fn api_charges(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<BillingAccountId>,
    Query(asked): Query<Stretch>,
) -> Result<Json<Page<ChargeLine>>, Problem> {
    let after = Cursor::place(asked.cursor.as_ref())?;
    let found = accounts::charges(app.house(), &session, account, after, asked.limit.entries()).await?;
    Ok(Json(Page { items: found.items, next: found.next.as_ref().map(Cursor::at) }))
}

async fn api_bookings(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<BillingAccountId>,
    Query(asked): Query<Stretch>,
) -> Result<Json<Page<BookingView>>, Problem> {
    let before = Cursor::place(asked.cursor.as_ref())?;
    let found = accounts::bookings(app.house(), &session, account, before, asked.limit.entries()).await?;
    Ok(Json(Page { items: found.items, next: found.next.as_ref().map(Cursor::at) }))
}

async fn charges_page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<BillingAccountId>,
    Query(asked): Query<PageQuery>,
) -> Result<Markup, Problem> {
    let after = Cursor::place(asked.cursor.as_ref())?;
    let found = accounts::charges(app.house(), &session, account, after, SHOWN).await?;
    let surround = Surround::of(&app, &session).await?;
    let rest = if found.items.is_empty() {
        empty_state("No charges", "What therapists charge for visits stands here.", None)
    } else {
        charges(account, &found.items)
    };
    let next = found.next.map(|last| Cursor::at(&last));
    Ok(sheet(&surround, account, "Charges of an account", "charges", &rest, next))
}

async fn bookings_page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    PathId(account): PathId<BillingAccountId>,
    Query(asked): Query<PageQuery>,
) -> Result<Markup, Problem> {
    let before = Cursor::place(asked.cursor.as_ref())?;
    let found = accounts::bookings(app.house(), &session, account, before, SHOWN).await?;
    let payers = schedule::payers(app.house(), &session).await?;
    let surround = Surround::of(&app, &session).await?;
    let rest = if found.items.is_empty() {
        empty_state("Nothing is booked", "Charges that are billed, payments and adjustments stand here.", None)
    } else {
        bookings(&app, account, "Bookings, the last one first", &found.items, &payers)
    };
    let next = found.next.map(|last| Cursor::at(&last));
    Ok(sheet(&surround, account, "Bookings of an account", "bookings", &rest, next))
}

fn sheet(
    surround: &Surround,
    account: BillingAccountId,
    title: &'static str,
    what: &str,
    rest: &Markup,
    next: Option<Cursor>,
) -> Markup {
    let next = next.map(|next| format!("/billing/accounts/{account}/{what}?cursor={}", String::from(next)));
    let content = html! {
        section class="card stack" aria-label=(title) { (rest) }
        (pagination(None, next.as_deref(), None))
        (recorded_line(RECORDED_ONLY))
    };
    let above = html! { a href={ "/billing/accounts/" (account) } { "The account" } };
    surround.page(Sheet::new(title, "/billing/accounts").head(Head { above: Some(above), ..Head::default() }), content)
}

/// Charges, as they come.
pub(super) fn charges(account: BillingAccountId, lines: &[ChargeLine]) -> Markup {
    let columns = [Column::text("Visit"), Column::text("State"), Column::money("Amount")];
    let rows = lines.iter().map(|line| {
        let path = format!("/billing/accounts/{account}/charges/{}", line.charge_id);
        vec![
            html! { a href=(path) { (words::full_date(line.day)) } },
            html! {
                (money::state(line.state))
                @if line.takes_back { " " (tag("taken back", Tone::Warn)) }
            },
            html! { @match line.amount { Some(amount) => (amount), None => "–" } },
        ]
    });
    table("Charges, newest day first", &columns, rows)
}

/// Bookings, as they come.
pub(super) fn bookings<'v>(
    app: &App,
    account: BillingAccountId,
    caption: &str,
    bookings: impl IntoIterator<Item = &'v BookingView>,
    payers: &[PayerView],
) -> Markup {
    let columns = [
        Column::text("Day"),
        Column::text("What"),
        Column::text("Booked by"),
        Column::money("Amount"),
        Column::actions("What can be done"),
    ];
    let payer = |one: &BookingView| {
        let found = payers.iter().find(|payer| Some(payer.payer_id) == one.payer_id)?;
        Some(found.name.as_str())
    };
    let rows = bookings.into_iter().map(|one| {
        vec![
            html! { (words::full_date(one.day)) },
            html! {
                (words::booking_kind(one.kind))
                @if one.voided { " " (tag("voided", Tone::Neutral)) }
                @if let Some(payer) = payer(one) { br; span class="soft small" { (payer) } }
            },
            html! { (one.booked_by.name) },
            html! { (one.owed) },
            actions(app, account, one),
        ]
    });
    table(caption, &columns, rows)
}

/// A receipt for a payment, and the void of what was not voided.
fn actions(app: &App, account: BillingAccountId, one: &BookingView) -> Markup {
    if one.voided || one.kind == BookingKind::Void {
        return html! {};
    }
    let at = format!("/billing/accounts/{account}/bookings/{}", one.booking_id);
    let what = format!("{} of {}", words::booking_kind(one.kind), words::full_date(one.day));
    let ask = match one.kind {
        BookingKind::Charge => {
            "It will be taken out of the books by its opposite, and the charge is one to bill again. Void it?"
        }
        _ => "It will be taken out of the books by its opposite; both stay in sight. Void it?",
    };
    html! {
        @if one.kind == BookingKind::Payment {
            a href={ (at) "/receipt.pdf" } class="button bare" { "Receipt" span class="hidden" { " for " (what) } }
        }
        form method="post" action={ (at) "/void" } class="one-button" data-ask=(ask) {
            (hidden("key", FormKey::new(&*app.rng)))
            button type="submit" class="button danger" aria-label={ "Void " (what) } { "Void" }
        }
    }
}
