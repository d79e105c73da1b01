//! Charges that came from therapists and wait to be billed, with what each lacks. Shows no diagnosis and names no patient.

use super::RECORDED;
use crate::{
    App, AuditClass, Json, Problem, Query, Route, RouteTable, SignedIn, Verb,
    look::{
        Bar, BarChart, Column, Head, Tone, bar_chart, card, empty_state, pagination, recorded_line, table, tag, words,
    },
    paging::{Cursor, Limit, Page},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::{ChargeId, Date, PermissionName};
use maud::{Markup, html};
use practice::billing::dashboard::{self, DraftLine};
use serde::Deserialize;

const PAGE: Route = Route::page(Verb::Get, "/billing/charges", "Charges to bill, and what each lacks.")
    .permission(PermissionName::ReadBilling)
    .audit(AuditClass::Billing);
const API: Route =
    Route::api(Verb::Get, "/api/v1/billing/drafts", "Charges to bill, oldest day first, and what each lacks.")
        .permission(PermissionName::ReadBilling)
        .audit(AuditClass::Billing)
        .query::<Asked>()
        .answer::<Page<DraftLine>>(200);

/// Most charges of a page: each is opened to see what it lacks.
const SHOWN: usize = 50;

/// Adds both.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(API, api)
}

#[derive(Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// How many.
    #[serde(default)]
    limit: Limit,
    /// Where the page begins.
    #[serde(default)]
    cursor: Option<Cursor>,
}

/// The day as text, then the id.
fn cursor_of((day, charge): (Date, ChargeId)) -> Cursor {
    Cursor::new([day.to_string().as_bytes(), charge.as_bytes()].concat())
}

/// Where a page begins; 422 for a cursor of another list.
fn begin(cursor: Option<&Cursor>) -> Result<Option<(Date, ChargeId)>, Problem> {
    let read = |cursor: &Cursor| {
        let (day, charge) = cursor.bytes().split_last_chunk::<16>()?;
        let day = std::str::from_utf8(day).ok()?.parse().ok()?;
        Some((day, ChargeId::from_bytes(*charge)))
    };
    let wrong = || Problem::invalid_fields().field("cursor", "is not a cursor of this list");
    cursor.map(|cursor| read(cursor).ok_or_else(wrong)).transpose()
}

async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Json<Page<DraftLine>>, Problem> {
    let after = begin(asked.cursor.as_ref())?;
    let found = dashboard::drafts(app.house(), &session, after, asked.limit.entries()).await?;
    Ok(Json(Page { items: found.items, next: found.next.map(cursor_of) }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    #[serde(default)]
    cursor: Option<Cursor>,
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Shown>,
) -> Result<Markup, Problem> {
    let after = begin(asked.cursor.as_ref())?;
    let found = dashboard::drafts(app.house(), &session, after, SHOWN).await?;
    let surround = Surround::of(&app, &session).await?;
    let next = found.next.map(|last| format!("/billing/charges?cursor={}", String::from(cursor_of(last))));
    let content = html! {
        @if found.items.is_empty() {
            (empty_state("Nothing to bill", "Charges that therapists write down stand here until they are billed.", None))
        } @else {
            (card("What they lack", None, lacking(&found.items)))
            section class="card stack" aria-label="Charges to bill" { (list(&found.items)) }
        }
        (pagination(None, next.as_deref(), None))
        (recorded_line(RECORDED))
    };
    let below = html! { "What therapists charged and is not in the books, oldest first." };
    let head = Head { below: Some(below), ..Head::default() };
    Ok(surround.page(Sheet::new("Charges to bill", "/billing/charges").head(head), content))
}

fn lacking(drafts: &[DraftLine]) -> Markup {
    let count = |wanted: fn(&DraftLine) -> bool| drafts.iter().filter(|line| wanted(line)).count() as u64;
    let counts = [
        ("Ready to bill", count(DraftLine::is_ready), "Nothing is missing"),
        (
            "No fee",
            count(|line| !line.no_fee.is_empty()),
            "A code has no fee on the day of the visit: set one under Fees",
        ),
        ("Nobody said who pays", count(|line| line.no_payer), "Say it on the account; until then the patient owes it"),
        ("No unit earned", count(|line| line.no_unit), "Its minutes are too few: void it, or ask the therapist"),
    ];
    let bars =
        counts.map(|(label, size, _)| Bar { label, size, hatched: 0, said: words::count(size, "charge", "charges") });
    let title = "What the charges on this page lack";
    let chart = BarChart { id: "lacking", title, hatched: None, bars: &bars };
    let rows =
        counts.into_iter().map(|(label, count, what)| vec![html! { (label) }, html! { (count) }, html! { (what) }]);
    bar_chart(chart, &[Column::text("State"), Column::number("Charges"), Column::text("What to do")], rows)
}

fn list(drafts: &[DraftLine]) -> Markup {
    let columns = [Column::text("Visit"), Column::text("Therapist"), Column::text("State")];
    let rows = drafts.iter().map(|line| {
        let path = format!("/billing/accounts/{}/charges/{}", line.account_id, line.charge_id);
        vec![
            html! { a href=(path) { (words::full_date(line.day)) } },
            html! { (line.therapist.name) },
            html! { span class="row wrap" { (state(line)) } },
        ]
    });
    table("Charges to bill, oldest first", &columns, rows)
}

fn state(line: &DraftLine) -> Markup {
    html! {
        @if line.is_ready() { (tag("ready", Tone::Success)) }
        @for code in &line.no_fee { (tag(&format!("no fee for {code}"), Tone::Warn)) }
        @if line.no_unit { (tag("no unit earned", Tone::Warn)) }
        @if line.no_payer { (tag("nobody said who pays", Tone::Info)) }
    }
}
