//! What billing has to do, at a glance. Opens no account and names no patient.

use super::money::{amounts, by_age, columns, old, said, size};
use crate::{
    App, AuditClass, Json, Problem, Route, RouteTable, SignedIn, Verb,
    look::{
        Bar, BarChart, ButtonKind, Column, Head, RECORDED_ONLY, bar_chart, card, empty_state, link_button,
        recorded_line, stat, words,
    },
    surround::{Sheet, Surround},
};
use axum::extract::State;
use domain::PermissionName;
use maud::{Markup, html};
use practice::billing::dashboard::{self, Dashboard, OwedBy, Unbilled};

const PAGE: Route = Route::page(Verb::Get, "/billing", "What billing has to do, and what is owed.")
    .permission(PermissionName::ReadBilling)
    .audit(AuditClass::Billing);
const API: Route = Route::api(Verb::Get, "/api/v1/billing/dashboard", "What billing has to do, and what is owed.")
    .permission(PermissionName::ReadBilling)
    .audit(AuditClass::Billing)
    .answer::<Dashboard>(200);

/// Adds both.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.add(PAGE, page).add(API, api)
}

async fn api(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Json<Dashboard>, Problem> {
    Ok(Json(dashboard::dashboard(app.house(), &session).await?))
}

async fn page(State(app): State<App>, SignedIn(session): SignedIn) -> Result<Markup, Problem> {
    let seen = dashboard::dashboard(app.house(), &session).await?;
    let surround = Surround::of(&app, &session).await?;
    let visits: u64 = seen.unbilled.iter().map(|line| line.visits).sum();
    let to_bill = link_button("/billing/charges", "Charges to bill", ButtonKind::Primary);
    let content = html! {
        section class="card stats" aria-label="In short" {
            (stat(&visits.to_string(), if visits == 1 { "visit was not charged" } else { "visits were not charged" }))
            (stat(&seen.drafts.to_string(), if seen.drafts == 1 { "charge to bill" } else { "charges to bill" }))
            (stat(&said(seen.aging.owed()), "owed"))
            (stat(&said(old(&seen.aging)), "of it for more than 90 days"))
            @if seen.taken_back > 0 {
                (stat(&seen.taken_back.to_string(), "taken back and still in the books"))
            }
            @if seen.on_their_way > 0 {
                (stat(&seen.on_their_way.to_string(), "on their way from therapists"))
            }
        }
        (card("Visits that were not charged", None, not_charged(&surround, &seen.unbilled)))
        div class="two" {
            (card("What is owed, by age", None, by_age("age", &seen.aging)))
            (card("What is owed, by who pays", None, by_payer(&seen.by_payer)))
        }
        (recorded_line(RECORDED_ONLY))
    };
    let below = html! { "What is to be charged, and what is owed. It names no patient." };
    let head = Head { below: Some(below), beside: Some(to_bill), ..Head::default() };
    Ok(surround.page(Sheet::new("Billing", "/billing").head(head), content))
}

fn not_charged(surround: &Surround, unbilled: &[Unbilled]) -> Markup {
    if unbilled.is_empty() {
        return empty_state("Every visit is charged", "Visits that were held and not charged stand here.", None);
    }
    let since = |line: &Unbilled| words::full_date(surround.day(line.oldest));
    let bars: Vec<Bar<'_>> = unbilled
        .iter()
        .map(|line| Bar {
            label: &line.therapist.name,
            size: line.visits,
            hatched: 0,
            said: words::count(line.visits, "visit", "visits"),
        })
        .collect();
    let chart =
        BarChart { id: "unbilled", title: "Visits that were not charged, by therapist", hatched: None, bars: &bars };
    let rows = unbilled
        .iter()
        .map(|line| vec![html! { (line.therapist.name) }, html! { (line.visits) }, html! { (since(line)) }]);
    let columns = [Column::text("Therapist"), Column::number("Visits"), Column::number("Oldest")];
    html! {
        (bar_chart(chart, &columns, rows))
        @if let Some(oldest) = unbilled.iter().min_by_key(|line| line.oldest) {
            p class="soft" {
                "The oldest was on " (since(oldest)) ", with " (oldest.therapist.name) ". Therapists charge their visits; ask them."
            }
        }
    }
}

fn by_payer(payers: &[OwedBy]) -> Markup {
    if payers.is_empty() {
        return empty_state("Nothing is in the books", "What was billed and paid stands here, by who pays.", None);
    }
    let name = |one: &OwedBy| one.name.as_ref().map_or("Patients themselves", |name| name.as_str()).to_owned();
    let names: Vec<String> = payers.iter().map(name).collect();
    let bars: Vec<Bar<'_>> = payers
        .iter()
        .zip(&names)
        .map(|(one, label)| Bar {
            label,
            size: size(one.aging.owed()),
            hatched: size(old(&one.aging)),
            said: said(one.aging.owed()),
        })
        .collect();
    let chart = BarChart {
        id: "payers",
        title: "Owed, by who pays first",
        hatched: bars.iter().any(|bar| bar.hatched > 0).then_some("for more than 90 days"),
        bars: &bars,
    };
    let rows = payers
        .iter()
        .zip(&names)
        .map(|(one, name)| std::iter::once(html! { (name) }).chain(amounts(&one.aging)).collect());
    let columns: Vec<Column<'_>> = std::iter::once(Column::text("Who pays")).chain(columns()).collect();
    bar_chart(chart, &columns, rows)
}
