//! What callers send, read strictly: what is not expected is refused with the field's name, and nothing is said back.

use crate::{App, Problem, problem::field_error};
use axum::{
    RequestExt,
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{
    Deserialize, Serialize,
    de::{DeserializeOwned, IgnoredAny},
};

/// A JSON body; as an answer, JSON. The type should carry `#[serde(deny_unknown_fields)]`.
///
/// Refusals: 415 for another content type, 413 for too many bytes, 400 for what is no JSON or no UTF-8, 422 naming the
/// field for an unknown field, a missing one, a wrong type or a value out of bounds.
pub struct Json<T>(pub T);

/// A JSON body as [`Json`] reads it, with its bytes: for writes that may come twice under one idempotency key, which must
/// then have the same body.
pub struct JsonBytes<T> {
    /// What was read.
    pub value: T,
    /// As it was sent.
    pub bytes: Bytes,
}

/// The fields of a page's form, `application/x-www-form-urlencoded`; a repeated name fills a list. Refusals as for
/// [`Json`].
pub struct Form<T>(pub T);

/// A body without fields: the address says it all, and whatever else is sent is refused.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

/// The query of the address. Refusals: 422 naming the field.
pub struct Query<T>(pub T);

/// The ids of the path: one, or a tuple or struct of them. What is no id is not found.
pub struct PathId<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Json<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        JsonBytes::from_request(request, app).await.map(|read| Self(read.value))
    }
}

impl<T: DeserializeOwned> FromRequest<App> for JsonBytes<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        let media = media_type(request.headers());
        if !(media == "application/json" || media.starts_with("application/") && media.ends_with("+json")) {
            return Err(Problem::unsupported_media().detail("Send application/json."));
        }
        let bytes = whole(request).await?;
        Ok(Self { value: from_json(&bytes)?, bytes })
    }
}

impl<T: DeserializeOwned> FromRequest<App> for Form<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        if media_type(request.headers()) != "application/x-www-form-urlencoded" {
            return Err(Problem::unsupported_media().detail("Send application/x-www-form-urlencoded."));
        }
        from_form(&whole(request).await?).map(Self)
    }
}

impl<T: DeserializeOwned> FromRequestParts<App> for Query<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        from_form(parts.uri.query().unwrap_or_default().as_bytes()).map(Self)
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<App> for PathId<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let found = Path::from_request_parts(parts, app).await;
        found.map(|Path(ids)| Self(ids)).map_err(|_| Problem::not_found())
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        axum::Json(self.0).into_response()
    }
}

/// The body in memory; the route's limit was set before the handler.
async fn whole(request: Request) -> Result<Bytes, Problem> {
    let bytes = request.extract::<Bytes, _>().await;
    bytes.map_err(|rejection| Problem::of_status(rejection.into_response().status()))
}

/// Reads JSON into `T`, naming the field that is wrong.
pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::malformed().detail("The body is not UTF-8."))?;
    // Read twice, since serde_json calls some wrong types a fault of the syntax: only here is it known which it is.
    serde_json::from_str::<IgnoredAny>(text).map_err(|_| Problem::malformed().detail("The body is not JSON."))?;
    let mut parser = serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(&mut parser)
        .map_err(|error| Problem::invalid_fields().with_error(field_error(error.path(), &error.inner().to_string())))
}

/// Reads the pairs of a form or a query into `T`, naming the field that is wrong.
pub(crate) fn from_form<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let decoded = percent_encoding::percent_decode(bytes).decode_utf8();
    decoded.map_err(|_| Problem::malformed().detail("The fields are not UTF-8."))?;
    let parser = serde_html_form::Deserializer::new(form_urlencoded::parse(bytes));
    serde_path_to_error::deserialize(parser)
        .map_err(|error| Problem::invalid_fields().with_error(field_error(error.path(), &error.inner().to_string())))
}

/// The media type without its parameters, lower-cased; empty when there is none.
fn media_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Pain;
    use serde::Deserialize;

    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Entry {
        pain: Pain,
        #[serde(default)]
        reps: Option<u16>,
        #[serde(default)]
        days: Vec<u8>,
    }

    fn refused(result: Result<Entry, Problem>) -> (u16, String) {
        let problem = result.expect_err("refused");
        let fields = problem.errors().iter().map(|e| format!("{} {}", e.field, e.message)).collect::<Vec<_>>();
        (problem.status().as_u16(), fields.join("; "))
    }

    #[test]
    fn a_form_fills_lists_and_leaves_empty_fields_out() {
        let entry = from_form::<Entry>(b"pain=3&reps=&days=1&days=5").expect("read");
        assert_eq!(entry, Entry { pain: Pain::new(3).expect("pain"), reps: None, days: vec![1, 5] });
    }

    #[test]
    fn a_form_is_refused_by_field() {
        assert_eq!(refused(from_form(b"pain=3&diagnosis=x")), (422, "diagnosis is not a field here".into()));
        assert_eq!(refused(from_form(b"pain=11")), (422, "pain must be 0 to 10".into()));
        assert_eq!(refused(from_form(b"pain=many")), (422, "pain must be a whole number".into()));
        assert_eq!(refused(from_form(b"reps=3")), (422, "pain is missing".into()));
        assert_eq!(refused(from_form(b"pain=%ff")), (400, String::new()));
    }

    #[test]
    fn json_that_is_none_is_malformed_and_json_that_does_not_fit_names_the_field() {
        for broken in [&b"{"[..], b"", b"{\"pain\":3} {}", b"{\"pain\":3", b"\xff\xfe", b"{\"pain\":\"\xff\"}", b"nul"]
        {
            assert_eq!(refused(from_json(broken)), (400, String::new()), "{broken:?}");
        }
        assert_eq!(refused(from_json(b"{\"pain\":\"3\"}")).0, 422);
        assert_eq!(refused(from_json(b"[]")), (422, "body is not valid".into()));
    }
}
