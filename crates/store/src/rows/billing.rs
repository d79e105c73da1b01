//! The billing store: one module for each table. `branch` is always a practice's billing branch (`phi::billing_branch`).

pub mod accounts;
pub mod bookings;
pub mod charges;
pub mod fees;
pub mod payers;
pub mod standing;
