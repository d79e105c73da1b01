//! How far a sign-in has come, as types.

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Half {}
    impl Sealed for super::Full {}
}

/// A level of a login session. Sealed: there are exactly [`Half`] and [`Full`].
pub trait Level: sealed::Sealed + Send + Sync + 'static {
    /// The word for it in answers and the ledger.
    const WORD: &'static str;
}

/// The password was right and nothing else is known. Good for proving a factor and for signing out, and nothing else.
pub enum Half {}

/// Password and factor were both proven.
pub enum Full {}

impl Level for Half {
    const WORD: &'static str = "half";
}
impl Level for Full {
    const WORD: &'static str = "full";
}
