//! Requests to the storage: signed, tried again where that can help, refusals told apart.

use super::{S3Settings, S3SettingsError, listing::Version, moment};
use crate::backup::target::{Removal, TargetError};
use bytes::Bytes;
use domain::Clock;
use md5::{Digest, Md5};
use reqwest::{Response, StatusCode, header::HeaderMap};
use rusty_s3::{Bucket, Credentials, Method, UrlStyle, signing::sign};
use std::{io, sync::Arc, time::Duration};
use tokio::runtime::Handle;

/// How long a signature is good: the request must have begun by then.
const SIGNED_SECONDS: u64 = 900;
/// How often something is tried that failed for a reason that passes.
pub(super) const TRIES: u32 = 5;
/// The wait after the first failure; it doubles.
const WAIT: Duration = Duration::from_millis(250);
const CONNECT: Duration = Duration::from_secs(10);
/// How long the storage may be silent.
const SILENCE: Duration = Duration::from_secs(60);
/// An answer that is not a file is smaller than this.
const LONGEST_ANSWER: usize = 16 << 20;

/// Why the storage did not do it. Holds no address: those carry signatures.
#[derive(Debug, thiserror::Error)]
pub(super) enum WireError {
    /// There is no such thing.
    #[error("it is not there")]
    Missing,
    /// A condition of the request did not hold.
    #[error("somebody else was there first")]
    Condition,
    /// It refused.
    #[error("the storage answered {status} {code}")]
    Refused { status: u16, code: String },
    /// It could not be reached, or did not answer whole.
    #[error("the storage cannot be reached")]
    Away(#[source] reqwest::Error),
    /// It answered what is no answer.
    #[error("the storage gave an answer that cannot be read ({0})")]
    Answer(String),
}

impl WireError {
    pub(super) fn at(self, what: String) -> TargetError {
        match self {
            Self::Refused { status: 507, .. } => TargetError::Full { path: what },
            Self::Refused { ref code, .. } if ["QuotaExceeded", "XMinioStorageFull"].contains(&code.as_str()) => {
                TargetError::Full { path: what }
            }
            other => TargetError::Io { what, source: io::Error::other(other) },
        }
    }

    /// What a failed piece of a stream is called.
    pub(super) fn into_io(self) -> io::Error {
        match self.at(String::new()) {
            TargetError::Full { .. } => io::ErrorKind::StorageFull.into(),
            TargetError::Io { source, .. } => source,
            other => io::Error::other(other),
        }
    }

    fn passes(&self) -> bool {
        match self {
            Self::Away(_) => true,
            Self::Refused { status, .. } => matches!(status, 429 | 500 | 502 | 503 | 504),
            _ => false,
        }
    }
}

/// A request.
pub(super) struct Ask<'a> {
    method: Method,
    key: &'a str,
    query: Vec<(&'a str, &'a str)>,
    headers: Vec<(&'a str, String)>,
    body: Option<Bytes>,
}

impl<'a> Ask<'a> {
    /// For a key; the empty one is the bucket.
    pub(super) const fn new(method: Method, key: &'a str) -> Self {
        Self { method, key, query: Vec::new(), headers: Vec::new(), body: None }
    }
    pub(super) fn query(mut self, query: &[(&'a str, &'a str)]) -> Self {
        self.query = query.to_vec();
        self.query.sort_unstable();
        self
    }
    /// Headers by their small names.
    pub(super) fn headers(mut self, headers: &[(&'a str, String)]) -> Self {
        self.headers.extend_from_slice(headers);
        self
    }
    /// What is sent, with the sum that the storage asks for where objects are locked.
    pub(super) fn body(mut self, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        self.headers.push(("content-md5", data_encoding::BASE64.encode(&Md5::digest(&body))));
        self.body = Some(body);
        self
    }
}

/// The bucket and how it is spoken to.
pub(super) struct Wire {
    http: reqwest::Client,
    bucket: Bucket,
    prefix: String,
    credentials: Credentials,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) runtime: Handle,
}

impl Wire {
    pub(super) fn new(settings: S3Settings) -> Result<Self, S3SettingsError> {
        let S3Settings { endpoint, region, bucket, prefix, path_style, ca_file, credentials, clock, .. } = settings;
        let url: Option<reqwest::Url> = endpoint.parse().ok();
        let url = url.filter(|url| url.scheme() == "https").ok_or(S3SettingsError::Endpoint(endpoint))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if !prefix.chars().all(plain) || prefix.split('/').any(|part| [".", ".."].contains(&part)) {
            return Err(S3SettingsError::Prefix(prefix));
        }
        let style = if path_style { UrlStyle::Path } else { UrlStyle::VirtualHost };
        let bucket = Bucket::new(url, style, bucket.clone(), region).map_err(|_| S3SettingsError::Bucket(bucket))?;
        let http = reqwest::Client::builder()
            .use_preconfigured_tls(store::client_tls(ca_file.as_deref())?)
            .https_only(true)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .build()
            .map_err(|error| S3SettingsError::Client(error.into()))?;
        Ok(Self { http, bucket, prefix, credentials, clock, runtime: Handle::current() })
    }

    pub(super) fn name(&self) -> String {
        let slash = if self.prefix.is_empty() { "" } else { "/" };
        format!("s3://{}{slash}{}", self.bucket.name(), self.prefix)
    }

    /// The key of a path.
    pub(super) fn key(&self, path: &str) -> String {
        if self.prefix.is_empty() { path.to_owned() } else { format!("{}/{path}", self.prefix) }
    }

    /// Asks, again where that can help, and waits for the answer's head.
    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<Response, WireError> {
        self.runtime.block_on(self.asked(ask))
    }

    /// The same with the whole of a short answer, as text.
    pub(super) fn text(&self, ask: &Ask<'_>) -> Result<String, WireError> {
        self.runtime.block_on(async { text(self.asked(ask).await?).await })
    }

    pub(super) async fn asked(&self, ask: &Ask<'_>) -> Result<Response, WireError> {
        let mut wait = WAIT;
        for _ in 1..TRIES {
            match self.once(ask).await {
                Err(error) if error.passes() => {
                    tracing::debug!(error = &error as &dyn std::error::Error, "the backup storage is asked again");
                    tokio::time::sleep(wait).await;
                    wait *= 2;
                }
                answer => return answer,
            }
        }
        self.once(ask).await
    }

    async fn once(&self, ask: &Ask<'_>) -> Result<Response, WireError> {
        let mut headers: Vec<(&str, &str)> = ask.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        headers.sort_unstable();
        let url = if ask.key.is_empty() { self.bucket.base_url().clone() } else { self.bucket.object_url(ask.key) };
        let url = sign(
            &self.clock.now(),
            ask.method,
            url,
            self.credentials.key(),
            self.credentials.secret(),
            self.credentials.token(),
            self.bucket.region(),
            SIGNED_SECONDS,
            ask.query.iter().copied(),
            headers.iter().copied(),
        );
        let method = match ask.method {
            Method::Head => reqwest::Method::HEAD,
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut request = self.http.request(method, url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        if let Some(body) = &ask.body {
            request = request.body(body.clone());
        }
        // The address of an error has the signature in it.
        let answer = request.send().await.map_err(|error| WireError::Away(error.without_url()))?;
        match answer.status() {
            status if status.is_success() => Ok(answer),
            StatusCode::PRECONDITION_FAILED | StatusCode::CONFLICT => Err(WireError::Condition),
            StatusCode::NOT_FOUND if ask.method == Method::Head => Err(WireError::Missing),
            status => {
                let said = text(answer).await.unwrap_or_default();
                let code = between(&said, "<Code>", "</Code>").unwrap_or_default();
                match code {
                    "NoSuchKey" | "NoSuchUpload" | "NoSuchVersion" => Err(WireError::Missing),
                    _ => Err(WireError::Refused { status: status.as_u16(), code: code.to_owned() }),
                }
            }
        }
    }

    /// What a refused removal means: a lock, of which the storage may say how long it lasts, or a fault.
    pub(super) fn held(&self, version: &Version, error: WireError) -> Result<Removal, TargetError> {
        let query = [("versionId", version.id.as_str())];
        let refused = matches!(&error, WireError::Refused { status: 400..=499, .. } | WireError::Condition);
        let head = refused.then(|| self.ask(&Ask::new(Method::Head, &version.key).query(&query)));
        let header = |headers: &HeaderMap, name: &str| headers.get(name)?.to_str().ok().map(str::to_owned);
        let (until, legal) = match head {
            Some(Ok(answer)) => (
                header(answer.headers(), "x-amz-object-lock-retain-until-date").as_deref().and_then(moment),
                header(answer.headers(), "x-amz-object-lock-legal-hold").is_some_and(|hold| hold == "ON"),
            ),
            _ => (None, false),
        };
        let forbidden = matches!(&error, WireError::Refused { status: 403, .. });
        if until.is_some() || legal || forbidden {
            Ok(Removal::Locked(until))
        } else {
            Err(error.at(format!("{} cannot be removed", version.key)))
        }
    }

    /// What the keys below a path begin with.
    pub(super) fn folder(&self, path: &str) -> String {
        let key = self.key(path);
        if key.is_empty() || key.ends_with('/') { key } else { format!("{key}/") }
    }
}

/// The body of a short answer.
pub(super) async fn text(mut answer: Response) -> Result<String, WireError> {
    let mut bytes = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| WireError::Away(error.without_url()))? {
        if bytes.len() + piece.len() > LONGEST_ANSWER {
            return Err(WireError::Answer("it does not end".to_owned()));
        }
        bytes.extend_from_slice(&piece);
    }
    String::from_utf8(bytes).map_err(|_| WireError::Answer("it is no text".to_owned()))
}

/// What stands between two marks.
pub(super) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found)
}
