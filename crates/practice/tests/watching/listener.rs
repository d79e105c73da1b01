//! A collector of logs on the loopback that can be told how it ends a connection.

use rcgen::generate_simple_self_signed;
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// What it does with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Manner {
    /// It reads to the end, then ends it too.
    Reads,
    /// It ends it right behind the handshake.
    Closes,
    /// It says that no more comes from it and reads nothing, and ends it when something has come.
    NotifiesAndCloses,
    /// It reads nothing, and ends it when something has come.
    ClosesUnread,
}

/// A collector; gone when it is dropped.
pub(crate) struct Listener {
    folder: TempDir,
    address: String,
    shared: Arc<Mutex<(Manner, Vec<u8>)>>,
    serving: JoinHandle<()>,
}

impl Listener {
    pub(crate) async fn new(manner: Manner) -> Self {
        let own = generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("cert.pem"), own.cert.pem()).expect("written");
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(own.signing_key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .expect("TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .expect("its certificate");
        let (tls, socket) =
            (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.expect("a port"));
        let address = format!("localhost:{}", socket.local_addr().expect("an address").port());
        let shared = Arc::new(Mutex::new((manner, Vec::new())));
        let told = shared.clone();
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = socket.accept().await {
                let Ok(connection) = tls.accept(socket).await else { continue };
                let manner = told.lock().unwrap_or_else(PoisonError::into_inner).0;
                let read = serve(connection, manner).await;
                told.lock().unwrap_or_else(PoisonError::into_inner).1.extend(read);
            }
        });
        Self { folder, address, shared, serving }
    }

    pub(crate) fn ca_file(&self) -> PathBuf {
        self.folder.path().join("cert.pem")
    }

    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    pub(crate) fn is_told(&self, manner: Manner) {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner).0 = manner;
    }

    /// The log and the number of each entry that it read, in the order in which they came.
    pub(crate) fn came(&self) -> Vec<(String, u64)> {
        let mut rest = &self.shared.lock().unwrap_or_else(PoisonError::into_inner).1[..];
        let mut came = Vec::new();
        while !rest.is_empty() {
            let space = rest.iter().position(|byte| *byte == b' ').expect("a length");
            let length: usize = std::str::from_utf8(&rest[..space]).expect("text").parse().expect("a length");
            let message = std::str::from_utf8(&rest[space + 1..space + 1 + length]).expect("text");
            rest = &rest[space + 1 + length..];
            let said = message.split_once(" - audit - ").expect("a head").1;
            let said: serde_json::Value = serde_json::from_str(said).expect("JSON");
            came.push((said["log"].as_str().expect("a log").to_owned(), said["seq"].as_u64().expect("a number")));
        }
        came
    }
}

async fn serve(mut connection: TlsStream<TcpStream>, manner: Manner) -> Vec<u8> {
    let mut read = Vec::new();
    match manner {
        Manner::Reads => {
            if connection.read_to_end(&mut read).await.is_err() {
                read.clear();
            }
            let _ = connection.shutdown().await;
        }
        Manner::Closes => {}
        Manner::NotifiesAndCloses => {
            let (socket, session) = connection.get_mut();
            session.send_close_notify();
            let mut said = Vec::new();
            session.write_tls(&mut said).expect("into memory");
            let _ = socket.write_all(&said).await;
            let _ = socket.peek(&mut [0]).await;
        }
        Manner::ClosesUnread => {
            let _ = connection.get_ref().0.peek(&mut [0]).await;
        }
    }
    read
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.serving.abort();
    }
}
