//! What billing calls things.

use domain::billing::{BookingKind, ChargeState, UnitRule};

/// How far a charge is.
pub const fn charge_state(state: ChargeState) -> &'static str {
    match state {
        ChargeState::Draft => "to bill",
        ChargeState::Billed => "billed",
        ChargeState::Void => "not asked for",
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
