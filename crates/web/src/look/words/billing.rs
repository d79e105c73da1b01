//! What billing calls things.

use domain::billing::{BookingKind, ChargeState, UnitRule, WithdrawalReason};

/// How far a charge is.
pub const fn charge_state(state: ChargeState) -> &'static str {
    match state {
        ChargeState::Draft => "to bill",
        ChargeState::Billed => "billed",
        ChargeState::Void => "not asked for",
    }
}

/// Why what was charged is taken back.
pub const fn withdrawal_reason(reason: WithdrawalReason) -> &'static str {
    match reason {
        WithdrawalReason::OtherPatient => "It was another patient’s visit",
        WithdrawalReason::NotHeld => "The visit did not take place",
        WithdrawalReason::ChargedTwice => "It is charged as another visit too",
        WithdrawalReason::NotToCharge => "Nothing is to be charged for it",
    }
}

/// What was booked.
pub const fn booking_kind(kind: BookingKind) -> &'static str {
    match kind {
        BookingKind::Charge => "Charge",
        BookingKind::Payment => "Payment",
        BookingKind::Adjustment => "Adjustment",
        BookingKind::Refund => "Refund",
        BookingKind::Void => "Void",
    }
}

/// How units are counted.
pub const fn unit_rule(rule: UnitRule) -> &'static str {
    match rule {
        UnitRule::Cms => "8-minute rule (CMS)",
        UnitRule::Ama => "midpoint rule (AMA)",
    }
}
