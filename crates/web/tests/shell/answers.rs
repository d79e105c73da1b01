//! What stands on every answer, errors included.

use crate::house::House;
use reqwest::{Method, Response, header};
use std::sync::atomic::Ordering;

const MUST: [(&str, &str); 9] = [
    ("strict-transport-security", "max-age=63072000; includeSubDomains"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-embedder-policy", "require-corp"),
    ("cache-control", "no-store"),
    ("permissions-policy", "publickey-credentials-get=(self)"),
];

fn header<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map(|value| value.to_str().expect("text")).unwrap_or_default()
}

#[tokio::test]
async fn security_headers_are_on_every_answer_errors_too() {
    let house = House::new().await;
    let client = house.client();
    let cases = [
        (Method::GET, "/api/v1/open", 200),
        (Method::GET, "/", 200),
        (Method::HEAD, "/", 200),
        (Method::HEAD, "/nowhere", 404),
        (Method::HEAD, "/api/v1/me", 401),
        (Method::GET, "/nowhere", 404),
        (Method::GET, "/assets/00000000/look.css", 404),
        (Method::DELETE, "/api/v1/open", 405),
        (Method::OPTIONS, "/api/v1/open", 405),
        (Method::POST, "/api/v1/items", 415),
        (Method::GET, "/api/v1/panic", 500),
        (Method::POST, "/api/v1/panic", 500),
        (Method::GET, "/api/v1/me", 401),
        (Method::GET, "/today", 303),
        (Method::GET, "/api/v1/raw-error", 400),
    ];
    for (method, path, status) in cases {
        let response = client.request(method.clone(), house.url(path)).send().await.expect("answered");
        assert_eq!(response.status().as_u16(), status, "{method} {path}");
        for (name, value) in MUST {
            assert!(header(&response, name).starts_with(value), "{method} {path}: {name}");
        }
        let policy = header(&response, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"));
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "nobody else, nothing inline");
        assert_eq!(header(&response, "x-request-id").len(), 36);
        let head = method == Method::HEAD;
        let body = response.text().await.expect("text");
        assert!(!body.contains("value"), "{method} {path} says a value");
        if status >= 400 && !head {
            assert!(body.starts_with("{\"type\":\"/problems/"), "{method} {path}: {body}");
        }
    }
}

#[tokio::test]
async fn a_problem_names_the_request_and_a_page_shows_it_to_people() {
    let house = House::new().await;
    let send =
        |accept: &'static str, path: &str| house.client().get(house.url(path)).header(header::ACCEPT, accept).send();
    let json = send("*/*", "/nowhere").await.expect("answered");
    assert_eq!(header(&json, "content-type"), "application/problem+json");
    let id = header(&json, "x-request-id").to_owned();
    let body: serde_json::Value = json.json().await.expect("json");
    assert_eq!(body["request_id"], id.as_str());
    assert_eq!((body["type"].as_str(), body["status"].as_u64()), (Some("/problems/not-found"), Some(404)));

    let page = send("text/html,*/*;q=0.8", "/nowhere").await.expect("answered");
    assert_eq!(header(&page, "content-type"), "text/html; charset=utf-8");
    let id = header(&page, "x-request-id").to_owned();
    let text = page.text().await.expect("text");
    assert!(text.contains("There is nothing here") && text.contains(&id));

    let api = send("text/html", "/api/v1/nowhere").await.expect("answered");
    assert_eq!(header(&api, "content-type"), "application/problem+json");
    let wrong = house.client().delete(house.url("/api/v1/open")).send().await.expect("answered");
    assert_eq!(header(&wrong, "allow"), "GET,HEAD");
}

#[tokio::test]
async fn a_change_that_another_site_sends_is_refused_before_its_handler() {
    let house = House::new().await;
    let cookie = house.cookie(&house.sessions.full);
    let post = |name: &'static str, value: String| {
        let request = house.client().post(house.url("/api/v1/patients")).header(header::COOKIE, &cookie);
        request.header(name, value).send()
    };
    for (name, value) in [("sec-fetch-site", "cross-site"), ("sec-fetch-site", "same-site"), ("origin", "null")] {
        let refused = post(name, value.to_owned()).await.expect("answered");
        assert_eq!(refused.status(), 403);
        let body: serde_json::Value = refused.json().await.expect("json");
        assert_eq!(body["type"], "/problems/cross-site");
    }
    assert_eq!(house.signals.ran.load(Ordering::SeqCst), 0);
    assert_eq!(post("origin", house.url("")).await.expect("answered").status(), 200);
    assert_eq!(post("sec-fetch-site", "same-origin".to_owned()).await.expect("answered").status(), 200);
}

#[tokio::test]
async fn an_asset_is_kept_for_good_under_its_present_address_only() {
    let house = House::new().await;
    let name = web::asset_names().next().expect("there are assets");
    let url = web::asset(name);
    let found = house.client().get(house.url(&url)).send().await.expect("answered");
    assert_eq!(found.status(), 200);
    assert_eq!(header(&found, "cache-control"), "public, max-age=31536000, immutable");
    let gone = house.client().get(house.url(&format!("/assets/0000dead/{name}"))).send().await.expect("answered");
    assert_eq!((gone.status().as_u16(), header(&gone, "cache-control")), (404, "no-store"));
}

#[tokio::test]
async fn readiness_asks_what_must_work_and_liveness_does_not() {
    let house = House::new().await;
    let status = async |path: &str| house.client().get(house.url(path)).send().await.expect("answered").status();
    assert_eq!((status("/healthz").await, status("/readyz").await), (200.try_into().unwrap(), 200.try_into().unwrap()));
    house.ready.0.store(false, Ordering::SeqCst);
    assert_eq!((status("/healthz").await, status("/readyz").await), (200.try_into().unwrap(), 503.try_into().unwrap()));
    let body = house.client().get(house.url("/readyz")).send().await.expect("answered").text().await.expect("text");
    assert!(body.contains("Not working: sample."));
}

#[tokio::test]
async fn the_description_of_the_api_is_served() {
    let house = House::new().await;
    let response = house.client().get(house.url("/api/v1/openapi.json")).send().await.expect("answered");
    let document: serde_json::Value = response.json().await.expect("json");
    assert_eq!(document["openapi"], "3.1.0");
    assert!(document["paths"]["/api/v1/patients/{patient_id}"]["put"].is_object());
    assert!(document["paths"].get("/today").is_none());
}
