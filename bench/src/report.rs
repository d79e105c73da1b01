//! What is printed.

use crate::load::Measured;
use std::time::Duration;

/// One server at one number of connections, all rounds.
pub(crate) struct Column {
    /// `a`, `b`, `c`, `d`.
    pub(crate) letter: char,
    /// What it is.
    pub(crate) what: &'static str,
    /// Round by round.
    pub(crate) rounds: Vec<Measured>,
}

/// Prints the figures of one number of connections.
pub(crate) fn print(connections: usize, columns: &[Column]) {
    let s = if connections == 1 { "" } else { "s" };
    println!("\n{connections} connection{s}");
    println!("{:44} {:>10} {:>9} {:>9} {:>11} {:>6}", "", "requests/s", "p50 ms", "p99 ms", "server µs", "load");
    for column in columns {
        let took = column.pooled();
        println!(
            "({}) {:40} {:>10.0} {:>9.2} {:>9.2} {:>11.0} {:>5.0}%",
            column.letter,
            column.what,
            median(column.rounds.iter().map(|round| round.per_second).collect()),
            milliseconds(&took, 50),
            milliseconds(&took, 99),
            median(column.rounds.iter().map(|round| round.server_us).collect()),
            100.0 * median(column.rounds.iter().map(|round| round.load_busy).collect()),
        );
    }
    ratio(columns, 'a', 'b', 0.5);
    ratio(columns, 'a', 'd', 20.0);
    let others = columns.iter().flat_map(|column| &column.rounds).map(|round| round.others);
    let most = others.clone().fold(0.0, f64::max);
    println!("others on the server's core: median {:.0}%, most {:.0}%", 100.0 * median(others.collect()), 100.0 * most);
}

/// How many times as fast one is as the other, round by round: the median, the lowest and the highest.
fn ratio(columns: &[Column], over: char, under: char, aim: f64) {
    let of = |letter| columns.iter().find(|column| column.letter == letter);
    let (Some(over), Some(under)) = (of(over), of(under)) else { return };
    let pairs = || over.rounds.iter().zip(&under.rounds);
    let mut ratios: Vec<f64> = pairs().map(|(a, b)| a.per_second / b.per_second).collect();
    let of_time = median(pairs().map(|(a, b)| b.server_us / a.server_us).collect());
    ratios.sort_by(f64::total_cmp);
    let (least, most) = (ratios.first().copied().unwrap_or(0.0), ratios.last().copied().unwrap_or(0.0));
    println!(
        "{}/{} = {:.2} (rounds {least:.2} to {most:.2}; by processor time {of_time:.2}; aim at 64: at least {aim})",
        over.letter,
        under.letter,
        median(ratios),
    );
}

impl Column {
    /// The times of all rounds, sorted.
    fn pooled(&self) -> Vec<Duration> {
        let mut all: Vec<Duration> = self.rounds.iter().flat_map(|round| round.took.iter().copied()).collect();
        all.sort_unstable();
        all
    }
}

fn milliseconds(sorted: &[Duration], percent: usize) -> f64 {
    let place = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(place).map_or(0.0, |took| took.as_secs_f64() * 1000.0)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}
