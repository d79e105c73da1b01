//! Charts as SVG that needs no script: each says in words what it shows, and carries the same values as a table.
//!
//! Coordinates are in percent of the picture, so that lines stretch with the card while letters keep their size.
//! Colours come from classes in `look.css`; no chart says anything by colour alone.

use super::{
    table::{Column, table},
    words,
};
use domain::{Date, weekday_number};
use jiff::ToSpan;
use maud::{Markup, html};
use std::fmt::Write;

/// What was due on a day, and what of it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayDone {
    /// The day.
    pub day: Date,
    /// Log entries due; 0 on a day of rest.
    pub due: u32,
    /// Of them done; more than `due` counts as all.
    pub done: u32,
}

impl DayDone {
    /// Percent done, 0 to 100; none on a day of rest.
    pub fn percent(self) -> Option<u32> {
        (self.due > 0).then(|| (u64::from(self.done.min(self.due)) * 100 / u64::from(self.due)) as u32)
    }
    /// 0 nothing, 1 less than half, 2 half or more, 3 all.
    fn bucket(self) -> Option<u8> {
        self.percent().map(|percent| match percent {
            0 if self.done == 0 => 0,
            0..=49 => 1,
            50..=99 => 2,
            _ => 3,
        })
    }
    fn said(self) -> String {
        match self.percent() {
            None => "nothing due".to_owned(),
            Some(percent) => format!("{} of {}, {percent}%", self.done.min(self.due), self.due),
        }
    }
}

/// Percent of everything due that was done over all days; none when nothing was due.
pub fn adherence_percent(days: &[DayDone]) -> Option<u32> {
    let due: u64 = days.iter().map(|day| u64::from(day.due)).sum();
    let done: u64 = days.iter().map(|day| u64::from(day.done.min(day.due))).sum();
    (due > 0).then(|| (done * 100 / due) as u32)
}

/// Most weeks that the heat-map shows: the last ones stay.
const MOST_WEEKS: usize = 26;

/// The days of several weeks as squares, a column for each week, Monday on top; and the same as a table.
///
/// `id` must be the only one of its name on the page. Days may begin and end anywhere in a week, in any order; days
/// that are not given stay empty.
pub fn adherence_heatmap(id: &str, days: &[DayDone]) -> Markup {
    let weeks = by_week(days);
    if weeks.is_empty() {
        return html! { p class="soft" { "Nothing was due yet." } };
    }
    let summary = match adherence_percent(days) {
        Some(percent) => {
            let weeks = words::count(weeks.len() as u64, "week", "weeks");
            format!("Over {weeks}, {percent} percent of what was due was done. The table below has each day.")
        }
        None => "Nothing was due on these days.".to_owned(),
    };
    // Left 11 % for the names of days; 18 px for the names of months; 22 px a row. A few weeks are not stretched.
    let column = 89.0 / weeks.len().max(10) as f64;
    html! {
        figure class="chart" {
            svg class="heatmap" role="img" aria-labelledby={ (id) "-title" } aria-describedby={ (id) "-desc" }
                width="100%" height="176" {
                title id={ (id) "-title" } { "Done of what was due, by day" }
                desc id={ (id) "-desc" } { (summary) }
                @for (row, name) in [(0, "Mon"), (2, "Wed"), (4, "Fri"), (6, "Sun")] {
                    text x="0" y=(row * 22 + 33) { (name) }
                }
                @for (n, (monday, week)) in weeks.iter().enumerate() {
                    @let x = 11.0 + n as f64 * column;
                    @if let Some(month) = month_label(&weeks, n) { text x=(percent(x)) y="11" { (month) } }
                    @for (row, day) in week.iter().enumerate() {
                        @let (class, said) = square(*day, *monday, row);
                        @if let Some(said) = said {
                            rect class=(class) x=(percent(x)) y=(row * 22 + 18) width=(percent(column * 0.86)) height="18" rx="5" {
                                title { (said) }
                            }
                        }
                    }
                }
            }
            figcaption class="legend soft small" {
                span { "Each square is a day." }
                @for (class, meaning) in [("d0", "none"), ("d1", "some"), ("d2", "half or more"), ("d3", "all")] {
                    span class="key" {
                        svg class="heatmap swatch" width="14" height="14" aria-hidden="true" {
                            rect class=(class) x="0.5" y="0.5" width="13" height="13" rx="4" {}
                        }
                        (meaning)
                    }
                }
            }
            (as_table("Done of what was due, by day", &heatmap_columns(), weeks.iter().rev().map(|(monday, week)| {
                let first = html! { (words::day_month(*monday)) };
                let rest = week.iter().map(|day| html! {
                    @match day {
                        None => "–",
                        Some(day) => @match day.percent() {
                            None => span class="soft" { "rest" },
                            Some(percent) => { (percent) "%" },
                        },
                    }
                });
                std::iter::once(first).chain(rest).collect()
            })))
        }
    }
}

fn heatmap_columns() -> [Column<'static>; 8] {
    let day = |n| Column::number(words::weekday_short(n));
    [Column::text("Week from"), day(1), day(2), day(3), day(4), day(5), day(6), day(7)]
}

type Week = [Option<DayDone>; 7];

fn by_week(days: &[DayDone]) -> Vec<(Date, Week)> {
    let mut weeks: Vec<(Date, Week)> = Vec::new();
    let mut sorted = days.to_vec();
    sorted.sort_by_key(|day| day.day);
    for day in sorted {
        let weekday = weekday_number(day.day);
        let monday = day.day.checked_sub(i32::from(weekday - 1).days()).unwrap_or(day.day);
        while let Some((last, _)) = weeks.last().filter(|(last, _)| *last < monday) {
            let next = last.checked_add(7.days()).unwrap_or(monday);
            weeks.push((next.min(monday), [None; 7]));
            if weeks.len() > MOST_WEEKS {
                weeks.remove(0);
            }
        }
        if weeks.is_empty() {
            weeks.push((monday, [None; 7]));
        }
        if let Some((_, week)) = weeks.last_mut() {
            week[usize::from(weekday - 1)] = Some(day);
        }
    }
    weeks
}

/// The name of a month over the first of its weeks, where there is room for it.
fn month_label(weeks: &[(Date, Week)], n: usize) -> Option<String> {
    let month = weeks[n].0.month();
    let new = n == 0 || weeks[n - 1].0.month() != month;
    let crowded = n == 0 && weeks.len() > 2 && weeks[1].0.month() != month;
    (new && !crowded).then(|| weeks[n].0.strftime("%b").to_string())
}

fn square(day: Option<DayDone>, monday: Date, row: usize) -> (&'static str, Option<String>) {
    let Some(day) = day else { return ("", None) };
    let class = match day.bucket() {
        None => "rest",
        Some(0) => "d0",
        Some(1) => "d1",
        Some(2) => "d2",
        Some(_) => "d3",
    };
    let date = monday.checked_add((row as i32).days()).unwrap_or(monday);
    (class, Some(format!("{}: {}", words::day(date), day.said())))
}

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
    use jiff::civil::date;

    fn days(count: i32, due: u32, done: u32) -> Vec<DayDone> {
        (0..count).map(|n| DayDone { day: date(2026, 3, 2) + n.days(), due, done }).collect()
    }

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
    fn twelve_weeks_are_eighty_four_squares_and_twelve_rows() {
        let html = adherence_heatmap("done", &days(84, 3, 2)).into_string();
        assert_eq!(html.matches("<rect class=\"d2\"").count(), 84 + 1, "and one in the legend");
        assert_eq!(html.matches("role=\"rowheader\"").count(), 12);
        assert!(html.contains("66%") && html.contains("Over 12 weeks, 66 percent"));
    }

    #[test]
    fn a_chart_holds_with_no_one_and_many_values() {
        assert!(adherence_heatmap("done", &[]).into_string().contains("Nothing was due yet"));
        assert!(adherence_heatmap("done", &days(1, 0, 0)).into_string().contains("class=\"rest\""));
        assert_eq!(
            adherence_heatmap("done", &days(2000, 1, 1)).into_string().matches("role=\"rowheader\"").count(),
            26
        );
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

    #[test]
    fn a_day_of_rest_is_not_a_day_missed() {
        let rest = DayDone { day: date(2026, 5, 14), due: 0, done: 0 };
        assert_eq!((rest.percent(), rest.bucket()), (None, None));
        assert_eq!(DayDone { due: 300, done: 1, ..rest }.bucket(), Some(1));
        assert_eq!(DayDone { due: 2, done: 5, ..rest }.bucket(), Some(3));
    }

    #[test]
    fn days_out_of_order_and_with_holes_find_their_week() {
        let day = |d| DayDone { day: d, due: 1, done: 1 };
        let weeks = by_week(&[day(date(2026, 3, 25)), day(date(2026, 3, 1))]);
        assert_eq!(weeks.len(), 5);
        assert_eq!(weeks[0].0, date(2026, 2, 23));
        assert!(weeks[0].1[6].is_some() && weeks[4].1[2].is_some());
    }

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
