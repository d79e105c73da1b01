//! The words of access reviews: what is looked at, what was decided, what is unusual, and the quarter of a year.

use crate::{Invalid, role::words};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

words! {
    /// What somebody has, to be kept or ended.
    AccessKind, "is not a kind of access" {
        /// An account with its role.
        Account = "account",
        /// A place on a care team.
        CareLink = "care_link",
        /// An API token.
        Token = "token",
        /// A record that was opened in an emergency since the review before.
        Emergency = "emergency",
    }
}

words! {
    /// What became of an access in a review.
    AccessDecision, "is not a decision" {
        /// Somebody said that it is needed.
        Kept = "kept",
        /// Somebody ended it.
        Ended = "ended",
        /// Nobody answered in time: it ended by itself.
        Lapsed = "lapsed",
        /// Nobody answered in time, but without it nobody could give access to anybody any more.
        Spared = "spared",
        /// It had ended by then without the review.
        Gone = "gone",
    }
}

words! {
    /// What somebody says about an access.
    AccessVerdict, "is not keep or end" {
        /// It is needed.
        Keep = "keep",
        /// It ends now.
        End = "end",
    }
}

words! {
    /// How far a review has come.
    AccessReviewState, "is not a state of a review" {
        /// What is to be looked at is being listed.
        Listing = "listing",
        /// It waits for answers.
        Open = "open",
        /// Everything was answered, or ended by itself; its record is signed.
        Closed = "closed",
    }
}

words! {
    /// Why an access is looked at by itself and not kept with others.
    Unusual, "is not unusual" {
        /// It was not used lately.
        Unused = "unused",
        /// An alert about whose it is waits for somebody.
        Alert = "alert",
        /// The role of whose it is was changed since the review before.
        RoleChanged = "role_changed",
        /// Nobody signed for the emergency as justified.
        NotJustified = "not_justified",
    }
}

/// A quarter of a year, like `2026-Q4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quarter {
    year: i16,
    number: i8,
}

const NO_QUARTER: Invalid = Invalid::new("is not a quarter (like 2026-Q4)");

impl Quarter {
    /// The quarter of a day.
    pub fn of(day: Date) -> Self {
        Self { year: day.year(), number: (day.month() - 1) / 3 + 1 }
    }

    /// In plain words: "the 4th quarter of 2026".
    pub fn words(self) -> String {
        let nth = match self.number {
            1 => "1st",
            2 => "2nd",
            3 => "3rd",
            _ => "4th",
        };
        format!("the {nth} quarter of {}", self.year)
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-Q{}", self.year, self.number)
    }
}

impl FromStr for Quarter {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (year, number) = text.split_once("-Q").ok_or(NO_QUARTER)?;
        let year = year.parse().map_err(|_| NO_QUARTER)?;
        match number.parse() {
            Ok(number @ 1..=4) => Ok(Self { year, number }),
            _ => Err(NO_QUARTER),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_day_is_in_one_quarter_and_it_reads_back() {
        let of = |month| Quarter::of(Date::constant(2026, month, 1)).to_string();
        assert_eq!([of(1), of(3), of(4), of(12)], ["2026-Q1", "2026-Q1", "2026-Q2", "2026-Q4"]);
        let quarter: Quarter = "2026-Q4".parse().expect("a quarter");
        assert_eq!((quarter.to_string().as_str(), quarter.words().as_str()), ("2026-Q4", "the 4th quarter of 2026"));
        assert!("2026-Q5".parse::<Quarter>().is_err() && "Q1".parse::<Quarter>().is_err());
        assert!(
            quarter > Quarter::of(Date::constant(2026, 9, 30)) && quarter < Quarter::of(Date::constant(2027, 1, 1))
        );
    }
}
