//! TLS 1.3 only, hybrid key exchange first, and a certificate that is read again when its files change.

use rustls::{
    ServerConfig,
    crypto::{CryptoProvider, aws_lc_rs},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
    version::TLS13,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration,
};
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

/// The server's certificate chain and key, from two PEM files.
pub struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
    /// SHA-256 of the files' contents when they were last read, good or not.
    seen: Mutex<[u8; 32]>,
    provider: Arc<CryptoProvider>,
}

/// Why a certificate or its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("cannot read {file}")]
    Read {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file holds no PEM of the right kind.
    #[error("{file} holds no usable {what}")]
    Pem {
        /// Which.
        file: PathBuf,
        /// `certificate` or `private key`.
        what: &'static str,
    },
    /// The certificate and the key do not belong together, or are of a kind that TLS 1.3 does not take.
    #[error("{certificate} and {key} do not fit together")]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        #[source]
        source: rustls::Error,
    },
}

impl Certificates {
    /// Reads them from their files.
    pub fn load(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, CertificateError> {
        let (certificate, key) = (certificate.into(), key.into());
        let provider = Arc::new(provider());
        let (files, seen) = Files::read(&certificate, &key)?;
        let current = RwLock::new(Arc::new(files.parse(&provider, &certificate, &key)?));
        Ok(Self { certificate, key, current, seen: Mutex::new(seen), provider })
    }

    /// Reads the files again if they changed. What cannot be used is refused once and the present certificate stays;
    /// returns whether there is a new one.
    pub fn reload(&self) -> Result<bool, CertificateError> {
        let (files, hash) = Files::read(&self.certificate, &self.key)?;
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            if *seen == hash {
                return Ok(false);
            }
            *seen = hash;
        }
        let fresh = Arc::new(files.parse(&self.provider, &self.certificate, &self.key)?);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(true)
    }

    /// TLS 1.3 with this certificate, whichever it is at the time of a handshake; HTTP/2 preferred. No early data: it
    /// could be replayed.
    pub(crate) fn server_config(self: &Arc<Self>) -> Arc<ServerConfig> {
        let mut config = ServerConfig::builder_with_provider(self.provider.clone())
            .with_protocol_versions(&[&TLS13])
            .expect("the provider has TLS 1.3 suites")
            .with_no_client_auth()
            .with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Arc::new(config)
    }
}

/// aws-lc with the hybrid of X25519 and ML-KEM-768 first, so that what is recorded today stays closed to a quantum
/// computer; plain curves for callers that do not know it.
fn provider() -> CryptoProvider {
    use aws_lc_rs::kx_group::{SECP256R1, SECP384R1, X25519, X25519MLKEM768};
    CryptoProvider { kx_groups: vec![X25519MLKEM768, X25519, SECP256R1, SECP384R1], ..aws_lc_rs::default_provider() }
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificates").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

struct Files {
    certificate: Vec<u8>,
    key: Zeroizing<Vec<u8>>,
}

impl Files {
    fn read(certificate: &Path, key: &Path) -> Result<(Self, [u8; 32]), CertificateError> {
        let read = |file: &Path| {
            std::fs::read(file).map_err(|source| CertificateError::Read { file: file.to_owned(), source })
        };
        let files = Self { certificate: read(certificate)?, key: Zeroizing::new(read(key)?) };
        let hashes = [crypto::sha256(&files.certificate), crypto::sha256(&files.key)];
        let hash = crypto::sha256(hashes.as_flattened());
        Ok((files, hash))
    }

    fn parse(
        &self,
        provider: &CryptoProvider,
        certificate: &Path,
        key: &Path,
    ) -> Result<CertifiedKey, CertificateError> {
        let wrong = |file: &Path, what| CertificateError::Pem { file: file.to_owned(), what };
        let chain = CertificateDer::pem_slice_iter(&self.certificate).collect::<Result<Vec<_>, _>>();
        let chain = chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| wrong(certificate, "certificate"))?;
        let private = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| wrong(key, "private key"))?;
        CertifiedKey::from_der(chain, private, provider).map_err(|source| CertificateError::Mismatch {
            certificate: certificate.to_owned(),
            key: key.to_owned(),
            source,
        })
    }
}

/// Looks at the files every `poll`, and at once on SIGHUP. Runs until it is aborted.
pub(super) async fn keep_fresh(certificates: Arc<Certificates>, poll: Duration) {
    let mut hangup = signal(SignalKind::hangup()).ok();
    loop {
        let told = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = tokio::time::sleep(poll) => {}
            _ = told => {}
        }
        match certificates.reload() {
            Ok(true) => tracing::info!("a new certificate is in use"),
            Ok(false) => {}
            Err(error) => tracing::error!(error = %error, "the new certificate is not usable; the old one stays"),
        }
    }
}
