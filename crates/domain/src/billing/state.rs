//! How far a charge is, why it is taken back, and what a practice calls its codes and payers.

use crate::{AccountId, Invalid, Timestamp, role::words, text::texts};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

words! {
    /// Why a therapist takes back what was charged for a visit. One of a list: what billing reads here holds no word of care.
    WithdrawalReason, "is not a reason for which a charge is taken back" {
        /// The visit was somebody else's.
        OtherPatient = "other_patient",
        /// It did not take place.
        NotHeld = "not_held",
        /// It is charged as another visit too.
        ChargedTwice = "charged_twice",
        /// Nothing is asked for it.
        NotToCharge = "not_to_charge",
    }
}

/// Who took back what was charged for a visit, when and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TakenBack {
    /// The account that took it back.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
    /// Why.
    pub because: WithdrawalReason,
}

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
