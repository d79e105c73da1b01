//! Where a channel sends to, and with which secret it signs: sealed as a whole.

use super::ChannelError;
use crypto::Zeroizing;
use data_encoding::BASE64;
use domain::{Integration, Rng};
use reqwest::Url;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// What stands before a webhook's secret, as the Standard Webhooks specification has it.
const SECRET: &str = "whsec_";
/// Bytes of a secret; that specification asks for 24 to 64.
const SECRET_BYTES: usize = 32;
/// The longest address that is taken.
const LONGEST: usize = 1000;

/// Where to, and with which secret.
#[derive(Serialize, Deserialize)]
pub(super) struct Target {
    /// `https://…`, as it was typed.
    pub(super) address: String,
    /// What signs, in base64 behind `whsec_`; none where nothing is signed.
    pub(super) secret: Option<String>,
}

impl Drop for Target {
    fn drop(&mut self) {
        self.address.zeroize();
        self.secret.zeroize();
    }
}

impl Target {
    /// A target of a kind of channel, with a new secret where it signs.
    pub(super) fn new(kind: Integration, address: &str, rng: &dyn Rng) -> Result<Self, ChannelError> {
        let wrong = |why| ChannelError::Value { field: "address", why };
        if address.len() > LONGEST {
            return Err(wrong("must have at most 1000 characters"));
        }
        match kind {
            Integration::Webhook => {
                let url = Url::parse(address)
                    .map_err(|_| wrong("must be an address like https://receiver.example/alerts"))?;
                if url.scheme() != "https" || url.host_str().is_none() {
                    return Err(wrong("must begin with https://"));
                }
                if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
                    return Err(wrong("must hold no password and no #"));
                }
                let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
                rng.fill(&mut *bytes);
                let secret = format!("{SECRET}{}", BASE64.encode(&*bytes));
                Ok(Self { address: url.to_string(), secret: Some(secret) })
            }
            Integration::Syslog => {
                let target = Self { address: address.to_owned(), secret: None };
                let (host, port) =
                    target.collector().ok_or(wrong("must be a name and a port, like siem.example:6514"))?;
                Ok(Self { address: format!("{host}:{port}"), secret: None })
            }
            _ => Err(ChannelError::Value { field: "kind", why: "is none on which something can be sent yet" }),
        }
    }

    /// As it is sealed.
    pub(super) fn to_stored(&self) -> Zeroizing<String> {
        Zeroizing::new(serde_json::to_string(self).expect("text is plain data"))
    }

    /// From what was sealed; none of what is none.
    pub(super) fn stored(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The key that signs.
    pub(super) fn signing_key(&self) -> Option<Zeroizing<Vec<u8>>> {
        let encoded = self.secret.as_deref()?.strip_prefix(SECRET)?;
        BASE64.decode(encoded.as_bytes()).ok().map(Zeroizing::new)
    }

    /// Name and port of a collector of logs; 6514 where no port is said (RFC 5425, 4.1).
    pub(super) fn collector(&self) -> Option<(String, u16)> {
        let url = Url::parse(&format!("syslog://{}", self.address)).ok()?;
        let bare = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        let bare = bare && url.fragment().is_none() && matches!(url.path(), "" | "/");
        let host = url.host_str().filter(|host| bare && !host.is_empty() && host.is_ascii())?;
        Some((host.to_owned(), url.port().unwrap_or(6514)))
    }

    /// What may be shown of the address: not what stands behind its host, where receivers of others hide their own secrets.
    pub(super) fn shown(&self) -> String {
        if self.secret.is_none() {
            return self.address.clone();
        }
        match Url::parse(&self.address) {
            Ok(url) => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                let rest = if url.path() == "/" && url.query().is_none() { "" } else { "/…" };
                format!("{}://{}{port}{rest}", url.scheme(), url.host_str().unwrap_or_default())
            }
            Err(_) => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::SystemRng;

    #[test]
    fn only_https_without_a_password_is_an_address_of_a_webhook_and_only_name_and_port_that_of_a_collector() {
        let new = |address: &str| Target::new(Integration::Webhook, address, &SystemRng);
        let good = new("https://hooks.example/T01/secret?x=1").unwrap_or_else(|_| panic!("an address"));
        assert_eq!(good.shown(), "https://hooks.example/…", "the path may be a secret of its own");
        assert_eq!(good.signing_key().map(|key| key.len()), Some(SECRET_BYTES));
        let again = Target::stored(&good.to_stored()).expect("as it was sealed");
        assert_eq!((&again.address, &again.secret), (&good.address, &good.secret));
        let collector = |address: &str| Target::new(Integration::Syslog, address, &SystemRng);
        for (typed, shown) in [("siem.example", "siem.example:6514"), ("10.0.0.7:10514", "10.0.0.7:10514")] {
            assert_eq!(collector(typed).map(|target| target.shown()).ok().as_deref(), Some(shown));
        }
        for bad in ["", "https://siem.example", "siem.example/x", "me@siem.example", "siem.example:0x1", "a b"] {
            assert!(collector(bad).is_err(), "{bad}");
        }
        for bad in
            ["http://hooks.example", "hooks.example", "https://", "https://me:word@hooks.example/", "file:///etc"]
        {
            assert!(new(bad).is_err(), "{bad}");
        }
    }
}
