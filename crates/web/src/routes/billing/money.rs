//! How what is owed, and how far a charge is, are shown.

use crate::look::{Bar, BarChart, Column, Tone, bar_chart, notice, tag, words};
use domain::billing::{Aging, Cents, ChargeState};
use maud::{Markup, html};
use practice::billing::accounts::AccountView;

/// An amount that may be too much to be counted.
pub(super) fn said(cents: Option<Cents>) -> String {
    cents.map_or_else(|| "more than can be counted".to_owned(), |cents| cents.to_string())
}

/// What [`old`] is called.
const OLD: &str = "Over 90 days";

/// What is owed for more than 90 days.
pub(super) fn old(aging: &Aging) -> Option<Cents> {
    aging.over_90.plus(aging.over_120)
}

/// The length of a bar; below zero there is none.
pub(super) fn size(cents: Option<Cents>) -> u64 {
    cents.map_or(0, |cents| u64::try_from(cents.0).unwrap_or_default())
}

/// What is owed by age, as a picture and a table.
pub(super) fn by_age(id: &str, aging: &Aging) -> Markup {
    let [to_30, to_60, to_90, ..] = aging.spans().map(|(label, cents)| (label, Some(cents)));
    let spans = [to_30, to_60, to_90, (OLD, old(aging))];
    let bars = spans.map(|(label, cents)| Bar { label, size: size(cents), hatched: 0, said: said(cents) });
    let chart = BarChart { id, title: "Owed, by days since the visit", hatched: None, bars: &bars };
    let beside = [("Paid beyond what was charged", aging.credit.opposite()), ("Balance", aging.balance())];
    let rows = aging.spans().into_iter().map(|(label, cents)| (label, Some(cents))).chain(beside);
    let rows = rows.map(|(label, cents)| vec![html! { (label) }, html! { (said(cents)) }]);
    bar_chart(chart, &[Column::text("Age"), Column::money("Owed")], rows)
}

/// The columns of a table of what is owed by several, behind the first.
pub(super) fn columns() -> impl Iterator<Item = Column<'static>> {
    let [to_30, to_60, to_90, ..] = Aging::default().spans().map(|(label, _)| label);
    [to_30, to_60, to_90, OLD, "Credit", "Balance"].into_iter().map(Column::money)
}

/// A row of such a table, behind the first cell.
pub(super) fn amounts(aging: &Aging) -> impl Iterator<Item = Markup> {
    let [to_30, to_60, to_90, ..] = aging.spans().map(|(_, cents)| Some(cents));
    // A column of zeros is hard to read: nothing owed is a dash.
    [to_30, to_60, to_90, old(aging), Some(aging.credit), aging.balance()].into_iter().map(|cents| match cents {
        Some(Cents(0)) => html! { span class="soft" { "–" } },
        cents => html! { (said(cents)) },
    })
}

/// How far a charge is.
pub(super) fn state(state: ChargeState) -> Markup {
    let tone = match state {
        ChargeState::Draft => Tone::Info,
        ChargeState::Billed => Tone::Success,
        ChargeState::Void => Tone::Neutral,
    };
    tag(words::charge_state(state), tone)
}

/// That charges were taken back whose bookings still stand, and where to void them.
pub(super) fn taken_back(account: &AccountView) -> Markup {
    if account.taken_back.is_empty() {
        return html! {};
    }
    let below = html! {
        "What is shown as owed still counts them. Void their bookings before a statement is sent: "
        @for (n, line) in account.taken_back.iter().enumerate() {
            @if n > 0 { ", " }
            a href={ "/billing/accounts/" (account.account_id) "/charges/" (line.charge_id) } {
                "visit of " (words::full_date(line.day))
            }
        }
        "."
    };
    notice(Tone::Warn, "The therapist took back charges that are in the books", Some(below))
}
