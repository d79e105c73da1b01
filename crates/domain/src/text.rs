//! Free text with a bound, in a type of its own for each meaning.

use crate::Invalid;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident: $min:literal..=$max:literal, $what:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, schemars::JsonSchema)]
        #[serde(try_from = "String", into = "String")]
        #[schemars(extend("minLength" = $min, "maxLength" = $max))]
        pub struct $name(String);

        impl $name {
            /// Most characters that it may have.
            pub const MAX_CHARS: usize = $max;
            /// The text, trimmed; refused when too short, too long, or holding control characters other than line breaks.
            pub fn new(text: impl AsRef<str>) -> Result<Self, Invalid> {
                let text = text.as_ref().trim();
                let bad = text.chars().any(|c| c.is_control() && c != '\n' && c != '\r' && c != '\t');
                if bad || !($min..=$max).contains(&text.chars().count()) { return Err(Invalid::new($what)); }
                Ok(Self(text.to_owned()))
            }
            /// The text.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl TryFrom<String> for $name {
            type Error = Invalid;
            fn try_from(text: String) -> Result<Self, Invalid> { Self::new(text) }
        }
        impl From<$name> for String {
            fn from(value: $name) -> Self { value.0 }
        }
        impl std::str::FromStr for $name {
            type Err = Invalid;
            fn from_str(text: &str) -> Result<Self, Invalid> { Self::new(text) }
        }
    )*};
}
pub(crate) use texts;

texts! {
    /// What a patient said about an exercise.
    Comment: 1..=2000, "must be 1 to 2000 characters of plain text";
    /// A progress note.
    NoteBody: 1..=20000, "must be 1 to 20000 characters of plain text";
}
