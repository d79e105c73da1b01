//! Money.

use crate::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;

/// United States dollars in whole cents; negative where it is owed to the patient. Sums are refused when they do not fit,
/// never rounded or wrapped.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(transparent)]
pub struct Cents(pub i64);

impl Cents {
    /// From dollars as people type them, `40`, `40.00` or `$1,234.50`: two decimals or none, never below zero.
    pub fn from_dollars(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("must be dollars and cents, like 40.00");
        let text = text.trim();
        let text = text.strip_prefix('$').unwrap_or(text).trim_start();
        let (dollars, cents) = text.split_once('.').unwrap_or((text, "00"));
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let mut groups = dollars.split(',');
        let first = groups.next().filter(|first| digits(first) && (first.len() <= 3 || !dollars.contains(',')));
        let grouped = groups.all(|group| digits(group) && group.len() == 3);
        if first.is_none() || !grouped || !digits(cents) || cents.len() != 2 {
            return Err(wrong());
        }
        let dollars: i64 = dollars.replace(',', "").parse().map_err(|_| wrong())?;
        let cents: i64 = cents.parse().map_err(|_| wrong())?;
        dollars.checked_mul(100).and_then(|sum| sum.checked_add(cents)).map(Self).ok_or_else(wrong)
    }
    /// The sum; none when it does not fit.
    pub const fn plus(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }
    /// So many times as much; none when it does not fit.
    pub const fn times(self, count: u32) -> Option<Self> {
        match self.0.checked_mul(count as i64) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }
    /// The opposite amount; none for the one amount that has no opposite.
    pub const fn opposite(self) -> Option<Self> {
        match self.0.checked_neg() {
            Some(opposite) => Some(Self(opposite)),
            None => None,
        }
    }
    /// The sum of many; none when it does not fit.
    pub fn sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self(0), Self::plus)
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, cents) = (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs());
        let dollars = (cents / 100).to_string();
        write!(f, "{sign}$")?;
        for (n, digit) in dollars.char_indices() {
            if n > 0 && (dollars.len() - n) % 3 == 0 {
                f.write_str(",")?;
            }
            write!(f, "{digit}")?;
        }
        write!(f, ".{:02}", cents % 100)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dollars_are_read_as_they_are_shown_and_nothing_is_rounded() {
        for (text, cents) in [
            ("0", 0),
            ("40", 4_000),
            (" $40.05 ", 4_005),
            ("$ 7.00", 700),
            ("1,234.50", 123_450),
            ("1234.50", 123_450),
            ("12,345,678.90", 1_234_567_890),
            ("92233720368547758.07", i64::MAX),
        ] {
            assert_eq!(Cents::from_dollars(text), Ok(Cents(cents)), "{text}");
            assert_eq!(Cents::from_dollars(&Cents(cents).to_string()), Ok(Cents(cents)), "{text}");
        }
        for wrong in [
            "",
            "$",
            ".",
            ".50",
            "40.",
            "40.5",
            "40.500",
            "-1",
            "-1.00",
            "1e3",
            "NaN",
            "4O.00",
            "1,23.00",
            "1234,567",
            ",123",
            "1,,234",
            "40,00",
            "40 00",
            "$$4",
            "٤٠",
            "92233720368547758.08",
            "99999999999999999999",
        ] {
            assert!(Cents::from_dollars(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_amount_is_shown_in_groups_of_three() {
        for (cents, text) in [(0, "$0.00"), (-5, "-$0.05"), (99_999, "$999.99"), (100_000, "$1,000.00")] {
            assert_eq!(Cents(cents).to_string(), text);
        }
        assert_eq!(Cents(i64::MIN).to_string(), "-$92,233,720,368,547,758.08");
    }
}
