//! What a practice charges for: procedure codes, minutes, units, money.

mod aging;
mod books;
mod code;
mod crossing;
mod diagnosis;
mod money;
mod price;
mod sheet;
mod state;
mod units;

pub use aging::Aging;
pub use books::{BookAccount, BookingKind, Posting, Postings};
pub use code::{CptCode, Modifier};
pub use crossing::{AccountLink, Crossing, KeptContact, KeptForBilling};
pub use diagnosis::{Diagnoses, DiagnosisCode};
pub use money::Cents;
pub use price::{Price, PriceError, PriceLine, price};
pub use sheet::{ChargeSheet, Service};
pub use state::{ChargeState, FeeWords, PayerName, TakenBack, WithdrawalReason};
pub use units::{Minutes, UnitCalculation, UnitLine, UnitRule, calculate_units};
