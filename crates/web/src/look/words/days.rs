//! Days and times in plain language.

use domain::{Date, Timestamp, Timezone, weekday_number};

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The name of a day, 1 (Monday) to 7 (Sunday); empty for any other number.
pub fn weekday(day: u8) -> &'static str {
    usize::from(day).checked_sub(1).and_then(|n| DAYS.get(n)).copied().unwrap_or_default()
}

/// Its first three letters: "Mon".
pub fn weekday_short(day: u8) -> &'static str {
    weekday(day).get(..3).unwrap_or_default()
}

/// What follows them: "day".
pub fn weekday_rest(day: u8) -> &'static str {
    weekday(day).get(3..).unwrap_or_default()
}

/// "Thursday, 14 May".
pub fn day(date: Date) -> String {
    format!("{}, {}", weekday(weekday_number(date)), day_month(date))
}

/// "14 May".
pub fn day_month(date: Date) -> String {
    date.strftime("%-d %B").to_string()
}

/// "11 May 2026".
pub fn full_date(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

/// "Good morning", "Good afternoon", "Good evening", by the hour of the practice's wall clock.
pub fn greeting(hour: i8) -> &'static str {
    match hour {
        4..=11 => "Good morning",
        12..=17 => "Good afternoon",
        _ => "Good evening",
    }
}

/// "7:40", as on the wall.
pub fn time(hour: i8, minute: i8) -> String {
    format!("{hour}:{minute:02}")
}

/// A moment, as on the wall of a place: "11 May 2026, 7:40".
pub fn moment(zone: &Timezone, at: Timestamp) -> String {
    let (hour, minute) = zone.hour_minute(at);
    format!("{}, {}", full_date(zone.day_of(at)), time(hour, minute))
}

/// "today", "yesterday", "3 days ago", else the date.
pub fn how_long_ago(date: Date, today: Date) -> String {
    match today.since(date).map(|span| span.get_days()) {
        Ok(0) => "today".to_owned(),
        Ok(1) => "yesterday".to_owned(),
        Ok(days @ 2..=13) => format!("{days} days ago"),
        _ => full_date(date),
    }
}
