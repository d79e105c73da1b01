//! The security headers of every answer.

use crate::Kind;
use axum::http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{self, HeaderName as Name},
};
use domain::RequestId;

/// Only from us, nothing inline, nothing framed (law 10). `connect-src` for our own scripts; Trusted Types so that no
/// text becomes markup by accident.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; \
    manifest-src 'self'; require-trusted-types-for 'script'";

/// Passkeys for ourselves; nothing else that a browser could lend.
const PERMISSIONS_POLICY: &str = "publickey-credentials-get=(self), publickey-credentials-create=(self), \
    accelerometer=(), autoplay=(), bluetooth=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), \
    gyroscope=(), hid=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()";

const ALWAYS: [(Name, &str); 9] = [
    // Two years, the least that browsers' preload lists take.
    (header::STRICT_TRANSPORT_SECURITY, "max-age=63072000; includeSubDomains"),
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // Not `no-referrer`: under it browsers send `Origin: null` with our own forms, and those that do not send
    // `Sec-Fetch-Site` yet would be taken for another site. To others nothing goes either way.
    (header::REFERRER_POLICY, "same-origin"),
    (header::X_FRAME_OPTIONS, "DENY"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("permissions-policy"), PERMISSIONS_POLICY),
];

/// Adds them, over whatever the handler set. Only an asset that was found may be kept by anyone, and a picture of an
/// exercise by its browser.
pub(crate) fn add(headers: &mut HeaderMap, id: RequestId, kind: Option<Kind>) {
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !may_be_kept(headers, kind) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    let id = HeaderValue::try_from(id.to_string()).expect("an id is plain ASCII");
    headers.insert(HeaderName::from_static("x-request-id"), id);
}

/// A picture that is the same for everyone signed in says `private, …` itself; all else of pages and the API is never
/// kept.
fn may_be_kept(headers: &HeaderMap, kind: Option<Kind>) -> bool {
    let picture = headers.get(header::CONTENT_TYPE).is_some_and(|media| media.as_bytes().starts_with(b"image/"));
    headers
        .get(header::CACHE_CONTROL)
        .is_some_and(|said| kind == Some(Kind::Asset) || picture && said.as_bytes().starts_with(b"private, "))
}
