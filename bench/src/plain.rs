//! The bare server: the same axum, hyper and rustls, one plain row of SQLite with the same bytes, and nothing else. No
//! session, no policy, no encryption at rest, no ledger: what the safeguards cost is measured against it.

use anyhow::{Context, Result};
use axum::{
    Router,
    body::Body,
    extract::{Path as InPath, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rusqlite::{Connection, OptionalExtension};
use rustls::{ServerConfig, crypto::aws_lc_rs, version::TLS13};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

/// Serve rows of a plain SQLite file.
#[derive(Debug, clap::Args)]
pub(crate) struct Plain {
    /// The file.
    #[arg(long)]
    database: PathBuf,
    /// The port on the loopback.
    #[arg(long)]
    port: u16,
    /// The certificate, PEM.
    #[arg(long)]
    certificate: PathBuf,
    /// Its key, PEM.
    #[arg(long)]
    key: PathBuf,
}

/// Writes the file: a row for each path with its body.
pub(crate) fn fill<'r>(database: &Path, rows: impl Iterator<Item = (&'r str, &'r str)>) -> Result<()> {
    let mut connection = Connection::open(database)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    anyhow::ensure!(mode == "wal", "no write-ahead log");
    connection.execute_batch("CREATE TABLE programs (patient_id TEXT PRIMARY KEY, json TEXT NOT NULL)")?;
    let all = connection.transaction()?;
    for (id, json) in rows {
        all.prepare_cached("INSERT INTO programs VALUES ($1, $2)")?.execute((id, json))?;
    }
    Ok(all.commit()?)
}

type Rows = Arc<Mutex<Connection>>;

impl Plain {
    /// Serves until the process is told to stop.
    pub(crate) fn run(&self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(self.serve())
    }

    async fn serve(&self) -> Result<()> {
        let rows = Arc::new(Mutex::new(Connection::open(&self.database).context("the file does not open")?));
        let app = Router::new().route("/api/v1/patients/{patient_id}/program", get(program)).with_state(rows);
        let chain = CertificateDer::pem_file_iter(&self.certificate)?.collect::<Result<Vec<_>, _>>()?;
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13])?
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::from_pem_file(&self.key)?)?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))).await?;
        loop {
            let (socket, _) = listener.accept().await?;
            let (acceptor, app) = (acceptor.clone(), app.clone());
            tokio::spawn(async move {
                socket.set_nodelay(true)?;
                let stream = acceptor.accept(socket).await?;
                let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
                    app.clone().oneshot(request.map(Body::new))
                });
                // How a connection ends is the load generator's business.
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
                Ok::<_, std::io::Error>(())
            });
        }
    }
}

async fn program(State(rows): State<Rows>, InPath(patient): InPath<String>) -> Response {
    let found = {
        let connection = rows.lock().unwrap_or_else(PoisonError::into_inner);
        let statement = connection.prepare_cached("SELECT json FROM programs WHERE patient_id = $1");
        statement.and_then(|mut one| one.query_row([patient], |row| row.get::<_, String>(0)).optional())
    };
    match found {
        Ok(Some(json)) => ([(header::CONTENT_TYPE, "application/json")], json).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
