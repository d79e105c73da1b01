//! The system's source of randomness.

use domain::Rng;

/// The cryptographic generator of aws-lc, seeded by the operating system. The only source for keys, nonces and tokens.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    /// Fills `bytes`. Stops the program when the system has no randomness to give: going on would make guessable keys.
    fn fill(&self, bytes: &mut [u8]) {
        aws_lc_rs::rand::fill(bytes).expect("the system gives randomness");
    }
}
