//! What the main listener answers with: the app, or before its keys are there, that it is sealed.

use super::Peer;
use crate::{App, Problem, PublicOrigin, assets::serve_asset, envelope::headers, route::Kind};
use axum::{
    Json, Router,
    body::Body,
    http::{Request, Response, header},
    response::IntoResponse,
};
use domain::{RequestId, Rng};
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};
use tower::ServiceExt;

/// Seconds after which a caller may try again while the server is sealed.
const TRY_AGAIN: u32 = 10;

/// The entrance: sealed until [`Entrance::unseal`] is called. Cheap to clone; all clones are the same one.
#[derive(Clone)]
pub struct Entrance(Arc<Inner>);

struct Inner {
    origin: PublicOrigin,
    rng: Arc<dyn Rng>,
    open: OnceLock<(App, Router)>,
}

impl Entrance {
    /// Answers 503 to everything but `/healthz` and the pages' own files, until it is unsealed.
    pub fn sealed(origin: PublicOrigin, rng: Arc<dyn Rng>) -> Self {
        Self(Arc::new(Inner { origin, rng, open: OnceLock::new() }))
    }

    /// Open from the beginning.
    pub fn open(app: App, router: Router) -> Self {
        let entrance = Self::sealed(app.settings.origin.clone(), app.rng.clone());
        entrance.unseal(app, router);
        entrance
    }

    /// From the next request on the app answers. Later calls change nothing.
    pub fn unseal(&self, app: App, router: Router) {
        let _ = self.0.open.set((app, router));
    }

    /// The app, once it is open.
    pub(super) fn app(&self) -> Option<&App> {
        self.0.open.get().map(|(app, _)| app)
    }

    pub(super) fn origin(&self) -> &PublicOrigin {
        &self.0.origin
    }

    pub(super) async fn answer(
        &self,
        mut request: Request<Body>,
        peer: SocketAddr,
    ) -> Result<Response<Body>, Infallible> {
        match self.0.open.get() {
            Some((_, router)) => {
                request.extensions_mut().insert(Peer(peer));
                router.clone().oneshot(request).await
            }
            None => Ok(self.sealed_answer(&request)),
        }
    }

    fn sealed_answer(&self, request: &Request<Body>) -> Response<Body> {
        let id = RequestId::random(&*self.0.rng);
        let path = request.uri().path();
        let wants_page = request.headers().get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
        let page = wants_page.is_some_and(|accept| accept.contains("text/html")) && !path.starts_with("/api/");
        let asset = path.strip_prefix("/assets/").and_then(|rest| rest.split_once('/'));
        let (mut response, kind) = match (path, asset) {
            ("/healthz", _) => (Json(serde_json::json!({ "status": "alive" })).into_response(), None),
            (_, Some((version, name))) => (serve_asset(version, name).into_response(), Some(Kind::Asset)),
            ("/readyz", _) => (sealed().into_json(Some(id)), None),
            _ if page => (sealed().into_page(Some(id), false), None),
            _ => (sealed().into_json(Some(id)), None),
        };
        headers::add(response.headers_mut(), id, kind);
        response
    }
}

fn sealed() -> Problem {
    Problem::unavailable(TRY_AGAIN)
        .detail("The server is sealed: its key is not there yet. It opens by itself as soon as the key can be reached.")
}
