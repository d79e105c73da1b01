//! What went wrong, as the caller sees it: RFC 9457 problem details for the API, a plain page for people.
//!
//! A handler returns a [`Problem`]; the envelope around all routes writes it out, because only there is it known which
//! request it belongs to and whether a page or JSON is wanted. No problem ever holds a field's value (law 9): titles
//! and messages are our own words, and `field` is a path of names and indexes.

mod page;
mod words;

pub use words::FieldError;
pub(crate) use words::field_error;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{Invalid, RequestId};
use serde::Serialize;
use std::{borrow::Cow, fmt, sync::Arc};

/// The media type of RFC 9457.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// Why a request was not served. The status and the `type` say it to programs, title and detail to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    kind: &'static str,
    title: &'static str,
    detail: Option<Cow<'static, str>>,
    errors: Vec<FieldError>,
    retry_after: Option<u32>,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $kind:literal, $title:literal;)*) => {
        impl Problem {$(
            $(#[$doc])*
            pub const fn $name() -> Self {
                Self::new(StatusCode::$status, $kind, $title)
            }
        )*}
    };
}

problems! {
    /// 400: the request cannot be read at all (broken JSON, invalid UTF-8).
    malformed = BAD_REQUEST, "malformed", "The request could not be read";
    /// 401: nobody is signed in, or the session has ended.
    sign_in_required = UNAUTHORIZED, "sign-in-required", "Sign in first";
    /// 401: the password was right, a factor is still to be proven.
    factor_required = UNAUTHORIZED, "factor-required", "Confirm with your second factor first";
    /// 401: the factor was proven too long ago for what is asked.
    fresh_factor_required = UNAUTHORIZED, "fresh-factor-required", "Confirm with your second factor again";
    /// 401: password, code or key were not right. The same words for an unknown user.
    sign_in_refused = UNAUTHORIZED, "sign-in-refused", "That did not match";
    /// 403: it is known who asks, and they may not.
    forbidden = FORBIDDEN, "forbidden", "You may not do this";
    /// 403: another site sent the request.
    cross_site = FORBIDDEN, "cross-site", "Requests from other sites are refused";
    /// 404: not there, or not for this caller: the two look the same.
    not_found = NOT_FOUND, "not-found", "There is nothing here";
    /// 405: the path exists, the method does not.
    method_not_allowed = METHOD_NOT_ALLOWED, "method-not-allowed", "This cannot be done here";
    /// 409: it does not fit with what is already there.
    conflict = CONFLICT, "conflict", "This does not fit with what is already there";
    /// 409: the account may take nothing out of the practice until somebody else lifts that.
    exports_held = CONFLICT, "exports-held", "Your exports are held back";
    /// 410: it was there, and was destroyed when its time was over. Said only to who would be let in.
    gone = GONE, "gone", "This record was destroyed when its time was over";
    /// 412: somebody else changed it since it was read.
    changed_since = PRECONDITION_FAILED, "changed-since", "Somebody changed this since you read it";
    /// 413: more bytes than the route takes.
    too_large = PAYLOAD_TOO_LARGE, "too-large", "That is too large";
    /// 415: a content type that the route does not read.
    unsupported_media = UNSUPPORTED_MEDIA_TYPE, "unsupported-media", "This kind of content is not read here";
    /// 422: fields are wrong; each is named in `errors`.
    invalid_fields = UNPROCESSABLE_ENTITY, "invalid-fields", "Some fields are not right";
    /// 428: `If-Match` is missing, so that two people could overwrite each other.
    precondition_required = PRECONDITION_REQUIRED, "precondition-required", "Say which version you are changing (If-Match)";
    /// 500: a fault of ours. Never says more.
    internal = INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side";
}

impl Problem {
    const fn new(status: StatusCode, kind: &'static str, title: &'static str) -> Self {
        Self { status, kind, title, detail: None, errors: Vec::new(), retry_after: None }
    }

    /// 422 for one field: its path (`items[2].dose.sets`) and what is wrong with it.
    pub fn invalid(field: impl Into<String>, why: &Invalid) -> Self {
        Self::invalid_fields().field(field, why.what())
    }

    /// 429: too often; `retry_after` in seconds.
    pub const fn too_many(retry_after: u32) -> Self {
        let mut problem = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too often; wait a little");
        problem.retry_after = Some(retry_after);
        problem
    }

    /// 503: a store, the ledger or the time for a request is out; `retry_after` in seconds.
    pub const fn unavailable(retry_after: u32) -> Self {
        let mut problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available at the moment");
        problem.retry_after = Some(retry_after);
        problem
    }

    /// The problem that a bare error status stands for, for answers that were not made from a [`Problem`].
    pub fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::BAD_REQUEST => Self::malformed(),
            StatusCode::UNAUTHORIZED => Self::sign_in_required(),
            StatusCode::FORBIDDEN => Self::forbidden(),
            StatusCode::NOT_FOUND => Self::not_found(),
            StatusCode::METHOD_NOT_ALLOWED => Self::method_not_allowed(),
            StatusCode::CONFLICT => Self::conflict(),
            StatusCode::GONE => Self::gone(),
            StatusCode::PRECONDITION_FAILED => Self::changed_since(),
            StatusCode::PAYLOAD_TOO_LARGE => Self::too_large(),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::unsupported_media(),
            StatusCode::UNPROCESSABLE_ENTITY => Self::invalid_fields(),
            StatusCode::PRECONDITION_REQUIRED => Self::precondition_required(),
            StatusCode::TOO_MANY_REQUESTS => Self::too_many(60),
            StatusCode::SERVICE_UNAVAILABLE => Self::unavailable(5),
            other if other.is_client_error() => Self { status: other, ..Self::malformed() },
            _ => Self::internal(),
        }
    }

    /// Adds a sentence. Never a value that somebody sent or stored.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Adds a field and what is wrong with it, in words that read on after the field's name.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>, message: impl Into<Cow<'static, str>>) -> Self {
        self.errors.push(FieldError { field: field.into(), message: message.into() });
        self
    }

    pub(crate) fn with_error(mut self, error: FieldError) -> Self {
        self.errors.push(error);
        self
    }

    /// The status of the answer.
    pub const fn status(&self) -> StatusCode {
        self.status
    }
    /// The last part of `type`: `not-found`.
    pub const fn kind(&self) -> &'static str {
        self.kind
    }
    /// What it is called.
    pub const fn title(&self) -> &'static str {
        self.title
    }
    /// The sentence that explains it, if there is one.
    pub fn explanation(&self) -> Option<&str> {
        self.detail.as_deref()
    }
    /// The fields that are wrong.
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    pub(crate) fn into_json(self, request: Option<RequestId>) -> Response {
        let details = Details {
            kind: format!("/problems/{}", self.kind),
            title: self.title,
            status: self.status.as_u16(),
            detail: self.detail.as_deref(),
            errors: &self.errors,
            request_id: request,
        };
        // Serializing strings and numbers into memory cannot fail.
        let body = serde_json::to_vec(&details).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        self.set_retry_after(&mut response);
        response
    }

    pub(crate) fn into_page(self, request: Option<RequestId>, demo: bool) -> Response {
        let mut response = (self.status, page::problem_page(&self, request, demo)).into_response();
        self.set_retry_after(&mut response);
        response
    }

    fn set_retry_after(&self, response: &mut Response) {
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.kind)
    }
}
impl std::error::Error for Problem {}

/// How a problem travels from the handler to the envelope.
#[derive(Clone)]
pub(crate) struct Raised(pub(crate) Arc<Problem>);

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let raised = Raised(Arc::new(self.clone()));
        let mut response = self.into_json(None);
        response.extensions_mut().insert(raised);
        response
    }
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Self {
        problem.into_response()
    }
}

/// Problem details as they are written (RFC 9457), and as OpenAPI describes them.
#[derive(Serialize, schemars::JsonSchema)]
#[schemars(rename = "Problem")]
pub(crate) struct Details<'a> {
    /// What kind of problem, as a relative reference.
    #[serde(rename = "type")]
    kind: String,
    /// What it is called.
    title: &'a str,
    /// The HTTP status.
    status: u16,
    /// A sentence that explains it.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// The request, as the log and the ledger name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<RequestId>,
}
