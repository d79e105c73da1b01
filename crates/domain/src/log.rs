//! What was done, and how it felt.

use crate::{Invalid, Load};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

macro_rules! scales {
    ($($(#[$doc:meta])* $name:ident),*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Zeroize, schemars::JsonSchema)]
        #[serde(try_from = "u8", into = "u8")]
        #[schemars(extend("minimum" = 0, "maximum" = 10))]
        pub struct $name(u8);

        impl $name {
            /// Refused above 10.
            pub fn new(value: u8) -> Result<Self, Invalid> {
                if value <= 10 { Ok(Self(value)) } else { Err(Invalid::new("must be 0 to 10")) }
            }
            /// The number.
            pub const fn value(self) -> u8 { self.0 }
        }
        impl TryFrom<u8> for $name {
            type Error = Invalid;
            fn try_from(value: u8) -> Result<Self, Invalid> { Self::new(value) }
        }
        impl From<$name> for u8 {
            fn from(value: $name) -> Self { value.0 }
        }
    )*};
}

scales! {
    /// Pain on the numeric rating scale, 0 (none) to 10 (worst imaginable).
    Pain,
    /// Effort on the category-ratio scale of Borg (CR10), 0 (nothing at all) to 10 (maximal).
    Effort
}

/// How much was done, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Performed {
    /// Sets done, 0 to 20; 0 says "tried, could not".
    pub sets: u8,
    /// Repetitions in each set, 1 to 200.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reps: Option<u16>,
    /// Seconds held, 1 to 600.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<u16>,
    /// Weight used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub load: Option<Load>,
}

impl Performed {
    /// Checks every bound; the error names the field.
    pub fn check(&self) -> Result<(), (&'static str, Invalid)> {
        let within = |ok: bool, field, what| if ok { Ok(()) } else { Err((field, Invalid::new(what))) };
        within(self.sets <= 20, "sets", "must be 0 to 20")?;
        within(self.reps.is_none_or(|n| (1..=200).contains(&n)), "reps", "must be 1 to 200")?;
        within(self.hold_seconds.is_none_or(|n| (1..=600).contains(&n)), "hold_seconds", "must be 1 to 600")?;
        within(self.load.is_none_or(|load| load.tenths <= 5000), "load", "must be at most 500")
    }
}

impl Zeroize for Performed {
    fn zeroize(&mut self) {
        *self = Self { sets: 0, reps: None, hold_seconds: None, load: None };
    }
}
