//! Amounts beside one another, as bars that lie.

use super::{as_table, percent};
use crate::look::table::Column;
use maud::{Markup, html};

/// One bar.
#[derive(Debug, Clone)]
pub struct Bar<'a> {
    /// What it stands for ("31 to 60 days").
    pub label: &'a str,
    /// How long it is, measured by the longest.
    pub size: u64,
    /// How much of it is hatched; at most `size`.
    pub hatched: u64,
    /// The amount in words ("$120.00"); says of the hatched part what the legend does not.
    pub said: String,
}

/// A picture of bars.
#[derive(Debug, Clone, Copy)]
pub struct BarChart<'a> {
    /// The only id of its name on the page.
    pub id: &'a str,
    /// What it shows ("Owed, by age").
    pub title: &'a str,
    /// What the hatched part means; none where nothing is hatched.
    pub hatched: Option<&'a str>,
    /// The bars, from above.
    pub bars: &'a [Bar<'a>],
}

/// Most letters of a label in the picture; the table has all.
const LETTERS: usize = 30;

/// Draws a [`BarChart`], with its summary in words and its table, whose columns and rows are given.
pub fn bar_chart(chart: BarChart<'_>, columns: &[Column<'_>], rows: impl Iterator<Item = Vec<Markup>>) -> Markup {
    let most = chart.bars.iter().map(|bar| bar.size).max().unwrap_or_default();
    let width = |size: u64| if most == 0 { 0.0 } else { size as f64 * 100.0 / most as f64 };
    // 18 px for the words, 14 for the bar, 16 to the next.
    let row = 48;
    html! {
        figure class="chart" {
            svg class="bars" role="img" aria-labelledby={ (chart.id) "-title" } aria-describedby={ (chart.id) "-desc" }
                width="100%" height=(row * chart.bars.len()) {
                title id={ (chart.id) "-title" } { (chart.title) }
                desc id={ (chart.id) "-desc" } { (summary(&chart)) }
                pattern id={ (chart.id) "-hatch" } width="6" height="6" patternUnits="userSpaceOnUse"
                    patternTransform="rotate(45)" { rect class="gap" width="6" height="6" {} rect class="stripe" width="3" height="6" {} }
                @for (n, bar) in chart.bars.iter().enumerate() {
                    @let y = row * n;
                    text class="name" x="0" y=(y + 14) { (short(bar.label)) }
                    text class="amount" x="100%" y=(y + 14) text-anchor="end" { (bar.said) }
                    rect class="track" x="0" y=(y + 22) width="100%" height="14" rx="4" {}
                    @if bar.size > 0 {
                        rect class="bar" x="0" y=(y + 22) width=(percent(width(bar.size))) height="14" rx="4" {}
                    }
                    @if bar.hatched > 0 {
                        rect class="hatched" x="0" y=(y + 22) width=(percent(width(bar.hatched.min(bar.size)))) height="14" rx="4"
                            fill={ "url(#" (chart.id) "-hatch)" } {}
                    }
                }
            }
            @if let Some(meaning) = chart.hatched {
                figcaption class="legend soft small" {
                    span class="key" {
                        svg class="bars swatch" width="28" height="14" aria-hidden="true" {
                            rect class="hatched" x="0" y="0" width="28" height="14" rx="4" fill={ "url(#" (chart.id) "-hatch)" } {}
                        }
                        (meaning)
                    }
                }
            }
            (as_table(chart.title, columns, rows))
        }
    }
}

/// The same in words, for whoever does not see it.
fn summary(chart: &BarChart<'_>) -> String {
    let bars: Vec<String> = chart.bars.iter().map(|bar| format!("{}: {}", bar.label, bar.said)).collect();
    format!("{}. The table below has the same.", bars.join("; "))
}

fn short(label: &str) -> String {
    if label.chars().count() <= LETTERS {
        return label.to_owned();
    }
    label.chars().take(LETTERS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(bars: &[Bar<'_>]) -> String {
        let chart = BarChart { id: "x", title: "Owed", hatched: Some("over 90 days"), bars };
        let rows = bars.iter().map(|bar| vec![html! { (bar.label) }, html! { (bar.said) }]);
        bar_chart(chart, &[Column::text("Who"), Column::number("Owed")], rows).into_string()
    }

    fn bar(label: &str, size: u64, hatched: u64) -> Bar<'_> {
        Bar { label, size, hatched, said: format!("${size}") }
    }

    #[test]
    fn bars_are_measured_by_the_longest_and_said_in_words() {
        let html = drawn(&[bar("Medicare", 200, 50), bar("Patients", 50, 0), bar("Nobody", 0, 0)]);
        assert_eq!(html.matches("class=\"bar\"").count(), 2);
        assert!(html.contains("width=\"25%\"") && html.contains("Medicare: $200; Patients: $50; Nobody: $0."));
        assert_eq!(html.matches("role=\"rowheader\"").count(), 3);
    }

    #[test]
    fn nothing_owed_draws_no_bar_and_a_long_name_stays_whole_in_the_table() {
        let long = "The Mutual Benefit Association of Retired Lighthouse Keepers";
        let html = drawn(&[bar(long, 0, 9)]);
        assert!(!html.contains("class=\"bar\"") && html.contains("width=\"0%\""));
        assert!(html.contains("The Mutual Benefit Associatio…") && html.matches(long).count() == 2);
        assert!(!drawn(&[bar("<b>", 1, 0)]).contains("<b>"));
    }
}
