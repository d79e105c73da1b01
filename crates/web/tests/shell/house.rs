//! A running server, its certificates and clients.

use crate::{
    sample::{self, Signals},
    sessions::Sessions,
};
use axum::Extension;
use domain::SeededRng;
use futures::future::{BoxFuture, FutureExt};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, version::TLS13};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use testkit::house::TestHouse;
use tokio::{net::TcpStream, sync::oneshot, task::JoinHandle};
use tokio_rustls::{TlsConnector, client::TlsStream};
use web::{
    App, Parts, Readiness, Settings,
    server::{Certificates, Finished, Limits, Server},
};

pub(crate) type Issuer = CertifiedIssuer<'static, KeyPair>;

/// Where everything is.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) plain: SocketAddr,
    pub(crate) metrics: SocketAddr,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) signals: Arc<Signals>,
    pub(crate) certificates: Arc<Certificates>,
    pub(crate) ready: Arc<Ready>,
    pub(crate) folder: TempDir,
    pub(crate) issuer: Issuer,
    stop: Option<oneshot::Sender<()>>,
    running: JoinHandle<Finished>,
    /// What the app stands on; the sample routes do not use it.
    _behind: TestHouse,
}

/// A check that says what the test wants.
pub(crate) struct Ready(pub(crate) AtomicBool);

impl Readiness for Ready {
    fn name(&self) -> &'static str {
        "sample"
    }
    fn check(&self) -> BoxFuture<'_, bool> {
        async { self.0.load(Ordering::SeqCst) }.boxed()
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(Limits::default(), |_| {}).await
    }

    pub(crate) async fn with(limits: Limits, change: impl FnOnce(&mut Settings)) -> Self {
        // Another test of this process may have installed it before.
        let _ = aws_lc_rs::default_provider().install_default();
        let folder = TempDir::new().expect("folder");
        let issuer = issuer();
        let (certificate, key) = (folder.path().join("cert.pem"), folder.path().join("key.pem"));
        write_leaf(&issuer, "localhost", &certificate, &key);
        let certificates = Arc::new(Certificates::load(certificate, key).expect("certificates"));
        let free: SocketAddr = (Ipv4Addr::LOCALHOST, 0).into();
        let server = Server {
            listen: free,
            plain_listen: Some(free),
            metrics_listen: Some(free),
            certificates: certificates.clone(),
            limits,
        };
        let bound = server.bind().await.expect("bound");
        let address = bound.address().expect("address");
        let plain = bound.plain_address().expect("plain");
        let metrics = bound.metrics_address().expect("metrics");

        let sessions = Arc::new(Sessions::new().await);
        let behind = TestHouse::new().await;
        let ready = Arc::new(Ready(AtomicBool::new(true)));
        let origin = format!("https://localhost:{}", address.port()).parse().expect("origin");
        let mut settings = Settings::new(origin);
        change(&mut settings);
        let app = App::new(Parts {
            house: behind.house.clone(),
            gate: sessions.clone(),
            clock: sessions.clock.clone(),
            rng: Arc::new(SeededRng::new(5)),
            readiness: vec![ready.clone()],
            settings,
        });
        let signals = Arc::new(Signals::default());
        let router = sample::table().router(app.clone()).layer(Extension(signals.clone()));
        let (stop, stopped) = oneshot::channel();
        let render = Arc::new(|| "patella_sample 1\n".to_owned());
        let running = tokio::spawn(bound.run(app, router, render, async {
            let _ = stopped.await;
        }));
        let stop = Some(stop);
        Self {
            address,
            plain,
            metrics,
            sessions,
            signals,
            certificates,
            ready,
            folder,
            issuer,
            stop,
            running,
            _behind: behind,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// Tells the server to stop.
    pub(crate) fn stop(&mut self) {
        self.stop.take().expect("once").send(()).expect("running");
    }
    /// Waits until it did.
    pub(crate) async fn stopped(self) -> Finished {
        self.running.await.expect("no panic")
    }

    /// A client that trusts the issuer and follows no redirect.
    pub(crate) fn client(&self) -> reqwest::Client {
        builder(&self.issuer).build().expect("client")
    }
    pub(crate) fn http1_client(&self) -> reqwest::Client {
        builder(&self.issuer).http1_only().build().expect("client")
    }

    /// A bare TLS connection that speaks one protocol.
    pub(crate) async fn tls(&self, protocol: &[u8]) -> TlsStream<TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).expect("root");
        let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .expect("versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        let stream = TcpStream::connect(self.address).await.expect("connected");
        let name = ServerName::try_from("localhost").expect("name");
        TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("handshake")
    }

    /// The certificate that a new connection is shown.
    pub(crate) async fn shown(&self) -> CertificateDer<'static> {
        let stream = self.tls(b"http/1.1").await;
        stream.get_ref().1.peer_certificates().expect("chain")[0].clone().into_owned()
    }

    pub(crate) fn cookie(&self, token: &str) -> String {
        format!("__Host-session={token}")
    }
    pub(crate) fn certificate_files(&self) -> (PathBuf, PathBuf) {
        (self.folder.path().join("cert.pem"), self.folder.path().join("key.pem"))
    }
}

fn builder(issuer: &Issuer) -> reqwest::ClientBuilder {
    let root = reqwest::Certificate::from_der(issuer.der()).expect("root");
    // A test that hangs should say so.
    reqwest::Client::builder()
        .add_root_certificate(root)
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(60))
}

pub(crate) fn issuer() -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).expect("params");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().expect("key")).expect("issuer")
}

/// Writes a fresh certificate and its key; returns the certificate.
pub(crate) fn write_leaf(issuer: &Issuer, name: &str, certificate: &PathBuf, key: &PathBuf) -> CertificateDer<'static> {
    let pair = KeyPair::generate().expect("key");
    let params = CertificateParams::new(vec![name.to_owned()]).expect("params");
    let leaf = params.signed_by(&pair, issuer).expect("signed");
    std::fs::write(certificate, leaf.pem()).expect("written");
    std::fs::write(key, pair.serialize_pem()).expect("written");
    CertificateDer::from_pem_slice(leaf.pem().as_bytes()).expect("pem")
}
