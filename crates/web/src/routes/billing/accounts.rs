//! The list of billing accounts, by name: each name that is shown is recorded under its patient.

use super::{money, no_name};
use crate::{
    App, AuditClass, Json, Problem, Query, Route, RouteTable, SignedIn, Verb,
    look::{ButtonKind, Column, Head, RECORDED, empty_state, link_button, pagination, recorded_line, table},
    paging::{Cursor, Page, PageQuery, Stretch},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::PermissionName;
use maud::{Markup, html};
use practice::billing::accounts::{self, AccountLine};

const PAGE: Route = Route::page(Verb::Get, "/billing/accounts", "Who is billed, and what they owe.")
    .permission(PermissionName::ReadBilling)
    .audit(AuditClass::Billing);
const API: Route = Route::api(Verb::Get, "/api/v1/billing/accounts", "Who is billed, and what they owe.")
    .permission(PermissionName::ReadBilling)
    .audit(AuditClass::Billing)
    .query::<Stretch>()
    .answer::<Page<AccountLine>>(200);

/// Most accounts of a page: each name is opened on its own.
const SHOWN: usize = 50;

/// Adds both.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(API, api)
}

async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Stretch>,
) -> Result<Json<Page<AccountLine>>, Problem> {
    let after = Cursor::place(asked.cursor.as_ref())?;
    let found = accounts::list(app.house(), &session, after, asked.limit.entries()).await?;
    Ok(Json(Page { items: found.items, next: found.next.as_ref().map(Cursor::at) }))
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<PageQuery>,
) -> Result<Markup, Problem> {
    let after = Cursor::place(asked.cursor.as_ref())?;
    let mut found = accounts::list(app.house(), &session, after, SHOWN).await?;
    // Accounts are in the order of their ids, which say nothing; those that are shown together are read by name.
    found.items.sort_by(|a, b| (a.name.is_none(), &a.name).cmp(&(b.name.is_none(), &b.name)));
    let surround = Surround::of(&app, &session).await?;
    let next = found.next.map(|last| format!("/billing/accounts?cursor={}", String::from(Cursor::at(&last))));
    let content = html! {
        section class="card stack" aria-label="Billing accounts" {
            @if found.items.is_empty() {
                (empty_state("Nobody is billed yet", "Whoever has a visit that was charged stands here.", None))
            } @else { (list(&found.items)) }
        }
        (pagination(None, next.as_deref(), None))
        (recorded_line(RECORDED))
    };
    let below = html! { "Whoever had a visit that was charged, and what they owe." };
    let export = link_button("/billing/bookings.csv", "Bookings as CSV", ButtonKind::Quiet);
    let head = Head { below: Some(below), beside: Some(export), ..Head::default() };
    Ok(surround.page(Sheet::new("Billing accounts", "/billing/accounts").head(head), content))
}

fn list(accounts: &[AccountLine]) -> Markup {
    let mut columns = vec![Column::text("Name")];
    columns.extend(money::columns());
    let rows = accounts.iter().map(|line| {
        let name = line.name.as_deref().unwrap_or(no_name(line.name_is_damaged));
        let link = html! { a href={ "/billing/accounts/" (line.account_id) } { (name) } };
        std::iter::once(link).chain(money::amounts(&line.aging)).collect()
    });
    table("Billing accounts", &columns, rows)
}
