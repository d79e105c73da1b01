//! How minutes became units, step by step.

use super::{
    parts::{Tone, tag},
    table::{Column, table},
    words,
};
use domain::billing::{UnitCalculation, UnitRule};
use maud::{Markup, html};

/// The calculation as somebody would explain it, and each code's line of it.
pub fn units(calculation: &UnitCalculation) -> Markup {
    if calculation.lines.is_empty() {
        return html! { p class="soft" { "Nothing was charged by time: each code counts once." } };
    }
    let columns = [
        Column::text("Code"),
        Column::number("Minutes"),
        Column::number("Whole units"),
        Column::number("Minutes left"),
        Column::text("One more"),
        Column::number("Units"),
    ];
    let rows = calculation.lines.iter().map(|line| {
        vec![
            html! { span class="num" { (line.code) } },
            html! { (line.minutes.count()) },
            html! { (line.whole_units) },
            html! { (line.minutes_left) },
            html! { @if line.extra_unit { (tag("yes", Tone::Info)) } @else { "no" } },
            html! { (line.units) },
        ]
    });
    html! {
        ol class="steps" { @for step in steps(calculation) { li { (step) } } }
        (table(&format!("From minutes to units by the {}", words::unit_rule(calculation.rule)), &columns, rows))
        p class="row between" {
            span { "Together, by the " (words::unit_rule(calculation.rule)) }
            strong class="num" { (words::count(calculation.units().into(), "unit", "units")) }
        }
    }
}

fn steps(calculation: &UnitCalculation) -> Vec<String> {
    let minutes: Vec<String> = calculation.lines.iter().map(|line| line.minutes.count().to_string()).collect();
    let whole: u32 = calculation.lines.iter().map(|line| u32::from(line.whole_units)).sum();
    let of_each = "A unit is 15 minutes: each code has its whole units first.".to_owned();
    match calculation.rule {
        UnitRule::Cms => {
            let allowed = calculation.allowed_units.unwrap_or_default();
            let total = match minutes.as_slice() {
                [one] => format!("There are {one} timed minutes."),
                all => format!("All timed minutes together: {} = {}.", all.join(" + "), calculation.total_minutes),
            };
            let beyond = match allowed.saturating_sub(whole) {
                0 => "The whole units are all that is allowed.".to_owned(),
                more => format!(
                    "The whole units are {whole}. {} more goes to whichever code has the most minutes left.",
                    words::count(more.into(), "unit", "units")
                ),
            };
            let allows = format!(
                "They allow {}: one from 8 minutes on, and one more for each further 15.",
                words::count(allowed.into(), "unit", "units")
            );
            vec![total, allows, of_each, beyond]
        }
        UnitRule::Ama => {
            vec![of_each, "Each code stands alone: 8 or more minutes left earn it one more unit.".to_owned()]
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::billing::{CptCode, Minutes, calculate_units};

    fn shown(rule: UnitRule, timed: &[(&str, u16)]) -> String {
        let code = |(code, minutes): &(&str, u16)| {
            (CptCode::new(code).expect("a code"), Minutes::new(*minutes).expect("minutes"))
        };
        let timed: Vec<_> = timed.iter().map(code).collect();
        units(&calculate_units(rule, &timed).expect("counted")).into_string()
    }

    #[test]
    fn the_steps_say_where_each_unit_comes_from() {
        let cms = shown(UnitRule::Cms, &[("97110", 33), ("97140", 7)]);
        for said in ["33 + 7 = 40", "They allow 3 units", "The whole units are 2. 1 unit more", "3 units"] {
            assert!(cms.contains(said), "{said}: {cms}");
        }
        let ama = shown(UnitRule::Ama, &[("97110", 33), ("97140", 7)]);
        assert!(ama.contains("2 units") && !ama.contains("allow"));
        assert!(shown(UnitRule::Cms, &[("97110", 30)]).contains("all that is allowed"));
        assert!(shown(UnitRule::Ama, &[]).contains("each code counts once"));
    }
}
