//! Storage that fails in ways that a good one does not: lines that break, answers that ask for patience, no room.

use super::scene::blocking;
use domain::SystemClock;
use practice::backup::target::{Credentials, S3, S3Settings, Target, TargetError};
use rustls::{ServerConfig, ServerConnection, Stream, crypto::aws_lc_rs, version::TLS13};
use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::PathBuf,
    sync::Arc,
    thread::{JoinHandle, spawn},
};
use tempfile::TempDir;

/// Answers one request after the other with just these bytes, each on a line of its own that ends abruptly.
struct Scripted {
    folder: TempDir,
    port: u16,
    requests: JoinHandle<Vec<String>>,
}

impl Scripted {
    fn new(answers: Vec<Vec<u8>>) -> Self {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let folder = tempfile::tempdir().expect("folder");
        fs::write(folder.path().join("ca.pem"), own.cert.pem()).expect("written");
        let key = own.signing_key.serialize_der().try_into().expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&TLS13])
            .expect("TLS 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .expect("a pair");
        let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").expect("a port"));
        let port = listener.local_addr().expect("an address").port();
        let requests = spawn(move || answers.iter().map(|answer| answer_one(&listener, &config, answer)).collect());
        Self { folder, port, requests }
    }

    fn target(&self) -> Arc<dyn Target> {
        let ca: PathBuf = self.folder.path().join("ca.pem");
        let settings = S3Settings {
            endpoint: format!("https://localhost:{}", self.port),
            region: "us-east-1".to_owned(),
            bucket: "bucket".to_owned(),
            prefix: String::new(),
            path_style: true,
            ca_file: Some(ca),
            credentials: Credentials::new("access", "secret"),
            lock: None,
            clock: Arc::new(SystemClock),
        };
        Arc::new(S3::new(settings).expect("a target"))
    }

    /// The requests that came, once all answers were given.
    fn requests(self) -> Vec<String> {
        self.requests.join().expect("it was asked as often as it answers")
    }
}

fn answer_one(listener: &TcpListener, config: &Arc<ServerConfig>, answer: &[u8]) -> String {
    let (mut socket, _) = listener.accept().expect("a caller");
    let mut tls = ServerConnection::new(config.clone()).expect("TLS");
    let mut stream = Stream::new(&mut tls, &mut socket);
    let (mut request, mut some) = (Vec::new(), [0; 4096]);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut some).expect("a request");
        request.extend_from_slice(&some[..read]);
    }
    stream.write_all(answer).and_then(|()| stream.flush()).expect("answered");
    String::from_utf8_lossy(&request).into_owned()
}

fn head(status: &str, length: usize) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\netag: \"one\"\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n").into_bytes()
}

fn read(target: &dyn Target) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    target.open("name/clinical.age").expect("there").read_to_end(&mut bytes).map(|_| bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_whose_line_breaks_is_read_on_from_there_and_only_if_it_is_the_same() {
    let bytes: Vec<u8> = (0..100_000_u32).map(|n| n as u8).collect();
    let part = |from: usize, to: usize| [head("200 OK", bytes.len() - from), bytes[from..to].to_vec()].concat();
    let storage = Scripted::new(vec![part(0, 40_000), part(40_000, 70_000), part(70_000, 100_000)]);
    let target = storage.target();
    assert!(blocking(move || read(&*target)).await.expect("whole") == bytes);
    let requests = storage.requests();
    assert!(requests[1].contains("range: bytes=40000-") && requests[1].contains("if-match: \"one\""), "{requests:?}");
    assert!(requests[2].contains("range: bytes=70000-"), "{requests:?}");

    let other = [head("412 Precondition Failed", 0), Vec::new()].concat();
    let storage = Scripted::new(vec![part(0, 40_000), other]);
    let target = storage.target();
    assert!(blocking(move || read(&*target)).await.is_err(), "another file would have been taken for the rest");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_tried_again_and_no_room_is_called_that() {
    let busy = [head("503 Slow Down", 0), Vec::new()].concat();
    let list = b"<?xml version=\"1.0\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
                 <IsTruncated>false</IsTruncated><Contents><Key>drills/one.note</Key></Contents></ListBucketResult>";
    let storage = Scripted::new(vec![busy.clone(), busy, [head("200 OK", list.len()), list.to_vec()].concat()]);
    let target = storage.target();
    assert_eq!(blocking(move || target.names("drills").expect("listed")).await, ["one.note"]);
    assert_eq!(storage.requests().len(), 3);

    let full = b"<Error><Code>XMinioStorageFull</Code></Error>";
    let storage = Scripted::new(vec![[head("507 Insufficient Storage", full.len()), full.to_vec()].concat()]);
    let target = storage.target();
    let refused = blocking(move || {
        let mut upload = target.create("name/clinical.age").expect("begun");
        upload.write_all(b"bytes").expect("kept");
        upload.finish()
    });
    assert!(matches!(refused.await, Err(TargetError::Full { .. })));
}
