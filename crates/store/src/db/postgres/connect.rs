//! The way to a PostgreSQL server.
//!
//! Over the network: TLS 1.3, the certificate verified for the host's name, and the password proved with SCRAM bound
//! to that channel, so that neither a plain server nor a man in the middle learns it. Only a Unix socket, which stays on
//! the machine, goes without TLS.

use super::super::OpenError;
use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, pem::PemObject};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio_postgres::{
    Config,
    config::{ChannelBinding, Host, SslMode, TargetSessionAttrs},
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Where Debian, Fedora and Alpine keep the certificates that the system trusts.
const SYSTEM_ROOTS: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// How to reach one PostgreSQL database.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// `postgres://role@host:port/database`. Several hosts (`a:5432,b:5432`) are tried for the one that takes writes. A
    /// folder in place of the host (`%2Frun%2Fpostgresql`) is that of a Unix socket. No password and no settings.
    pub url: String,
    /// The file that holds the role's password, with or without a line end. None: the server knows us without one
    /// (`peer`, on a Unix socket).
    pub password_file: Option<PathBuf>,
    /// The certificates (PEM) of which one must have signed the server's; none: those that the system trusts.
    pub ca_file: Option<PathBuf>,
    /// Connections at most.
    pub connections: usize,
    /// After how long the server gives up a statement.
    pub statement_timeout: Duration,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
}

impl PostgresOptions {
    /// Sensible settings for an address: 8 connections, 10 seconds a statement, 5 for a connection.
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            password_file: None,
            ca_file: None,
            connections: 8,
            statement_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
        }
    }

    /// The role in the address: whom to grant what the server needs. None when the address is not one.
    pub fn role(&self) -> Option<String> {
        self.url.parse::<Config>().ok()?.get_user().map(str::to_owned)
    }

    /// The same, with the password in `file`.
    pub fn password_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.password_file = Some(file.into());
        self
    }

    /// The same, trusting the certificates in `file` and no others.
    pub fn ca_file(mut self, file: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(file.into());
        self
    }
}

pub(crate) fn pool(options: &PostgresOptions) -> Result<Pool, OpenError> {
    let config = config(options)?;
    let recycling_method = RecyclingMethod::Fast;
    let manager = Manager::from_config(config, tls(options)?, ManagerConfig { recycling_method });
    Pool::builder(manager)
        .max_size(options.connections.max(1))
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(options.connect_timeout))
        .create_timeout(Some(options.connect_timeout))
        .recycle_timeout(Some(options.connect_timeout))
        .build()
        .map_err(|_| OpenError::Unavailable { code: "the pool cannot be made".into() })
}

/// What the driver is to be told, all checked.
pub(crate) fn config(options: &PostgresOptions) -> Result<Config, OpenError> {
    if !options.url.starts_with("postgres://") && !options.url.starts_with("postgresql://") {
        return Err(OpenError::Address("must begin with postgres://"));
    }
    if options.url.contains('?') {
        return Err(OpenError::Address("takes no settings after a question mark"));
    }
    let mut config: Config =
        options.url.parse().map_err(|_| OpenError::Address("is not postgres://role@host:port/database"))?;
    if config.get_password().is_some() {
        return Err(OpenError::Address("holds a password; put it into a file of its own"));
    }
    if config.get_user().is_none() || config.get_dbname().is_none() {
        return Err(OpenError::Address("names no role or no database"));
    }
    let local = |host: &Host| matches!(host, Host::Unix(_));
    let hosts = config.get_hosts();
    if hosts.is_empty() {
        return Err(OpenError::Address("names no host"));
    }
    if hosts.iter().any(local) && !hosts.iter().all(local) {
        return Err(OpenError::Address("mixes hosts and Unix sockets"));
    }
    if hosts.iter().all(local) {
        config.ssl_mode(SslMode::Disable);
    } else {
        config.ssl_mode(SslMode::Require).channel_binding(ChannelBinding::Require);
    }
    if let Some(path) = &options.password_file {
        let password = read(path)?;
        let password = password.strip_suffix(b"\n").unwrap_or(&password);
        let password = password.strip_suffix(b"\r").unwrap_or(password);
        if password.is_empty() {
            return Err(OpenError::Content { path: path.clone(), what: "holds no password" });
        }
        config.password(password);
    }
    config
        .application_name("patella")
        .target_session_attrs(TargetSessionAttrs::ReadWrite)
        .connect_timeout(options.connect_timeout)
        .keepalives_idle(Duration::from_secs(30))
        .tcp_user_timeout(options.statement_timeout)
        // What the server is asked at the start of each connection. A commit is durable before it is acknowledged
        // (law 11), and nobody puts a table of the same name in front of ours.
        .options(format!(
            "-c synchronous_commit=on -c search_path=public -c default_transaction_isolation=read\\ committed \
             -c statement_timeout={timeout} -c idle_in_transaction_session_timeout={timeout}",
            timeout = options.statement_timeout.as_millis()
        ));
    Ok(config)
}

/// TLS 1.3 to PostgreSQL.
pub(crate) fn tls(options: &PostgresOptions) -> Result<MakeRustlsConnect, OpenError> {
    client_tls(options.ca_file.as_deref()).map(MakeRustlsConnect::new)
}

/// TLS 1.3 to a service, whose certificate must come from those in a file (PEM), or from those that the system trusts.
pub fn client_tls(ca_file: Option<&Path>) -> Result<ClientConfig, OpenError> {
    let file = match ca_file {
        Some(file) => Some(file),
        None => SYSTEM_ROOTS.iter().map(Path::new).find(|path| path.exists()),
    };
    let mut roots = RootCertStore::empty();
    if let Some(path) = file {
        let pem = read(path)?;
        let certificates = CertificateDer::pem_slice_iter(&pem).filter_map(Result::ok);
        let (added, _) = roots.add_parsable_certificates(certificates);
        if added == 0 {
            return Err(OpenError::Content { path: path.to_owned(), what: "holds no certificate (PEM)" });
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| OpenError::Unavailable { code: "TLS 1.3 is not available".into() })?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn read(path: &Path) -> Result<Vec<u8>, OpenError> {
    fs::read(path).map_err(|source| OpenError::File { path: path.to_owned(), source })
}
