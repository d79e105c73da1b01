//! Versions as ETags, so that two people cannot overwrite each other (RFC 9110 13).

use crate::{App, Problem};
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};

/// The version of a record as a strong ETag: `"7"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tag(pub u64);

/// That a visit stays as it is, which comes about as time goes by.
pub const SETTLED: &str = "settled";

/// The same with a word about what changes by itself under a version, as time goes by: `"7-settled"`. Whoever changes the record
/// names the version, with the word or without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WordedTag(pub Tag, pub Option<&'static str>);

impl Tag {
    /// The value of the header `ETag`.
    pub fn header(self) -> HeaderValue {
        WordedTag(self, None).header()
    }
    /// The pair for an answer's headers.
    pub fn pair(self) -> (HeaderName, HeaderValue) {
        (header::ETAG, self.header())
    }
    /// Whether the caller holds this version already (`If-None-Match`): then [`not_modified`](Self::not_modified) will do.
    /// The record must have been opened, and the look recorded, before this is said.
    pub fn is_held(self, headers: &HeaderMap) -> bool {
        WordedTag(self, None).is_held(headers)
    }
    /// 304 with this tag.
    pub fn not_modified(self) -> Response {
        WordedTag(self, None).not_modified()
    }
}

impl WordedTag {
    fn header(self) -> HeaderValue {
        let Self(Tag(version), word) = self;
        let word = word.map_or_else(String::new, |word| format!("-{word}"));
        HeaderValue::try_from(format!("\"{version}{word}\"")).expect("digits and a word in quotes are a header value")
    }
    /// The pair for an answer's headers.
    pub fn pair(self) -> (HeaderName, HeaderValue) {
        (header::ETAG, self.header())
    }
    /// See [`Tag::is_held`].
    pub fn is_held(self, headers: &HeaderMap) -> bool {
        let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
        let mut tags = values.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/"));
        tags.any(|tag| tag == "*" || parse(tag) == Some((self.0, self.1)))
    }
    /// See [`Tag::not_modified`].
    pub fn not_modified(self) -> Response {
        (StatusCode::NOT_MODIFIED, [self.pair()]).into_response()
    }
}

fn parse(tag: &str) -> Option<(Tag, Option<&str>)> {
    let inside = tag.strip_prefix('"')?.strip_suffix('"')?;
    let (version, word) = match inside.split_once('-') {
        Some((version, word)) => (version, Some(word)),
        None => (inside, None),
    };
    let is_ours = word.is_none_or(|word| word == SETTLED);
    version.parse().ok().filter(|_| is_ours).map(|version| (Tag(version), word))
}

/// The version that the caller says they are changing. 428 without `If-Match`; 412 when it names no version of ours.
/// `*` is refused like a missing one: it says that the caller did not look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub u64);

impl IfMatch {
    /// 412 unless the record stands at this version.
    pub fn check(self, current: u64) -> Result<(), Problem> {
        if self.0 == current { Ok(()) } else { Err(Problem::changed_since()) }
    }
}

impl FromRequestParts<App> for IfMatch {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        read_if_match(&parts.headers)
    }
}

/// None without the header, for what may be there or not; the rest as above.
impl OptionalFromRequestParts<App> for IfMatch {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Option<Self>, Problem> {
        if parts.headers.contains_key(header::IF_MATCH) { read_if_match(&parts.headers).map(Some) } else { Ok(None) }
    }
}

fn read_if_match(headers: &HeaderMap) -> Result<IfMatch, Problem> {
    match headers.get(header::IF_MATCH).map(HeaderValue::as_bytes) {
        None | Some(b"*") => Err(Problem::precondition_required()),
        Some(value) => {
            let tag = std::str::from_utf8(value).ok().and_then(|text| parse(text.trim()));
            tag.map(|(Tag(version), _)| IfMatch(version)).ok_or(Problem::changed_since())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn a_change_without_a_version_or_with_an_old_one_is_refused() {
        let read = |value| read_if_match(&headers(header::IF_MATCH, value)).map_err(|p| p.status().as_u16());
        assert_eq!(read_if_match(&HeaderMap::new()).map_err(|p| p.status().as_u16()), Err(428));
        assert_eq!(read("*"), Err(428));
        assert_eq!(read("W/\"3\""), Err(412));
        assert_eq!(read("\"x\""), Err(412));
        assert_eq!(read("\"3-nonsense\""), Err(412));
        assert_eq!(read("\"3-\""), Err(412));
        assert_eq!(read("\"3-settled\""), Ok(IfMatch(3)));
        assert_eq!(read("\"3\""), Ok(IfMatch(3)));
        assert_eq!(IfMatch(3).check(4).map_err(|p| p.status().as_u16()), Err(412));
        assert_eq!(IfMatch(3).check(3), Ok(()));
    }

    #[test]
    fn a_version_that_the_caller_holds_need_not_be_sent_again() {
        assert!(Tag(3).is_held(&headers(header::IF_NONE_MATCH, "\"1\", W/\"3\"")));
        assert!(!Tag(3).is_held(&headers(header::IF_NONE_MATCH, "\"33\"")));
        assert_eq!(Tag(3).header(), "\"3\"");
    }

    #[test]
    fn what_time_changed_is_another_tag_of_the_same_version() {
        let (before, after) = (WordedTag(Tag(3), None), WordedTag(Tag(3), Some("settled")));
        let held = headers(header::IF_NONE_MATCH, "\"3-settled\"");
        assert!(after.is_held(&held) && !before.is_held(&held) && !WordedTag(Tag(4), after.1).is_held(&held));
        assert!(!after.is_held(&headers(header::IF_NONE_MATCH, "\"3\"")));
        assert_eq!(after.pair().1, "\"3-settled\"");
        for seen in ["\"3\"", "\"3-settled\""] {
            assert!(matches!(read_if_match(&headers(header::IF_MATCH, seen)), Ok(IfMatch(3))));
        }
    }
}
