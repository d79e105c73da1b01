//! How receivers are reached: over TLS with roots that are set, and nobody inside who was not allowed.

use super::sender::Failure;
use domain::Network;
use reqwest::{
    Client,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use rustls::{ClientConfig, pki_types::ServerName};
use std::{
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::Arc,
    time::Duration,
};
use store::OpenError;
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// How long a receiver may take to be there, and to answer.
const CONNECT: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(20);

/// How receivers are reached.
#[derive(Clone)]
pub struct Outside {
    origin: String,
    tls: ClientConfig,
    http: Client,
    reach: Reach,
}

/// Why receivers cannot be reached at all.
#[derive(Debug, thiserror::Error)]
pub enum OutsideError {
    /// The certificates from which receivers' come cannot be used.
    #[error(transparent)]
    Certificates(#[from] OpenError),
    /// No client for the web can be made.
    #[error("no client for webhooks can be made")]
    Client(#[source] reqwest::Error),
}

/// Which addresses may be reached.
#[derive(Debug, Clone)]
struct Reach(Arc<Vec<Network>>);

impl Outside {
    /// From this server, whose pages are at `origin` (`https://practice.example`). Receivers show a certificate from those in a
    /// file (PEM), or from those that the system trusts; of internal addresses only those in `allowed` are reached.
    pub fn new(origin: &str, ca_file: Option<&Path>, allowed: Vec<Network>) -> Result<Self, OutsideError> {
        let (origin, tls) = (origin.trim_end_matches('/').to_owned(), store::client_tls(ca_file)?);
        let reach = Reach(Arc::new(allowed));
        Ok(Self { origin, http: client(&tls, &reach).map_err(OutsideError::Client)?, tls, reach })
    }

    /// The address of a page.
    pub(super) fn page(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The name of this server's host.
    pub(super) fn host(&self) -> String {
        let host = self.origin.rsplit('/').next().unwrap_or_default();
        host.split(':').next().filter(|host| !host.is_empty()).unwrap_or("-").to_owned()
    }

    /// A connection with TLS to a name, at the first of its addresses that may be reached and answers.
    pub(super) async fn connect(&self, host: &str, port: u16) -> Result<TlsStream<TcpStream>, Failure> {
        let away = || Failure::new("unreachable");
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let addresses = self.reach.addresses(&bare, port).await.map_err(|why| match why {
            Refused::Internal => Failure::new("internal-address"),
            Refused::Unknown => away(),
        })?;
        let name = ServerName::try_from(bare).map_err(|_| away())?;
        let tls = TlsConnector::from(Arc::new(self.tls.clone()));
        let reach = async {
            let socket = TcpStream::connect(&addresses[..]).await.map_err(|_| away())?;
            tls.connect(name, socket).await.map_err(|_| away())
        };
        tokio::time::timeout(CONNECT, reach).await.map_err(|_| away())?
    }

    /// What speaks to webhooks.
    pub(super) const fn client(&self) -> &Client {
        &self.http
    }

    /// Whether an address that stands in the place of a name may be reached; what is a name is looked at when it is resolved.
    pub(super) fn may_reach(&self, host: &str) -> bool {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().map_or(true, |address| self.reach.allows(address))
    }
}

/// A client that follows no redirect, asks no proxy and reaches nobody inside.
fn client(tls: &ClientConfig, reach: &Reach) -> Result<Client, reqwest::Error> {
    Client::builder()
        .use_preconfigured_tls(tls.clone())
        .https_only(true)
        .no_proxy()
        .redirect(Policy::none())
        .dns_resolver(Arc::new(reach.clone()))
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .build()
}

impl Reach {
    fn allows(&self, address: IpAddr) -> bool {
        !Network::is_internal(address) || self.0.iter().any(|network| network.contains(address))
    }

    /// The addresses of a name that may be reached.
    async fn addresses(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, Refused> {
        let found: Vec<SocketAddr> =
            tokio::net::lookup_host((host, port)).await.map_err(|_| Refused::Unknown)?.collect();
        let known = !found.is_empty();
        let allowed: Vec<_> = found.into_iter().filter(|address| self.allows(address.ip())).collect();
        match (allowed.is_empty(), known) {
            (false, _) => Ok(allowed),
            (true, true) => Err(Refused::Internal),
            (true, false) => Err(Refused::Unknown),
        }
    }
}

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    /// It has internal addresses alone, and these are not allowed.
    #[error("an internal address")]
    Internal,
    /// It has none.
    #[error("no address")]
    Unknown,
}

impl Resolve for Reach {
    fn resolve(&self, name: Name) -> Resolving {
        let this = self.clone();
        Box::pin(async move {
            let found = this.addresses(name.as_str(), 0).await?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// Whether a failed request failed because its name leads inside.
pub(super) fn leads_inside(error: &reqwest::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(one) = cause {
        if matches!(one.downcast_ref::<Refused>(), Some(Refused::Internal)) {
            return true;
        }
        cause = one.source();
    }
    false
}
