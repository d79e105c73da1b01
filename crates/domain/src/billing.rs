//! What a practice charges for: procedure codes, minutes, units, money.

mod aging;
mod books;
mod code;
mod money;
mod units;

pub use aging::Aging;
pub use books::{BookAccount, BookingKind, Posting, Postings};
pub use code::{CptCode, Modifier};
pub use money::Cents;
pub use units::{Minutes, UnitCalculation, UnitLine, UnitRule, calculate_units};
