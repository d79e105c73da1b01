//! What every handler can reach.

use crate::{Gate, Running, network::TrustedProxies, origin::PublicOrigin};
use domain::{Clock, Rng};
use futures::future::BoxFuture;
use practice::House;
use std::{ops::Deref, sync::Arc, time::Duration};

/// What every handler can reach, as axum's state. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

struct Inner {
    parts: Parts,
    running: Running,
}

/// What an [`App`] is made of.
pub struct Parts {
    /// What every use case works with.
    pub house: Arc<House>,
    /// Turns what a caller presents into a session.
    pub gate: Arc<dyn Gate>,
    /// Where the moment comes from.
    pub clock: Arc<dyn Clock>,
    /// Where request ids come from.
    pub rng: Arc<dyn Rng>,
    /// What must work before requests are sent here; `/readyz` asks them all.
    pub readiness: Vec<Arc<dyn Readiness>>,
    /// Settings of the web part.
    pub settings: Settings,
}

/// Settings of the web part.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Under which name browsers reach us. Requests of other origins are refused.
    pub origin: PublicOrigin,
    /// Whether every page says that this is a demo.
    pub demo: bool,
    /// Whose `X-Forwarded-For` is believed; nobody's by default.
    pub trusted_proxies: TrustedProxies,
    /// How long a request may take, its body included, where its route does not say otherwise.
    pub request_timeout: Duration,
}

impl Settings {
    /// The usual settings: no demo, no proxies, 30 seconds for a request.
    pub fn new(origin: PublicOrigin) -> Self {
        Self {
            origin,
            demo: false,
            trusted_proxies: TrustedProxies::default(),
            request_timeout: Duration::from_secs(30),
        }
    }
}

/// One thing that must work before requests are sent here.
pub trait Readiness: Send + Sync {
    /// What it is: one word, shown by `/readyz`.
    fn name(&self) -> &'static str;
    /// Whether it works now.
    fn check(&self) -> BoxFuture<'_, bool>;
    /// What an operator should know although requests can be served.
    fn note(&self) -> Option<&'static str> {
        None
    }
}

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(Inner { parts, running: Running::default() }))
    }

    /// What every use case works with.
    pub fn house(&self) -> &Arc<House> {
        &self.0.parts.house
    }

    /// The requests that are being worked on.
    pub fn running(&self) -> &Running {
        &self.0.running
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
