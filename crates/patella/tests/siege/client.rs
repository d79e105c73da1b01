//! People and what they send: HTTP/2 over TLS 1.3, the demo's own authority and no other.

use domain::{Clock, SystemClock};
use serde_json::{Value, json};
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Once,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// Somebody on the demo's card.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) role: String,
    pub(crate) email: String,
    pub(crate) password: String,
    totp_secret: String,
    /// The 30 seconds whose code was used last: a code is taken once.
    used: Arc<AtomicI64>,
}

impl Person {
    pub(crate) fn of_card(card: &Value) -> Self {
        let text = |key: &str| card[key].as_str().expect("text").to_owned();
        Self {
            role: text("role"),
            email: text("email"),
            password: text("password"),
            totp_secret: text("totp_secret"),
            used: Arc::default(),
        }
    }

    /// Somebody who has accepted an invitation, or is about to.
    pub(crate) fn invited(role: &str, email: &str, password: &str, totp_secret: &str) -> Self {
        let [role, email, password, totp_secret] = [role, email, password, totp_secret].map(str::to_owned);
        Self { role, email, password, totp_secret, used: Arc::default() }
    }

    /// The same person for a copy of the practice, where they use up codes of their own from now on.
    pub(crate) fn apart(&self) -> Self {
        Self { used: Arc::new(self.used.load(Ordering::Relaxed).into()), ..self.clone() }
    }

    /// A code that was not used yet: of these 30 seconds, or of the next, which is taken too.
    pub(crate) fn code(&self) -> String {
        let now = SystemClock.now();
        let step = (now.as_second() / 30).max(self.used.load(Ordering::Relaxed) + 1);
        self.used.store(step, Ordering::Relaxed);
        let at = domain::Timestamp::from_second(step * 30).expect("a moment");
        testkit::house::code_of(&self.totp_secret, at)
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// The id under which the ledger knows the request.
    pub(crate) request: String,
    pub(crate) cookie: Option<String>,
    pub(crate) retry_after: Option<String>,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text))
    }
}

/// A caller of one running server.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    cookie: Option<String>,
}

/// No answer came: the server is gone.
#[derive(Debug)]
pub(crate) struct Gone;

impl Client {
    pub(crate) fn new(port: u16, ca: &[u8]) -> Self {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            rustls::crypto::aws_lc_rs::default_provider().install_default().expect("first");
        });
        let http = reqwest::Client::builder()
            .add_root_certificate(reqwest::Certificate::from_pem(ca).expect("a certificate"))
            .resolve("localhost", SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
            .timeout(Duration::from_secs(60))
            .https_only(true)
            .build()
            .expect("a client");
        Self { http, base: format!("https://localhost:{port}"), cookie: None }
    }

    /// The same way to the server, with this session cookie.
    pub(crate) fn with(&self, cookie: &str) -> Self {
        Self { cookie: Some(cookie.to_owned()), ..self.clone() }
    }

    /// The session cookie.
    pub(crate) fn cookie(&self) -> &str {
        self.cookie.as_deref().expect("signed in")
    }

    /// Sends a request; no answer when the server is gone before the whole of it came.
    pub(crate) async fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<String>,
    ) -> Result<Answer, Gone> {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body);
        }
        let answer = request.send().await.map_err(|_| Gone)?;
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        let (request, cookie, retry_after) = (header("x-request-id"), header("set-cookie"), header("retry-after"));
        let status = answer.status().as_u16();
        let bytes = answer.bytes().await.map_err(|_| Gone)?;
        let cookie = cookie.and_then(|set| set.split(';').next().map(str::to_owned));
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Ok(Answer { status, request: request.expect("every answer has an id"), cookie, retry_after, text })
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let body = body.map(|body| body.to_string());
        self.try_send(method, path, &[], body).await.unwrap_or_else(|Gone| panic!("{method} {path}: no answer"))
    }
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }
    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    /// Reads something that must be there.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "GET {path}: {}", answer.text);
        answer.json()
    }

    /// Password, then code.
    pub(crate) async fn sign_in(&self, person: &Person) -> Self {
        let half = self.post("/api/v1/session", json!({"email": person.email, "password": person.password})).await;
        assert_eq!(half.status, 201, "{}", half.text);
        let half = self.with(&half.cookie.expect("a cookie"));
        let full = half.post("/api/v1/session/totp", json!({"code": person.code()})).await;
        assert_eq!(full.status, 200, "{}", full.text);
        self.with(&full.cookie.expect("a cookie"))
    }

    /// Every item of a paged list.
    pub(crate) async fn whole(&self, path: &str) -> Vec<Value> {
        let (mut items, mut next) = (Vec::new(), None::<String>);
        loop {
            let page = match &next {
                None => format!("{path}?limit=100"),
                Some(cursor) => format!("{path}?limit=100&cursor={cursor}"),
            };
            let mut page = self.read(&page).await;
            items.append(page["items"].as_array_mut().expect("items"));
            match page["next"].as_str() {
                Some(cursor) => next = Some(cursor.to_owned()),
                None => return items,
            }
        }
    }
}
