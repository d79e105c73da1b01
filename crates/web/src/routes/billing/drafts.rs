//! Charges that came from therapists and wait to be billed, with what each lacks. Shows no diagnosis and names no patient.

use crate::{
    App, AuditClass, Json, Problem, Query, Route, RouteTable, SignedIn, Verb,
    look::{
        Bar, BarChart, Column, Head, RECORDED_ONLY, Tone, bar_chart, card, empty_state, pagination, recorded_line,
        table, tag, words,
    },
    paging::{Cursor, Page, PageQuery, Stretch},
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::PermissionName;
use maud::{Markup, html};
use practice::billing::dashboard::{self, DraftLine};

const PAGE: Route = Route::page(Verb::Get, "/billing/charges", "Charges to bill, and what each lacks.")
    .permission(PermissionName::ReadBilling)
    .audit(AuditClass::Billing);
const API: Route =
    Route::api(Verb::Get, "/api/v1/billing/drafts", "Charges to bill, oldest day first, and what each lacks.")
        .permission(PermissionName::ReadBilling)
        .audit(AuditClass::Billing)
        .query::<Stretch>()
        .answer::<Page<DraftLine>>(200);

/// Most charges of a page: each is opened to see what it lacks.
const SHOWN: usize = 50;

/// Adds both.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(API, api)
}

async fn api(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<Stretch>,
) -> Result<Json<Page<DraftLine>>, Problem> {
    let after = Cursor::place(asked.cursor.as_ref())?;
    let found = dashboard::drafts(app.house(), &session, after, asked.limit.entries()).await?;
    Ok(Json(Page { items: found.items, next: found.next.as_ref().map(Cursor::at) }))
}

async fn page(
    State(app): State<App>,
    SignedIn(session): SignedIn,
    Query(asked): Query<PageQuery>,
) -> Result<Markup, Problem> {
    let after = Cursor::place(asked.cursor.as_ref())?;
    let found = dashboard::drafts(app.house(), &session, after, SHOWN).await?;
    let surround = Surround::of(&app, &session).await?;
    let next = found.next.map(|last| format!("/billing/charges?cursor={}", String::from(Cursor::at(&last))));
    let content = html! {
        @if found.items.is_empty() {
            (empty_state("Nothing to bill", "Charges that therapists write down stand here until they are billed.", None))
        } @else {
            (card("What they lack", None, lacking(&found.items)))
            section class="card stack" aria-label="Charges to bill" { (list(&found.items)) }
        }
        (pagination(None, next.as_deref(), None))
        (recorded_line(RECORDED_ONLY))
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
        (
            "Taken back",
            count(|line| line.taken_back),
            "The therapist took back a charge that is in the books: void the booking of that one",
        ),
        ("Nobody said who pays", count(|line| line.no_payer), "Say it on the account; until then the patient owes it"),
        (
            "No unit earned",
            count(|line| line.no_unit),
            "Its minutes are too few: ask nothing for it, or tell the therapist, who can correct it at the visit",
        ),
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
        @if line.taken_back { (tag("taken back", Tone::Warn)) }
        @for code in &line.no_fee { (tag(&format!("no fee for {code}"), Tone::Warn)) }
        @if line.no_unit { (tag("no unit earned", Tone::Warn)) }
        @if line.no_payer { (tag("nobody said who pays", Tone::Info)) }
    }
}
