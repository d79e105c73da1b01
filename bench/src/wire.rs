//! One keep-alive connection: HTTP/1.1 over TLS 1.3, requests as ready bytes, answers parsed no further than is needed to
//! check them. A client library would cost more per request than some of the servers that are measured.

use anyhow::{Context, Result, bail, ensure};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, version::TLS13};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use std::{fmt::Write, net::Ipv4Addr, path::Path, sync::Arc};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// A head longer than this is none.
const MOST_HEAD: usize = 16 * 1024;

/// A server on this machine.
#[derive(Clone)]
pub(crate) struct Place {
    /// Its port on the loopback.
    pub(crate) port: u16,
    connector: TlsConnector,
}

impl Place {
    /// A server that shows a certificate of the authority in `ca`, for `localhost`.
    pub(crate) fn new(port: u16, ca: &Path) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(ca).context("the authority's certificate")?)?;
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { port, connector: TlsConnector::from(Arc::new(config)) })
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> Result<Wire> {
        let socket = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).await?;
        socket.set_nodelay(true)?;
        let name = ServerName::try_from("localhost")?;
        let stream = self.connector.connect(name, socket).await.context("the handshake failed")?;
        Ok(Wire { stream, buffer: Vec::with_capacity(64 * 1024) })
    }
}

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Option<&str>) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
    for (name, value) in headers {
        let _ = write!(text, "{name}: {value}\r\n");
    }
    match body {
        Some(body) => {
            let _ = write!(text, "content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        }
        None => text.push_str("\r\n"),
    }
    text.into_bytes()
}

/// An open connection.
pub(crate) struct Wire {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
}

/// An answer, as it lies in the connection's buffer.
pub(crate) struct Answer<'w> {
    /// The status.
    pub(crate) status: u16,
    /// Status line and headers.
    pub(crate) head: &'w str,
    /// The body.
    pub(crate) body: &'w [u8],
}

impl Answer<'_> {
    /// The first header of a name in small letters.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        header(self.head, name)
    }
}

impl Wire {
    /// Sends a request and waits for the whole answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.stream.flush().await?;
        self.buffer.clear();
        let mut looked = 0;
        let head = loop {
            if let Some(found) = self.buffer[looked..].windows(4).position(|four| four == b"\r\n\r\n") {
                break looked + found + 4;
            }
            looked = self.buffer.len().saturating_sub(3);
            ensure!(self.buffer.len() < MOST_HEAD, "a head without an end");
            self.more().await?;
        };
        let text = std::str::from_utf8(&self.buffer[..head]).context("a head that is no text")?;
        let status = text.get(9..12).and_then(|digits| digits.parse().ok()).context("no status")?;
        let length: usize = match header(text, "content-length") {
            Some(length) => length.parse().context("no length")?,
            None if status == 204 => 0,
            None => bail!("an answer with status {status} does not say its length"),
        };
        while self.buffer.len() < head + length {
            self.more().await?;
        }
        ensure!(self.buffer.len() == head + length, "bytes after the answer");
        let head_text = std::str::from_utf8(&self.buffer[..head])?;
        Ok(Answer { status, head: head_text, body: &self.buffer[head..] })
    }

    async fn more(&mut self) -> Result<()> {
        let read = self.stream.read_buf(&mut self.buffer).await?;
        ensure!(read > 0, "the server closed the connection");
        Ok(())
    }
}

fn header<'h>(head: &'h str, name: &str) -> Option<&'h str> {
    head.split("\r\n").skip(1).find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
