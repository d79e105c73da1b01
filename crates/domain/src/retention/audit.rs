//! How long the entries of the audit trail are kept.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};

/// How many years the entries of the audit trail are kept at least: 45 CFR 164.316(b)(2)(i).
pub const AUDIT_YEARS: u8 = 6;

/// What happened before this moment has been kept for so many years at `now`: days are those of UTC, and what happened on a day
/// is kept through its anniversary. So it is kept for that long to the second in every time zone.
pub fn kept_since(now: Timestamp, years: u8) -> Timestamp {
    let today = now.to_zoned(TimeZone::UTC).date();
    let day = today.checked_sub(i32::from(years).years()).unwrap_or(Date::MIN);
    day.to_zoned(TimeZone::UTC).map_or(Timestamp::MIN, |midnight| midnight.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_the_audit_trail_are_kept_through_the_anniversary_of_their_day() {
        let goes = |at: &str, now: &str| {
            let [at, now] = [at, now].map(|text| text.parse::<Timestamp>().expect("a moment"));
            at < kept_since(now, AUDIT_YEARS)
        };
        assert!(!goes("2020-03-14T09:30:00Z", "2026-03-13T23:59:59Z"), "the day before");
        assert!(!goes("2020-03-14T09:30:00Z", "2026-03-14T23:59:59Z"), "the day itself");
        assert!(goes("2020-03-14T09:30:00Z", "2026-03-15T00:00:00Z"), "the day after");
        assert!(!goes("2020-03-14T23:59:59Z", "2026-03-14T23:59:59Z"));
        assert!(!goes("2020-02-29T12:00:00Z", "2026-02-28T23:59:59Z"), "the anniversary is the last of February");
        assert!(goes("2020-02-29T12:00:00Z", "2026-03-01T00:00:00Z"));
        assert!(!goes("2022-02-28T12:00:00Z", "2028-02-29T00:00:00Z"), "and from a leap day nothing goes too early");
    }
}
