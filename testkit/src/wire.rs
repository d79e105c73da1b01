//! The real server before a router: TLS 1.3 on a socket of the loopback, and a client that keeps its connection.

use crate::site::Answer;
use axum::{
    Router,
    body::{Body, to_bytes},
    http::Request,
};
use rcgen::generate_simple_self_signed;
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use web::{
    App,
    server::{Certificates, Finished, Limits, Server},
};

/// The most that a request of a test holds.
const LONGEST: usize = 16 * 1024 * 1024;

/// A server that runs as long as this lives.
pub struct Wire {
    client: reqwest::Client,
    base: String,
    running: JoinHandle<Finished>,
}

impl Wire {
    /// Starts a server for a router.
    pub async fn before(app: App, router: Router) -> Self {
        // Another test of this process may have installed it before.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let own = generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let files = TempDir::new().expect("a folder");
        let (certificate, key) = (files.path().join("cert.pem"), files.path().join("key.pem"));
        std::fs::write(&certificate, own.cert.pem()).expect("written");
        std::fs::write(&key, own.signing_key.serialize_pem()).expect("written");
        let server = Server {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            plain_listen: None,
            metrics_listen: None,
            certificates: Arc::new(Certificates::load(certificate, key).expect("certificates")),
            limits: Limits::default(),
        };
        let bound = server.bind().await.expect("bound");
        let port = bound.address().expect("an address").port();
        let running = tokio::spawn(bound.run(app, router, Arc::new(String::new), std::future::pending()));
        let client = reqwest::Client::builder()
            .add_root_certificate(reqwest::Certificate::from_pem(own.cert.pem().as_bytes()).expect("a certificate"))
            .resolve("localhost", SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .redirect(reqwest::redirect::Policy::none())
            .https_only(true)
            .build()
            .expect("a client");
        Self { client, base: format!("https://localhost:{port}"), running }
    }

    /// Sends a request, whose address is a path, and reads the answer whole. Headers are those that came over the wire.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, LONGEST).await.expect("a whole body");
        let request = self.client.request(parts.method, format!("{}{}", self.base, parts.uri)).headers(parts.headers);
        let request = if body.is_empty() { request } else { request.body(body) };
        let answer = request.send().await.expect("the server answers");
        let (status, headers) = (answer.status(), answer.headers().clone());
        Answer { status, headers, body: answer.bytes().await.expect("a whole answer") }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.running.abort();
    }
}
