//! All routes over a test house: called without a network, or over a real socket once it is [`served`](Site::served).

use crate::{
    house::{ORIGIN, TestHouse},
    wire::Wire,
};
use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use crypto::SystemRng;
use serde_json::Value;
use std::{ops::Deref, sync::Arc};
use tower::ServiceExt;
use web::{App, Parts, RouteTable, Settings, routes};

/// A test house with the whole router before it.
pub struct Site {
    /// The house behind it.
    pub behind: TestHouse,
    /// The router, without a server.
    pub router: Router,
    app: App,
    wire: Option<Wire>,
}

impl Deref for Site {
    type Target = TestHouse;
    fn deref(&self) -> &TestHouse {
        &self.behind
    }
}

impl Site {
    /// Over an empty house.
    pub async fn new() -> Self {
        Self::over(TestHouse::new().await)
    }

    /// Over a house.
    pub fn over(behind: TestHouse) -> Self {
        let app = App::new(Parts {
            house: behind.house.clone(),
            gate: behind.house.clone(),
            clock: behind.clock.clone(),
            rng: Arc::new(SystemRng),
            readiness: Vec::new(),
            settings: Settings::new(ORIGIN.parse().expect("an origin")),
        });
        let router = routes::all(RouteTable::new()).router(app.clone());
        Self { behind, router, app, wire: None }
    }

    /// The same behind a running server: from now on every request goes through TLS on a socket.
    #[must_use]
    pub async fn served(mut self) -> Self {
        self.wire = Some(Wire::before(self.app.clone(), self.router.clone()).await);
        self
    }

    /// Sends a request.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        if let Some(wire) = &self.wire {
            return wire.send(request).await;
        }
        let answer = self.router.clone().oneshot(request).await.expect("a router answers");
        let (parts, body) = answer.into_parts();
        let body = to_bytes(body, 16 * 1024 * 1024).await.expect("a whole body");
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Asks the API, with a JSON body where there is one. `cookie` is a whole `Cookie` header, or empty.
    pub async fn api(&self, method: Method, path: &str, cookie: &str, body: Option<Value>) -> Answer {
        let request = Request::builder().method(method).uri(path).header(header::COOKIE, cookie);
        let request = match body {
            Some(body) => request
                .header(header::CONTENT_TYPE, "application/json")
                .body(Body::from(serde_json::to_vec(&body).expect("plain data"))),
            None => request.body(Body::empty()),
        };
        self.send(request.expect("a request")).await
    }

    /// Opens a page.
    pub async fn open(&self, path: &str, cookie: &str) -> Answer {
        let request = Request::get(path).header(header::ACCEPT, "text/html").header(header::COOKIE, cookie);
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    /// Sends the form of a page: `fields` as a browser encodes them (`code=123456`).
    pub async fn submit(&self, path: &str, cookie: &str, fields: &str) -> Answer {
        let request = Request::post(path)
            .header(header::ACCEPT, "text/html")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, cookie);
        self.send(request.body(Body::from(fields.to_owned())).expect("a request")).await
    }
}

/// An answer, read whole.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text()))
    }
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
    /// One header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
    /// What the answer sets as session cookie, as a `Cookie` header.
    pub fn cookie(&self) -> Option<String> {
        let set = self.header("set-cookie")?;
        set.split(';').next().map(str::to_owned)
    }
}
