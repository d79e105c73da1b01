//! What is around every request and every answer, errors and unknown paths too: the request's id, the refusal of other
//! sites, the security headers, the look of errors, one line in the log.

mod cross_site;
pub(crate) mod headers;
mod lent;

use crate::{App, Kind, Peer, Problem, Route, answer::FormAgain, problem::Raised};
use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use domain::{AccountId, RequestId};
use futures::FutureExt;
use identity::Origin;
use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, OnceLock},
    time::Instant,
};

/// What is learned about a request on its way in, for the log. It outlives a handler that panics or is cut off.
#[derive(Default)]
pub(crate) struct Trail {
    route: OnceLock<(&'static str, Kind)>,
    account: OnceLock<AccountId>,
}

impl Trail {
    pub(crate) fn enter(&self, route: &Route) {
        let _ = self.route.set((route.path, route.kind));
    }
    pub(crate) fn signed_in(&self, account: AccountId) {
        let _ = self.account.set(account);
    }
}

pub(crate) async fn envelope(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = RequestId::random(&*app.rng);
    let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let address = peer.map(|peer| app.settings.trusted_proxies.client(peer, request.headers()));
    let trail = Arc::new(Trail::default());
    request.extensions_mut().insert(Origin { address, request: id });
    request.extensions_mut().insert(trail.clone());
    let method = request.method().clone();
    let look = Look::wanted(&request);
    // HTTP/2 can refuse a body; before it, a caller that is still writing would see a broken connection, no answer.
    let lent = (request.version() <= Version::HTTP_11).then(|| lent::lend(&mut request));

    let mut response = if cross_site::refuses(&request, &app.settings.origin) {
        Problem::cross_site().into_response()
    } else {
        let answer = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        answer.unwrap_or_else(|_| Problem::internal().into_response())
    };
    if let Some(lent) = lent {
        lent.drain().await;
    }

    let route = trail.route.get();
    response = dress(response, look, route.map(|(_, kind)| *kind), id, app.settings.demo);
    if method == Method::HEAD {
        // Where no route answered nobody took the body out, and HTTP/2 callers take one for a broken answer.
        *response.body_mut() = Body::empty();
    }
    headers::add(response.headers_mut(), id, route.map(|(_, kind)| *kind));
    let status = response.status();
    let path = route.map_or("(none)", |(path, _)| *path);
    let took = started.elapsed();
    // The path's template, never the path; no query, no header (law 9).
    tracing::info!(
        method = logged(&method),
        route = path,
        status = status.as_u16(),
        ms = took.as_secs_f64() * 1000.0,
        request = %id,
        account = trail.account.get().map(tracing::field::display),
        "request"
    );
    let labels = [("route", path.to_owned()), ("status", status.as_u16().to_string())];
    metrics::counter!("patella_http_requests_total", &labels).increment(1);
    metrics::histogram!("patella_http_request_seconds", "route" => path).record(took.as_secs_f64());
    response
}

/// A method is the caller's own word unless it is one of HTTP's.
fn logged(method: &Method) -> &str {
    let known = matches!(
        *method,
        Method::GET | Method::HEAD | Method::POST | Method::PUT | Method::PATCH | Method::DELETE | Method::OPTIONS
    );
    if known { method.as_str() } else { "(other)" }
}

/// How an error looks where no route says it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    Page,
    Json,
}

impl Look {
    fn wanted(request: &Request) -> Self {
        let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let page = accept.contains("text/html") && !request.uri().path().starts_with("/api/");
        if page { Self::Page } else { Self::Json }
    }
}

/// Writes problems out; turns every other error answer (of axum's own) into a problem, since its text could quote the
/// request.
fn dress(response: Response, look: Look, kind: Option<Kind>, id: RequestId, demo: bool) -> Response {
    let status = response.status();
    if response.extensions().get::<FormAgain>().is_some() {
        return response;
    }
    let raised = response.extensions().get::<Raised>().cloned();
    if raised.is_none() && !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = raised.map_or_else(|| Problem::of_status(status), |raised| Problem::clone(&raised.0));
    let page = match kind {
        Some(Kind::Page) => true,
        Some(Kind::Api) => false,
        Some(Kind::Asset) | None => look == Look::Page,
    };
    let mut dressed = if page { problem.into_page(Some(id), demo) } else { problem.into_json(Some(id)) };
    keep(response.headers(), dressed.headers_mut());
    if dressed.status() == StatusCode::UNAUTHORIZED {
        dressed.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    dressed
}

/// Headers of the undressed answer that still hold.
fn keep(from: &HeaderMap, to: &mut HeaderMap) {
    for name in [header::ALLOW, header::SET_COOKIE, header::RETRY_AFTER, header::ETAG] {
        for value in from.get_all(&name) {
            if name == header::SET_COOKIE || !to.contains_key(&name) {
                to.append(&name, value.clone());
            }
        }
    }
}
