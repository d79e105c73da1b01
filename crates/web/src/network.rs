//! Whose word about a client's address is taken.

pub use domain::Network;

use http::HeaderMap;
use std::net::IpAddr;

/// The proxies whose `X-Forwarded-For` is believed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<Network>);

impl TrustedProxies {
    /// The proxies in these networks.
    pub const fn new(networks: Vec<Network>) -> Self {
        Self(networks)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The client's address: the peer's own, or, behind trusted proxies, the last one in `X-Forwarded-For` that is no
    /// trusted proxy itself. What stands before that was written by the client and proves nothing.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut client = peer.to_canonical();
        let values: Vec<_> = headers.get_all("x-forwarded-for").iter().collect();
        for value in values.into_iter().rev() {
            for part in value.to_str().unwrap_or_default().rsplit(',') {
                if !self.trusts(client) {
                    return client;
                }
                match part.trim().parse::<IpAddr>() {
                    Ok(address) => client = address.to_canonical(),
                    Err(_) => return client,
                }
            }
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(proxies: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let networks = proxies.iter().map(|n| n.parse().expect("network")).collect();
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("header"));
        }
        TrustedProxies::new(networks).client(peer.parse().expect("address"), &headers).to_string()
    }

    #[test]
    fn a_stranger_cannot_say_where_they_come_from() {
        assert_eq!(seen(&[], "192.0.2.7", &["10.0.0.1"]), "192.0.2.7");
        assert_eq!(seen(&["10.0.0.0/8"], "192.0.2.7", &["10.0.0.1"]), "192.0.2.7");
    }

    #[test]
    fn behind_trusted_proxies_the_last_address_that_is_not_theirs_counts() {
        assert_eq!(seen(&["10.0.0.0/8"], "10.1.1.1", &["1.1.1.1, 203.0.113.5", "10.2.2.2"]), "203.0.113.5");
        assert_eq!(seen(&["::1"], "::1", &["nonsense"]), "::1");
        assert_eq!(seen(&["0.0.0.0/0"], "10.1.1.1", &["203.0.113.5"]), "203.0.113.5");
    }

    #[test]
    fn a_range_with_too_many_bits_is_refused() {
        assert!("10.0.0.0/33".parse::<Network>().is_err());
        assert!("fe80::/64".parse::<Network>().expect("range").contains("fe80::1".parse().expect("address")));
        assert!(!"fe80::/64".parse::<Network>().expect("range").contains("fe81::1".parse().expect("address")));
    }
}
