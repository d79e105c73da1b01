//! Records opened in an emergency: why, for how long, and until when somebody else must have looked into it.

use crate::{Invalid, role::words, text::texts, weekday_number};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use zeroize::Zeroize;

/// How long a record stays open in an emergency, from the moment of opening: one hour, and no setting makes it longer.
pub const EMERGENCY_LASTS: Duration = Duration::from_secs(60 * 60);

/// Working days within which somebody else signs for having looked into it, not counting the day of the opening.
pub const WORKING_DAYS_TO_SIGN: u8 = 3;

texts! {
    /// Why a record is opened in an emergency. The least length keeps "x" and "asdf" away, and asks for a sentence.
    EmergencyReason: 10..=1000, "must be 10 to 1000 characters of plain text";
    /// What somebody found who looked into it.
    EmergencyWords: 1..=2000, "must be 1 to 2000 characters of plain text";
}

words! {
    /// What somebody found who looked into a record's opening in an emergency.
    EmergencyFinding, "is not justified or not_justified" {
        /// It was an emergency, and what was opened was needed.
        Justified = "justified",
        /// It was not.
        NotJustified = "not_justified",
    }
}

/// The first moment at which nobody has signed in time: the end of the third working day after the day of the opening, in the
/// practice's time zone. `works` says of a weekday, 1 (Monday) to 7 (Sunday), whether the practice works on it.
pub fn to_be_signed_by(opened_at: Timestamp, zone: &crate::Timezone, works: impl Fn(u8) -> bool) -> Timestamp {
    let (mut day, mut left) = (zone.day_of(opened_at), WORKING_DAYS_TO_SIGN);
    while left > 0 {
        let Ok(next) = day.tomorrow() else { return Timestamp::MAX };
        day = next;
        left -= u8::from(works(weekday_number(day)));
    }
    day.tomorrow().map_or(Timestamp::MAX, |after| zone.moment(after, 0, 0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Timezone;

    fn by(opened_at: &str, works: impl Fn(u8) -> bool) -> String {
        let zone = Timezone::new("America/New_York").expect("known");
        to_be_signed_by(opened_at.parse().expect("a moment"), &zone, works).to_string()
    }

    #[test]
    fn three_working_days_of_the_practice_follow_the_day_of_the_opening() {
        let weekdays = |day| day <= 5;
        // A Monday evening in New York, already Tuesday in Greenwich: Tuesday, Wednesday, Thursday.
        assert_eq!(by("2026-05-12T01:30:00Z", weekdays), "2026-05-15T04:00:00Z");
        // A Thursday: Friday, Monday, Tuesday.
        assert_eq!(by("2026-05-14T15:00:00Z", weekdays), "2026-05-20T04:00:00Z");
        // A Saturday: Monday, Tuesday, Wednesday. Where Saturdays are worked, a Friday: Saturday, Monday, Tuesday.
        assert_eq!(by("2026-05-16T15:00:00Z", weekdays), "2026-05-21T04:00:00Z");
        assert_eq!(by("2026-05-15T15:00:00Z", |day| day <= 6), "2026-05-20T04:00:00Z");
    }

    #[test]
    fn the_end_of_a_day_is_that_of_the_practice_when_clocks_change() {
        // Clocks go back on the first of November, a Sunday: Friday; Monday, Tuesday, Wednesday.
        assert_eq!(by("2026-10-30T15:00:00Z", |day| day <= 5), "2026-11-05T05:00:00Z");
    }

    #[test]
    fn a_reason_is_a_sentence() {
        assert!(EmergencyReason::new("x").is_err() && EmergencyReason::new("  asdf     ").is_err());
        assert!(EmergencyReason::new("Fell in the waiting room.").is_ok());
    }
}
