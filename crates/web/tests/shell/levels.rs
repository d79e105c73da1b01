//! Who is let in, over every route of the table.

use crate::{
    house::House,
    sample::{self, ME},
};
use reqwest::{Method, header};
use std::sync::atomic::Ordering;
use web::{Kind, Level, Network, Route, TrustedProxies, Verb};

fn method(route: &Route) -> Method {
    route.method.word().parse().expect("method")
}

fn filled(route: &Route) -> String {
    route.path.replace("{patient_id}", "0b9e3c1e-6d0a-4a39-9d3c-0a0a0a0a0a0a")
}

fn full_routes() -> Vec<Route> {
    sample::table().routes().into_iter().filter(|route| route.level == Level::Full).collect()
}

#[tokio::test]
async fn a_half_session_opens_no_route_that_asks_for_a_full_one() {
    let house = House::new().await;
    assert_eq!(full_routes().len(), 8);
    for route in full_routes() {
        // A page takes what is in the cookie alone: whoever presents a token there is nobody.
        for (name, value, leads_to) in [
            ("cookie", house.cookie(&house.sessions.half), "/sign-in/factor"),
            ("authorization", format!("Bearer {}", house.sessions.half), "/sign-in"),
        ] {
            let url = house.url(&filled(&route));
            let refused =
                house.client().request(method(&route), url).header(name, value).send().await.expect("answered");
            if route.kind == Kind::Page && route.method == Verb::Get {
                assert_eq!(
                    (refused.status().as_u16(), &refused.headers()["location"]),
                    (303, &leads_to.parse().unwrap())
                );
            } else {
                assert_eq!(refused.status(), 401, "{} {}", route.method.word(), route.path);
                let half = route.kind == Kind::Api || leads_to == "/sign-in/factor";
                assert!(!half || refused.text().await.expect("text").contains("second factor"));
            }
        }
    }
    assert_eq!(house.signals.ran.load(Ordering::SeqCst), 0, "no handler ran");
}

#[tokio::test]
async fn nobody_and_a_made_up_token_open_nothing_either() {
    let house = House::new().await;
    for route in full_routes() {
        for cookie in ["", "__Host-session=x", &format!("__Host-session={}", "A".repeat(43))] {
            let request = house.client().request(method(&route), house.url(&filled(&route)));
            let refused = request.header(header::COOKIE, cookie).send().await.expect("answered");
            let expected = if route.kind == Kind::Page && route.method == Verb::Get { 303 } else { 401 };
            assert_eq!(refused.status().as_u16(), expected);
        }
    }
    assert_eq!(house.signals.ran.load(Ordering::SeqCst), 0);
    let refused = house.client().get(house.url(ME.path)).send().await.expect("answered");
    assert_eq!(refused.headers()[header::WWW_AUTHENTICATE], "Bearer");
    assert_eq!(refused.json::<serde_json::Value>().await.expect("json")["type"], "/problems/sign-in-required");
}

#[tokio::test]
async fn a_full_session_reaches_the_handler_and_ends_with_its_time() {
    let house = House::new().await;
    let get = || {
        let request = house.client().get(house.url(ME.path));
        request.header(header::COOKIE, house.cookie(&house.sessions.full)).send()
    };
    let answer = get().await.expect("answered");
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.text().await.expect("text"), house.sessions.account().to_string());
    house.sessions.clock.advance_seconds(16 * 60);
    assert_eq!(get().await.expect("answered").status(), 401);
}

#[tokio::test]
async fn a_half_session_reaches_what_leads_on_and_a_full_one_is_told_so() {
    let house = House::new().await;
    let post = |token: &str| {
        let request = house.client().post(house.url("/api/v1/session/factor"));
        request.header(header::COOKIE, house.cookie(token)).send()
    };
    assert_eq!(post(&house.sessions.half).await.expect("answered").status(), 200);
    assert_eq!(post(&house.sessions.full).await.expect("answered").status(), 409);
    assert_eq!(post("x").await.expect("answered").status(), 401);
}

#[tokio::test]
async fn a_gate_that_cannot_be_asked_is_neither_yes_nor_no() {
    let house = House::new().await;
    *house.sessions.closed.lock().expect("lock") = true;
    let request = house.client().get(house.url(ME.path)).header(header::COOKIE, house.cookie(&house.sessions.full));
    let answer = request.send().await.expect("answered");
    assert_eq!((answer.status().as_u16(), &answer.headers()[header::RETRY_AFTER]), (503, &"5".parse().unwrap()));
}

#[tokio::test]
async fn a_public_handler_may_ask_who_comes_and_from_where() {
    let house = House::with(Default::default(), |settings| {
        settings.trusted_proxies = TrustedProxies::new(vec!["127.0.0.0/8".parse::<Network>().expect("network")]);
    })
    .await;
    let who = async |cookie: &str, forwarded: &str| {
        let request = house.client().get(house.url("/api/v1/who")).header(header::COOKIE, cookie.to_owned());
        let request = request.header("x-forwarded-for", forwarded.to_owned());
        request.send().await.expect("answered").json::<serde_json::Value>().await.expect("json")
    };
    let nobody = who("", "203.0.113.5").await;
    assert_eq!((nobody["level"].as_str(), nobody["address"].as_str()), (Some("nobody"), Some("203.0.113.5")));
    assert!(house.sessions.seen.lock().expect("lock").is_empty(), "nothing was presented, so nobody was asked");
    assert_eq!(who(&house.cookie(&house.sessions.half), "").await["level"], "half");
    assert_eq!(who(&house.cookie(&house.sessions.full), "").await["level"], "full");
}

#[tokio::test]
async fn versions_keep_two_people_from_overwriting_each_other() {
    let house = House::new().await;
    let url = house.url("/api/v1/patients/0b9e3c1e-6d0a-4a39-9d3c-0a0a0a0a0a0a");
    let send = async |method: Method, header: Option<(&'static str, &'static str)>| {
        let mut request = house.client().request(method, &url).header("cookie", house.cookie(&house.sessions.full));
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        request.send().await.expect("answered").status().as_u16()
    };
    assert_eq!(send(Method::PUT, None).await, 428);
    assert_eq!(send(Method::PUT, Some(("if-match", "\"6\""))).await, 412);
    assert_eq!(send(Method::PUT, Some(("if-match", "\"7\""))).await, 200);
    assert_eq!(send(Method::GET, Some(("if-none-match", "\"6\""))).await, 200);
    assert_eq!(send(Method::GET, Some(("if-none-match", "\"7\""))).await, 304);
}

#[test]
#[should_panic(expected = "stands twice")]
fn a_route_that_stands_twice_stops_the_start() {
    let _ = sample::table().add(ME, async || ());
}

#[test]
#[should_panic(expected = "needs a permission")]
fn a_route_about_a_patient_without_a_permission_stops_the_start() {
    let route = Route::api(Verb::Get, "/api/v1/x", "X.").audit(web::AuditClass::Patient);
    let _ = sample::table().add(route, async || ());
}
