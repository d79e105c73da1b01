//! Networks, and which of them are nobody's public place.

use crate::Invalid;
use serde::Deserialize;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

/// An address or a range of them: `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// What of the addresses of IPv4 is not reached over the public Internet: the special-purpose registry (RFC 6890) and multicast.
const INTERNAL_V4: [Network; 14] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 3),
];

/// All of IPv6 that is given out to be reached over the public Internet (IANA, IPv6 Global Unicast Address Space).
const GLOBAL_V6: Network = v6(0x2000_0000, 3);
/// What of that is not: special purposes (RFC 6890), 6to4, which leads to an address of IPv4 (RFC 3056), and documentation
/// (RFC 3849, RFC 9637).
const INTERNAL_V6: [Network; 4] = [v6(0x2001_0000, 23), v6(0x2001_0db8, 32), v6(0x2002_0000, 16), v6(0x3fff_0000, 20)];

const fn v4([a, b, c, d]: [u8; 4], bits: u8) -> Network {
    Network { address: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), bits }
}

/// By the first 32 bits.
const fn v6(first: u128, bits: u8) -> Network {
    Network { address: IpAddr::V6(Ipv6Addr::from_bits(first << 96)), bits }
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

    /// Whether an address belongs to no public place: a loopback, a private network, a link, a documentation; of IPv6 all that is not
    /// given out as public.
    pub fn is_internal(address: IpAddr) -> bool {
        let among = |networks: &[Self]| networks.iter().any(|network| network.contains(address));
        match address.to_canonical() {
            IpAddr::V4(_) => among(&INTERNAL_V4),
            IpAddr::V6(_) => !GLOBAL_V6.contains(address) || among(&INTERNAL_V6),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopbacks_private_networks_and_what_leads_to_them_are_internal_and_public_places_are_not() {
        let internal = |text: &str| Network::is_internal(text.parse().expect("an address"));
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.255.255",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "::ffff:10.0.0.1",
            "fe80::1",
            "fd00::1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "ff02::1",
            "::10.0.0.1",
            "fec0::1",
            "100::1",
            "3fff:fff::1",
            "5f00::1",
            "::ffff:0:a00:1",
            "2001:db8::1",
            "2001::1",
            "4000::1",
        ] {
            assert!(internal(inside), "{inside}");
        }
        for outside in ["8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1"] {
            assert!(!internal(outside), "{outside}");
        }
    }
}
