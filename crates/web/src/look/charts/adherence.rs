//! What was done of what was due, day by day, as a heat-map.

use super::{as_table, percent};
use crate::look::{table::Column, words};
use domain::{Date, weekday_number};
use jiff::ToSpan;
use maud::{Markup, html};

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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn days(count: i32, due: u32, done: u32) -> Vec<DayDone> {
        (0..count).map(|n| DayDone { day: date(2026, 3, 2) + n.days(), due, done }).collect()
    }

    #[test]
    fn twelve_weeks_are_eighty_four_squares_and_twelve_rows() {
        let html = adherence_heatmap("done", &days(84, 3, 2)).into_string();
        assert_eq!(html.matches("<rect class=\"d2\"").count(), 84 + 1, "and one in the legend");
        assert_eq!(html.matches("role=\"rowheader\"").count(), 12);
        assert!(html.contains("66%") && html.contains("Over 12 weeks, 66 percent"));
    }

    #[test]
    fn the_picture_holds_with_no_one_and_many_days() {
        assert!(adherence_heatmap("done", &[]).into_string().contains("Nothing was due yet"));
        assert!(adherence_heatmap("done", &days(1, 0, 0)).into_string().contains("class=\"rest\""));
        let years = adherence_heatmap("done", &days(2000, 1, 1)).into_string();
        assert_eq!(years.matches("role=\"rowheader\"").count(), 26);
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
}
