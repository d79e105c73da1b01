//! What plain HTTP is answered with.

use super::RenderMetrics;
use crate::PublicOrigin;
use axum::{
    body::Body,
    http::{HeaderValue, Request, Response, StatusCode, header},
};

/// The same path at the public origin, and nothing else: no cookie is read or set, no body read.
pub(super) fn redirect<B>(request: &Request<B>, origin: &PublicOrigin) -> Response<Body> {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let path = if path.starts_with('/') { path } else { "/" };
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
    // A path that came through the parser of addresses is a header value, and so is an origin.
    if let Ok(location) = HeaderValue::try_from(format!("{origin}{path}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The metrics at `/metrics`.
pub(super) fn metrics<B>(request: &Request<B>, render: &RenderMetrics) -> Response<Body> {
    if request.uri().path() != "/metrics" {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    }
    let mut response = Response::new(Body::from(render()));
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, text);
    response
}
