//! Who a person is and how to reach them.

use crate::{Invalid, text::texts};
use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

texts! {
    /// A given or a family name.
    PersonName: 1..=100, "must be 1 to 100 characters of plain text";
    /// The number under which the practice files the patient's record.
    RecordNumber: 1..=40, "must be 1 to 40 characters of plain text";
}

/// An e-mail address, lower-cased: the whole is compared without case, as every large provider does.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("format" = "email", "maxLength" = 254))]
pub struct EmailAddress(String);

impl EmailAddress {
    /// Checks the shape only (one `@`, a dotted or local domain, no spaces, 254 characters at most: RFC 5321 4.5.3.1).
    pub fn new(text: impl AsRef<str>) -> Result<Self, Invalid> {
        let text = text.as_ref().trim().to_lowercase();
        let plain = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control());
        match text.split_once('@') {
            Some((local, domain)) if text.len() <= 254 && plain(local) && plain(domain) && !domain.contains('@') => {
                Ok(Self(text))
            }
            _ => Err(Invalid::new("is not an e-mail address")),
        }
    }
    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::new(text)
    }
}
impl From<EmailAddress> for String {
    fn from(value: EmailAddress) -> Self {
        value.0
    }
}

/// A telephone number as digits, with `+` in front when it was given so. 5 to 15 digits (ITU-T E.164).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// Spaces, dots, dashes, slashes and parentheses are dropped; anything else is refused.
    pub fn new(text: impl AsRef<str>) -> Result<Self, Invalid> {
        let text: String =
            text.as_ref().chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-' | '/' | '(' | ')')).collect();
        let digits = text.strip_prefix('+').unwrap_or(&text);
        if (5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(text))
        } else {
            Err(Invalid::new("is not a telephone number"))
        }
    }
    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::new(text)
    }
}
impl From<PhoneNumber> for String {
    fn from(value: PhoneNumber) -> Self {
        value.0
    }
}

/// The day a person was born.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(transparent)]
pub struct BirthDate(Date);

impl BirthDate {
    /// Refused when after `today` or more than 130 years before it.
    pub fn new(date: Date, today: Date) -> Result<Self, Invalid> {
        let oldest = today.checked_sub(130.years()).unwrap_or(Date::MIN);
        if date > today || date < oldest {
            return Err(Invalid::new("must be a day of the last 130 years"));
        }
        Ok(Self(date))
    }
    /// The day.
    pub const fn date(self) -> Date {
        self.0
    }
    /// Whole years on `today`; somebody born on 29 February has their birthday on 1 March of a common year.
    pub fn age_on(self, today: Date) -> i16 {
        let had = (today.month(), today.day()) >= (self.0.month(), self.0.day());
        today.year() - self.0.year() - i16::from(!had)
    }
}

impl Zeroize for BirthDate {
    fn zeroize(&mut self) {
        self.0 = Date::ZERO;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_leap_day_birthday_counts_from_the_first_of_march() {
        let born = BirthDate::new(date(2008, 2, 29), date(2026, 1, 1)).expect("valid");
        assert_eq!(born.age_on(date(2026, 2, 28)), 17);
        assert_eq!(born.age_on(date(2026, 3, 1)), 18);
    }

    #[test]
    fn an_address_without_a_domain_is_refused() {
        assert!(EmailAddress::new("ana@").is_err());
        assert!(EmailAddress::new("a b@c").is_err());
        assert_eq!(EmailAddress::new(" Ana@Example.ORG ").expect("valid").as_str(), "ana@example.org");
    }

    #[test]
    fn a_phone_number_keeps_its_digits() {
        assert_eq!(PhoneNumber::new("+1 (555) 010-0199").expect("valid").as_str(), "+15550100199");
        assert!(PhoneNumber::new("call me").is_err());
    }
}
