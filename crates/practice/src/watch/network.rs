//! Networks: as much of an address as tells one provider from another.

use std::{fmt, net::IpAddr};

/// The network of an address: its first bits. Telephones and home lines change their address inside it all the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network {
    prefix: IpAddr,
    bits: u8,
}

impl Network {
    /// The network of an address: so many bits of a version 4 address, and twice as many of a version 6 one, since
    /// providers are given 32 bits of those (RIPE-738, ARIN NRPM 6.5.2). A version 4 address in disguise is one.
    pub fn of(address: IpAddr, bits: u8) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => {
                let bits = bits.min(32);
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                Self { prefix: IpAddr::V4((address.to_bits() & mask).into()), bits }
            }
            IpAddr::V6(address) => {
                let bits = bits.saturating_mul(2).min(128);
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                Self { prefix: IpAddr::V6((address.to_bits() & mask).into()), bits }
            }
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.prefix, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_the_beginning_of_an_address_whatever_way_it_is_written() {
        let of = |text: &str, bits| Network::of(text.parse().expect("an address"), bits).to_string();
        assert_eq!(of("198.51.100.7", 16), "198.51.0.0/16");
        assert_eq!(of("::ffff:198.51.100.7", 16), "198.51.0.0/16");
        assert_eq!(of("2001:db8:1:2::3", 16), "2001:db8::/32");
        assert_eq!(of("198.51.100.7", 0), "0.0.0.0/0");
        assert_eq!(of("198.51.100.7", 32), "198.51.100.7/32");
        assert_eq!(of("2001:db8::1", 64), "2001:db8::1/128");
    }
}
