//! Billing: what is to be charged, what is owed and paid. Billing staff see a name and how to reach it, and nothing else of
//! any patient.

mod account;
mod accounts;
mod bookings;
mod charge;
mod drafts;
mod export;
mod fees;
mod listed;
mod money;
mod overview;
mod payers;
mod statement;

use crate::{Problem, RouteTable, answer::key_used};
use practice::billing::BillingError;

/// In place of a name that nobody has any more, or that the patient keeps from whoever asks: which of the two is not told.
const NOT_OPEN: &str = "A record that is not open to you";

/// Adds the routes.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table
        .with(overview::add)
        .with(drafts::add)
        .with(accounts::add)
        .with(account::add)
        .with(listed::add)
        .with(statement::add)
        .with(charge::add)
        .with(bookings::add)
        .with(fees::add)
        .with(payers::add)
        .with(export::add)
}

impl From<BillingError> for Problem {
    fn from(error: BillingError) -> Self {
        match error {
            BillingError::Invalid { field, why } => Self::invalid(field, &why),
            BillingError::Stale => Self::changed_since(),
            BillingError::NotNow(why) => Self::conflict().detail(why),
            BillingError::KeyUsed => key_used(),
            // Which codes those are, the charge itself shows: an error says no value.
            BillingError::NoFee(_) => Self::conflict()
                .detail("A code of the charge had no fee on the day of the visit. Set one, then bill it."),
            BillingError::Record(error) => error.into(),
        }
    }
}
