//! The session cookie. `__Host-` makes browsers insist on `Secure`, `Path=/` and no `Domain` (RFC 6265bis 4.1.3.2), so
//! that no neighbor under the same domain can plant one.

use axum::http::{HeaderMap, HeaderValue, header};

/// Its name.
pub const SESSION_COOKIE: &str = "__Host-session";

/// `Set-Cookie` for a new session. Without an age: it goes when the browser closes, and the server ends it before.
/// None when the token holds characters that a cookie cannot, which tokens of ours never do.
pub fn set_session(token: &str) -> Option<HeaderValue> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.".contains(&b);
    if token.is_empty() || !token.bytes().all(plain) {
        return None;
    }
    let text = format!("{SESSION_COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Strict");
    let mut value = HeaderValue::try_from(text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// `Set-Cookie` that makes the browser forget it.
pub const fn clear_session() -> HeaderValue {
    HeaderValue::from_static("__Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0")
}

/// The token in the request's cookies. None also when two are there: one of them is not ours.
pub fn session(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(|(name, value)| *name == SESSION_COOKIE && !value.is_empty())
        .map(|(_, value)| value);
    let token = found.next();
    if found.next().is_some() { None } else { token }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_host_only_strict_and_out_of_reach_of_scripts() {
        let set = set_session("AbC_-9").expect("plain");
        assert_eq!(set.to_str().ok(), Some("__Host-session=AbC_-9; Path=/; Secure; HttpOnly; SameSite=Strict"));
        assert!(set.is_sensitive());
        assert!(set_session("a; Domain=evil").is_none());
    }

    #[test]
    fn two_session_cookies_are_none() {
        let headers = |text: &'static str| HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static(text))]);
        assert_eq!(session(&headers("a=b; __Host-session=x")), Some("x"));
        assert_eq!(session(&headers("__Host-session=x; __Host-session=y")), None);
        assert_eq!(session(&headers("__host-session=x")), None);
    }
}
