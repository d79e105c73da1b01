//! The transport: versions, key exchange, certificates, the plain port.

use crate::house::{self, House};
use reqwest::{Version, header};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use web::server::Limits;

/// A `ClientHello` of TLS 1.2 (RFC 5246 7.4.1.2), with the suites and curves that servers of its time took.
fn hello_of_tls_1_2() -> Vec<u8> {
    let extensions: &[&[u8]] = &[
        &[0, 10, 0, 6, 0, 4, 0, 29, 0, 23],     // supported_groups: x25519, secp256r1
        &[0, 11, 0, 2, 1, 0],                   // ec_point_formats: uncompressed
        &[0, 13, 0, 8, 0, 6, 4, 3, 8, 4, 4, 1], // signature_algorithms
        &[0, 23, 0, 0],                         // extended_master_secret
    ];
    let extensions = extensions.concat();
    let mut hello = vec![3, 3];
    hello.extend([7; 32]);
    hello.push(0);
    hello.extend([0, 8, 0xc0, 0x2f, 0xc0, 0x30, 0xc0, 0x2b, 0xc0, 0x2c]);
    hello.extend([1, 0]);
    hello.extend(u16::try_from(extensions.len()).expect("short").to_be_bytes());
    hello.extend(extensions);
    let length = u16::try_from(hello.len()).expect("short");
    let mut record = vec![22, 3, 1];
    record.extend((length + 4).to_be_bytes());
    record.extend([1, 0]);
    record.extend(length.to_be_bytes());
    record.extend(hello);
    record
}

#[tokio::test]
async fn tls_1_2_is_refused_with_the_alert_for_it() {
    let house = House::new().await;
    let mut stream = TcpStream::connect(house.address).await.expect("connected");
    stream.write_all(&hello_of_tls_1_2()).await.expect("written");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("closed");
    // Alert record, two bytes: fatal (2), protocol_version (70).
    assert_eq!((answer[0], &answer[3..]), (21, &[0, 2, 2, 70][..]));
}

#[tokio::test]
async fn tls_1_3_with_the_hybrid_key_exchange_carries_http_2() {
    let house = House::new().await;
    let stream = house.tls(b"h2").await;
    let connection = stream.get_ref().1;
    assert_eq!(connection.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
    let group = connection.negotiated_key_exchange_group().expect("negotiated").name();
    assert_eq!(group, rustls::NamedGroup::X25519MLKEM768);
    assert_eq!(connection.alpn_protocol(), Some(&b"h2"[..]));
    let answer = house.client().get(house.url("/healthz")).send().await.expect("answered");
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_2));
    let answer = house.http1_client().get(house.url("/healthz")).send().await.expect("answered");
    assert_eq!((answer.status().as_u16(), answer.version()), (200, Version::HTTP_11));
}

#[tokio::test]
async fn a_new_certificate_is_used_without_a_restart_and_a_broken_one_is_not() {
    let limits = Limits { certificate_poll: Duration::from_secs(3600), ..Limits::default() };
    let house = House::with(limits, |_| {}).await;
    let (certificate, key) = house.certificate_files();
    let first = house.shown().await;
    assert!(!house.certificates.reload().expect("unchanged"));

    let second = house::write_leaf(&house.issuer, "localhost", &certificate, &key);
    assert!(house.certificates.reload().expect("good"));
    assert_eq!(house.shown().await, second);
    assert_ne!(first, second);

    std::fs::write(&key, "no key").expect("written");
    assert!(house.certificates.reload().is_err());
    assert!(!house.certificates.reload().expect("said once"));
    let other = house.folder.path().join("other.pem");
    house::write_leaf(&house.issuer, "localhost", &other, &key);
    assert!(house.certificates.reload().is_err(), "a key of another certificate");
    assert_eq!(house.shown().await, second, "the old one stays");
}

#[tokio::test]
async fn the_files_are_looked_at_by_themselves() {
    let limits = Limits { certificate_poll: Duration::from_millis(10), ..Limits::default() };
    let house = House::with(limits, |_| {}).await;
    let (certificate, key) = house.certificate_files();
    let second = house::write_leaf(&house.issuer, "localhost", &certificate, &key);
    while house.shown().await != second {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn the_plain_port_only_points_to_the_other() {
    let house = House::new().await;
    let plain = format!("http://localhost:{}", house.plain.port());
    for (path, to) in [("/", "/"), ("/today?x=1", "/today?x=1"), ("//evil.example/", "//evil.example/")] {
        let request = house.client().post(format!("{plain}{path}")).header(header::COOKIE, "__Host-session=x");
        let answer = request.send().await.expect("answered");
        assert_eq!(answer.status(), 308);
        assert_eq!(answer.headers()[header::LOCATION], house.url(to));
        assert!(answer.headers().get(header::SET_COOKIE).is_none());
        assert_eq!(answer.bytes().await.expect("body").len(), 0);
    }
    assert!(house.sessions.seen.lock().expect("lock").is_empty());
}

#[tokio::test]
async fn metrics_are_on_their_own_listener_only() {
    let house = House::new().await;
    let there = house.client().get(format!("http://localhost:{}/metrics", house.metrics.port())).send().await;
    assert_eq!(there.expect("answered").text().await.expect("text"), "patella_sample 1\n");
    let elsewhere = house.client().get(format!("http://localhost:{}/", house.metrics.port())).send().await;
    assert_eq!(elsewhere.expect("answered").status(), 404);
    assert_eq!(house.client().get(house.url("/metrics")).send().await.expect("answered").status(), 404);
}
