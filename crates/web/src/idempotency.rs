//! The key by which a write that is sent twice is done once.

use crate::{App, Problem};
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, HeaderName, request::Parts},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

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
        let good = (1..=100).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
        match value.to_str() {
            Ok(text) if good && values.next().is_none() => Ok(Some(Self(text.to_owned()))),
            _ => Err(Problem::invalid_fields().field("Idempotency-Key", "must be 1 to 100 visible ASCII characters")),
        }
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
