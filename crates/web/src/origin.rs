//! The name under which browsers reach us.

use domain::Invalid;
use http::Uri;
use serde::Deserialize;
use std::{fmt, str::FromStr};

/// `https://host` or `https://host:port`, lower-cased, without a path: an origin as browsers write it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct PublicOrigin {
    text: String,
    host: String,
}

impl PublicOrigin {
    /// The origin: `https://localhost:8443`.
    pub fn as_str(&self) -> &str {
        &self.text
    }
    /// The host alone, which passkeys are bound to: `localhost`.
    pub fn host(&self) -> &str {
        &self.host
    }
}

impl FromStr for PublicOrigin {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WRONG: Invalid =
            Invalid::new("must be an origin like https://practice.example or https://localhost:8443");
        let uri: Uri = text.trim_end_matches('/').parse().map_err(|_| WRONG)?;
        let authority = uri.authority().filter(|a| !a.as_str().contains('@')).ok_or(WRONG)?;
        if uri.scheme_str() != Some("https") || uri.path_and_query().is_some_and(|path| path.as_str() != "/") {
            return Err(WRONG);
        }
        let host = authority.host().to_ascii_lowercase();
        // Browsers leave the default port out.
        let port = authority.port_u16().filter(|port| *port != 443);
        let text = port.map_or_else(|| format!("https://{host}"), |port| format!("https://{host}:{port}"));
        Ok(Self { text, host })
    }
}

impl TryFrom<String> for PublicOrigin {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl fmt::Display for PublicOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        let text = |given: &str| given.parse::<PublicOrigin>().map(|origin| origin.to_string());
        assert_eq!(text("https://LOCALHOST:8443/").as_deref(), Ok("https://localhost:8443"));
        assert_eq!(text("https://a.example:443").as_deref(), Ok("https://a.example"));
        for wrong in ["http://a.example", "https://a.example/app", "a.example", "https://u@a.example", "https://"] {
            assert!(text(wrong).is_err(), "{wrong}");
        }
    }
}
