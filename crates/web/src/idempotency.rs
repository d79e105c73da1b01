//! The key by which a write that is sent twice is done once: a program's in a header, a form's among its fields.

use crate::{App, Problem};
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, HeaderName, request::Parts},
};
use domain::{Invalid, Rng};
use maud::Render;
use serde::Deserialize;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

const WHAT: &str = "must be 1 to 100 visible ASCII characters";

fn fits(text: &str) -> bool {
    (1..=100).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The header `Idempotency-Key`: 1 to 100 visible ASCII characters of the caller's choosing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The key.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// None without the header; 422 for a bad one or several.
    fn from_headers(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else { return Ok(None) };
        match value.to_str() {
            Ok(text) if fits(text) && values.next().is_none() => Ok(Some(Self(text.to_owned()))),
            _ => Err(Problem::invalid_fields().field("Idempotency-Key", WHAT)),
        }
    }
}

/// The key that a form carries: made with the form, sent back with it. A form without one is refused, since sent twice it would
/// be done twice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct FormKey(String);

impl FormKey {
    /// A new one for a form that is shown.
    pub(crate) fn new(rng: &dyn Rng) -> Self {
        let mut bytes = [0; 16];
        rng.fill(&mut bytes);
        Self(format!("{:032x}", u128::from_be_bytes(bytes)))
    }
    /// The key.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for FormKey {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        if fits(&text) { Ok(Self(text)) } else { Err(Invalid::new(WHAT)) }
    }
}

impl Render for FormKey {
    fn render_to(&self, buffer: &mut String) {
        self.0.render_to(buffer);
    }
}

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let missing = Problem::precondition_required().detail("Send an Idempotency-Key.");
        Self::from_headers(&parts.headers)?.ok_or(missing)
    }
}

impl OptionalFromRequestParts<App> for IdempotencyKey {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Option<Self>, Problem> {
        Self::from_headers(&parts.headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body::from_form;
    use domain::SeededRng;

    #[derive(Deserialize)]
    struct Typed {
        key: FormKey,
    }

    #[test]
    fn a_form_brings_its_key_back_or_is_refused() {
        let made = FormKey::new(&SeededRng::new(7));
        let read = |fields: &str| from_form::<Typed>(fields.as_bytes()).map(|typed| typed.key);
        assert_eq!(read(&format!("key={}", made.as_str())).ok(), Some(made));
        for (fields, why) in [("", "is missing"), ("key=", WHAT), ("key=a%20b", WHAT), ("key=%C3%A4", WHAT)] {
            let refused = read(fields).expect_err("refused");
            let said: Vec<String> = refused.errors().iter().map(|e| format!("{} {}", e.field, e.message)).collect();
            assert_eq!((refused.status().as_u16(), said.join("; ")), (422, format!("key {why}")), "{fields}");
        }
    }

    #[test]
    fn a_key_is_short_and_visible() {
        let read = |values: &[&str]| {
            let pairs = values.iter().map(|v| (IDEMPOTENCY_KEY, v.parse().expect("header")));
            IdempotencyKey::from_headers(&pairs.collect()).map_err(|p| p.status().as_u16())
        };
        assert_eq!(read(&[]), Ok(None));
        assert_eq!(read(&["a-1"]).map(|k| k.map(|k| k.as_str().to_owned())), Ok(Some("a-1".into())));
        for bad in [&[""][..], &["a b"], &["x".repeat(101).as_str()], &["a", "b"]] {
            assert_eq!(read(bad), Err(422));
        }
    }
}
