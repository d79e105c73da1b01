//! The list of all routes with their handlers.

use super::{Kind, Route, Verb, admit};
use crate::{App, assets, envelope, health, openapi};
use axum::{
    Router,
    handler::Handler,
    middleware,
    routing::{MethodFilter, MethodRouter, on},
};
use std::sync::Arc;
use tower_http::compression::CompressionLayer;

/// All routes with their handlers. What is not in it is not served.
#[derive(Default)]
pub struct RouteTable {
    entries: Vec<(Route, MethodRouter<App>)>,
}

impl RouteTable {
    /// A table with the routes of the shell itself: health, assets. [`router`](Self::router) adds the API's description.
    pub fn new() -> Self {
        assets::routes(health::routes(Self::default()))
    }

    /// Adds a route and its handler.
    ///
    /// # Panics
    /// When the method and path are taken, or the route contradicts itself: both are found at the first start.
    #[must_use]
    pub fn add<H, T>(mut self, route: Route, handler: H) -> Self
    where
        H: Handler<T, App>,
        T: 'static,
    {
        let taken = self.entries.iter().any(|(other, _)| other.method == route.method && other.path == route.path);
        assert!(!taken, "{} {} stands twice in the route table", route.method.word(), route.path);
        if let Some(contradiction) = route.contradiction() {
            panic!("{} {}: {contradiction}", route.method.word(), route.path);
        }
        self.entries.push((route, on(filter(route.method), handler)));
        self
    }

    /// Adds what another part brings: `table.with(patients::routes)`.
    #[must_use]
    pub fn with(self, part: impl FnOnce(Self) -> Self) -> Self {
        part(self)
    }

    /// Every route, in the order in which they were added, the API's description last.
    pub fn routes(&self) -> Vec<Route> {
        self.entries.iter().map(|(route, _)| *route).chain([openapi::ROUTE]).collect()
    }

    /// The routes with their gate before each, and the envelope around all.
    pub fn router(self, app: App) -> Router {
        let description = openapi::handler(&self.routes());
        let table = self.add(openapi::ROUTE, description);
        let mut router = Router::new();
        for (route, handler) in table.entries {
            let entrance = middleware::from_fn_with_state((app.clone(), Arc::new(route)), admit::admit);
            // Only what is the same for everyone is compressed: a secret beside text that an attacker chose would show
            // in the length (BREACH).
            let handler = match route.kind {
                Kind::Asset => handler.route_layer(CompressionLayer::new()),
                Kind::Page | Kind::Api => handler,
            };
            router = router.route(route.path, handler.route_layer(entrance));
        }
        router.layer(middleware::from_fn_with_state(app.clone(), envelope::envelope)).with_state(app)
    }
}

const fn filter(verb: Verb) -> MethodFilter {
    match verb {
        Verb::Get => MethodFilter::GET,
        Verb::Post => MethodFilter::POST,
        Verb::Put => MethodFilter::PUT,
        Verb::Patch => MethodFilter::PATCH,
        Verb::Delete => MethodFilter::DELETE,
    }
}
