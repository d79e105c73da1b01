//! Money.

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
        write!(f, "{sign}${}.{:02}", cents / 100, cents % 100)
    }
}
