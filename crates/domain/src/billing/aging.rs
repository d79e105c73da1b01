//! How long money has been owed.

use super::Cents;
use crate::Date;
use serde::Serialize;

/// What is owed, by days since the day of service. Credit is what was paid beyond all that was charged.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
pub struct Aging {
    /// 0 to 30 days.
    pub current: Cents,
    /// 31 to 60 days.
    pub over_30: Cents,
    /// 61 to 90 days.
    pub over_60: Cents,
    /// 91 to 120 days.
    pub over_90: Cents,
    /// More than 120 days.
    pub over_120: Cents,
    /// Paid beyond what was charged; zero or more.
    pub credit: Cents,
}

impl Aging {
    /// Ages the charges of one account on `today`, oldest settled first by what was `settled` (payments and adjustments,
    /// less refunds). None when a sum does not fit.
    pub fn of(today: Date, charges: &[(Date, Cents)], settled: Cents) -> Option<Self> {
        let mut charges = charges.to_vec();
        charges.sort_by_key(|(day, _)| *day);
        let mut aging = Self::default();
        let mut left = settled;
        for (day, amount) in charges {
            let covered = amount.min(left);
            left = left.plus(covered.opposite()?)?;
            let bucket = match (today - day).get_days() {
                ..=30 => &mut aging.current,
                31..=60 => &mut aging.over_30,
                61..=90 => &mut aging.over_60,
                91..=120 => &mut aging.over_90,
                _ => &mut aging.over_120,
            };
            *bucket = bucket.plus(amount.plus(covered.opposite()?)?)?;
        }
        aging.credit = left;
        Some(aging)
    }

    /// What is owed by age, the youngest first, each with its words.
    pub const fn spans(&self) -> [(&'static str, Cents); 5] {
        [
            ("Up to 30 days", self.current),
            ("31 to 60 days", self.over_30),
            ("61 to 90 days", self.over_60),
            ("91 to 120 days", self.over_90),
            ("Over 120 days", self.over_120),
        ]
    }

    /// What is owed, without what was paid beyond that; none when it does not fit.
    pub fn owed(&self) -> Option<Cents> {
        Cents::sum(self.spans().map(|(_, cents)| cents))
    }

    /// Both together, age by age; none when a sum does not fit.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        Some(Self {
            current: self.current.plus(other.current)?,
            over_30: self.over_30.plus(other.over_30)?,
            over_60: self.over_60.plus(other.over_60)?,
            over_90: self.over_90.plus(other.over_90)?,
            over_120: self.over_120.plus(other.over_120)?,
            credit: self.credit.plus(other.credit)?,
        })
    }

    /// Everything owed, less credit; none when it does not fit.
    pub fn balance(&self) -> Option<Cents> {
        self.owed()?.plus(self.credit.opposite()?)
    }
}
