//! Slow callers, silent callers, callers who leave, and the end.

use crate::house::House;
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use web::server::{Finished, Limits};

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(3600);

/// Reads until the server closes; what it said before.
async fn until_closed(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut said = Vec::new();
    // Without a goodbye of TLS the end is an error; it is the end all the same.
    let _ = stream.read_to_end(&mut said).await;
    String::from_utf8_lossy(&said).into_owned()
}

#[tokio::test]
async fn a_caller_who_does_not_finish_the_head_is_cut() {
    let house = House::with(Limits { header_read: SHORT, idle: LONG, ..Limits::default() }, |_| {}).await;
    let mut stream = house.tls(b"http/1.1").await;
    stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ").await.expect("written");
    assert!(!until_closed(&mut stream).await.contains("200 OK"));
}

#[tokio::test]
async fn a_caller_who_does_not_finish_the_handshake_is_cut() {
    let house = House::with(Limits { handshake: SHORT, ..Limits::default() }, |_| {}).await;
    let mut stream = TcpStream::connect(house.address).await.expect("connected");
    stream.write_all(&[22, 3, 1]).await.expect("written");
    until_closed(&mut stream).await;
}

#[tokio::test]
async fn a_silent_connection_is_closed_on_both_protocols() {
    let house = House::with(Limits { header_read: LONG, idle: SHORT, ..Limits::default() }, |_| {}).await;
    for protocol in [&b"http/1.1"[..], b"h2"] {
        let mut stream = house.tls(protocol).await;
        until_closed(&mut stream).await;
    }
}

#[tokio::test]
async fn a_body_that_never_comes_and_a_handler_that_never_ends_are_given_up() {
    let house = House::with(Limits::default(), |settings| settings.request_timeout = SHORT).await;
    let never = house.client().get(house.url("/api/v1/never")).send().await.expect("answered");
    assert_eq!(never.status(), 503);
    assert!(never.text().await.expect("text").contains("It took too long."));
    let pending = reqwest::Body::wrap_stream(futures::stream::pending::<Result<Vec<u8>, std::io::Error>>());
    let request = house.client().post(house.url("/api/v1/items")).header("content-type", "application/json");
    assert_eq!(request.body(pending).send().await.expect("answered").status(), 503);
}

#[tokio::test]
async fn more_connections_than_there_is_room_for_wait_their_turn() {
    let house = House::with(Limits { connections: 1, ..Limits::default() }, |_| {}).await;
    let first = house.tls(b"http/1.1").await;
    let client = house.client();
    let second = client.get(house.url("/healthz")).send();
    tokio::pin!(second);
    tokio::select! {
        biased;
        _ = &mut second => panic!("there was no room"),
        () = tokio::task::yield_now() => {}
    }
    drop(first);
    assert_eq!(second.await.expect("answered").status(), 200);
}

#[tokio::test]
async fn a_stop_lets_a_running_request_finish_and_takes_no_new_one() {
    let mut house = House::new().await;
    let (client, url) = (house.client(), house.url("/api/v1/slow"));
    let running = tokio::spawn(async move { client.get(url).send().await.expect("answered").status() });
    house.signals.started.notified().await;
    house.stop();
    while TcpStream::connect(house.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    house.signals.release();
    assert_eq!(running.await.expect("joined"), 200);
    assert_eq!(house.stopped().await, Finished::All);
}

#[tokio::test]
async fn a_stop_does_not_wait_forever() {
    let mut house = House::with(Limits { shutdown: SHORT, ..Limits::default() }, |_| {}).await;
    let (client, url) = (house.client(), house.url("/api/v1/slow"));
    let running = tokio::spawn(async move { client.get(url).send().await });
    house.signals.started.notified().await;
    house.stop();
    assert_eq!(house.stopped().await, Finished::CutOff);
    running.abort();
}

#[tokio::test]
async fn what_writes_runs_to_its_end_though_the_caller_left_and_a_stop_waits_for_it() {
    let mut house = House::new().await;
    let signals = house.signals.clone();
    let (client, url) = (house.client(), house.url("/api/v1/slow"));
    let caller = tokio::spawn(async move { client.post(url).send().await });
    signals.started.notified().await;
    caller.abort();
    assert!(caller.await.is_err(), "the caller is gone");
    house.stop();
    signals.release();
    signals.finished.notified().await;
    assert_eq!(house.stopped().await, Finished::All);
}
