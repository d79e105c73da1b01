//! What callers send wrong.

use crate::house::House;
use reqwest::{Response, header};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn item() -> Value {
    json!({ "dose": { "sets": 3, "reps": 10, "side": "left", "times_a_day": 1, "weekdays": [1] }, "comment": "slowly" })
}

async fn post(house: &House, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let request = house.client().post(house.url("/api/v1/items")).header(header::CONTENT_TYPE, "application/json");
    read(request.body(body).send().await.expect("answered")).await
}

async fn read(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.expect("json"))
}

#[tokio::test]
async fn a_field_that_has_no_place_is_refused_by_name_and_its_value_is_not_said_back() {
    let house = House::new().await;
    assert_eq!(post(&house, item().to_string()).await.0, 200);
    let mut diagnosis = item();
    diagnosis["diagnosis"] = "canary".into();
    let (status, problem) = post(&house, diagnosis.to_string()).await;
    assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some("diagnosis")));
    assert!(!problem.to_string().contains("canary"));
    let mut deep = item();
    deep["dose"]["side"] = "canary".into();
    let (status, problem) = post(&house, deep.to_string()).await;
    assert_eq!((status, problem["errors"][0]["field"].as_str()), (422, Some("dose.side")));
    assert!(!problem.to_string().contains("canary"));
}

#[tokio::test]
async fn what_is_no_json_or_no_utf8_is_malformed() {
    let house = House::new().await;
    for body in [&b"{"[..], b"", b"{\"comment\":\"\xff\"}", b"\x00", b"{}{}", b"[[[[[["] {
        assert_eq!(post(&house, body.to_vec()).await.0, 400, "{body:?}");
    }
    for body in ["[]", "7", "null", "{}"] {
        assert_eq!(post(&house, body).await.0, 422, "{body}");
    }
    let deep = "[".repeat(50_000);
    assert_eq!(post(&house, deep).await.0, 400);
    let form = house.client().post(house.url("/api/v1/items")).form(&[("comment", "x")]);
    assert_eq!(form.send().await.expect("answered").status(), 415);
}

#[tokio::test]
async fn ten_megabytes_are_refused_on_both_protocols_and_a_route_may_take_more() {
    let house = House::new().await;
    let much = vec![b'x'; 10_000_000];
    for client in [house.client(), house.http1_client()] {
        let request = client.post(house.url("/api/v1/items")).header(header::CONTENT_TYPE, "application/json");
        assert_eq!(read(request.body(much.clone()).send().await.expect("answered")).await.0, 413);
        // Without a length beforehand the limit is met while reading.
        let answer = client.post(house.url("/api/v1/items")).header(header::CONTENT_TYPE, "application/json");
        assert_eq!(read(answer.body(pieces(&much)).send().await.expect("answered")).await.0, 413);
        // Nor does anybody without a session get a broken connection in place of an answer.
        let refused = client.post(house.url("/api/v1/patients")).body(pieces(&much)).send().await.expect("answered");
        assert_eq!(refused.status(), 401);

        let upload = client.put(house.url("/api/v1/upload")).body(much.clone()).send().await.expect("answered");
        assert_eq!(upload.status(), 413);
    }
    assert_eq!(house.signals.ran.load(Ordering::SeqCst), 0);
}

fn pieces(bytes: &[u8]) -> reqwest::Body {
    let pieces = bytes.chunks(100_000).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect::<Vec<_>>();
    reqwest::Body::wrap_stream(futures::stream::iter(pieces))
}

#[tokio::test]
async fn an_id_that_is_none_is_not_found() {
    let house = House::new().await;
    for path in ["/api/v1/patients/7", "/api/v1/patients/%ff", "/api/v1/patients/..%2fme"] {
        let request = house.client().get(house.url(path)).header("cookie", house.cookie(&house.sessions.full));
        assert_eq!(request.send().await.expect("answered").status(), 404, "{path}");
    }
}

#[tokio::test]
async fn nonsense_in_place_of_a_request_gets_an_error_or_nothing() {
    let house = House::new().await;
    for nonsense in [&b"\x00\x01\x02\r\n\r\n"[..], b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"] {
        let mut stream = house.tls(b"http/1.1").await;
        stream.write_all(nonsense).await.expect("written");
        let mut answer = Vec::new();
        // The connection may end without a goodbye; what was said before counts.
        let _ = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 400") || answer.starts_with(b"HTTP/1.1 505"));
    }
    assert_eq!(house.client().get(house.url("/healthz")).send().await.expect("answered").status(), 200);
}
