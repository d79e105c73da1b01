//! How what is owed is shown.

use crate::look::{Bar, BarChart, Column, bar_chart};
use domain::billing::{Aging, Cents};
use maud::{Markup, html};

/// An amount that may be too much to be counted.
pub(super) fn said(cents: Option<Cents>) -> String {
    cents.map_or_else(|| "more than can be counted".to_owned(), |cents| cents.to_string())
}

/// What is owed for more than 90 days.
pub(super) fn old(aging: &Aging) -> Option<Cents> {
    aging.over_90.plus(aging.over_120)
}

/// What is owed, without what was paid beyond that.
pub(super) fn owed(aging: &Aging) -> Option<Cents> {
    Cents::sum([aging.current, aging.over_30, aging.over_60, aging.over_90, aging.over_120])
}

/// The length of a bar; below zero there is none.
pub(super) fn size(cents: Option<Cents>) -> u64 {
    cents.map_or(0, |cents| u64::try_from(cents.0).unwrap_or_default())
}

/// What is owed by age, as a picture and a table.
pub(super) fn by_age(id: &str, aging: &Aging) -> Markup {
    let spans = [
        ("Up to 30 days", Some(aging.current)),
        ("31 to 60 days", Some(aging.over_30)),
        ("61 to 90 days", Some(aging.over_60)),
        ("Over 90 days", old(aging)),
    ];
    let bars = spans.map(|(label, cents)| Bar { label, size: size(cents), hatched: 0, said: said(cents) });
    let chart = BarChart { id, title: "Owed, by days since the visit", hatched: None, bars: &bars };
    let rows = [
        ("Up to 30 days", Some(aging.current)),
        ("31 to 60 days", Some(aging.over_30)),
        ("61 to 90 days", Some(aging.over_60)),
        ("91 to 120 days", Some(aging.over_90)),
        ("Over 120 days", Some(aging.over_120)),
        ("Paid beyond what was charged", aging.credit.opposite()),
        ("Balance", aging.balance()),
    ];
    let rows = rows.into_iter().map(|(label, cents)| vec![html! { (label) }, html! { (said(cents)) }]);
    bar_chart(chart, &[Column::text("Age"), Column::money("Owed")], rows)
}

/// The columns of a table of what is owed by several, behind the first.
pub(super) const SPANS: [Column<'static>; 6] = [
    Column::money("Up to 30 days"),
    Column::money("31 to 60"),
    Column::money("61 to 90"),
    Column::money("Over 90"),
    Column::money("Credit"),
    Column::money("Balance"),
];

/// A row of such a table, behind the first cell.
pub(super) fn spans(aging: &Aging) -> impl Iterator<Item = Markup> {
    let amounts = [
        Some(aging.current),
        Some(aging.over_30),
        Some(aging.over_60),
        old(aging),
        Some(aging.credit),
        aging.balance(),
    ];
    // A column of zeros is hard to read: nothing owed is a dash.
    amounts.into_iter().map(|cents| match cents {
        Some(Cents(0)) => html! { span class="soft" { "–" } },
        cents => html! { (said(cents)) },
    })
}
