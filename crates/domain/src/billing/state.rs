//! How far a charge is, and what a practice calls its codes and payers.

use crate::{Invalid, role::words, text::texts};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

words! {
    /// How far a charge is.
    ChargeState, "is not draft, billed or void" {
        /// It came from the therapist and is not in the books.
        Draft = "draft",
        /// It has a price and is in the books.
        Billed = "billed",
        /// It is not asked for.
        Void = "void",
    }
}

texts! {
    /// A practice's own short words for a code.
    FeeWords: 1..=80, "must be 1 to 80 characters of plain text";
    /// What a payer is called.
    PayerName: 1..=80, "must be 1 to 80 characters of plain text";
}

impl std::fmt::Debug for FeeWords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Debug for PayerName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
