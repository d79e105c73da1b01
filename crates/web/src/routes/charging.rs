//! Charging a held visit: said by who treats, sent to billing, not shown here again.

mod api;
mod draft;
mod page;

use crate::{Problem, RouteTable, answer::key_used};
use practice::billing::charging::ChargeError;

/// Adds them.
pub(super) fn add(table: RouteTable) -> RouteTable {
    table.with(api::add).with(page::add)
}

const NOT_HELD: &str = "The visit was not held, or was entered in error. Only a visit that was held is charged.";
const ALREADY: &str = "The visit was charged before. If that was wrong, send a correction.";
const NOT_CHARGED: &str = "Nothing is charged for the visit, so there is nothing to correct or to take back.";

impl From<ChargeError> for Problem {
    fn from(error: ChargeError) -> Self {
        match error {
            ChargeError::NotHeld => Self::conflict().detail(NOT_HELD),
            ChargeError::Already => Self::conflict().detail(ALREADY),
            ChargeError::NotCharged => Self::conflict().detail(NOT_CHARGED),
            ChargeError::Stale => Self::changed_since(),
            ChargeError::KeyUsed => key_used(),
            ChargeError::Invalid(why) => Self::invalid("services", &why),
            ChargeError::Record(error) => error.into(),
        }
    }
}
