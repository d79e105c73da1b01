//! Whose word about a client's address is taken.

use domain::Invalid;
use http::HeaderMap;
use serde::Deserialize;
use std::{net::IpAddr, str::FromStr};

/// An address or a range of them: `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    /// Whether an address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let shift = |width: u8| u32::from(width - self.bits);
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (a.to_bits() ^ b.to_bits()).checked_shr(shift(32)).unwrap_or(0) == 0,
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits() ^ b.to_bits()).checked_shr(shift(128)).unwrap_or(0) == 0,
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        const WRONG: Invalid = Invalid::new("must be an address or a range like 10.0.0.0/8");
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| WRONG)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), |bits| bits.parse().map_err(|_| WRONG))?;
        if bits <= width { Ok(Self { address, bits }) } else { Err(WRONG) }
    }
}

impl TryFrom<String> for Network {
    type Error = Invalid;
    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

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
