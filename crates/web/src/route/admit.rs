//! What stands before every handler: size, level, time.

use super::{Kind, Level, Route};
use crate::{App, Problem, envelope::Trail, gate, gate::Visitor, routes::confirm_before};
use axum::{
    RequestExt,
    extract::{DefaultBodyLimit, FromRequestParts, RawPathParams, Request, State},
    http::{HeaderMap, Method, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use futures::FutureExt;
use identity::{Full, Session};
use ledger::{Resource, Word};
use practice::{Event, watch};
use std::{panic::AssertUnwindSafe, sync::Arc};

/// Lets the request in to its handler or answers it here.
pub(super) async fn admit(State((app, route)): State<(App, Arc<Route>)>, mut request: Request, next: Next) -> Response {
    if let Some(trail) = request.extensions().get::<Arc<Trail>>() {
        trail.enter(&route);
    }
    if declared_length(request.headers()).is_some_and(|length| length > route.body_limit as u64) {
        return Problem::too_large().into_response();
    }
    DefaultBodyLimit::max(route.body_limit).apply(&mut request);
    let request = request.with_limited_body();

    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let timeout = route.timeout.unwrap_or(app.settings.request_timeout);
    let running = app.running().enter();
    let work = async move {
        let _running = running;
        match let_in(&app, &route, request).await {
            Ok(request) => said(&route, next.run(request).await),
            Err(refused) => refused,
        }
    };
    // What writes runs to its end even if the caller goes away or the time is over: nothing is half done (law 11).
    let outcome = if reads {
        tokio::time::timeout(timeout, AssertUnwindSafe(work).catch_unwind()).await.map(|done| done.map_err(drop))
    } else {
        tokio::time::timeout(timeout, tokio::spawn(work)).await.map(|done| done.map_err(drop))
    };
    match outcome {
        Ok(Ok(response)) => response,
        Ok(Err(())) => Problem::internal().into_response(),
        Err(_) => Problem::unavailable(5).detail("It took too long.").into_response(),
    }
}

/// An answer, unless it is a file of a route that does not say that it takes something out.
fn said(route: &Route, response: Response) -> Response {
    if route.takes_out || !response.headers().contains_key(header::CONTENT_DISPOSITION) {
        return response;
    }
    tracing::error!(path = route.path, "the route sends a file and does not say that it takes something out");
    Problem::internal().into_response()
}

/// Asks the gate, if the route wants to know who comes.
async fn let_in(app: &App, route: &Route, mut request: Request) -> Result<Request, Response> {
    if route.kind == Kind::Page && request.headers().contains_key(header::AUTHORIZATION) {
        // Pages are for people. Whoever presents a token there is nobody, whatever cookie comes with it.
        request.headers_mut().remove(header::AUTHORIZATION);
        request.headers_mut().remove(header::COOKIE);
    }
    if route.level == Level::Public {
        return Ok(request);
    }
    let (mut parts, body) = request.into_parts();
    let visitor = match gate::origin_of(&parts) {
        Ok(origin) => Visitor::resume(app, &parts.headers, origin).await,
        Err(problem) => Err(problem),
    }
    .map_err(IntoResponse::into_response)?;
    if let (Some(trail), Some(account)) = (parts.extensions.get::<Arc<Trail>>(), visitor.account()) {
        trail.signed_in(account);
    }
    let refusal = match (route.level, &visitor) {
        (_, Visitor::Full(session)) if session.token().is_some() && !takes_tokens(route) => {
            Some((Problem::forbidden().detail("An API token cannot do this."), "/sign-in"))
        }
        (Level::Public | Level::Half, Visitor::Half(_)) | (_, Visitor::Full(_)) | (Level::Public, _) => None,
        (Level::Full, Visitor::Half(_)) => Some((Problem::factor_required(), "/sign-in/factor")),
        (_, Visitor::Nobody) => Some((Problem::sign_in_required(), "/sign-in")),
    };
    match refusal {
        None => {
            if let Visitor::Full(session) = &visitor {
                if session.factor_asked_at().is_some() && !route.proves {
                    return Err(ask_first(route, &parts));
                }
                if let Err(problem) = may_enter(app, route, session, &mut parts).await {
                    return Err(problem.into_response());
                }
            }
            parts.extensions.insert(visitor);
            Ok(Request::from_parts(parts, body))
        }
        Some((_, page)) if route.kind == Kind::Page && matches!(parts.method, Method::GET | Method::HEAD) => {
            Err(Redirect::to(page).into_response())
        }
        Some((problem, _)) => Err(problem.into_response()),
    }
}

/// A factor is to be proven again in the session before anything else.
fn ask_first(route: &Route, parts: &Parts) -> Response {
    if route.kind == Kind::Page && matches!(parts.method, Method::GET | Method::HEAD) {
        return Redirect::to(&confirm_before(parts.uri.path())).into_response();
    }
    let detail = "Something in this session was unusual for your account, so it asks for your second factor again before anything \
                  else. What you sent was not done: send it again afterwards.";
    Problem::fresh_factor_required().detail(detail).into_response()
}

/// Whether the account is one for which the route is made, and may take out what it takes out.
async fn may_enter(app: &App, route: &Route, session: &Session<Full>, parts: &mut Parts) -> Result<(), Problem> {
    if route.roles.is_some_and(|roles| !roles.contains(&session.role())) {
        refuse(app, route, session, parts, Word::new("not-for-this-role")).await?;
        return Err(Problem::not_found());
    }
    if route.takes_out && watch::exports_held(app.house(), session).await? {
        refuse(app, route, session, parts, Word::new("exports-held")).await?;
        let detail = "Something in your account's doing was unusual, so nothing may be taken out with it until somebody has looked \
                      into that. Ask a privacy officer or another administrator of your practice: they find it under Alerts.";
        return Err(Problem::exports_held().detail(detail));
    }
    Ok(())
}

/// Records that somebody asked for a route and did not get it.
async fn refuse(
    app: &App,
    route: &Route,
    session: &Session<Full>,
    parts: &mut Parts,
    reason: Word,
) -> Result<(), Problem> {
    const ASK: Word = Word::new("ask_for_page");
    let patient = match RawPathParams::from_request_parts(parts, &()).await {
        Ok(path) => path.iter().find(|(name, _)| *name == "patient_id").and_then(|(_, id)| id.parse().ok()),
        Err(_) => None,
    };
    let action = route.permission.map_or(ASK, |permission| Word::new(permission.word()));
    let event = Event { patient, ..Event::refused(action, Resource::whole(Word::new("page")), reason) };
    app.house().record(session, event).await?;
    Ok(())
}

/// Whether a token's scopes can lead to the route at all. What asks for no permission, no scope leads to.
fn takes_tokens(route: &Route) -> bool {
    route.permission.is_some() || route.any_token
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
