//! Doses, and what was done of them, in plain language.

use super::{count, weekday, weekday_short};
use domain::{Dose, Load, LoadUnit, Performed, Side, Tempo, Weekdays};

/// "every day", "Monday to Friday", "Mon Wed Fri".
pub fn weekdays(days: Weekdays) -> String {
    let on: Vec<u8> = (1..=7).filter(|day| days.contains(*day)).collect();
    match on.as_slice() {
        [1, 2, 3, 4, 5, 6, 7] => "every day".to_owned(),
        [1, 2, 3, 4, 5] => "Monday to Friday".to_owned(),
        [6, 7] => "Saturday and Sunday".to_owned(),
        [one] => format!("{}s", weekday(*one)),
        several => several.iter().map(|day| weekday_short(*day)).collect::<Vec<_>>().join(" "),
    }
}

/// "once", "twice", "3 times".
fn times(n: u8) -> String {
    match n {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        n => format!("{n} times"),
    }
}

/// "every day", "twice a day, every day", "Mon Wed Fri", "twice a day, Mon Wed Fri".
pub fn how_often(dose: &Dose) -> String {
    match dose.times_a_day {
        0 | 1 => weekdays(dose.weekdays),
        n => format!("{} a day, {}", times(n), weekdays(dose.weekdays)),
    }
}

/// "45 s", "1 min", "1 min 30 s". A number and its unit stay on one line: the space between them does not break.
pub fn duration(seconds: u16) -> String {
    match (seconds / 60, seconds % 60) {
        (0, s) => format!("{s}\u{a0}s"),
        (m, 0) => format!("{m}\u{a0}min"),
        (m, s) => format!("{m}\u{a0}min {s}\u{a0}s"),
    }
}

/// "2.5 kg", "10 lb", with a space that does not break.
pub fn load(load: Load) -> String {
    format!("{}\u{a0}{}", load_number(load), load.unit)
}

/// The number alone, for a field: "2.5", "10".
pub fn load_number(load: Load) -> String {
    match (load.tenths / 10, load.tenths % 10) {
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    }
}

/// The name of a unit of load.
pub fn load_unit(unit: LoadUnit) -> &'static str {
    match unit {
        LoadUnit::Kilogram => "kg",
        LoadUnit::Pound => "lb",
    }
}

/// "right side"; nothing where both work together.
pub fn side(side: Side) -> Option<&'static str> {
    match side {
        Side::Both => None,
        Side::Left => Some("left side"),
        Side::Right => Some("right side"),
        Side::Each => Some("each side"),
    }
}

/// The words of a side in a list to choose from.
pub fn side_choice(side: Side) -> &'static str {
    match side {
        Side::Both => "Both",
        Side::Left => "Left",
        Side::Right => "Right",
        Side::Each => "Each in turn",
    }
}

/// "3 s down, 1 s pause, 2 s up"; phases of no length are left out.
pub fn tempo(tempo: Tempo) -> String {
    let phases = [(tempo.down, "down"), (tempo.bottom, "pause"), (tempo.up, "up"), (tempo.top, "at the top")];
    let said: Vec<String> =
        phases.iter().filter(|(s, _)| *s > 0).map(|(s, what)| format!("{s}\u{a0}s {what}")).collect();
    if said.is_empty() { "at your own pace".to_owned() } else { said.join(", ") }
}

fn seconds(n: u16) -> String {
    count(u64::from(n), "second", "seconds")
}

/// What is to be done in one go: "3 sets of 10, hold 2 seconds", "3 holds of 30 seconds".
fn amount(sets: u8, reps: Option<u16>, hold: Option<u16>) -> String {
    let said = count(u64::from(sets), "set", "sets");
    match (reps, hold) {
        (Some(reps), Some(hold)) => format!("{said} of {reps}, hold {}", seconds(hold)),
        (Some(reps), None) => format!("{said} of {reps}"),
        (None, Some(hold)) => format!("{} of {}", count(u64::from(sets), "hold", "holds"), seconds(hold)),
        (None, None) => said,
    }
}

/// The whole dose: "3 sets of 10, hold 2 seconds, 2.5 kg, right side, 45 s rest, twice a day, Mon Wed Fri".
pub fn dose(dose: &Dose) -> String {
    format!("{}, {}", dose_today(dose), how_often(dose))
}

/// The dose without its days, as the patient needs it today: "3 sets of 10, hold 2 seconds, right side, 45 s rest".
pub fn dose_today(dose: &Dose) -> String {
    let mut said = vec![amount(dose.sets, dose.reps, dose.hold_seconds)];
    said.extend(dose.load.map(load));
    said.extend(side(dose.side).map(str::to_owned));
    said.extend(dose.tempo.map(tempo));
    said.extend(dose.rest_seconds.filter(|s| *s > 0).map(|s| format!("{} rest", duration(s))));
    said.join(", ")
}

/// The dose for a narrow column: "3 × 10 · hold 2 s · 2.5 kg · right side · daily".
pub fn dose_brief(dose: &Dose) -> String {
    let mut said = match (dose.reps, dose.hold_seconds) {
        (Some(reps), Some(hold)) => vec![format!("{} × {reps}", dose.sets), format!("hold {}", duration(hold))],
        (Some(reps), None) => vec![format!("{} × {reps}", dose.sets)],
        (None, Some(hold)) => vec![format!("{} × {}", dose.sets, duration(hold))],
        (None, None) => vec![count(u64::from(dose.sets), "set", "sets")],
    };
    said.extend(dose.load.map(load));
    said.extend(side(dose.side).map(str::to_owned));
    if dose.times_a_day > 1 {
        said.push(format!("{}× a day", dose.times_a_day));
    }
    said.push(match dose.weekdays.count() {
        7 => "daily".to_owned(),
        n => count(u64::from(n), "day a week", "days a week"),
    });
    said.join(" · ")
}

/// What was done: "3 sets of 10, 2.5 kg"; no set at all is "tried, could not".
pub fn performed(done: &Performed) -> String {
    if done.sets == 0 {
        return "tried, could not".to_owned();
    }
    let mut said = vec![amount(done.sets, done.reps, done.hold_seconds)];
    said.extend(done.load.map(load));
    said.join(", ")
}
