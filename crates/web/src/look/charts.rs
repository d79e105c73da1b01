//! Charts as SVG that needs no script: each says in words what it shows, and carries the same values as a table.
//!
//! Coordinates are in percent of the picture, so that lines stretch with the card while letters keep their size.
//! Colours come from classes in `work.css`; no chart says anything by colour alone.

mod adherence;
mod bars;
mod lines;
mod week;

pub use adherence::{DayDone, adherence_heatmap, adherence_percent};
pub use bars::{Bar, BarChart, bar_chart};
pub use lines::{LineChart, Series, WeekValue, line_chart};
pub use week::{WeekLine, week_picture};

use super::table::{Column, table};
use maud::{Markup, html};
use std::fmt::Write;

/// A small line inside a row of a table; `label` says what it shows. Missing values leave a gap.
pub fn sparkline(label: &str, values: &[Option<f64>]) -> Markup {
    let known: Vec<f64> = values.iter().flatten().copied().filter(|value| value.is_finite()).collect();
    if known.is_empty() {
        return html! { span class="soft" { "–" span class="hidden" { (label) ": no values" } } };
    }
    let low = known.iter().copied().fold(f64::INFINITY, f64::min);
    let span = known.iter().copied().fold(f64::NEG_INFINITY, f64::max) - low;
    let step = if values.len() > 1 { 84.0 / (values.len() - 1) as f64 } else { 0.0 };
    let x = |n: usize| if values.len() > 1 { 3.0 + n as f64 * step } else { 45.0 };
    let y = |value: f64| if span > 0.0 { 20.0 - 16.0 * (value - low) / span } else { 12.0 };
    let point = |n: usize| values[n].filter(|value| value.is_finite()).map(|value| (round(x(n)), round(y(value))));
    let mut path = String::new();
    let mut open = false;
    for n in 0..values.len() {
        if let Some((x, y)) = point(n) {
            // A piece of no length draws a dot, for a value between two gaps.
            let _ = write!(path, "{}{x} {y}", if open { "L" } else { "M" });
            if !open {
                let _ = write!(path, "h0");
            }
        }
        open = point(n).is_some();
    }
    let last = (0..values.len()).rev().find_map(point);
    let said = match known.as_slice() {
        [one] => format!("{label}: {}", number(*one)),
        all => format!("{label}: from {} to {}", number(all[0]), number(all[all.len() - 1])),
    };
    html! {
        svg class="sparkline" role="img" aria-label=(said) width="90" height="24" viewBox="0 0 90 24" {
            path d=(path) {}
            @if let Some((x, y)) = last { circle cx=(x) cy=(y) r="2.5" {} }
        }
    }
}

/// How much of today is done, as a ring: "2/5".
pub fn progress_ring(done: u32, total: u32) -> Markup {
    let done = done.min(total);
    let part = if total == 0 { 0.0 } else { f64::from(done) * 100.0 / f64::from(total) };
    let said = match total {
        0 => "Nothing due".to_owned(),
        _ => format!("{done} of {total} done"),
    };
    html! {
        svg class="ring" role="img" aria-label=(said) width="64" height="64" viewBox="0 0 64 64" {
            circle class="ring-track" cx="32" cy="32" r="27" {}
            @if done > 0 {
                circle class="ring-done" cx="32" cy="32" r="27" pathLength="100" transform="rotate(-90 32 32)"
                    stroke-dasharray={ (round(part)) " 100" } {}
            }
            text class="num" x="32" y="37" text-anchor="middle" { @if total == 0 { "–" } @else { (done) "/" (total) } }
        }
    }
}

/// The same values as a table, folded away until asked for.
fn as_table(caption: &str, columns: &[Column<'_>], rows: impl Iterator<Item = Vec<Markup>>) -> Markup {
    html! {
        details class="as-table" {
            summary { "Show as a table" }
            div class="scroll" tabindex="0" role="region" aria-label=(caption) { (table(caption, columns, rows)) }
        }
    }
}

fn percent(value: f64) -> String {
    format!("{}%", round(value))
}

fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

/// One decimal where it says something: "2.6", "3".
fn number(value: f64) -> String {
    let tenths = (value * 10.0).round() / 10.0;
    if tenths.fract() == 0.0 { format!("{tenths:.0}") } else { format!("{tenths:.1}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_breaks_at_a_gap_and_holds_with_one_value() {
        let html = sparkline("Volume", &[Some(1.0), Some(2.0), None, Some(4.0)]).into_string();
        assert_eq!(html.split(" d=\"").nth(1).map(|d| d.split('"').next().unwrap_or("").matches('M').count()), Some(2));
        assert!(html.contains("Volume: from 1 to 4"));
        assert!(sparkline("Volume", &[Some(3.0)]).into_string().contains("<circle"));
        assert!(sparkline("Volume", &[]).into_string().contains("no values"));
    }

    #[test]
    fn a_ring_never_shows_more_than_all() {
        assert!(progress_ring(7, 5).into_string().contains("5 of 5 done"));
        assert!(progress_ring(0, 0).into_string().contains("Nothing due"));
        assert!(progress_ring(2, 5).into_string().contains("40 100"));
    }
}
