//! Who did how much when, over one week.

use super::{as_table, percent};
use crate::look::{table::Column, words};
use domain::{Date, weekday_number};
use jiff::ToSpan;
use maud::{Markup, html};

/// Parts of a day.
const PARTS: [&str; 4] = ["0 to 6", "6 to 12", "12 to 18", "18 to 24"];

/// One line of the picture.
#[derive(Debug, Clone, Copy)]
pub struct WeekLine<'a> {
    /// Who.
    pub name: &'a str,
    /// As what, in small letters behind the name.
    pub role: Option<&'a str>,
    /// How much on each day from Monday on, in each part of it.
    pub entries: [[u64; 4]; 7],
    /// How much of it was refused.
    pub refused: [[u64; 4]; 7],
}

impl WeekLine<'_> {
    fn day(&self, day: usize) -> u64 {
        self.entries[day].iter().sum()
    }
    fn total(&self) -> u64 {
        self.entries.iter().flatten().sum()
    }
    fn refused(&self) -> u64 {
        self.refused.iter().flatten().sum()
    }
    fn at_night(&self) -> u64 {
        self.entries.iter().map(|day| day[0]).sum()
    }
}

/// Who did how much when: a line for each, a square for each quarter of a day; and the days as a table.
///
/// `id` must be the only one of its name on the page.
pub fn week_picture(id: &str, monday: Date, lines: &[WeekLine<'_>]) -> Markup {
    if lines.is_empty() {
        return html! { p class="soft" { "Nothing was done in this week." } };
    }
    let most = lines.iter().flat_map(|line| line.entries.iter().flatten()).copied().max().unwrap_or(0);
    let date = |day: usize| monday.checked_add((day as i32).days()).unwrap_or(monday);
    let days: Vec<String> = (0..7).map(|day| words::weekday_short(weekday_number(date(day))).to_owned()).collect();
    // 18 px for the days' names; for each line 20 px for the name and 20 for its squares, and 10 between lines.
    let (top, height) = (26, 50);
    let x = |day: usize, part: usize| (day as f64).mul_add(100.0 / 7.0, part as f64 * 3.3);
    html! {
        figure class="chart" {
            svg class="heatmap" role="img" aria-labelledby={ (id) "-title" } aria-describedby={ (id) "-desc" }
                width="100%" height=(top + height * lines.len()) {
                title id={ (id) "-title" } { "Who did how much, in each quarter of each day" }
                desc id={ (id) "-desc" } { (summary(lines)) }
                @for (n, day) in days.iter().enumerate() { text x=(percent(x(n, 0))) y="12" { (day) } }
                @for (n, line) in lines.iter().enumerate() {
                    @let y = top + height * n;
                    text class="name" x="0" y=(y + 14) { (line.name) }
                    @for day in 0..7 {
                        @for part in 0..4 {
                            @let (done, refused) = (line.entries[day][part], line.refused[day][part]);
                            rect class=(shade(done, most)) x=(percent(x(day, part))) y=(y + 20) width="2.9%" height="20" rx="4" {
                                title { (said(line.name, date(day), part, done, refused)) }
                            }
                            @if refused > 0 { circle cx=(percent(x(day, part) + 1.45)) cy=(y + 30) r="4" {} }
                        }
                    }
                }
            }
            figcaption class="legend soft small" {
                span { "Each square is a quarter of a day, from midnight on." }
                @for (class, meaning) in [("d0", "nothing"), ("d1", "a little"), ("d2", "some"), ("d3", "much")] {
                    span class="key" { (swatch(class, false)) (meaning) }
                }
                span class="key" { (swatch("d1", true)) "with refusals" }
            }
            (as_table("Entries by day", &columns(&days), lines.iter().map(cells)))
        }
    }
}

fn swatch(class: &str, refused: bool) -> Markup {
    html! {
        svg class="heatmap swatch" width="14" height="14" aria-hidden="true" {
            rect class=(class) x="0.5" y="0.5" width="13" height="13" rx="4" {}
            @if refused { circle cx="7" cy="7" r="4" {} }
        }
    }
}

fn columns(days: &[String]) -> Vec<Column<'_>> {
    let mut columns = vec![Column::text("Who")];
    columns.extend(days.iter().map(|day| Column::number(day)));
    columns.extend([Column::number("Week"), Column::number("Refused"), Column::number("At night")]);
    columns
}

fn cells(line: &WeekLine<'_>) -> Vec<Markup> {
    let mut cells = vec![html! {
        (line.name) @if let Some(role) = line.role { " " span class="soft small" { (role) } }
    }];
    cells.extend((0..7).map(|day| html! { (line.day(day)) }));
    cells.extend([line.total(), line.refused(), line.at_night()].map(|count| html! { (count) }));
    cells
}

/// The same in words, for whoever does not see it.
fn summary(lines: &[WeekLine<'_>]) -> String {
    let (total, refused, at_night) = lines
        .iter()
        .fold((0, 0, 0), |sum, line| (sum.0 + line.total(), sum.1 + line.refused(), sum.2 + line.at_night()));
    let most = lines.iter().max_by_key(|line| line.total()).map_or("", |line| line.name);
    format!(
        "{} in the week, most of them of {most}; {refused} refused, {at_night} between midnight and 6. The table below has \
         each day.",
        words::count(total, "entry", "entries"),
    )
}

fn said(name: &str, date: Date, part: usize, done: u64, refused: u64) -> String {
    let done = words::count(done, "entry", "entries");
    let refused = if refused > 0 { format!(", {refused} refused") } else { String::new() };
    format!("{name}, {}, {}: {done}{refused}", words::day(date), PARTS[part])
}

/// How deep a square is coloured, measured by the fullest one of the week.
fn shade(done: u64, most: u64) -> &'static str {
    match done {
        0 => "d0",
        few if few * 9 <= most => "d1",
        some if some * 3 <= most => "d2",
        _ => "d3",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn line(name: &str) -> WeekLine<'_> {
        let (mut entries, mut refused) = ([[0; 4]; 7], [[0; 4]; 7]);
        entries[0] = [2, 90, 30, 10];
        refused[0][0] = 1;
        WeekLine { name, role: Some("Therapist"), entries, refused }
    }

    #[test]
    fn every_quarter_of_a_day_is_a_square_that_says_what_it_is() {
        let html = week_picture("week", date(2026, 5, 11), &[line("Mara Lind"), line("Jo Park")]).into_string();
        assert_eq!(html.matches("<title>").count(), 2 * 28);
        assert!(html.contains("Mara Lind, Monday, 11 May, 0 to 6: 2 entries, 1 refused"));
        assert!(html.contains("264 entries in the week") && html.contains("2 refused, 4 between midnight and 6"));
        assert_eq!(html.matches("role=\"rowheader\"").count(), 2);
    }

    #[test]
    fn shades_are_measured_by_the_fullest_square() {
        let shades = [0, 10, 11, 30, 31, 90].map(|done| shade(done, 90));
        assert_eq!(shades, ["d0", "d1", "d2", "d2", "d3", "d3"]);
    }

    #[test]
    fn an_empty_week_says_so_and_a_name_is_escaped() {
        assert!(week_picture("week", date(2026, 5, 11), &[]).into_string().contains("Nothing was done"));
        assert!(!week_picture("week", date(2026, 5, 11), &[line("<b>")]).into_string().contains("<b>"));
    }
}
