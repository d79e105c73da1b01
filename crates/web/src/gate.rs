//! From what a caller presents to a session, and from the session to the handler.

use crate::{App, Problem, cookie};
use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    http::{HeaderMap, header, request::Parts},
};
use futures::future::BoxFuture;
use identity::{Full, Half, Origin, Resumed, Session};
use std::{convert::Infallible, sync::Arc};
use zeroize::Zeroizing;

/// What a caller presents to say who they are. Wiped on drop; neither `Debug` nor `Clone`.
pub enum Presented {
    /// The value of the cookie `__Host-session`.
    Cookie(Zeroizing<String>),
    /// An API token, from `Authorization: Bearer`.
    Bearer(Zeroizing<String>),
}

impl Presented {
    /// What these headers present, if anything. A request with an `Authorization` header is judged by that alone: its
    /// cookie is not looked at.
    pub fn from_headers(headers: &HeaderMap) -> Option<Self> {
        match headers.get(header::AUTHORIZATION) {
            Some(value) => bearer(value.to_str().ok()?).map(|token| Self::Bearer(Zeroizing::new(token.to_owned()))),
            None => cookie::session(headers).map(|token| Self::Cookie(Zeroizing::new(token.to_owned()))),
        }
    }
}

/// The token of `Bearer TOKEN` (RFC 6750: one space, characters of a token68).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.bytes().all(plain)).then_some(token)
}

/// The place where sessions are kept cannot be asked: the caller gets 503, since neither yes nor no is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sessions cannot be read at the moment")]
pub struct GateClosed;

/// Turns what a caller presents into a session. Asked anew for every request.
pub trait Gate: Send + Sync + 'static {
    /// The session behind `presented`, for a request from `origin`; none when it is unknown or has ended.
    fn resume<'a>(
        &'a self,
        presented: &'a Presented,
        origin: Origin,
    ) -> BoxFuture<'a, Result<Option<Resumed>, GateClosed>>;
}

/// Whoever asks: on a [`Level::Public`](crate::Level::Public) route anyone, on a [`Level::Half`](crate::Level::Half)
/// route never nobody.
#[derive(Clone)]
pub enum Visitor {
    /// Nobody is signed in.
    Nobody,
    /// The password was proven, no factor yet.
    Half(Arc<Session<Half>>),
    /// Signed in.
    Full(Arc<Session<Full>>),
}

impl Visitor {
    /// Asks the gate.
    pub(crate) async fn resume(app: &App, headers: &HeaderMap, origin: Origin) -> Result<Self, Problem> {
        let Some(presented) = Presented::from_headers(headers) else { return Ok(Self::Nobody) };
        match app.gate.resume(&presented, origin).await {
            Ok(None) => Ok(Self::Nobody),
            Ok(Some(Resumed::Half(session))) => Ok(Self::Half(Arc::new(session))),
            Ok(Some(Resumed::Full(session))) => Ok(Self::Full(Arc::new(session))),
            Err(GateClosed) => Err(Problem::unavailable(5)),
        }
    }

    /// Whose session it is.
    pub fn account(&self) -> Option<domain::AccountId> {
        match self {
            Self::Nobody => None,
            Self::Half(session) => Some(session.account()),
            Self::Full(session) => Some(session.account()),
        }
    }
}

/// On a public route the gate is asked here, when a handler wants to know, and not for every asset.
impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(visitor) = parts.extensions.get::<Self>() {
            return Ok(visitor.clone());
        }
        let visitor = Self::resume(app, &parts.headers, origin_of(parts)?).await?;
        parts.extensions.insert(visitor.clone());
        Ok(visitor)
    }
}

/// The full session of the caller, for handlers of [`Level::Full`](crate::Level::Full) routes. Shared rather than owned
/// since other extractors may look at it too; it ends with the request.
pub struct SignedIn(pub Arc<Session<Full>>);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        match <Visitor as FromRequestParts<App>>::from_request_parts(parts, app).await? {
            Visitor::Full(session) => Ok(Self(session)),
            Visitor::Half(_) => Err(Problem::factor_required()),
            Visitor::Nobody => Err(Problem::sign_in_required()),
        }
    }
}

/// The half session of the caller, by value, to be turned into a full one. Somebody who is already fully signed in gets
/// 409. Taking it removes it from the request, so it must be the last extractor that looks at the session.
pub struct HalfSignedIn(pub Session<Half>);

impl FromRequestParts<App> for HalfSignedIn {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let visitor = <Visitor as FromRequestParts<App>>::from_request_parts(parts, app).await?;
        parts.extensions.remove::<Visitor>();
        match visitor {
            Visitor::Half(session) => Arc::into_inner(session).map(Self).ok_or(Problem::internal()),
            Visitor::Full(_) => Err(Problem::conflict().detail("You are signed in already.")),
            Visitor::Nobody => Err(Problem::sign_in_required()),
        }
    }
}

/// Where the request came from and which one it is: goes into sessions and the ledger.
pub struct Caller(pub Origin);

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        origin_of(parts).map(Self)
    }
}

/// What the caller presented, for handlers that end or rotate a session. None when nothing was.
impl OptionalFromRequestParts<App> for Presented {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Option<Self>, Infallible> {
        Ok(Self::from_headers(&parts.headers))
    }
}

/// The envelope put it there; without the envelope nothing is served.
pub(crate) fn origin_of(parts: &Parts) -> Result<Origin, Problem> {
    parts.extensions.get::<Origin>().copied().ok_or(Problem::internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn presented(headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().expect("header"));
        }
        match Presented::from_headers(&map) {
            None => "nothing".into(),
            Some(Presented::Cookie(token)) => format!("cookie {}", *token),
            Some(Presented::Bearer(token)) => format!("bearer {}", *token),
        }
    }

    #[test]
    fn an_authorization_header_leaves_the_cookie_unread() {
        assert_eq!(presented(&[("cookie", "__Host-session=abc")]), "cookie abc");
        assert_eq!(presented(&[("authorization", "bearer pat_x"), ("cookie", "__Host-session=abc")]), "bearer pat_x");
        assert_eq!(presented(&[("authorization", "Basic eDp5"), ("cookie", "__Host-session=abc")]), "nothing");
        assert_eq!(presented(&[("authorization", "Bearer a b")]), "nothing");
    }
}
