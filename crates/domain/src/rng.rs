//! Randomness comes from a parameter (law 7). The system's source lives in `crypto`, beside the ciphers that use it.

use std::sync::Mutex;

/// Where random bytes come from.
pub trait Rng: Send + Sync {
    /// Fills `bytes`.
    fn fill(&self, bytes: &mut [u8]);
}

/// A repeatable source for made data (the demo, tests). Never for keys or tokens.
///
/// SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): well spread, and nothing that an attacker could not guess.
#[derive(Debug)]
pub struct SeededRng(Mutex<u64>);

impl SeededRng {
    /// The same seed gives the same bytes.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
    /// The next 64 bits.
    pub fn next_u64(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// A number from 0 up to, not including, `below`. Returns 0 when `below` is 0.
    pub fn below(&self, below: u64) -> u64 {
        ((u128::from(self.next_u64()) * u128::from(below)) >> 64) as u64
    }
}

impl Rng for SeededRng {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next_u64().to_le_bytes()[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        let (mut a, mut b) = ([0; 21], [0; 21]);
        SeededRng::new(7).fill(&mut a);
        SeededRng::new(7).fill(&mut b);
        assert_eq!(a, b);
        SeededRng::new(8).fill(&mut b);
        assert_ne!(a, b);
    }
}
