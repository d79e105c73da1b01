//! What a claim says a visit was for.

use crate::Invalid;
use serde::{Deserialize, Serialize};
use std::fmt;
use zeroize::Zeroize;

/// A code of the International Classification of Diseases, 10th revision, clinical modification: a letter, a digit, a
/// letter or digit, then up to four more after a point (ICD-10-CM Official Guidelines, section I.A.2). Whether there is
/// such a code belongs to its publisher and is not looked up.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Zeroize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct DiagnosisCode(String);

impl DiagnosisCode {
    /// From its text, with or without the point, in any case.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let wrong = || Invalid::new("must be a diagnosis code like M25.561");
        let code: String = text.trim().to_ascii_uppercase();
        let (head, tail) = match code.split_once('.') {
            Some((head, tail)) if head.len() == 3 && !tail.is_empty() => (head, tail),
            Some(_) => return Err(wrong()),
            None => code.split_at_checked(3).ok_or_else(wrong)?,
        };
        let fits = matches!(head.as_bytes(), [a, b, c] if a.is_ascii_uppercase() && b.is_ascii_digit()
            && c.is_ascii_alphanumeric());
        if !fits || tail.len() > 4 || !tail.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(wrong());
        }
        Ok(Self(if tail.is_empty() { head.to_owned() } else { format!("{head}.{tail}") }))
    }
}

impl fmt::Display for DiagnosisCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for DiagnosisCode {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::new(&text)
    }
}

impl From<DiagnosisCode> for String {
    fn from(code: DiagnosisCode) -> Self {
        code.0
    }
}

/// The diagnosis codes of one claim, the main one first: 1 to 12, none twice (the CMS-1500 form, item 21, has 12 places).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, schemars::JsonSchema)]
#[serde(try_from = "Vec<DiagnosisCode>", into = "Vec<DiagnosisCode>")]
#[schemars(with = "Vec<DiagnosisCode>")]
pub struct Diagnoses(Vec<DiagnosisCode>);

impl Diagnoses {
    /// Those of one claim.
    pub fn new(codes: Vec<DiagnosisCode>) -> Result<Self, Invalid> {
        let twice = codes.iter().enumerate().any(|(n, code)| codes[..n].contains(code));
        if codes.is_empty() || codes.len() > 12 || twice {
            return Err(Invalid::new("must be 1 to 12 diagnosis codes, none twice"));
        }
        Ok(Self(codes))
    }
    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &DiagnosisCode> {
        self.0.iter()
    }
}

impl TryFrom<Vec<DiagnosisCode>> for Diagnoses {
    type Error = Invalid;
    fn try_from(codes: Vec<DiagnosisCode>) -> Result<Self, Invalid> {
        Self::new(codes)
    }
}

impl From<Diagnoses> for Vec<DiagnosisCode> {
    fn from(codes: Diagnoses) -> Self {
        codes.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnosis_code_has_the_form_of_the_classification() {
        for (typed, code) in [("m25.561", "M25.561"), (" S83511A ", "S83.511A"), ("M54", "M54"), ("C7A.1", "C7A.1")] {
            assert_eq!(DiagnosisCode::new(typed).map(|code| code.to_string()).as_deref(), Ok(code));
        }
        for wrong in ["", "M2", "25.561", "M2556.1", "M25.", "M25.56111", "M25.5é", "=M25", "MM5"] {
            assert!(DiagnosisCode::new(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_claim_has_one_to_twelve_different_codes() {
        let code = |n: usize| DiagnosisCode::new(&format!("M25.{n}")).expect("a code");
        assert!(Diagnoses::new(vec![]).is_err());
        assert!(Diagnoses::new(vec![code(1), code(1)]).is_err());
        assert!(Diagnoses::new((0..12).map(code).collect()).is_ok());
        assert!(Diagnoses::new((0..13).map(code).collect()).is_err());
    }
}
