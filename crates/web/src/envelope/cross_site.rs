//! Requests that another site made the browser send.

use crate::{gate::Presented, origin::PublicOrigin};
use axum::{
    extract::Request,
    http::{HeaderName, Method, header},
};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether the request would change something and comes from another site.
///
/// Browsers say so themselves in `Sec-Fetch-Site`; older ones send `Origin` with every such request. A caller that sends
/// neither is no browser, and holds whatever it presents by its own right. The cookie is `SameSite=Strict` besides.
/// An API token is never sent by a browser on its own, so there `Origin` does not matter.
pub(super) fn refuses(request: &Request, ours: &PublicOrigin) -> bool {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return false;
    }
    let headers = request.headers();
    if let Some(site) = headers.get(SEC_FETCH_SITE) {
        return !matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    if matches!(Presented::from_headers(headers), Some(Presented::Bearer(_))) {
        return false;
    }
    headers.get(header::ORIGIN).is_some_and(|origin| origin.as_bytes() != ours.as_str().as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    fn refused(method: &str, headers: &[(&str, &str)]) -> bool {
        let mut request = Request::builder().method(method).uri("/api/v1/session");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let ours = "https://a.example".parse().expect("origin");
        refuses(&request.body(Body::empty()).expect("request"), &ours)
    }

    #[test]
    fn only_our_own_pages_and_callers_without_a_browser_change_anything() {
        let bearer = ("authorization", "Bearer pat_x");
        for (expected, headers) in [
            (false, &[][..]),
            (false, &[("sec-fetch-site", "same-origin")]),
            (false, &[("sec-fetch-site", "none")]),
            (true, &[("sec-fetch-site", "same-site")]),
            (true, &[("sec-fetch-site", "cross-site")]),
            (true, &[("sec-fetch-site", "cross-site"), bearer]),
            (true, &[("sec-fetch-site", "cross-site"), ("origin", "https://a.example")]),
            (false, &[("origin", "https://a.example")]),
            (true, &[("origin", "https://b.example")]),
            (true, &[("origin", "http://a.example")]),
            (true, &[("origin", "null")]),
            (false, &[("origin", "https://b.example"), bearer]),
            (true, &[("origin", "https://b.example"), ("authorization", "Basic eDp5")]),
        ] {
            assert_eq!(refused("POST", headers), expected, "{headers:?}");
            assert!(!refused("GET", headers));
        }
    }
}
