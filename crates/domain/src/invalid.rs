//! Why a value was refused.

/// What is wrong with a value, in words that can be shown. Never holds the value itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Invalid {
    what: &'static str,
}

impl Invalid {
    /// A reason that reads on after the field's name: "must be 0 to 10".
    pub const fn new(what: &'static str) -> Self {
        Self { what }
    }
    /// The reason.
    pub const fn what(&self) -> &'static str {
        self.what
    }
}
