//! The listeners: TLS for everything, an optional plain port that only points to it, and one for metrics.
//!
//! [`Server::bind`] takes the sockets, [`Bound::run`] serves until it is told to stop and then lets running requests
//! finish, within a bound. The sockets are taken first so that a test, or a supervisor, knows the address.

mod connection;
mod entrance;
mod limits;
mod plain;
mod tls;
mod watched;

pub use entrance::Entrance;
pub use limits::Limits;
pub use tls::{CertificateError, Certificates};

use crate::App;
use axum::Router;
use std::{future::Future, io, net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, sync::watch};
use tokio_rustls::TlsAcceptor;

/// Who is at the other end of the connection, among a request's extensions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Writes the metrics out as Prometheus reads them.
pub type RenderMetrics = Arc<dyn Fn() -> String + Send + Sync>;

/// What the server listens on and with what.
pub struct Server {
    /// Where TLS connections are taken.
    pub listen: SocketAddr,
    /// Where plain HTTP is answered with nothing but a redirect to the public origin.
    pub plain_listen: Option<SocketAddr>,
    /// Where metrics are shown; plain, so keep it on the loopback or a private network.
    pub metrics_listen: Option<SocketAddr>,
    /// The certificate and its key.
    pub certificates: Arc<Certificates>,
    /// Time-outs and counts.
    pub limits: Limits,
}

/// Why the server could not start to listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct BindError {
    /// Where.
    address: SocketAddr,
    #[source]
    source: io::Error,
}

/// A server that holds its sockets.
pub struct Bound {
    main: TcpListener,
    plain: Option<TcpListener>,
    metrics: Option<TcpListener>,
    certificates: Arc<Certificates>,
    limits: Limits,
}

impl Server {
    /// Takes the sockets.
    pub async fn bind(self) -> Result<Bound, BindError> {
        async fn optional(address: Option<SocketAddr>) -> Result<Option<TcpListener>, BindError> {
            match address {
                Some(address) => bind(address).await.map(Some),
                None => Ok(None),
            }
        }
        Ok(Bound {
            main: bind(self.listen).await?,
            plain: optional(self.plain_listen).await?,
            metrics: optional(self.metrics_listen).await?,
            certificates: self.certificates,
            limits: self.limits,
        })
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| BindError { address, source })
}

impl Bound {
    /// Where TLS connections are taken.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.main.local_addr()
    }
    /// Where plain HTTP is redirected, if it is.
    pub fn plain_address(&self) -> Option<SocketAddr> {
        self.plain.as_ref().and_then(|listener| listener.local_addr().ok())
    }
    /// Where metrics are shown, if they are.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Serves until `stop` is done; then takes no more connections, lets running requests finish for at most
    /// [`Limits::shutdown`], and returns. Says whether all of them did.
    pub async fn run(
        self,
        app: App,
        router: Router,
        render: RenderMetrics,
        stop: impl Future<Output = ()> + Send,
    ) -> Finished {
        self.run_behind(Entrance::open(app, router), render, stop).await
    }

    /// The same behind an entrance that may still be sealed.
    pub async fn run_behind(
        self,
        entrance: Entrance,
        render: RenderMetrics,
        stop: impl Future<Output = ()> + Send,
    ) -> Finished {
        let (stopping, stopped) = watch::channel(false);
        let limits = self.limits;
        let watching = tokio::spawn(tls::keep_fresh(self.certificates.clone(), limits.certificate_poll));
        let acceptor = TlsAcceptor::from(self.certificates.server_config());
        let mut listeners = tokio::task::JoinSet::new();
        let service = connection::Service::Entrance(entrance.clone());
        listeners.spawn(connection::listen(self.main, Some(acceptor), service, limits, stopped.clone()));
        if let Some(listener) = self.plain {
            let service = connection::Service::Redirect(entrance.origin().clone());
            listeners.spawn(connection::listen(listener, None, service, limits, stopped.clone()));
        }
        if let Some(listener) = self.metrics {
            listeners.spawn(connection::listen(listener, None, connection::Service::Metrics(render), limits, stopped));
        }
        stop.await;
        tracing::info!("stopping");
        // Nobody listening any more is as good as told.
        let _ = stopping.send(true);
        let finish = async {
            while listeners.join_next().await.is_some() {}
            if let Some(app) = entrance.app() {
                app.running().none().await;
            }
        };
        let finished = tokio::time::timeout(limits.shutdown, finish).await;
        watching.abort();
        match finished {
            Ok(()) => Finished::All,
            Err(_) => {
                let requests = entrance.app().map_or(0, |app| app.running().count());
                tracing::warn!(requests, "stopped before every request was finished");
                Finished::CutOff
            }
        }
    }
}

/// How a server ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finished {
    /// Every request was answered.
    All,
    /// The time was over before.
    CutOff,
}
