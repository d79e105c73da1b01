//! Procedure codes and their modifiers.

use crate::{Invalid, role::words};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A procedure code of Current Procedural Terminology, category I: five digits. What a code means belongs to its
/// publisher, so a practice enters its own short words for the codes that it uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct CptCode(u32);

impl CptCode {
    /// From its five digits.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let digits = text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit());
        let code = text.parse().ok().filter(|_| digits);
        code.map(Self).ok_or(Invalid::new("must be a procedure code of five digits"))
    }
}

impl fmt::Display for CptCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:05}", self.0)
    }
}

impl TryFrom<String> for CptCode {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::new(&text)
    }
}

impl From<CptCode> for String {
    fn from(code: CptCode) -> Self {
        code.to_string()
    }
}

words! {
    /// What a charge says beside its code.
    Modifier, "is not a modifier" {
        /// Under a physical therapy plan of care (Medicare Claims Processing Manual, chapter 5, section 20.1).
        Gp = "GP",
        /// Medically necessary beyond the therapy threshold, as the record shows (the same manual, section 10.3).
        Kx = "KX",
        /// Furnished in whole or in part by a physical therapist assistant (Social Security Act, section 1834(v)).
        Cq = "CQ",
        /// A distinct procedure, where two codes would otherwise be taken for one (CMS National Correct Coding Initiative).
        DistinctProcedure = "59",
    }
}
