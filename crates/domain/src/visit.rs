//! Visits: a patient with a therapist at a time, kept or not.

use crate::{Invalid, role::words, text::texts};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

words! {
    /// What became of a visit.
    VisitState, "is not planned, held, cancelled or no_show" {
        /// It is to come.
        Planned = "planned",
        /// It took place.
        Held = "held",
        /// It was called off.
        Cancelled = "cancelled",
        /// The patient did not come.
        NoShow = "no_show",
    }
}

impl VisitState {
    /// Whether the visit must have begun to be in this state.
    pub const fn has_begun(self) -> bool {
        matches!(self, Self::Held | Self::NoShow)
    }
}

texts! {
    /// The place of the practice where a visit is.
    ClinicName: 1..=100, "must be 1 to 100 characters of plain text";
    /// What the patient or the therapist should know before a visit.
    VisitRemark: 1..=1000, "must be 1 to 1000 characters of plain text";
}

/// How long a visit is, in minutes: 5 to 480.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "u16", into = "u16")]
#[schemars(extend("minimum" = 5, "maximum" = 480))]
pub struct VisitMinutes(u16);

impl VisitMinutes {
    /// Refused when shorter than 5 minutes or longer than a working day.
    pub const fn new(minutes: u16) -> Result<Self, Invalid> {
        if minutes >= 5 && minutes <= 480 { Ok(Self(minutes)) } else { Err(Invalid::new("must be 5 to 480")) }
    }
    /// Minutes.
    pub const fn value(self) -> u16 {
        self.0
    }
}

impl TryFrom<u16> for VisitMinutes {
    type Error = Invalid;
    fn try_from(minutes: u16) -> Result<Self, Invalid> {
        Self::new(minutes)
    }
}
impl From<VisitMinutes> for u16 {
    fn from(value: VisitMinutes) -> Self {
        value.0
    }
}
impl Zeroize for VisitMinutes {
    fn zeroize(&mut self) {
        self.0 = 0;
    }
}
