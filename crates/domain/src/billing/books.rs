//! Double entry: what is booked on one account is booked on another with the opposite sign, so that everything that was
//! ever booked sums to zero.

use super::Cents;
use crate::{Invalid, role::words};
use serde::{Deserialize, Serialize};

words! {
    /// An account of the books.
    BookAccount, "is not an account of the books" {
        /// What patients and payers owe.
        Receivable = "receivable",
        /// What was earned by treating.
        Income = "income",
        /// What was received.
        Cash = "cash",
        /// What is not asked for: contractual adjustments, hardship, small balances.
        WriteOff = "write_off",
    }
}

words! {
    /// What kind of thing was booked.
    BookingKind, "is not a kind of booking" {
        /// A charge for care.
        Charge = "charge",
        /// A payment by the patient or a payer.
        Payment = "payment",
        /// Something owed that is no longer asked for.
        Adjustment = "adjustment",
        /// Money given back.
        Refund = "refund",
        /// The opposite of an earlier booking, which stays.
        Void = "void",
    }
}

/// An amount on an account: positive adds to it (a debit), negative takes from it (a credit).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Posting {
    /// The account.
    pub account: BookAccount,
    /// How much.
    pub amount: Cents,
}

/// The postings of one booking; they sum to zero, or they are refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Posting>", into = "Vec<Posting>")]
pub struct Postings(Vec<Posting>);

impl Postings {
    /// Two or more amounts, none of them zero, that sum to zero.
    pub fn new(postings: Vec<Posting>) -> Result<Self, Invalid> {
        if postings.len() < 2 || postings.iter().any(|posting| posting.amount == Cents(0)) {
            return Err(Invalid::new("must be two amounts or more, none of them zero"));
        }
        if Cents::sum(postings.iter().map(|posting| posting.amount)) != Some(Cents(0)) {
            return Err(Invalid::new("must sum to zero"));
        }
        Ok(Self(postings))
    }

    /// Books `amount` (more than zero) as `kind`. A void is made from what it voids: see [`opposite`](Self::opposite).
    pub fn of(kind: BookingKind, amount: Cents) -> Result<Self, Invalid> {
        use BookAccount::{Cash, Income, Receivable, WriteOff};
        let (to, from) = match kind {
            BookingKind::Charge => (Receivable, Income),
            BookingKind::Payment => (Cash, Receivable),
            BookingKind::Adjustment => (WriteOff, Receivable),
            BookingKind::Refund => (Receivable, Cash),
            BookingKind::Void => return Err(Invalid::new("must be the opposite of a booking")),
        };
        let against = amount.opposite().filter(|_| amount > Cents(0)).ok_or(Invalid::new("must be more than zero"))?;
        Self::new(vec![Posting { account: to, amount }, Posting { account: from, amount: against }])
    }

    /// What voids this booking.
    pub fn opposite(&self) -> Result<Self, Invalid> {
        let turned = |posting: &Posting| {
            let amount = posting.amount.opposite().ok_or(Invalid::new("must be an amount that can be voided"))?;
            Ok(Posting { amount, ..*posting })
        };
        Self::new(self.0.iter().map(turned).collect::<Result<_, Invalid>>()?)
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Posting> {
        self.0.iter()
    }

    /// What they add to an account; none when it does not fit.
    pub fn on(&self, account: BookAccount) -> Option<Cents> {
        Cents::sum(self.0.iter().filter(|posting| posting.account == account).map(|posting| posting.amount))
    }
}

impl TryFrom<Vec<Posting>> for Postings {
    type Error = Invalid;
    fn try_from(postings: Vec<Posting>) -> Result<Self, Invalid> {
        Self::new(postings)
    }
}

impl From<Postings> for Vec<Posting> {
    fn from(postings: Postings) -> Self {
        postings.0
    }
}
