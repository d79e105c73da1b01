//! Which day it is, where.

use crate::Invalid;
use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// The time zone of a practice, by its IANA name ("America/New_York").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timezone(TimeZone);

impl Timezone {
    /// Refused when the tz database, which is built in, does not know the name.
    pub fn new(name: &str) -> Result<Self, Invalid> {
        TimeZone::get(name).map(Self).map_err(|_| Invalid::new("is not a time zone (like America/New_York)"))
    }
    /// The IANA name.
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }
    /// The calendar day at a moment.
    pub fn day_of(&self, at: Timestamp) -> Date {
        self.0.to_datetime(at).date()
    }
    /// The wall clock's hour and minute at a moment.
    pub fn hour_minute(&self, at: Timestamp) -> (i8, i8) {
        let local = self.0.to_datetime(at);
        (local.hour(), local.minute())
    }
    /// The moment of a wall-clock time on a day; a time skipped by summer time moves forward with the gap.
    pub fn moment(&self, day: Date, hour: i8, minute: i8) -> Timestamp {
        day.at(hour.clamp(0, 23), minute.clamp(0, 59), 0, 0)
            .to_zoned(self.0.clone())
            .map_or(Timestamp::UNIX_EPOCH, |zoned| zoned.timestamp())
    }
}

/// 1 (Monday) to 7 (Sunday).
pub fn weekday_number(day: Date) -> u8 {
    day.weekday().to_monday_one_offset().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn the_day_depends_on_the_practice_and_not_on_utc() {
        let late = "2026-05-14T03:30:00Z".parse::<Timestamp>().expect("timestamp");
        assert_eq!(Timezone::new("America/New_York").expect("known").day_of(late), date(2026, 5, 13));
        assert_eq!(Timezone::new("Europe/Berlin").expect("known").day_of(late), date(2026, 5, 14));
    }

    #[test]
    fn monday_is_one() {
        assert_eq!(weekday_number(date(2026, 11, 23)), 1);
        assert_eq!(weekday_number(date(2026, 11, 22)), 7);
    }
}
