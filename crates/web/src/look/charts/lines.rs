//! Values over weeks as lines, with a gap where a week has none.

use super::{as_table, number, percent, round};
use crate::look::{table::Column, words};
use domain::Date;
use maud::{Markup, html};
use std::fmt::Write;

/// The value of a week.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeekValue {
    /// The Monday of the week.
    pub week: Date,
    /// Its value; none for a week without one, which leaves a gap.
    pub value: Option<f64>,
}

/// One line of a chart.
#[derive(Debug, Clone, Copy)]
pub struct Series<'a> {
    /// What it is ("Pain").
    pub label: &'a str,
    /// One value a week, in order.
    pub values: &'a [WeekValue],
}

/// Values over weeks as lines. The first series is drawn strong, a second one thin and dashed.
#[derive(Debug, Clone, Copy)]
pub struct LineChart<'a> {
    /// The only id of its name on the page.
    pub id: &'a str,
    /// What it shows ("Pain after exercise, weekly median").
    pub title: &'a str,
    /// The value at the upper edge; the lower edge is 0.
    pub max: f64,
    /// One or two lines over the same weeks.
    pub series: &'a [Series<'a>],
}

/// Height of the plot and of the whole picture, in pixels.
const PLOT: f64 = 150.0;
const LEFT: f64 = 7.0;
const RIGHT: f64 = 95.0;
const TOP: f64 = 14.0;

/// Draws a [`LineChart`], with its summary in words and its table.
pub fn line_chart(chart: LineChart<'_>) -> Markup {
    let Some(first) = chart.series.first() else { return html! {} };
    let known = first.values.iter().filter(|week| week.value.is_some_and(f64::is_finite)).count();
    if known == 0 {
        return html! { p class="soft" { "Nothing was written down yet." } };
    }
    let max = if chart.max > 0.0 { chart.max } else { 1.0 };
    let weeks = first.values;
    html! {
        figure class="chart" {
            svg class="lines" role="img" aria-labelledby={ (chart.id) "-title" } aria-describedby={ (chart.id) "-desc" }
                width="100%" height="200" {
                title id={ (chart.id) "-title" } { (chart.title) }
                desc id={ (chart.id) "-desc" } { (chart.series.iter().map(said).collect::<Vec<_>>().join(" ")) }
                @for part in [0.0, 0.5, 1.0] {
                    @let y = TOP + PLOT * (1.0 - part);
                    line class="grid" x1=(percent(LEFT)) x2="100%" y1=(y) y2=(y) {}
                    text x="0" y=(y + 4.0) { (number(max * part)) }
                }
                @for n in ticks(weeks.len()) {
                    text x=(percent(place(n, weeks.len()))) y=(TOP + PLOT + 22.0) text-anchor=(anchor(n, weeks.len())) {
                        (weeks[n].week.strftime("%-d %b").to_string())
                    }
                }
                @for (n, series) in chart.series.iter().enumerate().rev() {
                    g class={ "line line-" (n) } { (line(series, max, n == 0)) }
                }
            }
            @if chart.series.len() > 1 {
                figcaption class="legend soft small" {
                    @for (n, series) in chart.series.iter().enumerate() {
                        span class="key" {
                            svg class="lines swatch" width="28" height="14" aria-hidden="true" {
                                g class={ "line line-" (n) } { line x1="2" x2="26" y1="7" y2="7" {} }
                            }
                            (series.label)
                        }
                    }
                }
            }
            (as_table(chart.title, &line_columns(&chart), (0..weeks.len()).rev().map(|n| {
                let first = html! { (words::day_month(weeks[n].week)) };
                let rest = chart.series.iter().map(|series| {
                    let value = series.values.get(n).and_then(|week| week.value);
                    html! { @match value { Some(value) => (number(value)), None => "–" } }
                });
                std::iter::once(first).chain(rest).collect()
            })))
        }
    }
}

fn line_columns<'a>(chart: &LineChart<'a>) -> Vec<Column<'a>> {
    std::iter::once(Column::text("Week from")).chain(chart.series.iter().map(|s| Column::number(s.label))).collect()
}

/// A line as its pieces: a piece for each two neighbouring weeks that both have a value, a dot for each value.
fn line(series: &Series<'_>, max: f64, last_in_words: bool) -> Markup {
    let count = series.values.len();
    let points: Vec<Option<(f64, f64, &WeekValue)>> = series
        .values
        .iter()
        .enumerate()
        .map(|(n, week)| {
            let value = week.value.filter(|value| value.is_finite())?;
            Some((place(n, count), TOP + PLOT * (1.0 - (value / max).clamp(0.0, 1.0)), week))
        })
        .collect();
    let last = points.iter().flatten().next_back();
    html! {
        @for two in points.windows(2) {
            @if let [Some((x1, y1, _)), Some((x2, y2, _))] = two {
                line x1=(percent(*x1)) x2=(percent(*x2)) y1=(round(*y1)) y2=(round(*y2)) {}
            }
        }
        @for (x, y, week) in points.iter().flatten() {
            circle cx=(percent(*x)) cy=(round(*y)) r="3" {
                title { "Week from " (words::day_month(week.week)) ": " (number(week.value.unwrap_or_default())) }
            }
        }
        @if let (Some((x, y, week)), true) = (last, last_in_words) {
            circle class="last" cx=(percent(*x)) cy=(round(*y)) r="5" {}
            text class="last" x=(percent(*x)) y=(round(if *y < TOP + 16.0 { *y + 22.0 } else { *y - 12.0 })) text-anchor="middle" {
                (number(week.value.unwrap_or_default()))
            }
        }
    }
}

/// Where week `n` of `count` stands, in percent of the width.
fn place(n: usize, count: usize) -> f64 {
    if count < 2 { (LEFT + RIGHT) / 2.0 } else { LEFT + 2.0 + (RIGHT - LEFT - 2.0) * n as f64 / (count - 1) as f64 }
}

/// The weeks that are named below: first, last, and two between where there is room.
fn ticks(count: usize) -> Vec<usize> {
    match count {
        0 => vec![],
        1..=4 => (0..count).collect(),
        n => vec![0, (n - 1) / 3, (n - 1) * 2 / 3, n - 1],
    }
}

fn anchor(n: usize, count: usize) -> &'static str {
    if count > 1 && n + 1 == count { "end" } else { "middle" }
}

/// "Pain: 6.5 in the first week, 2.6 in the last; between 2.6 and 6.5. 1 week has no value."
fn said(series: &Series<'_>) -> String {
    let known: Vec<f64> =
        series.values.iter().filter_map(|week| week.value).filter(|value| value.is_finite()).collect();
    let missing = series.values.len() - known.len();
    let mut said = match known.as_slice() {
        [] => format!("{}: no values.", series.label),
        [one] => format!("{}: {}.", series.label, number(*one)),
        [first, .., last] => {
            let low = known.iter().copied().fold(f64::INFINITY, f64::min);
            let high = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let (first, last, low, high) = (number(*first), number(*last), number(low), number(high));
            format!("{}: {first} at first, {last} at last, between {low} and {high}.", series.label)
        }
    };
    if missing > 0 {
        let weeks = words::count(missing as u64, "week has", "weeks have");
        // Writing to a String cannot fail.
        let _ = write!(said, " {weeks} no value.");
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::{ToSpan, civil::date};

    fn weeks(values: &[Option<f64>]) -> Vec<WeekValue> {
        let week = |n: usize| date(2026, 3, 2) + (7 * n as i32).days();
        values.iter().enumerate().map(|(n, value)| WeekValue { week: week(n), value: *value }).collect()
    }

    fn pain(values: &[Option<f64>]) -> String {
        let values = weeks(values);
        let series = [Series { label: "Pain", values: &values }];
        line_chart(LineChart { id: "pain", title: "Pain", max: 10.0, series: &series }).into_string()
    }

    #[test]
    fn the_chart_holds_with_no_one_and_many_weeks() {
        assert!(pain(&[]).contains("Nothing was written down yet"));
        assert!(pain(&[None, None]).contains("Nothing was written down yet"));
        assert!(pain(&[Some(4.0)]).contains("class=\"last\""));
        assert!(!pain(&vec![Some(11.0); 500]).contains("NaN"));
        assert!(pain(&[Some(f64::NAN), Some(3.0)]).contains("Pain: 3."));
    }

    #[test]
    fn a_week_without_a_value_leaves_a_gap() {
        let whole = pain(&[Some(5.0), Some(4.0), Some(3.0)]);
        let broken = pain(&[Some(5.0), None, Some(3.0)]);
        let pieces = |html: &str| html.split("class=\"line line-0\"").nth(1).map(|rest| rest.matches("<line ").count());
        assert_eq!(pieces(&whole), Some(2));
        assert_eq!(pieces(&broken), Some(0));
        assert!(broken.contains("1 week has no value"));
    }

    #[test]
    fn a_chart_says_in_words_what_it_shows() {
        let html = pain(&[Some(6.5), Some(7.0), Some(2.6)]);
        assert!(html.contains("Pain: 6.5 at first, 2.6 at last, between 2.6 and 7."));
        assert!(html.contains("role=\"img\"") && html.contains("Show as a table"));
    }
}
